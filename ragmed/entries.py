"""What the audit log holds and what auditing finds: the records of everything that an auditor looks at.

Laws of this room: as in ``ragmed.records``: frozen, slotted, keyword-only, scalars and tuples. An ``AuditEntry`` is all
that the log's Merkle tree commits to: it bears no patient text, only a salted commitment to the content that it stands
for. Times are UTC, ISO 8601, to the millisecond. Entries are numbered from 1; entry ``n`` is leaf ``n - 1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ragmed.changes import Piece, WordRun
from ragmed.records import Language, Mode, Outcome, Verdict

ENTRY_FORMAT = 1


class EntryKind(StrEnum):
    """What an entry of the log stands for."""

    ANSWER = "answer"
    """An ``AnswerRecord``: an answer, an abstention or a rejection."""
    FEEDBACK = "feedback"
    """A doctor's ``Feedback`` on an answer."""
    REVIEW = "review"
    """A reviewer's ``Review`` of a feedback."""
    ERASURE = "erasure"
    """The content of an earlier answer, with its feedback and their reviews, was destroyed on request: an
    ``Erasure``."""
    ADAPTER = "adapter"
    """Something happened to a tuned adapter, its promotion above all: an ``AdapterChange`` (``ragmed.adapters``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry of the log; the leaf of the tree is its canonical JSON."""

    number: int
    """From 1, without gaps."""
    kind: EntryKind
    at: str
    subject: str
    """Id of the answer that the entry is about; hash of the adapter."""
    user: str
    """Who asked, judged or erased, as the settings or the command line name them."""
    commitment: str
    """Lower-case hex SHA-256 of ``salt || content``; salt: 32 random bytes kept, and destroyed, with the content."""
    format: int = ENTRY_FORMAT


class FeedbackKind(StrEnum):
    """What a doctor says of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    WRONG_CITATION = "wrong_citation"
    UNSAFE = "unsafe"
    MISSING = "missing"
    """The answer leaves out what it should say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A doctor's word on an answer. It never changes the answer."""

    feedback_id: str
    record_id: str
    at: str
    user: str
    kind: FeedbackKind
    citation_key: str = ""
    """``1``, ``2b``: which citation is meant; empty for the whole answer."""
    correction: str = ""
    """The answer as it should read; empty where none is given."""
    note: str = ""


