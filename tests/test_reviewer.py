"""The reviewer's desk: nobody decides for nobody, and nobody passes over another's word unseen."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ragmed.entries import FeedbackKind, ReviewDecision
from ragmed.errors import BadInputError, NoIndexError, NotFoundError
from ragmed.index.folder_store import FolderStore
from ragmed.records import Language
from ragmed.reviewer import SEED, Decided, Reviewer
from ragmed.tune.dataset.making import Wanted
from tests.tune.dataset.ward import Ward

ENGLISH, CHINESE = "Which dose of adrenaline is given in anaphylaxis?", "高钾血症心电图改变时用什么药？"


@pytest.fixture
def own(tmp_path: Path) -> Ward:
    return Ward.of(tmp_path / "ward")


@pytest.fixture
def desk(own: Ward) -> Reviewer:
    return Reviewer(own.auditor, own.store, own.log)


def said(own: Ward, question: str, correction: str = "") -> str:
    record = own.asked(question)
    return own.auditor.give_feedback(record.record_id, FeedbackKind.WRONG, correction=correction).feedback_id


def test_the_seed_is_the_dataset_s() -> None:
    assert Wanted(out=Path("rows")).seed == SEED


def test_the_queue_of_one_language(own: Ward, desk: Reviewer) -> None:
    english, chinese = said(own, ENGLISH), said(own, CHINESE)
    assert [one.feedback.feedback_id for one in desk.queue()] == [english, chinese]
    assert [one.feedback.feedback_id for one in desk.queue(Language.CHINESE)] == [chinese]
    own.auditor.erase(desk.open(chinese).record.record_id, reason="letter 4")
    assert desk.queue(Language.CHINESE) == ()
    with pytest.raises(NotFoundError):
        desk.open(chinese)


@pytest.mark.parametrize("nobody", ["", "  "], ids=["empty", "spaces"])
def test_a_review_by_nobody_is_refused_with_the_remedy(own: Ward, desk: Reviewer, nobody: str) -> None:
    """Also where the program itself has a name, which the command line would take."""
    feedback = said(own, ENGLISH)
    with pytest.raises(BadInputError) as refused:
        desk.decide(feedback, ReviewDecision.ACCEPT, user=nobody)
    assert refused.value.remedy
    assert desk.open(feedback).reviews == ()


def test_a_review_that_came_between_is_told_and_not_passed_over(own: Ward, desk: Reviewer) -> None:
    feedback = said(own, ENGLISH, "Antihistamines must not delay adrenaline.")
    theirs = own.auditor.review(feedback, ReviewDecision.REFUSE, user="dr-chan")
    told = desk.decide(feedback, ReviewDecision.ACCEPT, user="dr-owen")
    assert told == Decided(recorded=False, review=theirs)
    assert desk.open(feedback).reviews == (theirs,)
    again = desk.decide(feedback, ReviewDecision.ACCEPT, user="dr-owen", seen=theirs.review_id)
    assert again.recorded
    assert again.review
    assert (again.review.user, again.review.decision) == ("dr-owen", ReviewDecision.ACCEPT)
    assert desk.open(feedback).reviews == (theirs, again.review)
    assert desk.open(feedback).reviewed.may_teach


def test_of_two_who_press_at_once_one_is_recorded(own: Ward, desk: Reviewer) -> None:
    feedback = said(own, ENGLISH)
    begin, told = threading.Barrier(4), list[Decided]()

    def press(name: str) -> None:
        begin.wait()
        told.append(desk.decide(feedback, ReviewDecision.ACCEPT, user=name))

    threads = [threading.Thread(target=press, args=(f"dr-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.recorded for one in told) == [False, False, False, True]
    assert len({one.review.review_id for one in told if one.review}) == 1
    assert len(desk.open(feedback).reviews) == 1


def test_what_is_foreseen_goes_with_the_words_given(own: Ward, desk: Reviewer) -> None:
    one = desk.open(said(own, ENGLISH, "Give 900 mg of adrenaline."))
    assert desk.foresee(one, "Give 900 mg of adrenaline.").short
    mended = desk.foresee(one, "Antihistamines must not delay adrenaline.")
    assert mended.short is None
    assert [row.form for row in mended.rows] == ["sft", "dpo", "kto"]


def test_where_nothing_is_published_nothing_is_foreseen(own: Ward, tmp_path: Path) -> None:
    desk = Reviewer(own.auditor, FolderStore(tmp_path / "empty"), own.log)
    with pytest.raises(NoIndexError):
        desk.foresee(desk.open(said(own, ENGLISH)), "")
