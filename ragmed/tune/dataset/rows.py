"""The rows that a dataset is made of, and their form on disk.

``messages`` (system, user, assistant), ``prompt``, ``chosen``, ``rejected`` and ``completion`` are what a trainer
reads; ``meta`` is for whoever judges: which sentence of which passage the answer has to be, and under which marker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ragmed.canonical import plain, sha256_of
from ragmed.engines import Message
from ragmed.records import CitationCheck, Passage


class Split(StrEnum):
    """What a row is for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Form(StrEnum):
    """What a row teaches by, and the folder that it lies in."""

    SFT = "sft"
    DPO = "dpo"
    KTO = "kto"


class Source(StrEnum):
    """Where a row comes from."""

    LIBRARY = "library"
    FEEDBACK = "feedback"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A passage of the prompt, in the order in which it stands there."""

    marker: int
    chunk_id: str
    document_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A sentence of the right answer, and the words of the page that bear it out."""

    sentence: str
    """Without its marker."""
    marker: int
    chunk_id: str
    document_id: str
    page_number: int
    start: int
    end: int
    """Offsets on the page."""
    verdict: str
    """``verbatim`` or ``supported``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What is known of a row. A quote is right where sentence *and* marker are those of ``expected``."""

    row_id: str
    """``r-`` and 16 hex digits of the row's content."""
    source: Source
    kind: str
    """``heading``, ``recommendation``, ``dose``, ``table``, ``across`` (library), the feedback's kind, or the file's
    format."""
    language: str
    """Of the question and of the answer."""
    answerable: bool
    """False: the passages hold no answer, and the right one is to say so."""
    document_ids: tuple[str, ...]
    """Of all passages."""
    series: tuple[str, ...]
    passages: tuple[Shown, ...] = ()
    expected: tuple[Expected, ...] = ()
    """Empty where not answerable, and where no passage is known that could be checked."""
    group: str = ""
    """Rows about one question, answerable and not, share it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of any form. ``answer``: assistant's turn, chosen answer or completion."""

    form: Form
    prompt: tuple[Message, ...]
    """All turns before the last answer."""
    answer: str
    meta: Meta
    rejected: str = ""
    """DPO only."""
    label: bool = True
    """KTO only: whether the answer is wanted."""

    @property
    def user(self) -> str:
        """What was asked last."""
        return next((turn.content for turn in reversed(self.prompt) if turn.role == "user"), "")


def named_row(row: Row) -> Row:
    """The row with the id that its content gives it."""
    content = [row.form.value, plain(row.prompt), row.answer, row.rejected, row.label]
    return replace(row, meta=replace(row.meta, row_id=f"r-{sha256_of(content)[:16]}"))


def json_of(row: Row) -> dict[str, Any]:
    """The row as it is written, one object a line: the conversational forms that TRL's trainers read."""
    prompt = plain(row.prompt)
    answer = {"role": "assistant", "content": row.answer}
    meta = plain(row.meta)
    if row.form is Form.SFT:
        return {"messages": [*prompt, answer], "meta": meta}
    if row.form is Form.DPO:
        rejected = {"role": "assistant", "content": row.rejected}
        return {"prompt": prompt, "chosen": [answer], "rejected": [rejected], "meta": meta}
    return {"prompt": prompt, "completion": [answer], "label": row.label, "meta": meta}


def shown(passages: Sequence[Passage]) -> tuple[Shown, ...]:
    """What ``meta`` keeps of a prompt's passages."""
    return tuple(
        Shown(marker=one.marker, chunk_id=one.chunk.chunk_id, document_id=one.chunk.document_id) for one in passages
    )


def expected(sentence: str, check: CitationCheck) -> Expected:
    """What ``meta`` keeps of a sentence that holds."""
    citation = check.citation
    return Expected(
        sentence=sentence,
        marker=citation.marker,
        chunk_id=citation.chunk_id,
        document_id=citation.document_id,
        page_number=citation.page_number,
        start=citation.start,
        end=citation.end,
        verdict=check.verdict.value,
    )
