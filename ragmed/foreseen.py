"""What a doctor's feedback would teach, told before a reviewer decides.

Laws of this room: as in ``ragmed.records``. Sentences and identifiers here are words of people: they are shown to the
reviewer and written nowhere; ``Short.message`` bears none, and is what ``ragmed tune dataset`` lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ragmed.records import Verdict


class Shortfall(StrEnum):
    """Why a feedback gives no row."""

    SENTENCE = "sentence"
    """A sentence that no page bears out."""
    MARKER = "marker"
    """A sentence that does not hold under every marker that it bears."""
    NOTHING_SAID = "nothing_said"
    """Nothing in it could be checked."""
    SUPERSEDED = "superseded"
    """It rests on an edition that answers no more."""
    LICENCE = "licence"
    """It rests on a document whose licence restricts its use."""
    GONE = "gone"
    """It rests on a document that the current snapshot does not hold."""
    SIDES = "sides"
    """It rests on documents on different sides of the split."""
    NOTHING_TO_LEARN = "nothing_to_learn"
    """Neither a correction nor an answer that was shown."""
    NOT_SEARCHED = "not_searched"
    """Nothing was searched for the answer, so that there is no prompt."""
    OTHER = "other"
    """The message says it: a snapshot that does not open, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """That, where and why a feedback falls short of being a row."""

    kind: Shortfall
    message: str
    """In English, without a patient's word."""
    sentence: str = ""
    """The sentence that does not hold, free of identifiers."""
    verdict: Verdict | None = None
    """Of that sentence."""
    document: str = ""
    """Title of the document that teaches nothing."""
    gone: int = 0
    """Documents that the question was asked of and that have gone since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeseenRow:
    """One row that would be made."""

    form: str
    """``sft``, ``dpo`` or ``kto``."""
    split: str
    """``train``, ``validation`` or ``test``, with the seed that ``ragmed tune dataset`` takes by itself."""
    wanted: bool = True
    """Of a KTO row: whether the answer is wanted."""


class Part(StrEnum):
    """Where an identifier stands."""

    QUESTION = "question"
    ANSWER = "answer"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """Words that would be taken out: ``[start, end)`` of the question, the answer's text or the correction."""

    part: Part
    start: int
    end: int
    kind: str
    """``name``, ``record_number``, …: as ``ragmed.tune.dataset.patterns`` names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What would become of a feedback, were it let through as it stands."""

    rows: tuple[ForeseenRow, ...]
    short: Short | None
    """None where there are rows."""
    identifiers: tuple[Identifier, ...]
    """In the order of parts and places."""
