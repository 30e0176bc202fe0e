"""Windows: cut at sentences, packed into bytes, compared in place."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.index.folder_store import FolderStore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.windows import WINDOW_TOKENS, nearness, packed, unpacked_windows, window_spans
from ragmed.records import Filters
from ragmed.text.sentences import sentence_spans

EMBEDDER = HashEmbedder()
SENTENCES = st.sampled_from(
    [
        "Give adrenaline at once.",
        "Measure lactate, and repeat it after two hours if it was high.",
        "Why?",
        "测血压。",
        "word " * 90 + "end.",
    ]
)


@given(st.lists(SENTENCES, max_size=12))
def test_windows_are_runs_of_whole_sentences_that_leave_nothing_out(sentences: list[str]) -> None:
    text = " ".join(sentences)
    windows = window_spans(text, EMBEDDER.token_spans)
    parts = sentence_spans(text)
    assert windows == () or len(windows) > 1
    if not windows:
        assert len(parts) <= 1 or sum(len(EMBEDDER.token_spans(text[a:b])) for a, b in parts) <= WINDOW_TOKENS
        return
    starts, ends = {start for start, _ in parts}, {end for _, end in parts}
    assert all(start in starts and end in ends for start, end in windows)
    assert [start for start, _ in windows] == sorted(start for start, _ in windows)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(windows))
    covered = [any(a <= start and end <= b for a, b in windows) for start, end in parts]
    assert all(covered)
    for start, end in windows:
        inside = [(a, b) for a, b in parts if start <= a and b <= end]
        tokens = sum(len(EMBEDDER.token_spans(text[a:b])) for a, b in inside)
        assert tokens <= WINDOW_TOKENS or len(inside) == 1


def _unit(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.standard_normal((count, 48)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_bytes_tell_the_same_cosines(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    counts = [0, 3, 2, 0, 5]
    chunks, windows = _unit(rng, len(counts)), _unit(rng, sum(counts))
    content, starts = packed(chunks, windows, counts)
    assert content.dtype == np.int8
    np.save(tmp_path / "windows.npy", content)
    vector = _unit(rng, 1)[0]
    asked = [4, 0, 1, 3]
    whole, best = nearness(tmp_path / "windows.npy", starts, asked, vector)
    assert whole == pytest.approx(chunks[asked] @ vector, abs=0.01)
    ends = np.cumsum(counts)
    for chunk, found in zip(asked, best, strict=True):
        own = windows[ends[chunk] - counts[chunk] : ends[chunk]]
        expected = (own @ vector).max() if counts[chunk] else chunks[chunk] @ vector
        assert found == pytest.approx(expected, abs=0.01)


def test_packing_what_was_unpacked_gives_the_same_bytes() -> None:
    rng = np.random.default_rng(5)
    chunks, windows = _unit(rng, 3), _unit(rng, 6)
    content, starts = packed(chunks, windows, [1, 0, 5])
    again, _ = packed(chunks, unpacked_windows(content, starts), [1, 0, 5])
    assert again.tobytes() == content.tobytes()


def test_a_snapshot_compares_rows_of_several_segments(index: Path) -> None:
    snapshot = FolderStore(index).current()
    rows = list(range(snapshot.chunk_count()))[::-1]
    vector = EMBEDDER.embed_queries(["adrenaline into the thigh"])[0]
    whole, best = snapshot.nearness(vector, rows)
    exact_rows, exact = snapshot.dense(vector, len(rows), Filters(include_superseded=True))
    expected = dict(zip(exact_rows.tolist(), exact.tolist(), strict=True))
    assert whole == pytest.approx([expected[row] for row in rows], abs=0.01)
    assert len(best) == len(rows)
    numbers = snapshot.document_numbers(rows)
    documents = snapshot.documents()
    chunks = snapshot.chunks(rows)
    assert [documents[number].document_id for number in numbers] == [chunk.document_id for chunk in chunks]
