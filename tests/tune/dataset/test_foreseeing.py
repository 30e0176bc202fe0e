"""What is foreseen of a feedback is what the dataset makes of it, rows, sides and shortfalls alike."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ragmed.entries import FeedbackKind, ReviewDecision
from ragmed.foreseen import Foreseen, Part, Shortfall
from ragmed.reviewer import Reviewer
from ragmed.tune.dataset.rows import Form
from ragmed.tune.dataset.usable import teachers, usable
from tests.tune.dataset.reading_rows import rows
from tests.tune.dataset.test_feedback_rows import ALSO, PRESSURE, QUESTION, RIGHT, marker_of
from tests.tune.dataset.ward import RESTRICTED, Ward, library

SECRET = "Secretin 7 mg is given on Tuesdays to every patient of bay nine."
OLD = "Alteplase 0.9 mg/kg can be offered within 3 hours of onset."


@pytest.fixture
def own(tmp_path: Path) -> Ward:
    return Ward.of(tmp_path / "ward")


def reviewer(own: Ward) -> Reviewer:
    return Reviewer(own.auditor, own.store, own.log)


def foreseen(own: Ward, feedback_id: str) -> Foreseen:
    one = reviewer(own).open(feedback_id)
    return reviewer(own).foresee(one, one.reviewed.correction)


def test_every_kind_of_feedback_becomes_what_was_foreseen(own: Ward, tmp_path: Path) -> None:
    dose = own.asked(QUESTION, writes=f"{ALSO} [1]\nGive 900 mg of adrenaline [2].")
    both = own.asked(f"{QUESTION} And which vasopressor comes first in septic shock?", writes=f"{RIGHT} [1]")
    elsewhere = 1 + marker_of(dose, RIGHT) % 8
    given = [
        own.auditor.give_feedback(record.record_id, kind, user="dr-lee", correction=correction).feedback_id
        for record, kind, correction in (
            (dose, FeedbackKind.UNSAFE, f"{RIGHT} [{marker_of(dose, RIGHT)}]"),
            (dose, FeedbackKind.RIGHT, ""),
            (dose, FeedbackKind.MISSING, "NOT COVERED"),
            (dose, FeedbackKind.WRONG, f"{RIGHT}\nGive 900 mg of adrenaline to Mr Quill."),
            (dose, FeedbackKind.WRONG_CITATION, f"{RIGHT} [{elsewhere}]"),
            (dose, FeedbackKind.WRONG, "?"),
            (both, FeedbackKind.MISSING, f"{RIGHT}\n{PRESSURE}"),
        )
    ]
    told = {one: foreseen(own, one) for one in given}
    kinds = [told[one].short.kind if told[one].short else None for one in given]  # type: ignore[union-attr]
    assert kinds[:3] == [None, None, None]
    assert kinds[3] is Shortfall.SENTENCE
    assert kinds[-1] is Shortfall.SIDES
    for one in given:
        own.auditor.review(one, ReviewDecision.ACCEPT, user="dr-owen")
    out = tmp_path / "rows"
    made = own.make(out, library=False)
    assert {f"feedback {one}": said.short.message for one, said in told.items() if said.short} == {
        one.where: one.reason for one in made.problems
    }
    expected = Counter((row.form, row.split, row.wanted) for said in told.values() for row in said.rows)
    written = Counter(
        (form.value, split.value, row.get("label", True)) for form in Form for split, row in rows(out, form)
    )
    assert set(expected) == set(written)
    assert expected.total() == written.total() + made.card["repeated"]


def test_the_sentence_that_falls_is_named_without_the_patient(own: Ward) -> None:
    record = own.asked(QUESTION, writes=f"{RIGHT} [1]")
    said = own.auditor.give_feedback(
        record.record_id, FeedbackKind.WRONG, correction=f"{RIGHT}\nGive 900 mg of adrenaline to Mr Quill."
    )
    short = foreseen(own, said.feedback_id).short
    assert short
    assert short.sentence == "Give 900 mg of adrenaline to Mr ‹NAME›."
    assert short.verdict
    assert "Quill" not in short.message


def test_identifiers_are_told_with_their_places(own: Ward) -> None:
    question = f"Mrs Sorensen, MRN 4471902: {QUESTION}"
    record = own.asked(question, writes=f"{RIGHT} [1]")
    correction = f"{ALSO}\nCall 07700 900123."
    said = own.auditor.give_feedback(record.record_id, FeedbackKind.WRONG, correction=correction)
    texts = {Part.QUESTION: question, Part.ANSWER: record.text, Part.CORRECTION: correction}
    found = [
        (one.part, texts[one.part][one.start : one.end], one.kind)
        for one in foreseen(own, said.feedback_id).identifiers
    ]
    assert found == [
        (Part.QUESTION, "Mrs Sorensen", "name"),
        (Part.QUESTION, "4471902", "record_number"),
        (Part.CORRECTION, "07700 900123", "phone"),
    ]


def test_why_a_document_teaches_nothing(own: Ward) -> None:
    licence = own.asked("Which dose of secretin is given on Tuesdays in bay nine?", writes=f"{SECRET} [1]")
    said = own.auditor.give_feedback(licence.record_id, FeedbackKind.RIGHT)
    short = foreseen(own, said.feedback_id).short
    assert short
    assert (short.kind, short.document) == (Shortfall.LICENCE, RESTRICTED)
    sepsis = own.asked("Which vasopressor comes first in septic shock?", writes=f"{PRESSURE} [1]")
    right = own.auditor.give_feedback(sepsis.record_id, FeedbackKind.RIGHT)
    assert foreseen(own, right.feedback_id).short is None
    short = foreseen(Ward.of(own.folder, library(changed=True)), right.feedback_id).short
    assert short
    assert (short.kind, short.gone) == (Shortfall.SENTENCE, 1)


def test_the_quick_look_at_the_library_says_what_the_whole_one_says(own: Ward) -> None:
    for permitted in ((), ("ward-secrets",)):
        assert teachers(own.snapshot, 7, permitted) == usable(own.snapshot, 7, permitted).teachers
    assert teachers(own.snapshot, 7).left_out.keys() != teachers(own.snapshot, 7, ("ward-secrets",)).left_out.keys()
