"""Queries made of the library's own text, and what stands against them."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from ragmed.errors import BadInputError, SettingsError
from ragmed.index.folder_store import FolderStore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.interfaces import Embedder
from ragmed.records import Chunk, Language
from ragmed.settings import Settings
from ragmed.tune.embedder.batches import batches
from ragmed.tune.embedder.negatives import HardNegatives
from ragmed.tune.embedder.pairs import Kind, Pair, pairs_of, without_heading
from ragmed.tune.embedder.rows import LibraryRows, library_rows
from ragmed.tune.embedder.split import LEAST_HELD_OUT, hold_out
from ragmed.tune.embedder.tuning import Task

TEXT = (
    "Septic shock needs fluids, antibiotics and early review by a senior doctor. Lactate above four means poor perfusion "
    "and a bed in intensive care. Noradrenaline is started through a central line when the pressure stays low."
)


def rows_of(*chunks: Chunk) -> LibraryRows:
    return LibraryRows(
        chunks,
        ["Sepsis"] * len(chunks),
        ["sepsis"] * len(chunks),
        np.arange(len(chunks)),
        np.eye(len(chunks), 8, dtype=np.float32),
    )


def chunk(text: str = TEXT, *headings: str, language: Language = Language.ENGLISH) -> Chunk:
    return Chunk(
        chunk_id=f"d-1-p1-0-{len(text)}",
        document_id="d-1",
        page_number=1,
        start=0,
        end=len(text),
        text=text,
        heading_path=headings,
        language=language,
    )


def by_kind(one: Chunk) -> dict[Kind, Pair]:
    return {pair.kind: pair for pair in pairs_of(rows_of(one), 0, seed=7)}


def test_a_query_never_stands_in_its_own_positive(task: Task) -> None:
    assert {pair.kind for pair in task.learned} >= {Kind.HEADING, Kind.SENTENCE}
    for pair in (*task.learned, *task.judged):
        assert pair.query.casefold() not in pair.positive.casefold()
        words = pair.query.split()
        assert sum(word in pair.positive.split() for word in words) < len(words), pair


def test_a_heading_asks_for_the_text_below_it_without_it() -> None:
    pair = by_kind(chunk(TEXT, "Treatment of shock"))[Kind.HEADING]
    assert "Treatment of shock" in pair.query
    assert pair.positive == f"Sepsis\n{TEXT}"
    assert pair.headless


def test_the_line_of_a_heading_taken_along_is_taken_out_too() -> None:
    one = chunk("Treatment of\nshock\n" + TEXT, "Treatment of shock")
    assert without_heading(one, "Sepsis") == f"Sepsis\n{TEXT}"


def test_a_question_in_the_text_asks_for_the_rest() -> None:
    assert by_kind(chunk(TEXT, "What does septic shock need?"))[Kind.QUESTION].query == "What does septic shock need?"
    asked = by_kind(chunk("Who with septic shock needs noradrenaline? " + TEXT))
    assert asked[Kind.QUESTION].query == "Who with septic shock needs noradrenaline?"
    assert asked[Kind.QUESTION].positive == f"Sepsis\n{TEXT}"


def test_terms_are_those_of_a_sentence_as_a_gloss_has_them() -> None:
    found = by_kind(chunk())[Kind.TERMS]
    assert (
        "septic shock" in found.query.lower()
        or "norepinephrine" in found.query.lower()
        or "lactate" in found.query.lower()
    )
    assert not found.headless


def test_a_chinese_chunk_gives_english_on_both_sides() -> None:
    text = "感染性休克患者应尽早给予抗菌药物和液体复苏。乳酸升高提示组织灌注不足,应复查乳酸。去甲肾上腺素是首选的血管活性药物。低血压伴少尿时应评估急性肾损伤、肺炎、心力衰竭和肺栓塞,并行血培养和降钙素原检查。"
    found = pairs_of(rows_of(chunk(text, "感染性休克的治疗", language=Language.CHINESE)), 0, seed=7)
    assert found
    for pair in found:
        assert (pair.query + pair.positive).isascii(), pair


def test_text_too_short_to_answer_gives_no_pair() -> None:
    assert pairs_of(rows_of(chunk("Give fluids. Call for help.", "Treatment of shock")), 0, seed=7) == ()


def test_the_same_seed_gives_the_same_pairs() -> None:
    rows = rows_of(chunk(TEXT, "Treatment of shock"))
    assert pairs_of(rows, 0, seed=7) == pairs_of(rows, 0, seed=7)


def test_held_out_series_share_no_pair_with_training(task: Task) -> None:
    learned = {task.rows.series[pair.row] for pair in task.learned}
    judged = {task.rows.series[pair.row] for pair in task.judged}
    assert judged == task.held_out
    assert len(judged) == LEAST_HELD_OUT
    assert not learned & judged
    assert learned | judged == set(task.rows.series)


def test_a_new_document_moves_no_other_to_the_other_side() -> None:
    names = [f"guideline-{number}" for number in range(60)]
    before = hold_out(names, seed=7)
    after = hold_out([*names, "one-more"], seed=7)
    assert len(before ^ after) <= 2
    assert before != hold_out(names, seed=8)


def test_too_few_documents_are_refused() -> None:
    with pytest.raises(BadInputError, match=f"{2 * LEAST_HELD_OUT} are needed"):
        hold_out([f"guideline-{number}" for number in range(2 * LEAST_HELD_OUT - 1)], seed=7)


def test_rows_of_another_embedder_are_refused(house: Settings) -> None:
    with pytest.raises(SettingsError, match="hash-embedder"):
        library_rows(FolderStore(house.index).current(), HashEmbedder())


def test_what_may_answer_is_no_negative(task: Task, base: Embedder) -> None:
    rows = task.rows
    learned = np.array([series not in task.held_out for series in rows.series])
    negatives = HardNegatives(rows, learned)
    pairs = task.learned[:20]
    drawn = negatives.draw(pairs, base.embed_queries([pair.query for pair in pairs]), random.Random(1))
    assert any(row is not None for row in drawn)
    for pair, row in zip(pairs, drawn, strict=True):
        if row is not None:
            assert rows.sections[row] != rows.sections[pair.row]
            assert rows.series[row] not in task.held_out


def test_a_near_duplicate_is_no_negative() -> None:
    same = replace(chunk(TEXT + " Thus."), chunk_id="d-2-p1-0-1", document_id="d-2")
    rows = rows_of(chunk(), same, replace(chunk("Quite another text on gout."), document_id="d-3"))
    rows = replace(rows, vectors=np.array([[1, 0], [0.9, 0.1], [0.8, 0.2]], dtype=np.float32))
    negatives = HardNegatives(rows, np.ones(3, dtype=np.bool_))
    pair = Pair(kind=Kind.SENTENCE, query="q", positive="p", row=0, headless=False)
    assert negatives.draw([pair], np.array([[1, 0]], dtype=np.float32), random.Random(1)) == [2]


def test_a_batch_holds_nothing_against_a_query_that_may_answer_it(task: Task, base: Embedder) -> None:
    rows = task.rows
    negatives = HardNegatives(rows, np.ones(len(rows), dtype=np.bool_))
    made = [list(islice(batches(task.learned, rows, negatives, base, size=8, seed=3), 4)) for _ in range(2)]
    assert [batch.queries for batch in made[0]] == [batch.queries for batch in made[1]]
    assert [batch.passages for batch in made[0]] == [batch.passages for batch in made[1]]
    pair_of = {pair.query: pair for pair in task.learned}
    for batch in made[0]:
        sections = [int(rows.sections[pair_of[query].row]) for query in batch.queries]
        assert len(set(sections)) == len(sections)
        assert batch.masked.shape == (len(batch.queries), len(batch.passages))
        assert not batch.masked.diagonal().any()
