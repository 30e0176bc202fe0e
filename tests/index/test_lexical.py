"""The lexical half by itself: BM25 as the formula has it, and bytes that follow from the rows alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragmed.canonical import sha256_file
from ragmed.errors import IntegrityError
from ragmed.index.lexical import FIELD_WEIGHTS, ChunkWords, LexicalIndex, LexicalWriter
from ragmed.index.postings import K1, B
from ragmed.index.row_mask import RowMask
from ragmed.index.vocabulary import Vocabulary
from ragmed.interfaces import WeightedText

WORDS = ["lactat", "sepsi", "insulin", "肺炎", "2.5", "mg/dl", "é"]
Rows = list[tuple[list[str], list[str]]]
rows_of_words = st.lists(
    st.tuples(st.lists(st.sampled_from(WORDS), max_size=6), st.lists(st.sampled_from(WORDS), max_size=2)), max_size=30
)


def write(folder: Path, rows: Sequence[tuple[list[str], list[str]]], waiting: int = 1000) -> LexicalIndex:
    writer = LexicalWriter(waiting)
    for text, heading in rows:
        writer.add(ChunkWords(text=text, heading=heading))
    writer.write(folder)
    return LexicalIndex.open(folder)


def everything(index: LexicalIndex) -> RowMask:
    return RowMask(np.ones(index.rows, dtype=np.bool_))


def bm25(rows: Sequence[list[str]], word: str, row: int) -> float:
    filled = [one for one in rows if one]
    frequency = sum(word in one for one in filled)
    count = rows[row].count(word)
    if not count:
        return 0.0
    idf = math.log(1 + (len(filled) - frequency + 0.5) / (frequency + 0.5))
    mean = sum(len(one) for one in filled) / len(filled)
    return idf * count / (count + K1 * (1 - B + B * len(rows[row]) / mean))


@settings(deadline=None, max_examples=40)
@given(rows_of_words, st.integers(1, 40))
def test_scores_are_those_of_the_formula(tmp_path_factory: pytest.TempPathFactory, rows: Rows, waiting: int) -> None:
    index = write(tmp_path_factory.mktemp("lexical") / "l", rows, waiting)
    texts = [WeightedText(text="lactat 肺炎"), WeightedText(text="lactat", weight=0.5, field="heading")]
    found, scores = index.search(texts, 100, everything(index))
    expected = {}
    for row in range(len(rows)):
        body, heading = ([pair[place] for pair in rows] for place in (0, 1))
        score = sum(bm25(body, word, row) for word in ("lactat", "肺炎"))
        score += FIELD_WEIGHTS["heading"] * sum(bm25(heading, word, row) for word in ("lactat", "肺炎"))
        score += 0.5 * FIELD_WEIGHTS["heading"] * bm25(heading, "lactat", row)
        if score:
            expected[row] = score
    assert dict(zip(found.tolist(), scores.tolist(), strict=True)) == pytest.approx(expected, rel=1e-5)
    for word in ("lactat", "肺炎"):
        assert index.document_frequency(word) == sum(word in text + heading for text, heading in rows)


def test_scores_are_those_of_bm25s(tmp_path: Path) -> None:
    """What searched before snapshots were this large (docs/adr/0003-lexical-engine.md)."""
    rng = np.random.default_rng(1)
    rows = [[f"w{number}" for number in rng.geometric(0.05, size=rng.integers(1, 60))] for _ in range(400)]
    index = write(tmp_path / "l", [(row, []) for row in rows], 500)
    engine = bm25s.BM25(method="lucene", k1=K1, b=B)
    numbers: dict[str, int] = {}
    ids = [[numbers.setdefault(word, len(numbers)) for word in row] for row in rows]
    engine.index((ids, numbers), create_empty_token=False, show_progress=False)
    for asked in (["w1"], ["w1", "w2", "w30"], ["w5", "w5", "w17"]):
        theirs = engine.get_scores_from_ids([numbers[word] for word in asked])
        found, scores = index.search([WeightedText(text=" ".join(asked))], 400, everything(index))
        assert scores == pytest.approx(theirs[found], rel=1e-5)
        assert len(found) == np.count_nonzero(theirs)


def test_bytes_do_not_depend_on_how_many_words_wait(tmp_path: Path) -> None:
    rows = [([WORDS[number % 7], WORDS[number % 3]], [WORDS[number % 2]]) for number in range(50)]
    hashes = []
    for waiting in (1, 7, 10_000):
        write(tmp_path / str(waiting), rows, waiting)
        files = sorted(path for path in (tmp_path / str(waiting)).rglob("*") if path.is_file())
        hashes.append([(path.relative_to(tmp_path / str(waiting)), sha256_file(path)) for path in files])
    assert hashes[0] == hashes[1] == hashes[2]


@pytest.mark.parametrize("rows", [[], [([], [])], [([], []), (["lactat"], [])]], ids=["none", "wordless", "one word"])
def test_empty_and_tiny_indexes_open_and_answer(tmp_path: Path, rows: Rows) -> None:
    index = write(tmp_path / "l", rows)
    found, _ = index.search([WeightedText(text="lactat insulin")], 5, everything(index))
    assert found.tolist() == [row for row, (text, _) in enumerate(rows) if text]
    assert index.document_frequency("insulin") == 0


def test_a_forbidden_row_gives_its_place_to_the_next(tmp_path: Path) -> None:
    index = write(tmp_path / "l", [(["lactat"], [])] * 5)
    found, _ = index.search([WeightedText(text="lactat")], 2, RowMask(np.array([False, True, False, False, True])))
    assert found.tolist() == [1, 4]


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5), max_size=40))
def test_every_word_is_found_and_no_other(tmp_path_factory: pytest.TempPathFactory, known: set[str]) -> None:
    from ragmed.index.vocabulary import write_vocabulary

    folder = tmp_path_factory.mktemp("words")
    ordered = sorted(known)
    write_vocabulary(folder, ordered, np.arange(len(ordered), dtype=np.uint32))
    vocabulary = Vocabulary(folder)
    assert [vocabulary.number(word) for word in ordered] == list(range(len(ordered)))
    for word in ("", "lactat", "\U0010ffff\U0010ffff\U0010ffff\U0010ffff\U0010ffff\U0010ffff"):
        assert vocabulary.number(word) is None or word in known


def test_files_of_another_engine_are_refused_with_the_way_out(tmp_path: Path) -> None:
    write(tmp_path / "l", [(["lactat"], [])])
    (tmp_path / "l" / "fields.json").write_text('{"fields":["text"],"rows":1}')
    with pytest.raises(IntegrityError, match="bm25s") as raised:
        LexicalIndex.open(tmp_path / "l")
    assert "ragmed index" in raised.value.remedy
