"""The lexical half by itself: BM25 as the formula has it, field by field."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragmed.index.lexical import FIELD_WEIGHTS, K1, B, ChunkWords, LexicalIndex, LexicalWriter
from ragmed.index.row_mask import RowMask
from ragmed.interfaces import WeightedText

WORDS = ["lactat", "sepsi", "insulin", "肺炎", "2.5", "mg/dl", "é"]
Rows = list[tuple[list[str], list[str]]]
rows_of_words = st.lists(
    st.tuples(st.lists(st.sampled_from(WORDS), max_size=6), st.lists(st.sampled_from(WORDS), max_size=2)), max_size=30
)


def write(folder: Path, rows: Sequence[tuple[list[str], list[str]]]) -> LexicalIndex:
    writer = LexicalWriter()
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
@given(rows_of_words)
def test_scores_are_those_of_the_formula(tmp_path_factory: pytest.TempPathFactory, rows: Rows) -> None:
    index = write(tmp_path_factory.mktemp("lexical") / "l", rows)
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
