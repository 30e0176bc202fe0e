"""The gate and the guard on figures small enough to work out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ragmed.errors import BadInputError
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.tune.embedder.gate import Vectors, judge, ndcg
from ragmed.tune.embedder.guard import MOST_DOCUMENTS, MOST_QUERIES, guard, read_guard
from ragmed.tune.embedder.negatives import HardNegatives
from ragmed.tune.embedder.pairs import Kind, Pair
from tests.tune.embedder.test_pairs import chunk, rows_of

WORDS = ("gout toe", "asthma wheeze", "stroke arm", "croup cough")


def unit(degrees: float) -> list[float]:
    return [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]


def test_a_rank_counts_rivals_but_not_what_may_answer_too() -> None:
    rows = rows_of(*(chunk(words) for words in WORDS), chunk("gout toe"))  # the last is a near-duplicate of the first
    near = HardNegatives(rows, np.ones(len(rows), dtype=np.bool_))
    pair = Pair(kind=Kind.HEADING, query="q", positive="p", row=0, headless=True)
    vectors = Vectors(
        np.array([unit(0), unit(10), unit(20), unit(90), unit(1)], dtype=np.float32),
        np.array([unit(0)], dtype=np.float32),
        np.array([unit(30)], dtype=np.float32),
    )
    best = Vectors(vectors.rows, vectors.queries, np.array([unit(5)], dtype=np.float32))
    found = judge([pair], rows, near, vectors, best)
    assert found.comparison.baseline_mean == pytest.approx(ndcg(3))
    assert found.comparison.mean == 1
    assert found.hits == {"@1": (0, 1), "@5": (1, 1), "@10": (1, 1)}
    assert found.by_kind["heading"] == (1, pytest.approx(0.5), 1)
    assert found.won


def test_equal_models_do_not_win() -> None:
    rows = rows_of(*(chunk(words) for words in WORDS))
    near = HardNegatives(rows, np.ones(len(rows), dtype=np.bool_))
    pair = Pair(kind=Kind.SENTENCE, query="q", positive="p", row=0, headless=False)
    same = Vectors(rows.vectors, rows.vectors[:1], rows.vectors[:1])
    assert not judge([pair], rows, near, same, same).won


@pytest.mark.parametrize("broken", [np.nan, 0.0])
def test_a_model_that_has_gone_to_pieces_finds_nothing(broken: float) -> None:
    rows = rows_of(*(chunk(f"text {number} on word{number}") for number in range(15)))
    near = HardNegatives(rows, np.ones(len(rows), dtype=np.bool_))
    pair = Pair(kind=Kind.SENTENCE, query="q", positive="p", row=0, headless=False)
    fine = Vectors(np.eye(15, dtype=np.float32), np.eye(15, dtype=np.float32)[:1], np.eye(15, dtype=np.float32)[:1])
    gone = Vectors(*(np.full_like(part, broken) for part in (fine.rows, fine.queries, fine.positives)))
    found = judge([pair], rows, near, fine, gone)
    assert (found.comparison.baseline_mean, found.comparison.mean) == (1, 0)
    assert not found.won


def collection(folder: Path, documents: int, queries: int) -> Path:
    folder.mkdir()
    (folder / "corpus.jsonl").write_text(
        "".join(json.dumps({"_id": f"d{n}", "title": "", "text": f"word{n}"}) + "\n" for n in range(documents))
    )
    (folder / "queries.jsonl").write_text(
        "".join(json.dumps({"_id": f"q{n}", "text": f"word{n}"}) + "\n" for n in range(queries))
    )
    (folder / "qrels.tsv").write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(f"q{n}\td{n}\t1\n" for n in range(queries))
    )
    return folder


def test_a_large_guard_is_sampled_with_all_that_its_questions_need(tmp_path: Path) -> None:
    found = read_guard(collection(tmp_path / "large", MOST_DOCUMENTS + 100, MOST_QUERIES + 100), seed=7)
    assert (len(found.documents), len(found.queries)) == (MOST_DOCUMENTS, MOST_QUERIES)
    there = {one.document_id for one in found.documents}
    assert {judgment.document_id for judgment in found.judgments} <= there
    assert found == read_guard(tmp_path / "large", seed=7)


def test_a_loss_that_cannot_be_excluded_does_not_hold(tmp_path: Path) -> None:
    found = read_guard(collection(tmp_path / "small", 20, 10), seed=7)
    wide, narrow = HashEmbedder(dimensions=512), HashEmbedder(dimensions=1)
    assert guard(found, wide, wide).held
    worse = guard(found, wide, narrow)
    assert not worse.held
    assert worse.comparison.difference < 0


def test_a_guard_that_is_no_collection_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no-such"):
        read_guard(tmp_path / "no-such", seed=7)
