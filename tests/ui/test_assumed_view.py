"""Assumptions as the pages show them: buttons with a name and a state on the Ask page, words elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ragmed.records import AnswerRecord, Assumption, Language
from ragmed.ui.answer_view import answer
from ragmed.ui.assumed_view import assumed, assumed_line, flips
from ragmed.ui.references import copied_text
from ragmed.ui.words import Words
from tests.answer.records import a_record
from tests.ui.test_markup import Seen

EN, ZH = Words("en"), Words("zh")
MOST = 500
QUESTION = "What to give?"


def record_of(question: str, *assumptions: Assumption) -> AnswerRecord:
    return replace(a_record("abcd1111"), question=question, assumptions=assumptions)


def drawn(record: AnswerRecord, words: Words = EN, most: int = MOST) -> Seen:
    made = assumed(record, words, most)
    assert made is not None
    return Seen(made)


def test_no_assumptions_no_row() -> None:
    assert assumed(record_of(QUESTION), EN, MOST) is None
    assert assumed_line(record_of(QUESTION), EN) == ""


@pytest.mark.parametrize(
    ("words", "name"),
    [(EN, "Assumed: adult. Ask again for: child"), (ZH, "假定：成人。改问：儿童")],
)
def test_a_chip_is_a_button_that_says_what_pressing_does(words: Words, name: str) -> None:
    made = assumed(record_of(QUESTION, Assumption(key="adult")), words, MOST) or ""
    assert Seen(made).tags.count("button") == 1
    assert f'aria-label="{name}"' in made
    assert 'aria-pressed="false"' in made
    assert "✓" not in made


def test_a_turned_chip_is_pressed_ticked_and_leads_back() -> None:
    record = record_of(f"{QUESTION} (child)", Assumption(key="adult", holds=False), Assumption(key="kidneys_normal"))
    made = assumed(record, EN, MOST) or ""
    assert 'aria-label="Patient: child. Ask again for: adult"' in made
    assert 'aria-pressed="true"' in made
    assert made.count("✓") == 1
    assert dict(flips(record, MOST)) == {
        "flip-adult": QUESTION,
        "flip-kidneys_normal": f"{QUESTION} (child) (patient with renal impairment)",
    }


def test_what_the_reader_typed_is_no_button() -> None:
    record = record_of("What to give in pregnancy?", Assumption(key="not_pregnant", holds=False))
    seen = drawn(record)
    assert "button" not in seen.tags
    assert "pregnant" in seen.words
    assert not list(flips(record, MOST))


def test_the_phrase_is_in_the_language_of_the_question_and_the_label_in_the_readers() -> None:
    record = replace(record_of("给什么？", Assumption(key="adult")), language=Language.CHINESE)
    assert dict(flips(record, MOST)) == {"flip-adult": "给什么？（儿童患者）"}
    assert "adult" in drawn(record).words


def test_a_question_that_would_be_too_long_cannot_be_asked_and_says_so() -> None:
    record = record_of(QUESTION, Assumption(key="adult"))
    made = assumed(record, EN, len(QUESTION)) or ""
    assert " disabled" in made
    assert "too long" in made
    assert not list(flips(record, len(QUESTION)))


def test_an_auditor_reads_them_as_words() -> None:
    record = record_of(f"{QUESTION} (child)", Assumption(key="adult", holds=False), Assumption(key="kidneys_normal"))
    page = Seen(answer(record, EN, {}))
    assert "Patient" in page.words
    assert "child" in page.words
    assert "kidneys normal" in page.words
    assert "data-press" not in page.attributes
    assert "data-press" in Seen(answer(record, EN, {}, pressable=MOST)).attributes


def test_a_key_of_another_program_is_shown_and_not_pressed() -> None:
    record = record_of(QUESTION, Assumption(key="left_handed"))
    assert "left_handed" in drawn(record).words
    assert not list(flips(record, MOST))


def test_copied_text_says_whom_the_answer_is_for() -> None:
    record = record_of(f"{QUESTION} (child)", Assumption(key="adult", holds=False), Assumption(key="kidneys_normal"))
    assert "Patient: child; Assumed: kidneys normal\n" in copied_text(record, EN, {})
