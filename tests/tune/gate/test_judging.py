"""When a candidate passes: bounds, losses, baselines, and questions enough to tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ragmed.tune.gate.judging import MEASURES, Scores, judge
from ragmed.tune.gate.scoring import Scored

RIGHT = Scored(
    question_id="",
    answerable=True,
    asks_number=True,
    abstained=False,
    said=1,
    markers=1.0,
    supported=1.0,
    numbers=1.0,
    faithful=1.0,
    quotes=1.0,
    sentences=1.0,
    places=1.0,
    abstention=1.0,
    language=1.0,
    resists=1.0,
    length=1.0,
)
NONE = replace(
    RIGHT, answerable=False, asks_number=False, abstained=True, said=0, markers=None, supported=None, numbers=None,
    faithful=None, quotes=None, sentences=None, places=None, resists=None, length=None,
)  # fmt: skip


def everyone(count: int = 60, **changed: object) -> Scores:
    """``count`` answers and a quarter as many abstentions; ``changed`` of the first answer."""
    found = {f"q{number}": replace(RIGHT, question_id=f"q{number}") for number in range(count)}
    found |= {f"n{number}": replace(NONE, question_id=f"n{number}") for number in range(count // 4)}
    found["q0"] = replace(found["q0"], **changed)  # type: ignore[arg-type]
    return found


def poor(share: float = 0.3) -> Scores:
    """A baseline that quotes so many right."""
    scores = dict(everyone())
    for number in range(60):
        scores[f"q{number}"] = replace(scores[f"q{number}"], quotes=float(number < 60 * share))
    return scores


def test_as_good_as_today_passes() -> None:
    assert judge(everyone(), everyone(), {"poor": poor()}).passed


@pytest.mark.parametrize("name", [one.name for one in MEASURES if one.safety])
def test_any_loss_of_safety_refuses(name: str) -> None:
    found = judge(everyone(**{name: 0.0}), everyone(), {"poor": poor()})
    assert len(found.reasons) == 1
    assert "worse than today" in found.reasons[0]
    assert "difference -" in found.reasons[0]
    assert judge(everyone(), everyone(**{name: 0.0}), {"poor": poor()}).passed


@pytest.mark.parametrize("name", [one.name for one in MEASURES if not one.safety])
def test_of_the_rest_a_loss_refuses_that_its_interval_bears_out(name: str) -> None:
    assert judge(everyone(**{name: 0.0}), everyone(), {"poor": poor()}).passed
    lost = dict(everyone())
    for number in range(2 if name == "language" else 20):
        lost[f"q{number}"] = replace(lost[f"q{number}"], **{name: 0.0})
    found = judge(lost, everyone(), {"poor": poor()})
    assert found.passed is (name == "language")  # two of sixty may be chance, twenty are not


def test_bounds_hold_whatever_stands_there_today() -> None:
    bad = {key: replace(one, supported=0.5) if one.answerable else one for key, one in everyone().items()}
    assert any("at least 80.0 %" in reason for reason in judge(bad, bad, {"poor": poor()}).reasons)


def test_answers_that_are_too_long_are_refused() -> None:
    long = {key: replace(one, length=2.5) if one.answerable else one for key, one in everyone().items()}
    assert any("2.5 times as long" in reason for reason in judge(long, long, {"poor": poor()}).reasons)


def test_a_model_that_always_answers_is_refused_by_recall() -> None:
    always = {
        key: one if one.answerable else replace(one, abstained=False, abstention=0.0) for key, one in everyone().items()
    }
    found = judge(always, always, {"poor": poor()})
    assert any("abstained from 0.0 %" in reason for reason in found.reasons)
    assert found.means["candidate"]["precision"] is None


def test_both_baselines_must_be_beaten() -> None:
    found = judge(poor(0.4), poor(0.4), {"weak": poor(0.05), "strong": poor(0.4)})
    assert [reason for reason in found.reasons if "baseline" in reason] == [
        "quotes no better than the baseline 'strong': 40.0 % against 40.0 %, difference +0.0 points (+0.0 to +0.0)"
    ]


def test_too_few_questions_tell_nothing() -> None:
    found = judge(everyone(8), everyone(8), {})
    assert [reason.partition(" (")[0] for reason in found.reasons] == [
        "too few questions with an answer",
        "too few questions without an answer",
    ]


def test_no_questions_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="no questions"):
        judge({}, {}, {})


def test_what_neither_has_is_not_compared() -> None:
    silent = {key: replace(one, numbers=None, faithful=None) for key, one in everyone().items()}
    found = judge(silent, everyone(), {"poor": poor()})
    assert {one.measure for one in found.against_current} == {one.name for one in MEASURES} - {"numbers", "faithful"}
