"""The log for other programs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ragmed.interfaces import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragmed.entries import RecordFilter
    from ragmed.interfaces import AuditLog, Progress


class ExportFormat(StrEnum):
    """How answers are written for other programs."""

    CSV = "csv"
    JSONL = "jsonl"
    FHIR = "fhir"
    """A FHIR R4 Bundle (collection) of AuditEvent, Provenance and DocumentReference for each answer, one a line."""


def export(
    log: AuditLog,
    form: ExportFormat,
    wanted: RecordFilter,
    *,
    with_content: bool = False,
    progress: Progress = no_progress,
) -> Iterator[bytes]:
    """The answers that pass ``wanted``, newest first, as UTF-8 pieces, each a whole line or row.

    ``with_content``: with question, answer, claims, quotes and feedback; without it, nothing that a patient or a
    doctor wrote is in it.
    """
    raise NotImplementedError
