"""What the Review page draws: the doctor's word, what it becomes, what falls short; and no foreign HTML in any of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ragmed.entries import EntryKind, Feedback, FeedbackKind, Review, ReviewDecision, Reviewed
from ragmed.foreseen import Foreseen, ForeseenRow, Identifier, Part, Short, Shortfall
from ragmed.records import AnswerRecord, Verdict
from ragmed.reviewer import InReview
from ragmed.tune.dataset.patterns import KINDS
from ragmed.tune.dataset.rows import Form, Split
from ragmed.ui.review_item import becomes, head, history, identifier, marked, said, seen
from ragmed.ui.review_page import VIEWS, parts
from ragmed.ui.words import TONGUES, Words
from tests.ui.small_library import HOSTILE
from tests.ui.test_audit_views import AT, VIEW
from tests.ui.test_markup import Seen
from tests.ui.test_views import kept

EN, ZH = Words("en"), Words("zh")
TEXTS = dict.fromkeys(Part, "")
FEEDBACK = Feedback(
    feedback_id="f1",
    record_id="r",
    at=AT,
    user="Dr Li",
    kind=FeedbackKind.UNSAFE,
    citation_key="1b",
    correction="Ask Mr Quill.",
    note="twice",
)
NAME = Identifier(part=Part.CORRECTION, start=7, end=12, kind="name")


def review(number: int, decision: ReviewDecision, **more: str) -> Review:
    given = {"user": "Dr Owen", "at": f"2026-11-25T0{number}:00:00.000Z"} | more
    return Review(review_id=f"v{number}", feedback_id="f1", record_id="r", decision=decision, **given)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> AnswerRecord:
    return kept("dose", tmp_path_factory.mktemp("small"))


def in_review(record: AnswerRecord, *reviews: Review, feedback: Feedback = FEEDBACK) -> InReview:
    last = reviews[-1] if reviews else None
    return InReview(reviewed=Reviewed(number=2, feedback=feedback, review=last), record=record, reviews=reviews)


def test_rows_are_counted_by_form_and_told_with_their_side() -> None:
    rows = (
        ForeseenRow(form="sft", split="train"),
        ForeseenRow(form="dpo", split="train"),
        ForeseenRow(form="kto", split="test", wanted=False),
    )
    drawn = Seen(becomes(Foreseen(rows=rows, short=None, identifiers=()), TEXTS, EN)).words
    assert "1 SFT row, 1 DPO row, 1 KTO row" in drawn
    assert "the correction, preferred to the answer that was shown" in drawn
    assert "the answer that was shown, as not wanted" in drawn
    assert drawn.count("to learn from") == 2
    assert "held back to measure by" in drawn
    assert "No patient identifier was found." in drawn
    assert "falls short" not in drawn
    assert "1 条 SFT 样本" in becomes(Foreseen(rows=rows, short=None, identifiers=()), TEXTS, ZH)


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("kind", list(Shortfall), ids=lambda kind: kind.value)
def test_every_shortfall_says_why_and_shows_its_sentence(kind: Shortfall, tongue: str) -> None:
    words = Words(tongue)  # type: ignore[arg-type]
    short = Short(
        kind=kind,
        message="a message",
        sentence=HOSTILE,
        verdict=Verdict.NUMBER_MISMATCH if kind is Shortfall.SENTENCE else None,
        document="Sepsis",
        gone=2,
    )
    drawn = Seen(becomes(Foreseen(rows=(), short=short, identifiers=()), TEXTS, words))
    assert words("review.short") in drawn.words
    assert HOSTILE in drawn.words
    assert "script" not in drawn.tags
    assert ("a message" in drawn.words) is (kind is Shortfall.OTHER)
    assert ("Sepsis" in drawn.words) is (kind in {Shortfall.SUPERSEDED, Shortfall.LICENCE, Shortfall.GONE})
    assert (words("verdict.number_mismatch") in drawn.words) is (kind is Shortfall.SENTENCE)
    assert words.count("review.short.since", 2) in drawn.words


def test_identifiers_are_marked_where_they_stand_and_named(record: AnswerRecord) -> None:
    assert marked("Ask Mr Quill.", [NAME], EN) == ('Ask Mr <mark title="name" class="rm-identifier">Quill</mark>.')
    drawn = said(in_review(record), EN, [NAME, replace(NAME, part=Part.QUESTION)])
    assert Seen(drawn).words.count("Quill") == 1
    assert drawn.count("<mark") == 1
    edited = in_review(record, review(1, ReviewDecision.EDIT, correction="Other words"))
    assert "<mark" not in said(edited, EN, [NAME]), "places count in the words that the reviewer wrote"
    found = Foreseen(rows=(), short=None, identifiers=(NAME,))
    told = Seen(becomes(found, {**TEXTS, Part.CORRECTION: "Ask Mr Quill."}, EN)).words
    assert "Quill" in told
    assert "in the correction" in told
    for tongue in TONGUES:
        words = Words(tongue)
        assert all(identifier(kind, words) != words("review.identifier.other") for kind in KINDS)
        assert identifier("licence_plate", words) == words("review.identifier.other")


def test_the_doctor_s_word_stands_with_who_and_when(record: AnswerRecord) -> None:
    drawn = head(in_review(record), VIEW, [], 3)
    seen_words = Seen(drawn).words
    for expected in ("The oldest of 3 that wait", "unsafe", "Dr Li", "of citation [1b]", record.question):
        assert expected in seen_words
    assert 'data-item="f1"' in drawn
    assert "accepted" not in seen_words
    decided = Seen(head(in_review(record, review(1, ReviewDecision.REFUSE)), VIEW, [], 0)).words
    assert "refused by Dr Owen" in decided
    bare = replace(FEEDBACK, correction="", note="")
    assert "No correction, only the word “unsafe”." in Seen(said(in_review(record, feedback=bare), EN, [])).words
    assert "评价为“不安全”" in said(in_review(record, feedback=bare), ZH, [])


def test_what_people_wrote_is_text(record: AnswerRecord) -> None:
    hostile = replace(FEEDBACK, user=HOSTILE, correction=HOSTILE, note=HOSTILE)
    one = in_review(
        record, review(1, ReviewDecision.EDIT, correction=HOSTILE, note=HOSTILE, user=HOSTILE), feedback=hostile
    )
    past = history(one.reviews, VIEW)
    assert past
    for drawn in (head(one, VIEW, [], 0), said(one, EN, []), past):
        assert "script" not in Seen(drawn).tags
        assert "<img" not in drawn


def test_the_answer_is_what_the_doctor_saw_with_its_pages_and_its_record(record: AnswerRecord) -> None:
    drawn = seen(record, EN, {}, "")
    words = Seen(drawn).words
    for claim in record.claims:
        assert claim.text in words
    assert drawn.count('data-cite="1"') >= 2, "at the claim and among the sources"
    assert f'href="/audit?record={record.record_id}&amp;lang=en"' in drawn
    assert "Superseded" in words, "an edition that answers no more says so"


def test_reviews_so_far_begin_with_the_one_that_counts() -> None:
    assert history((), VIEW) is None
    drawn = history(
        (review(1, ReviewDecision.REFUSE, note="why not"), review(2, ReviewDecision.EDIT, correction="Better.")), VIEW
    )
    assert drawn
    words = Seen(drawn).words
    assert words.index("accepted in other words by Dr Owen") < words.index("refused by Dr Owen")
    assert "Better." in words
    assert "why not" in words


def test_what_waits_stands_first_oldest_first_and_the_latest_decision_next() -> None:
    def one(number: int, decision: ReviewDecision | None = None, hour: int = 0) -> Reviewed:
        feedback = replace(FEEDBACK, feedback_id=f"f{number}")
        return Reviewed(number=number, feedback=feedback, review=review(hour, decision) if decision else None)

    queue = [
        one(1, ReviewDecision.ACCEPT, 3),
        one(2),
        one(3, ReviewDecision.REFUSE, 5),
        one(4, ReviewDecision.EDIT, 4),
        one(5),
    ]
    found = {view: [each.number for each in parts(queue)[view]] for view in VIEWS}
    assert found == {"waiting": [2, 5], "accepted": [4, 1], "refused": [3], "all": [2, 5, 3, 4, 1]}


@pytest.mark.parametrize("tongue", TONGUES)
def test_every_value_of_the_records_has_its_words(tongue: str) -> None:
    words = Words(tongue)  # type: ignore[arg-type]
    keys = [
        *(f"review.state.{decision.value}" for decision in ReviewDecision),
        *(f"review.done.{decision.value}" for decision in ReviewDecision),
        *(f"review.short.{kind.value}" for kind in Shortfall),
        *(f"review.part.{part.value}" for part in Part),
        *(f"review.split.{split.value}" for split in Split),
        *(f"review.row.{form.value}" for form in Form if form is not Form.KTO),
        *(f"audit.entry.{kind.value}" for kind in EntryKind),
    ]
    fields = dict.fromkeys(("user", "verdict", "title", "message"), "x")
    assert all(words(key, **fields) for key in keys)
