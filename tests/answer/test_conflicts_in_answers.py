"""A conflict from the question to every place that shows an answer: record, JSON, terminal, chat, page, bundle, copy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.answer.json_form import answer_json
from ragmed.answer.scripted import ScriptedGenerator
from ragmed.audit.answer_page import answer_html
from ragmed.citation_keys import keys_of
from ragmed.interfaces import Generator
from ragmed.records import AnswerRecord, BlockKind, Mode, Outcome
from ragmed.serve.chat_text import pieces
from ragmed.serve.documents import AnswerForm
from ragmed.terminal import print_answer
from ragmed.ui.answer_view import answer
from ragmed.ui.references import copied_text
from ragmed.ui.words import Words
from tests.answer.small_library import SmallSnapshot, document, page, plain_page
from tests.answer.test_assistant import Bench
from tests.answer.test_differential import CHEST

OLD = document("old", title="Anaphylaxis in hospital", publisher="North", published_on="2021-05")
NEW = document("new", title="Anaphylaxis in the clinic", publisher="South", published_on="2025-02-01")
LITTLE = "Adults with anaphylaxis should receive adrenaline 0.3 mg IM."
MUCH = "In anaphylaxis, adrenaline 0.5 mg IM should be given to adults."
QUESTION = "What dose of adrenaline in anaphylaxis?"
PAGES = (plain_page(OLD, LITTLE), plain_page(NEW, MUCH))
WRITTEN = "Give adrenaline 0.3 mg IM to adults with anaphylaxis [1]."


def asked(folder: Path, generator: Generator | None = None) -> AnswerRecord:
    return Bench(folder, generator, documents=(OLD, NEW), pages=PAGES).ask(QUESTION)


@pytest.mark.parametrize("generator", [None, ScriptedGenerator(WRITTEN)], ids=["quoted", "a model's"])
def test_every_answer_has_it(tmp_path: Path, generator: Generator | None) -> None:
    record = asked(tmp_path, generator)
    assert record.outcome is Outcome.ANSWERED
    (conflict,) = record.conflicts
    first, second = (record.checks[index] for index in (conflict.first, conflict.second))
    assert (first.citation.quote, second.citation.quote) == (MUCH, LITTLE)
    assert (conflict.first_words, conflict.second_words) == ("0.5 mg", "0.3 mg")
    assert all(check.verdict.holds for check in record.checks)
    for check in (first, second):  # each marker is its passage's, and each document is in the record
        passage = next(one for one in record.retrieval.passages if one.marker == check.citation.marker)
        assert passage.chunk.chunk_id == check.citation.chunk_id
        assert check.citation.document_id in {one.document_id for one in record.documents}
    if generator is not None:
        assert first.citation.claim == -1, "the model cites one side only"


def test_a_card_has_it_too(tmp_path: Path) -> None:
    item = BlockKind.LIST_ITEM
    chest = replace(CHEST, page_count=1)
    card = page(
        chest,
        (BlockKind.HEADING, "Differential diagnosis"),
        (BlockKind.HEADING, "Pulmonary embolism"),
        (item, "• Supports: haemoptysis; raised D-dimer."),
        (item, "• Next test: CT pulmonary angiography should be done within 24 hours in pulmonary embolism."),
        (BlockKind.HEADING, "Pneumonia"),
        (item, "• Supports: fever."),
        (item, "• Next test: chest radiograph."),
    )
    other = plain_page(NEW, "In pulmonary embolism, CT pulmonary angiography should be done within 1 hour.")
    bench = Bench(tmp_path, documents=(chest, NEW), pages=(card, other))
    record = bench.ask("45F, haemoptysis and raised D-dimer. What next?", mode=Mode.DIFFERENTIAL)
    assert record.differential
    assert {(one.first_words, one.second_words) for one in record.conflicts} & {
        ("within 1 hour", "within 24 hours"),
        ("within 24 hours", "within 1 hour"),
    }


def test_json_and_its_description(tmp_path: Path) -> None:
    form = answer_json(asked(tmp_path, ScriptedGenerator(WRITTEN)))
    (conflict,) = form["conflicts"]
    assert (conflict["first_words"], conflict["second_words"]) == ("0.5 mg", "0.3 mg")
    assert (conflict["first"]["quote"], conflict["first"]["published_on"]) == (MUCH, "2025-02-01")
    assert {conflict[side]["key"] for side in ("first", "second")} <= set(form["citation_keys"])
    AnswerForm.model_validate(form)


def test_terminal_chat_page_copy_and_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = asked(tmp_path, ScriptedGenerator(WRITTEN))
    keys = keys_of(record)
    print_answer(record)
    printed = capsys.readouterr().out
    assert "Two guidelines differ\n" in printed
    assert f"“In anaphylaxis, adrenaline >>0.5 mg<< IM should be given to adults.” [{keys[1]}]" in printed
    assert "2025-02-01 (newer)" in printed
    assert "2021-05\n" in printed
    chat = "".join(pieces(record))
    assert "**Two guidelines differ**" in chat
    assert f"adrenaline **0.5 mg** IM should be given to adults.” [{keys[1]}]" in chat
    assert "2025-02-01 · newer" in chat
    bundle = answer_html(record, (), frozenset()).decode()
    assert "adrenaline <strong>0.5 mg</strong> IM" in bundle
    assert "2025-02-01 (newer)" in bundle
    current = {one.document_id: one for one in record.documents}
    for tongue, title, newer in (("en", "Two guidelines differ", "Newer"), ("zh", "两份指南说法不一", "较新")):
        words = Words(tongue)  # type: ignore[arg-type]
        shown = answer(record, words, current)
        box = shown[shown.index("rm-differ") : shown.index("rm-sources")]
        assert title in box
        assert box.count(newer) == 1
        assert re.search(r"2025-02-01</span><span[^>]*rm-tag-now", box), "the newer one is named, not the other"
        assert "<strong>0.5 mg</strong>" in box
        assert "<strong>0.3 mg</strong>" in box
        assert all(f'data-cite="{key}"' in box for key in keys)
        assert title in copied_text(record, words, current)


def test_without_dates_neither_is_newer(tmp_path: Path) -> None:
    record = asked(tmp_path)
    undated = replace(record, documents=tuple(replace(one, published_on="") for one in record.documents))
    shown = answer(undated, Words("en"), {})
    box = shown[shown.index("rm-differ") : shown.index("rm-sources")]
    assert box.count("date not known") == 2
    assert "Which of them is newer is not known." in shown
    assert "Newer" not in box


def test_an_answer_without_a_conflict_says_nothing_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = plain_page(NEW, "In anaphylaxis, adrenaline 300 micrograms IM should be given to adults.")
    record = Bench(tmp_path, documents=(OLD, NEW), pages=(PAGES[0], same)).ask(QUESTION)
    assert record.outcome is Outcome.ANSWERED
    assert record.conflicts == ()
    print_answer(record)
    assert "differ" not in capsys.readouterr().out
    assert "differ" not in "".join(pieces(record))
    assert "rm-differ" not in answer(record, Words("en"), {})


def test_its_page_words_are_the_snapshots(tmp_path: Path) -> None:
    snapshot = SmallSnapshot((OLD, NEW), PAGES)
    for check in asked(tmp_path, ScriptedGenerator(WRITTEN)).checks:
        text = snapshot.page(check.citation.document_id, check.citation.page_number).text
        assert text[check.citation.start : check.citation.end] == check.citation.quote
