"""The text of a chat: what Markdown would change is escaped, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord, DocumentStatus, Language, Verdict
from ragmed.serve.chat_text import escaped, pieces
from tests.serve.serving import DOSE, SEPSIS, small_program

TRAPS = [
    "3~6个月后复查CT，6~12个月再查",
    "5*3 and 4*2 mg/kg",
    ">5 mm nodules",
    "> 5 mm nodules",
    "+ 5 ml/h",
    "- less",
    "# 1 choice",
    "1. first",
    "2) second",
    "![a picture](https://example.org/a.png)",
    "![a picture][a]",
    "[a link](https://example.org)",
    "[a]: https://example.org",
    "<img src=https://example.org/a.png>",
    "SpO2 <92% and pH<7.3",
    "&lt;b&gt; &amp;",
    "`code` and ``more``",
    "_under_ and __strong__",
    "snake_case_word",
    "a \\* backslash",
    "costs $5 or $6",
    "a | b",
    "==== heading",
    "**bold**",
    "~~gone~~",
]


@pytest.mark.parametrize("text", TRAPS)
def test_markdown_shows_every_text_as_it_stands(text: str) -> None:
    shown = MarkdownIt("commonmark", {"html": True}).enable(["strikethrough", "table"])
    tokens = shown.parse(escaped(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], tokens
    inner = tokens[1].children or []
    assert {token.type for token in inner} <= {"text", "text_special"}
    assert "".join(token.content for token in inner) == text


@pytest.mark.parametrize(
    "text", ["Give adrenaline 0.5 mg into the outer thigh, 1:1,000.", "pH<7.3 & K+ >6.5", "(a) [b] c_d; “e”!"]
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert escaped(text) == text


def test_a_text_keeps_to_its_line_and_drives_no_terminal() -> None:
    assert escaped("one\n\n# two\x1b[31m\u202e") == "one # two [31m"


@pytest.fixture(scope="module")
def record(folder: Path) -> AnswerRecord:
    events = list(small_program(folder).assistant.ask(SEPSIS))
    assert isinstance(events[-1], Finished)
    return events[-1].record


def test_the_words_around_an_answer_are_in_its_language(record: AnswerRecord) -> None:
    assert "**Sources**" in "".join(pieces(record))
    chinese = "".join(pieces(replace(record, language=Language.CHINESE)))
    assert "**出处**" in chinese
    assert "第 1 页" in chinese


def test_an_older_edition_and_a_licence_are_told_beside_the_source(record: AnswerRecord) -> None:
    documents = tuple(
        replace(one, status=DocumentStatus.SUPERSEDED, licence="CC BY-NC", title="A ~title~")
        for one in record.documents
    )
    text = "".join(pieces(replace(record, documents=documents)))
    assert r"A \~title\~ · Version 1.2026 · page 1 · superseded · licence: CC BY-NC" in text


def test_a_citation_that_does_not_hold_bears_its_verdict(record: AnswerRecord) -> None:
    checks = tuple(replace(one, verdict=Verdict.NUMBER_MISMATCH) for one in record.checks)
    assert "[1 number_mismatch]" in "".join(pieces(replace(record, checks=checks)))


def test_a_card_is_shown_with_its_findings_and_their_sources(program: object, demonstration_library: Path) -> None:
    question = "68-year-old smoker, CT shows multiple ground-glass nodules: which differential diagnoses?"
    *_, last = program.assistant.ask(question)  # type: ignore[attr-defined]
    text = "".join(pieces(last.record))
    assert "**Differential**" in text
    assert "— **can't miss** [" in text
    assert "   - For: " in text
    assert "   - Next tests: " in text
    assert "(in this case)" in text
    for key in ("[1]", "[3b]"):
        assert key in text
    assert DOSE not in text
