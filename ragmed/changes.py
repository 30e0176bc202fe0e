"""What a plan says: the records of everything that a librarian looks at before she publishes.

Laws of this room: as in ``ragmed.records``: frozen, slotted, keyword-only, scalars and tuples; offsets are half-open
code points of the page's text, pages count from 1. A record here decides nothing; it is shown and answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ragmed.records import Document, NoteKind


class ChangeKind(StrEnum):
    """What became of a piece of text from one edition to the next."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Side(StrEnum):
    """In which edition a run of words stands."""

    BOTH = "both"
    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRun:
    """Consecutive words of a changed piece. The runs of BOTH and OLD, joined, are the old text; BOTH and NEW the new
    one (white space apart)."""

    text: str
    side: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A sentence, list item or table row of one edition, and where it stands."""

    text: str
    page_number: int
    page_label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceChange:
    """One difference between two editions."""

    kind: ChangeKind
    old: Piece | None
    new: Piece | None
    words: tuple[WordRun, ...]
    """Of a CHANGED piece; empty for the others."""
    weighty: bool
    """A number, unit, dose, negation or strength of recommendation ("should", "may") is among what differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionChange:
    """The differences under one heading, in the order of the new edition."""

    heading_path: tuple[str, ...]
    changes: tuple[PieceChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionChange:
    """A newer edition beside the one that it replaces."""

    old: Document
    new: Document
    sections: tuple[SectionChange, ...]
    same: int
    """Pieces that both editions hold."""
    moved: int = 0
    """Those of ``same`` that stand under another heading now."""

    def count(self, kind: ChangeKind) -> int:
        """How many pieces were added, removed or changed."""
        return sum(change.kind is kind for section in self.sections for change in section.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedPage:
    """A page whose text is not to be trusted as it was read: no evidence until a person has accepted it."""

    document_id: str
    source_path: str
    title: str
    page_number: int
    kinds: tuple[NoteKind, ...]
    reason: str
    accepted: bool = False
    """A librarian looked at it: it answers."""
    holds: bool = True
    """Its text is kept out of the evidence: not so of an accepted page, nor of one without any text."""


class RestrictionKind(StrEnum):
    """What a licence notice keeps back."""

    AI = "ai"
    """Use with AI tools or for training models."""
    MINING = "mining"
    """Text and data mining."""
    COMMERCIAL = "commercial"
    """Any but non-commercial use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceNotice:
    """A notice in a document that restricts its use. The document is held until somebody records the permission."""

    document_id: str
    source_path: str
    title: str
    series: str
    page_number: int
    kind: RestrictionKind
    words: str
    """The notice as it stands on the page, shortened."""
    permission: str = ""
    """Who permitted it, when and where that is written; empty: held."""


class QuestionKind(StrEnum):
    """What only a person can decide."""

    SAME_SERIES = "same_series"
    """Two documents share much of their text, or a title and next to no text: editions of one guideline, or two?"""
    WHICH_IS_NEWER = "which_is_newer"
    """Two editions of one series state nothing that orders them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """A question of the plan. Until it is answered in the register, nothing is assumed: both documents stay current."""

    kind: QuestionKind
    document_ids: tuple[str, ...]
    source_paths: tuple[str, ...]
    text: str
    """The question in plain English, with what speaks for either answer."""
    series: tuple[str, ...] = ()
    """Of each document."""
    likeness: float = 0.0
    """Of SAME_SERIES: the share of the smaller text that stands in the other, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedQuote:
    """Words of a document that a recorded answer quotes."""

    record_id: str
    asked_at: str
    document_id: str
    page_number: int
    quote: str


class ImpactKind(StrEnum):
    """How cited words fare in the library to be."""

    CHANGED = "changed"
    """The newer edition says it in other words."""
    GONE = "gone"
    """The newer edition says nothing like it."""
    WITHDRAWN = "withdrawn"
    """The document no longer answers, and nothing has replaced it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerImpact:
    """A quote of a recorded answer that today's library would not give again."""

    record_id: str
    asked_at: str
    kind: ImpactKind
    document_id: str
    title: str
    edition: str
    page_number: int
    quote: str
    new_document_id: str = ""
    new_edition: str = ""
    now: Piece | None = None
    """What the newer edition says instead, where it says something."""
    words: tuple[WordRun, ...] = ()
    """The quote against ``now``."""
