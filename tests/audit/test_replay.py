"""A recorded question asked again: bit for bit the same, or what differs and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from ragmed.audit.replay import EXPLAINS, KeepsNothing, OneSnapshot, ask_again, compare, replay
from ragmed.entries import Replay
from ragmed.errors import IntegrityError, MissingPartError, NotFoundError, SettingsError
from ragmed.records import (
    AnswerRecord,
    Candidate,
    Claim,
    Generation,
    Language,
    Mode,
    Outcome,
    Prompt,
    Verdict,
)
from tests.answer.records import a_record
from tests.answer.small_library import SmallSnapshot, document

RECORD = replace(
    a_record("aaaa1111"), code_version="1.0", settings=(("answer.max_claims", "7"),), settings_sha256="a" * 64
)


def part_of(change: Callable[[AnswerRecord], AnswerRecord]) -> list[str]:
    return [one.part for one in compare(RECORD, change(RECORD)).differences]


def first_hit(record: AnswerRecord, **more: object) -> AnswerRecord:
    first, *rest = record.retrieval.passages
    hit = replace(first.hit, **more)  # type: ignore[arg-type]
    passages = (replace(first, hit=hit), *rest)
    return replace(record, retrieval=replace(record.retrieval, passages=passages))


def first_check(record: AnswerRecord, verdict: Verdict) -> AnswerRecord:
    return replace(record, checks=(replace(record.checks[0], verdict=verdict), *record.checks[1:]))


def test_an_answer_given_again_is_the_same_whoever_asks_and_when() -> None:
    again = replace(RECORD, record_id="bbbb", asked_at="2027", user="auditor", timings_ms=a_record("x").timings_ms)
    found = compare(RECORD, again)
    assert (found.same, found.same_hits, found.same_text, found.asked) == (True, True, True, True)
    assert (found.differences, found.notes) == ((), ())


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("snapshot", lambda one: replace(one, snapshot_id="000002-00000000")),
        ("outcome", lambda one: replace(one, outcome=Outcome.ABSTAINED)),
        ("mode", lambda one: replace(one, mode=Mode.ANSWER)),
        ("language", lambda one: replace(one, language=Language.CHINESE)),
        ("query", lambda one: replace(one, retrieval=replace(one.retrieval, query=replace(one.retrieval.query, english="x")))),
        ("scores", lambda one: first_hit(one, score=0.5000001)),
        ("coverage", lambda one: replace(one, retrieval=replace(one.retrieval, coverage=0.7500001))),
        ("prompt", lambda one: replace(one, prompt=Prompt(system="s", user="u", passages=()))),
        ("generator", lambda one: replace(one, generation=replace(one.generation, revision="2"))),
        ("raw text", lambda one: replace(one, generation=replace(one.generation, text="Give oxygen [1]"))),
        ("text", lambda one: replace(one, text="Give oxygen. [2]")),
        ("claims", lambda one: replace(one, claims=(Claim(text="Give oxygen.", start=0, end=11),))),
        ("verdicts", lambda one: first_check(one, Verdict.SUPPORTED)),
        ("withheld", lambda one: replace(one, withheld=())),
        ("differential", lambda one: replace(one, differential=())),
        ("case", lambda one: replace(one, case=())),
        ("notice", lambda one: replace(one, notice="Quoted!")),
        ("record", lambda one: replace(one, documents=(document("guide", title="Air"),))),
        ("record", lambda one: replace(one, question="What to take?")),
    ],
)  # fmt: skip
def test_each_part_that_differs_is_named(part: str, change: Callable[[AnswerRecord], AnswerRecord]) -> None:
    assert part_of(change) == [part]


def test_no_field_of_a_record_escapes_comparison() -> None:
    """Whatever field is added to a record: another value of it is a difference, unless it is one that explains."""
    others: dict[type, object] = {str: "other", int: 99, tuple: (), type(None): (), bool: True}
    for field in fields(RECORD):
        value = getattr(RECORD, field.name)
        other = _other(value, others)
        differs = bool(compare(RECORD, replace(RECORD, **{field.name: other})).differences)
        assert differs is (field.name not in EXPLAINS), field.name


def _other(value: object, others: dict[type, object]) -> object:
    if isinstance(value, (Outcome, Mode, Language)):
        return next(one for one in type(value) if one is not value)
    if isinstance(value, tuple):
        return value[1:] if value else ("x",)
    if value is None:
        return Prompt(system="", user="", passages=())
    if isinstance(value, Generation):
        return replace(value, seed=5)
    if hasattr(value, "coverage"):
        return replace(value, coverage=0.1)  # type: ignore[type-var]
    if hasattr(value, "total"):
        return replace(value, total=0.0)  # type: ignore[type-var]
    return others[type(value)]


def test_a_changed_setting_is_named_with_both_values() -> None:
    again = replace(RECORD, text="", settings=(("answer.max_claims", "3"),), settings_sha256="b" * 64)
    (text,) = compare(RECORD, again).differences
    assert text.reason == "the setting answer.max_claims was 7 and is 3"
    assert (text.recorded, text.replayed) == ("Give oxygen. [1]", "(nothing)")


def test_another_version_of_the_program_explains_a_difference_and_is_none() -> None:
    found = compare(RECORD, replace(RECORD, code_version="2.0"))
    assert found.same
    assert found.notes == ("answered by ragmed 1.0, replayed by 2.0",)
    (one,) = compare(RECORD, replace(RECORD, code_version="2.0", text="other")).differences
    assert "ragmed 1.0" in one.reason


def test_scores_that_differ_in_the_last_bits_are_told_so_and_count_as_different() -> None:
    found = compare(RECORD, first_hit(RECORD, score=RECORD.retrieval.passages[0].hit.score + 1e-7))
    assert not found.same
    assert not found.same_hits
    assert "another processor" in found.differences[0].reason
    (far,) = compare(RECORD, first_hit(RECORD, score=0.3)).differences
    assert far.reason == ""


def test_other_hits_are_not_called_last_bits() -> None:
    found = compare(RECORD, first_hit(RECORD, chunk_id="d-else-p1-0-5"))
    assert found.differences[0].reason == ""
    assert not found.same_hits


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (NotFoundError("no snapshot 000001", remedy="it has been collected"), "snapshot"),
        (IntegrityError("manifest.json differs"), "snapshot"),
        (MissingPartError("model x is not on this machine", remedy="copy it"), "model"),
        (SettingsError("made with another embedder"), "embedder"),
    ],
)
def test_what_cannot_be_asked_again_says_why_and_is_never_the_same(error: Exception, part: str) -> None:
    def cannot(_record: AnswerRecord) -> AnswerRecord:
        raise error

    found: Replay = replay(RECORD, cannot)
    assert (found.same, found.same_hits, found.same_text, found.asked) == (False, False, False, False)
    (one,) = found.differences
    assert one.part == part
    assert str(error) in one.reason


def test_the_longest_difference_is_told_in_few_words() -> None:
    (one,) = compare(
        replace(RECORD, differential=None), replace(RECORD, differential=None, notice="x" * 10_000)
    ).differences
    assert len(one.recorded) < 100
    assert len(one.replayed) < 100


def test_a_card_with_another_diagnosis_is_a_difference_of_the_text() -> None:
    candidate = Candidate(
        diagnosis="Anaemia", cannot_miss=False, citation=None, supporting=(), against=(), next_tests=()
    )
    found = compare(RECORD, replace(RECORD, differential=(candidate,)))
    assert not found.same_text
    assert found.same_hits


def test_passages_in_the_order_of_other_citations_are_the_same_hits() -> None:
    first = RECORD.retrieval.passages[0]
    second = replace(first, marker=2, hit=replace(first.hit, rank=2, chunk_id="d-guide-p1-13-34"))
    two = replace(RECORD, retrieval=replace(RECORD.retrieval, passages=(first, second)))
    turned = replace(two, text="other", retrieval=replace(two.retrieval, passages=(second, first)))
    found = compare(two, turned)
    assert (found.same_hits, found.same_text) == (True, False)
    assert [one.part for one in found.differences] == ["text"]
    alone = compare(two, replace(two, retrieval=turned.retrieval))
    assert [one.part for one in alone.differences] == ["record"], "an order of its own is told all the same"


def test_one_snapshot_is_the_current_one_for_ever() -> None:
    snapshot = SmallSnapshot([], [])
    only = OneSnapshot(snapshot)
    assert only.current() is snapshot
    assert only.get(snapshot.snapshot_id) is snapshot
    with pytest.raises(NotFoundError):
        only.get("000009-99999999")
    KeepsNothing().append(RECORD)


def test_a_question_that_was_cut_is_asked_as_long_as_it_was() -> None:
    asked: list[str] = []

    class Listening:
        def ask(self, question: str, **_: object) -> object:
            asked.append(question)
            return iter(())

    with pytest.raises(Exception, match="ended without a record"):
        ask_again(Listening(), replace(RECORD, question="word", asked_characters=9))  # type: ignore[arg-type]
    assert asked == ["word....."]