class ReviewDecision(StrEnum):
    """What a reviewer decides about a feedback before it may teach a model."""

    ACCEPT = "accept"
    """As it stands."""
    EDIT = "edit"
    """With the reviewer's correction in the place of the doctor's."""
    REFUSE = "refuse"
    """It teaches nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A reviewer's word on a feedback. It changes neither the feedback nor an earlier review; the last one counts."""

    review_id: str
    feedback_id: str
    record_id: str
    """Of the answer that the feedback is on."""
    at: str
    user: str
    decision: ReviewDecision
    correction: str = ""
    """The answer as it should read, by the reviewer; of an edit alone."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A feedback with the review that counts: one line of the review queue."""

    number: int
    """Of the feedback's entry."""
    feedback: Feedback
    review: Review | None = None
    """None: it waits for somebody."""

    @property
    def may_teach(self) -> bool:
        """Whether rows may be made of it."""
        return self.review is not None and self.review.decision is not ReviewDecision.REFUSE

    @property
    def correction(self) -> str:
        """The answer as it should read: the reviewer's where she edited it, else the doctor's."""
        if self.review is not None and self.review.decision is ReviewDecision.EDIT:
            return self.review.correction
        return self.feedback.correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That, when, by whom and why the content of an answer was destroyed."""

    record_id: str
    at: str
    user: str
    reason: str
    """A reference, never patient text: it stays readable for ever."""
    rows_sha256: str = ""
    """Of the rows that the answer is searched by: they outlive its content, and stay checkable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an entry committed to, laid open: ``sha256(salt + content)`` is the entry's commitment."""

    salt: bytes
    content: bytes
    """Canonical JSON of the AnswerRecord, Feedback, Review, Erasure or AdapterChange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement of the log's size and root (C2SP tlog-checkpoint)."""

    origin: str
    size: int
    root: bytes
    """32 bytes: the RFC 6962 tree hash of the first ``size`` entries."""
    note: str
    """The signed note as written, signature lines included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """Which answers to list. Empty strings and ``None`` do not restrict; all that is given must hold."""

    since: str = ""
    """ISO 8601 date or time, itself included; may be reduced (``2026-11``)."""
    until: str = ""
    """The same for the end: ``2026-11`` lets all of November pass."""
    user: str = ""
    document_id: str = ""
    """Cited by the answer."""
    series: str = ""
    edition: str = ""
    verdict: Verdict | None = None
    """Of a citation of the answer, or of a withheld claim."""
    outcome: Outcome | None = None
    language: Language | None = None
    feedback: FeedbackKind | None = None
    text: str = ""
    """Words that stand in the question or the answer, upper and lower case one. Every record that passes the other
    filters has to be opened for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """One answer in a list. Of an erased one the question is empty and ``erased`` tells when."""

    number: int
    """Of its entry."""
    record_id: str
    at: str
    user: str
    language: Language
    mode: Mode
    outcome: Outcome
    snapshot_id: str
    question: str
    verdicts: tuple[tuple[str, int], ...]
    """Verdict → citations of the answer with it, then withheld claims with it."""
    feedback: tuple[FeedbackKind, ...] = ()
    erased: str = ""
    damaged: bool = False
    """Its content does not open: the question is empty, and what the answer says is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that does not check."""

    what: str
    """Stable key: ``entry``, ``order``, ``tree``, ``content``, ``index``, ``checkpoint``, ``truncated``, ``citation``,
    ``source``, ``database``."""
    number: int
    """Of the entry that it was found at; 0 for none."""
    subject: str
    """Record id, file name or checkpoint's size, so that a person finds it."""
    message: str
    """In words, with what it should have been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verifying the log came to."""

    entries: int
    answers: int
    feedback: int
    erasures: int
    checkpoints: int
    citations: int
    """Citations checked again against source file and page; 0 when that was not asked for."""
    unchecked_citations: int
    """Of answers whose snapshot has been collected; each of them is told in ``notes``."""
    root: str
    """Hex."""
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    """What was not checked, and why (no silence)."""
    seconds: float
    reviews: int = 0
    adapters: int = 0
    """Changes of adapters."""
    overridden: int = 0
    """Of them, promotions and exports that the gate did not let through."""

    @property
    def sound(self) -> bool:
        """Whether everything that was checked is as it was written."""
        return not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which a replay differs from the record."""

    part: str
    """``hits``, ``scores``, ``prompt``, ``text``, ``claims``, ``verdicts``, ``outcome``, …"""
    recorded: str
    replayed: str
    reason: str
    """Why, as far as the records tell: another program version, other settings, another embedder; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A recorded question asked again of the snapshot that it was answered from."""

    record_id: str
    snapshot_id: str
    same_hits: bool
    same_text: bool
    differences: tuple[Difference, ...]
    asked: bool = True
    """False where the question could not be asked again; the one difference says why."""
    notes: tuple[str, ...] = ()
    """What is other now and made no difference, and what could not be compared."""

    @property
    def same(self) -> bool:
        """Whether hits, scores, text, claims and verdicts are what was recorded, bit for bit."""
        return not self.differences


class WorthToday(StrEnum):
    """How the words of a citation fare in the library of today."""

    SAID = "said"
    """The edition cited still answers, or the newer one says the same."""
    CHANGED = "changed"
    """The newer edition says it in other words."""
    GONE = "gone"
    """The newer edition says nothing like it."""
    WITHDRAWN = "withdrawn"
    """The document no longer answers, and nothing has replaced it."""
    UNKNOWN = "unknown"
    """Nothing is published now, or the snapshot with the old pages has been collected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationToday:
    """One citation of an answer, against the snapshot that answers now."""

    key: str
    """``1``, ``2b``: as ``ragmed.citation_keys`` names it."""
    worth: WorthToday
    new_document_id: str = ""
    new_edition: str = ""
    """Of the document that answers in the cited one's place, where another does."""
    now: Piece | None = None
    """What it says instead, where it says something."""
    words: tuple[WordRun, ...] = ()
    """The quote against ``now``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What was answered on one day (UTC)."""

    day: str
    """ISO 8601."""
    answered: int
    abstained: int
    rejected: int
    verdicts: tuple[tuple[str, int], ...]
    """Verdict → citations and withheld claims with it, of that day's answers."""
    feedback: int = 0
    """Words of doctors on that day's answers, whenever they were said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """Answers whose content has been kept for as long as it should be."""

    before: str
    """Answers older than this, UTC."""
    record_ids: tuple[str, ...]
    dry_run: bool
