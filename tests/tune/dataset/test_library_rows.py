"""Rows from the library: honest questions, checked answers, evenly placed passages, abstentions without the passage."""

from __future__ import annotations

import json
from collections import Counter
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from ragmed.answer.citations import check_claim, judge
from ragmed.assemble import Program
from ragmed.commands.tune import tune_dataset
from ragmed.generate.prompt import NOT_COVERED, messages_of, prompt_of
from ragmed.interfaces import SnapshotReader
from ragmed.records import Citation, Hit, Language, Mode, Passage, Query, Verdict
from ragmed.text.language import detect_language
from ragmed.tune.dataset.library import ABSTENTIONS
from ragmed.tune.dataset.making import Wanted, make_dataset
from ragmed.tune.dataset.rows import Split
from tests.tune.dataset.reading_rows import answer, passages, rows, turns, user
from tests.tune.dataset.ward import CHINESE, RESTRICTED, Ward

QUESTIONS = 30


@pytest.fixture(scope="module")
def demonstration(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty questions of the demonstration library."""
    folder = tmp_path_factory.mktemp("demonstration-rows") / "rows"
    wanted = Wanted(out=folder, most=QUESTIONS, feedback=False)
    make_dataset(wanted, program.snapshots.current(), program.retriever, program.records)  # type: ignore[arg-type]
    return folder


def hold(row: dict[str, Any], snapshot: SnapshotReader) -> None:
    """The answer is what ``meta`` expects, and each sentence is on its page, word for word, under its marker."""
    expected = row["meta"]["expected"]
    said = answer(row).splitlines()
    assert len(said) == len(expected)
    shown = {one["marker"]: one["chunk_id"] for one in row["meta"]["passages"]}
    for line, one in zip(said, expected, strict=True):
        stop = one["sentence"][-1] if one["sentence"][-1] in ".。!！?？" else ""
        assert line == f"{one['sentence'].removesuffix(stop)} [{one['marker']}]{stop}"
        assert shown[one["marker"]] == one["chunk_id"]
        page = snapshot.page(one["document_id"], one["page_number"])
        citation = Citation(
            claim=0,
            marker=one["marker"],
            chunk_id=one["chunk_id"],
            document_id=one["document_id"],
            page_number=one["page_number"],
            start=one["start"],
            end=one["end"],
            quote=page.text[one["start"] : one["end"]],
        )
        assert check_claim(one["sentence"], [citation], snapshot).verdict is Verdict.VERBATIM
        assert one["verdict"] == "verbatim"


def remade(row: dict[str, Any], snapshot: SnapshotReader) -> list[dict[str, str]]:
    """The prompt that answering would send for this question and these passages."""
    question = user(row).rpartition("\n")[2].removeprefix("Question: ").removeprefix("问题：")
    given = []
    for one in row["meta"]["passages"]:
        chunk = snapshot.chunk(one["chunk_id"])
        given.append(
            Passage(
                marker=one["marker"],
                hit=Hit(chunk_id=chunk.chunk_id, rank=one["marker"], score=1.0),
                chunk=chunk,
                document=snapshot.document(chunk.document_id),
                page_label=snapshot.page_label(chunk.document_id, chunk.page_number),
            )
        )
    query = Query(text=question, language=Language(row["meta"]["language"]), english="", chinese="")
    return [{"role": turn.role, "content": turn.content} for turn in messages_of(prompt_of(query, Mode.ANSWER, given))]


def test_every_answer_of_the_demonstration_library_passes_the_check(demonstration: Path, program: Program) -> None:
    snapshot = program.snapshots.current()
    found = [row for _, row in rows(demonstration)]
    assert len(found) >= QUESTIONS
    for row in found:
        if row["meta"]["answerable"]:
            hold(row, snapshot)
        assert turns(row)[:2] == remade(row, snapshot)
    assert {row["meta"]["language"] for row in found} == {"en", "zh"}
    assert {"heading", "recommendation", "table"} <= {row["meta"]["kind"] for row in found}


def test_every_answer_of_the_ward_passes_the_check(dataset: Path, ward: Ward) -> None:
    for _, row in rows(dataset):
        if row["meta"]["answerable"]:
            hold(row, ward.snapshot)
        assert turns(row)[:2] == remade(row, ward.snapshot)


def test_the_right_passage_stands_everywhere_alike(demonstration: Path, dataset: Path) -> None:
    for folder in (demonstration, dataset):
        for split in Split:
            own = [row for side, row in rows(folder) if side is split and row["meta"]["answerable"]]
            full = [row for row in own if len(passages(row)) == max(len(passages(one)) for one in own)]
            size = len(passages(full[0]))
            cited = Counter(one["marker"] for row in full for one in row["meta"]["expected"])
            counts = [cited[marker] for marker in range(1, size + 1)]
            assert max(counts) - min(counts) <= 4, (split, counts)  # one answer has up to four sentences


def test_where_the_passage_is_taken_out_nothing_answers(demonstration: Path, dataset: Path) -> None:
    for folder in (demonstration, dataset):
        found = [row for _, row in rows(folder)]
        answered = {row["meta"]["group"]: row for row in found if row["meta"]["answerable"]}
        without = [row for row in found if not row["meta"]["answerable"]]
        assert 0.1 <= len(without) / len(found) <= 0.35
        for row in without:
            assert answer(row) == NOT_COVERED[Language(row["meta"]["language"])]
            pair = answered[row["meta"]["group"]]
            assert user(pair).rpartition("\n")[2] == user(row).rpartition("\n")[2]
            for one in pair["meta"]["expected"]:
                shown = {each["chunk_id"] for each in row["meta"]["passages"]}
                assert one["chunk_id"] not in shown
                for text in passages(row).values():
                    assert not judge(one["sentence"], text)[0].holds


def test_as_many_questions_lose_their_passages_as_are_wanted(ward: Ward, tmp_path: Path) -> None:
    shares = {}
    for every in (1, 8):
        made = ward.make(tmp_path / str(every), abstentions=every, feedback=False)
        found = [row for _, row in rows(tmp_path / str(every))]
        shares[every] = sum(not row["meta"]["answerable"] for row in found) / len(found)
        assert made.card["abstentions"] == every
    assert 0.4 <= shares[1] <= 0.5  # at most one a question; a few have no passage that does not answer them too
    assert shares[8] <= 0.2


def test_the_command_asks_for_as_many_as_the_library_does() -> None:
    assert signature(tune_dataset).parameters["abstentions"].default == ABSTENTIONS


def test_no_other_passage_bears_out_an_answer(demonstration: Path) -> None:
    for _, row in rows(demonstration)[::3]:
        for one in row["meta"]["expected"]:
            true = {each["marker"] for each in row["meta"]["expected"]}
            for marker, text in passages(row).items():
                assert marker in true or not judge(one["sentence"], text)[0].holds


def test_a_document_gives_rows_in_its_own_language(dataset: Path, ward: Ward) -> None:
    languages = {one.document_id: one.language for one in ward.snapshot.documents()}
    kinds = Counter()
    for _, row in rows(dataset):
        question = user(row).rpartition("</passages>\n")[2]
        assert (detect_language(question) is Language.CHINESE) == (row["meta"]["language"] == "zh")
        for one in row["meta"]["expected"]:
            same = languages[one["document_id"]].value == row["meta"]["language"]
            assert same != (row["meta"]["kind"] == "across")
        kinds[row["meta"]["kind"], row["meta"]["language"]] += 1
    assert {("dose", "en"), ("dose", "zh"), ("across", "en"), ("across", "zh"), ("table", "en")} <= kinds.keys()


def test_questions_across_languages_are_made_only_where_they_are_asked_for(ward: Ward, tmp_path: Path) -> None:
    made = ward.make(tmp_path / "rows")
    assert {one["kind"] for one in made.card["counts"]} == {"heading", "recommendation", "dose", "table"}
    assert {split: found["rows"]["sft"] > 0 for split, found in made.card["splits"].items()} == {
        "train": True,
        "validation": True,
        "test": True,
    }


def test_a_restricted_document_teaches_nothing_and_is_named(ward: Ward, dataset: Path, tmp_path: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in dataset.rglob("*.jsonl"))
    assert "Secretin" not in text
    card = json.loads((dataset / "card.json").read_text("utf-8"))
    left_out = {one["title"]: one["reason"] for one in card["left_out"]}
    assert "may not be used with artificial intelligence" in left_out[RESTRICTED]
    assert "superseded" in left_out["Acute stroke"]
    assert RESTRICTED in (dataset / "card.md").read_text("utf-8")
    assert "within 3 hours of onset" not in text, "yesterday's edition teaches nothing"
    made = ward.make(tmp_path / "rows", permitted=("ward-secrets",))
    (named,) = [one for one in made.card["documents"] if one["title"] == RESTRICTED]
    assert named["restricted_but_permitted"] is True
    assert "Secretin 7 mg" in "".join(path.read_text("utf-8") for path in (tmp_path / "rows").rglob("*.jsonl"))


def test_chinese_documents_are_on_every_side(dataset: Path) -> None:
    sides = {
        split for split, row in rows(dataset) if row["meta"]["language"] == "zh" and row["meta"]["kind"] != "across"
    }
    assert sides == set(Split)
    assert len(CHINESE) == 3
