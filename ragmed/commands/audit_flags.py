"""Which answers: the flags that ``audit list`` and ``audit export`` share."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ragmed.entries import RecordFilter


class VerdictWord(StrEnum):
    """What checking a citation found."""

    VERBATIM = "verbatim"
    SUPPORTED = "supported"
    NUMBER_MISMATCH = "number_mismatch"
    NEGATION_MISMATCH = "negation_mismatch"
    UNSUPPORTED = "unsupported"
    UNRESOLVABLE = "unresolvable"


class OutcomeWord(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"
    REJECTED = "rejected"


class LanguageWord(StrEnum):
    """The language of a question."""

    EN = "en"
    ZH = "zh"
    OTHER = "other"


class FeedbackWord(StrEnum):
    """What a doctor says of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    WRONG_CITATION = "wrong_citation"
    UNSAFE = "unsafe"
    MISSING = "missing"


class FormatWord(StrEnum):
    """How answers are written for other programs."""

    CSV = "csv"
    JSONL = "jsonl"
    FHIR = "fhir"


SinceFlag = Annotated[
    str, typer.Option("--since", metavar="TIME", help="Asked then or later, UTC: 2026, 2026-11, 2026-11-03T22.")
]
UntilFlag = Annotated[
    str, typer.Option("--until", metavar="TIME", help="Asked then or earlier; 2026-11 lets all of November pass.")
]
UserFlag = Annotated[str, typer.Option("--user", help="Asked by this user.")]
DocumentFlag = Annotated[str, typer.Option("--document", metavar="ID", help="Citing this document.")]
SeriesFlag = Annotated[str, typer.Option("--series", help="Citing this guideline, in any edition.")]
EditionFlag = Annotated[str, typer.Option("--edition", help="Citing this edition, as printed.")]
VerdictFlag = Annotated[
    VerdictWord | None, typer.Option("--verdict", help="With a citation or withheld claim so judged.")
]
OutcomeFlag = Annotated[OutcomeWord | None, typer.Option("--outcome", help="That ended so.")]
LanguageFlag = Annotated[LanguageWord | None, typer.Option("--language", help="Asked in this language.")]
FeedbackFlag = Annotated[FeedbackWord | None, typer.Option("--feedback", help="With this said of them by a doctor.")]
TextFlag = Annotated[str, typer.Option("--text", help="With these words in question or answer (opens every answer).")]


def wanted_of(
    since: str,
    until: str,
    user: str,
    document: str,
    series: str,
    edition: str,
    verdict: VerdictWord | None,
    outcome: OutcomeWord | None,
    language: LanguageWord | None,
    feedback: FeedbackWord | None,
    text: str,
) -> RecordFilter:
    """The filter of the flags above."""
    from ragmed.entries import FeedbackKind, RecordFilter
    from ragmed.records import Language, Outcome, Verdict

    return RecordFilter(
        since=since,
        until=until,
        user=user,
        document_id=document,
        series=series,
        edition=edition,
        verdict=Verdict(verdict.value) if verdict else None,
        outcome=Outcome(outcome.value) if outcome else None,
        language=Language(language.value) if language else None,
        feedback=FeedbackKind(feedback.value) if feedback else None,
        text=text,
    )
