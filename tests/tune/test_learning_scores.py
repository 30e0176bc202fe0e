"""When an answer of the learning benchmark is right: the sentence, its marker, both."""

from __future__ import annotations

import pytest

from benchmarks.learning.scoring import Question, always_first, copied, figures, first_passage, gain, judged
from ragmed.engines import Message

GIVE = "Give velorin 25 mg by mouth."
STOP = "Stop it after 3 days."
PASSAGES = (
    '<passages>\n<passage number="1" title="Torvosis" page="1">\nRest in bed. Drink water.\n</passage>\n'
    f'<passage number="2" title="Torvosis" page="2">\n{GIVE} {STOP}\n</passage>\n</passages>\nQuestion: Torvosis: Treatment?'
)


def asked(*expected: tuple[str, int], series: str = "d-1") -> Question:
    return Question(
        row_id="r-1",
        messages=(Message(role="system", content=""), Message(role="user", content=PASSAGES)),
        answer="\n".join(f"{sentence[:-1]} [{marker}]." for sentence, marker in expected) or "NOT COVERED",
        kind="heading",
        answerable=bool(expected),
        expected=expected,
        passages=2,
        series=series,
    )


BOTH = asked((GIVE, 2), (STOP, 2))


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Give velorin 25 mg by mouth [2].\nStop it after 3 days [2].", {"sentence", "marker", "both", "exact"}),
        ("Stop it after 3 days [2].\nGive velorin 25 mg by mouth [2].", {"sentence", "marker", "both"}),
        ("Give velorin 25 mg by mouth [1].\nStop it after 3 days [1].", {"sentence"}),
        ("Give velorin 25 mg by mouth [2].\nStop it after 3 days [1].", {"sentence"}),
        ("Give velorin 25 mg by mouth [2].", {"marker"}),
        ("Give velorin 26 mg by mouth [2].\nStop it after 3 days [2].", {"marker"}),
        ("Give velorin 25 mg by mouth.\nStop it after 3 days.", {"sentence"}),
        ("NOT COVERED", set()),
    ],
)
def test_a_row_is_right_where_every_sentence_bears_its_marker(answer: str, right: set[str]) -> None:
    assert {name for name, value in judged(BOTH, answer).items() if value} == right


def test_always_citing_the_first_is_right_only_where_the_first_is_meant() -> None:
    assert judged(BOTH, always_first(BOTH))["sentence"] and not judged(BOTH, always_first(BOTH))["both"]
    at_first = asked((GIVE, 1))
    assert judged(at_first, always_first(at_first))["exact"]


def test_the_first_passage_gives_its_first_sentence() -> None:
    assert first_passage(BOTH) == "Rest in bed [1]."


def test_abstaining_is_told_apart_from_answering() -> None:
    questions = [asked((GIVE, 2)), asked((STOP, 2), series="d-2"), asked(), asked(series="d-2")]
    found = figures(questions, ["Give velorin 25 mg by mouth [2].", "NOT COVERED", "NOT COVERED", "Rest in bed [1]."])
    assert found["answerable"] == found["unanswerable"] == 2
    assert found["both"]["share"] == found["abstained"] == found["abstained_needlessly"] == 0.5
    assert found["right_of_all_rows"]["share"] == 0.5
    assert found["both"]["ci95"] == [0.0, 1.0]


def test_a_gain_is_of_the_answerable_alone() -> None:
    questions = [asked((GIVE, 2)), asked(series="d-2")]
    right = ["Give velorin 25 mg by mouth [2].", "NOT COVERED"]
    assert gain(questions, right, ["NOT COVERED", "NOT COVERED"])["share"] == 1.0


def test_what_is_copied_from_a_wrong_passage_is_copied_all_the_same() -> None:
    assert copied(BOTH, "Rest in bed [2].\nGive velorin 26 mg by mouth [2].") == [True, False]
    assert copied(BOTH, "NOT COVERED") == []
