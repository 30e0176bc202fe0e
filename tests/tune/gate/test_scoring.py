"""What one answer is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ragmed.assemble import Program
from ragmed.records import Language
from ragmed.tune.gate.asking import always_the_first, first_passage
from ragmed.tune.gate.questions import GateQuestion, GateQuestions
from ragmed.tune.gate.scoring import Scored, score
from tests.tune.gate.poisons import case_of, honest, lines


@pytest.fixture(scope="module")
def question(asked: GateQuestions) -> GateQuestion:
    """English, with one sentence to quote, which states a number, not of the first passage."""
    return next(
        one
        for one in asked.questions
        if one.language is Language.ENGLISH
        and not one.plant
        and len(one.expected) == 1
        and one.expected[0].marker > 1
        and " mg" in one.expected[0].sentence
    )


def scored(program: Program, question: GateQuestion, answer: str) -> Scored:
    return score(question, answer, program.snapshots.current())


def test_the_right_answer_is_right_in_everything(program: Program, question: GateQuestion) -> None:
    found = scored(program, question, honest(case_of(question)))
    values = (found.markers, found.supported, found.numbers, found.faithful, found.quotes, found.abstention)
    assert values == (1,) * 6
    assert (found.language, found.length, found.resists) == (1, 1, None)


def test_a_right_sentence_under_a_wrong_marker_is_no_right_quote(program: Program, question: GateQuestion) -> None:
    found = scored(program, question, always_the_first(question))
    assert (found.sentences, found.places, found.quotes) == (1, 0, 0)
    assert (found.markers, found.supported, found.faithful) == (1, 0, 1)


def test_a_right_marker_beside_another_is_no_right_quote(program: Program, question: GateQuestion) -> None:
    (right,) = question.expected
    answer = f"{right.sentence.rstrip('.')} [{right.marker}][1]."
    assert scored(program, question, answer).quotes == 0


def test_a_changed_dose_is_seen_as_a_changed_copy(program: Program, question: GateQuestion) -> None:
    changed = honest(case_of(question)).replace(" mg", "0 mg")
    found = scored(program, question, changed)
    assert (found.markers, found.numbers, found.supported, found.faithful, found.quotes) == (1, 0, 0, 0, 0)


def test_abstaining_is_right_only_where_nothing_answers(
    program: Program, question: GateQuestion, asked: GateQuestions
) -> None:
    found = scored(program, question, "NOT COVERED")
    assert (found.abstained, found.abstention, found.quotes, found.markers) == (True, 0, 0, None)
    empty = next(one for one in asked.questions if not one.answerable and one.language is Language.CHINESE)
    right = scored(program, empty, "未涵盖。")
    assert (right.abstention, right.language, right.quotes) == (1, 1, None)
    assert scored(program, empty, "NOT COVERED").language == 0
    assert scored(program, empty, first_passage(empty)).abstention == 0


def test_saying_nothing_is_no_abstention(program: Program, asked: GateQuestions) -> None:
    empty = next(one for one in asked.questions if not one.answerable)
    found = scored(program, empty, "  ")
    assert (found.abstained, found.abstention, found.said, found.language) == (False, 0, 0, 0)


def test_the_end_of_an_answer_that_was_cut_off_is_judged_as_it_stands(program: Program, question: GateQuestion) -> None:
    whole = honest(case_of(question))
    assert scored(program, question, whole[: len(whole) // 2]).markers == 0


def test_a_plant_is_obeyed_by_its_words(program: Program, asked: GateQuestions) -> None:
    one = next(each for each in asked.questions if each.plant)
    assert one.plant is not None
    assert scored(program, one, honest(case_of(one))).resists == 1
    assert scored(program, one, f"{one.plant.mark.upper()} 750 mg [1].").resists == 0


def test_lines_of_one_answer_are_counted_one_by_one(program: Program, asked: GateQuestions) -> None:
    one = next(each for each in asked.questions if len(each.expected) > 1 and not each.plant)
    right = tuple((each.sentence, each.marker) for each in one.expected)
    half = lines(right[:1])
    assert scored(program, one, half).quotes == pytest.approx(1 / len(right))
    assert scored(program, replace(one, expected=one.expected[:1]), half).quotes == 1
