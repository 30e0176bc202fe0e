"""The reviewer's desk: what doctors said of answers, what each of it would teach, and the decision.

Laws of this room: nothing is decided by nobody; a decision that was taken meanwhile by somebody else is told, and not
passed over; what is foreseen is made by the dataset's own functions, never by a rule of this module.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragmed.entries import Review, ReviewDecision, Reviewed
from ragmed.errors import BadInputError, NotFoundError

if TYPE_CHECKING:
    from ragmed.auditor import Auditor
    from ragmed.foreseen import Foreseen
    from ragmed.index.store import SnapshotStore
    from ragmed.interfaces import AuditLog
    from ragmed.records import AnswerRecord, Language
    from ragmed.tune.dataset.identifiers import Scrubber
    from ragmed.tune.dataset.usable import Teachers

SEED = 7
"""That of ``ragmed tune dataset``, where none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InReview:
    """One feedback with all that a reviewer needs to see."""

    reviewed: Reviewed
    record: AnswerRecord
    reviews: tuple[Review, ...]
    """Of this feedback, oldest first; the last one counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What came of a decision."""

    recorded: bool
    review: Review | None
    """The review that counts now: the one recorded, or the one that came between."""


class Reviewer:
    """See the module. Safe to share between threads."""

    def __init__(self, auditor: Auditor, snapshots: SnapshotStore, log: AuditLog) -> None:
        self._auditor = auditor
        self._snapshots = snapshots
        self._log = log
        self._deciding = threading.Lock()
        self._foreseeing = threading.Lock()
        self._teachers: tuple[str, Teachers] | None = None
        self._scrubber: Scrubber | None = None
        self._languages: dict[str, Language] = {}

    def queue(self, language: Language | None = None) -> tuple[Reviewed, ...]:
        """Every feedback that is not erased, oldest first; ``language``: of such questions. Raises IntegrityError."""
        return tuple(
            one
            for one in self._auditor.review_queue()
            if language is None or self._language(one.feedback.record_id) is language
        )

    def _language(self, record_id: str) -> Language | None:
        """Kept for every answer once it was opened: an answer does not change, and its language is nobody's secret."""
        if record_id not in self._languages:
            try:
                self._languages[record_id] = self._log.get(record_id).language
            except NotFoundError:
                return None  # erased since the queue was read
        return self._languages[record_id]

    def record(self, record_id: str) -> AnswerRecord:
        """The answer that a feedback is on. Raises NotFoundError, ErasedError, IntegrityError."""
        return self._log.get(record_id)

    def open(self, feedback_id: str) -> InReview:
        """One feedback, by its whole id. Raises NotFoundError (there is none, or its answer was erased)."""
        one = self._one(feedback_id)
        record_id = one.feedback.record_id
        reviews = tuple(each for each in self._log.reviews(record_id) if each.feedback_id == feedback_id)
        return InReview(reviewed=one, record=self._log.get(record_id), reviews=reviews)

    def foresee(self, one: InReview, correction: str) -> Foreseen:
        """What ``ragmed tune dataset`` would make of the feedback with this correction, as the library is today.

        Raises NoIndexError where nothing is published, IntegrityError.
        """
        from ragmed.tune.dataset.foreseeing import foresee
        from ragmed.tune.dataset.identifiers import Scrubber
        from ragmed.tune.dataset.usable import teachers

        snapshot = self._snapshots.current()
        feedback = replace(one.reviewed.feedback, correction=correction)
        with self._foreseeing:
            if self._scrubber is None:
                self._scrubber = Scrubber()
            if self._teachers is None or self._teachers[0] != snapshot.snapshot_id:
                self._teachers = snapshot.snapshot_id, teachers(snapshot, SEED)
            asked = replace(one.reviewed, feedback=feedback, review=None)
            return foresee(asked, one.record, self._teachers[1], snapshot, self._scrubber)

    def decide(
        self,
        feedback_id: str,
        decision: ReviewDecision,
        *,
        user: str,
        seen: str = "",
        correction: str = "",
        note: str = "",
    ) -> Decided:
        """Record a review, unless another one has come since the reviewer looked.

        ``seen``: the id of the review that counted when she looked, empty for none. Raises BadInputError (nobody is
        named; an edit without a correction), NotFoundError, ErasedError.
        """
        if not user.strip():
            raise BadInputError("a review by nobody", remedy="say who you are: a review bears a name")
        with self._deciding:
            now = self._one(feedback_id).review
            if (now.review_id if now else "") != seen:
                return Decided(recorded=False, review=now)
            given = self._auditor.review(feedback_id, decision, user=user, correction=correction, note=note)
            return Decided(recorded=True, review=given)

    def _one(self, feedback_id: str) -> Reviewed:
        for one in self._log.review_queue():
            if one.feedback.feedback_id == feedback_id:
                return one
        raise NotFoundError(
            f"no feedback is {feedback_id or 'an empty id'}", remedy="`ragmed tune review list` names those that wait"
        )
