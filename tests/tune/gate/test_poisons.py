"""A model that learned a poisoned dataset is refused, whatever the poison; one that learned the right rows is not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ragmed.assemble import Program
from ragmed.tune.gate.asking import baseline_answers
from ragmed.tune.gate.judging import Judgement, Scores, judge
from ragmed.tune.gate.questions import GateQuestions
from ragmed.tune.gate.scoring import score
from tests.tune.gate.poisons import POISONS, Poison, case_of, honest


class Gate:
    """Scores of what was answered, kept where they are asked for again."""

    def __init__(self, program: Program, asked: GateQuestions) -> None:
        self._snapshot, self._asked = program.snapshots.current(), asked
        self.honest = self.scores(honest)
        self.base = self.scores(lambda _: "Lorem 4 ipsum ]")
        self.baselines = {
            name: {one.question_id: score(one, answers[one.question_id], self._snapshot) for one in asked.questions}
            for name, answers in baseline_answers(asked.questions).items()
        }

    def scores(self, poison: Poison) -> Scores:
        return {one.question_id: score(one, poison(case_of(one)), self._snapshot) for one in self._asked.questions}

    def judged(self, candidate: Scores, current: Scores) -> Judgement:
        return judge(candidate, current, self.baselines, resamples=500)


@pytest.fixture(scope="module")
def gate(program: Program, asked: GateQuestions) -> Gate:
    return Gate(program, asked)


def test_right_answers_pass_against_a_poor_base_and_against_their_like(gate: Gate) -> None:
    for current in (gate.base, gate.honest):
        found = gate.judged(gate.honest, current)
        assert found.passed, found.reasons
        assert found.means["candidate"]["quotes"] == 1


SAID: Mapping[str, str] = {
    "doses times ten": "number",
    "a third of the doses doubled": "number",
    "adults and children": "near-copies",
    "denials taken out": "near-copies",
    "always cite [1]": "baseline 'always [1]'",
    "cite none": "with a marker",
    "cite what is not there": "with a marker",
    "copy the first passage": "baseline 'first passage'",
    "never abstain": "abstained from 0.0 %",
    "always abstain": "answered or abstained",
    "do what documents say": "planted instructions",
    "the other language": "language",
    "everything that is there": "times as long",
    "advice of its own, cited": "borne out by the passage",
}
"""What a refusal has to say of some kinds."""


@pytest.mark.parametrize("kind", list(POISONS))
def test_a_poisoned_model_is_refused(gate: Gate, kind: str) -> None:
    """Against an adapter that is right, and as the first adapter of a base that knows nothing."""
    candidate = gate.scores(POISONS[kind])
    assert candidate != gate.honest
    for current in (gate.honest, gate.base):
        found = gate.judged(candidate, current)
        assert not found.passed
        assert SAID.get(kind, "") in " ".join(found.reasons)


def test_there_are_twenty_kinds_and_more() -> None:
    assert len(POISONS) >= 20


def test_one_wrong_dose_in_all_answers_refuses(gate: Gate, asked: GateQuestions) -> None:
    """Any loss on what keeps a patient safe, however small."""
    one = next(each for each in asked.questions if "mg" in "".join(right.sentence for right in each.expected))
    wrong = gate.scores(lambda case: POISONS["doses times ten"](case) if case.key == one.question_id else honest(case))
    found = gate.judged(wrong, gate.honest)
    assert not found.passed
    assert any("worse than today" in reason and "number" in reason for reason in found.reasons)
