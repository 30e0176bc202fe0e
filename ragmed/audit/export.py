"""The log for other programs: spreadsheets (CSV), scripts (JSON Lines), hospital systems (FHIR R4).

Laws of this room: nothing that a doctor or a patient wrote goes out unless it was asked for (``with_content``); an
erased answer is a line that says so; the same log gives the same bytes; no cell of a CSV is ever a formula.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from typing import TYPE_CHECKING, Any

from ragmed.audit.fhir import fhir_bundle
from ragmed.canonical import canonical_json, plain
from ragmed.citation_keys import keys_of, page_label
from ragmed.errors import ErasedError
from ragmed.interfaces import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragmed.entries import AuditEntry, Erasure, Feedback, RecordFilter, RecordLine, Review
    from ragmed.interfaces import AuditLog, Progress
    from ragmed.records import AnswerRecord

_AT_ONCE = 200
_BEGINS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠|%")


class ExportFormat(StrEnum):
    """How answers are written for other programs."""

    CSV = "csv"
    JSONL = "jsonl"
    FHIR = "fhir"
    """A FHIR R4 Bundle (collection) of AuditEvent, Provenance and DocumentReference for each answer, one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that the log holds about one answer; ``record`` is None once it is erased."""

    line: RecordLine
    entries: tuple[AuditEntry, ...]
    record: AnswerRecord | None
    feedback: tuple[Feedback, ...]
    erasure: Erasure | None
    reviews: tuple[Review, ...] = ()


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
    if form is ExportFormat.CSV:
        # the mark at the beginning tells spreadsheet programs that this is UTF-8
        yield b"\xef\xbb\xbf" + _row([*_COLUMNS, *(_CONTENT_COLUMNS if with_content else ())])
    for done, told in enumerate(_told(log, wanted), 1):
        if form is ExportFormat.CSV:
            yield _row(_cells(told, with_content=with_content))
        elif form is ExportFormat.JSONL:
            yield canonical_json(_object(told, with_content=with_content)) + b"\n"
        else:
            yield canonical_json(fhir_bundle(told, with_content=with_content)) + b"\n"
        progress("answers", done, 0)


def _told(log: AuditLog, wanted: RecordFilter) -> Iterator[Told]:
    before = 0
    while lines := log.find(wanted, limit=_AT_ONCE, before=before):
        for line in lines:
            record: AnswerRecord | None = None
            if not line.erased:
                try:
                    record = log.get(line.record_id)
                except ErasedError:
                    record = None  # erased since the list was made
            yield Told(
                line=line,
                entries=log.entries_of(line.record_id),
                record=record,
                feedback=log.feedback(line.record_id) if record else (),
                erasure=log.erasure(line.record_id),
                reviews=log.reviews(line.record_id) if record else (),
            )
        before = lines[-1].number


# CSV

_COLUMNS = (
    "number",
    "record_id",
    "at",
    "user",
    "language",
    "mode",
    "outcome",
    "snapshot_id",
    "verdicts",
    "documents",
    "generator",
    "code_version",
    "settings_sha256",
    "feedback",
    "erased",
    "commitment",
)
_CONTENT_COLUMNS = ("question", "answer", "corrections")


def _cells(told: Told, *, with_content: bool) -> list[str]:
    line, record = told.line, told.record
    cited = {check.citation.document_id for check in record.checks} if record else set()
    documents = record.documents if record else ()
    cells = [
        str(line.number),
        line.record_id,
        line.at,
        line.user,
        line.language.value,
        line.mode.value,
        line.outcome.value,
        line.snapshot_id,
        " ".join(f"{name}:{count}" for name, count in line.verdicts),
        "; ".join(f"{one.series} {one.edition}".strip() for one in documents if one.document_id in cited),
        f"{record.generation.kind} {record.generation.model_id}".strip() if record else "",
        record.code_version if record else "",
        record.settings_sha256 if record else "",
        " ".join(kind.value for kind in line.feedback),
        told.erasure.at if told.erasure else line.erased,
        told.entries[0].commitment,
    ]
    if with_content:
        corrections = "\n".join(one.correction or one.note for one in told.feedback if one.correction or one.note)
        cells += [record.question, record.text, corrections] if record else ["", "", ""]
    return cells


def _row(cells: list[str]) -> bytes:
    stream = StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return stream.getvalue().encode("utf-8")


def _harmless(cell: str) -> str:
    """A cell that spreadsheets take for text: an apostrophe before whatever they might take for a formula."""
    first = cell.lstrip(" \u00a0\u3000")[:1]
    return f"'{cell}" if (first in _BEGINS_FORMULA and first) or (cell[:1] in "\t\r\n" and cell) else cell


# JSON Lines


def _object(told: Told, *, with_content: bool) -> dict[str, Any]:
    line, record = told.line, told.record
    found: dict[str, Any] = {
        "record_id": line.record_id,
        "entries": [plain(entry) for entry in told.entries],
        "language": line.language.value,
        "mode": line.mode.value,
        "outcome": line.outcome.value,
        "snapshot_id": line.snapshot_id,
        "verdicts": dict(line.verdicts),
        "feedback": [_said(one, with_content=with_content) for one in told.feedback],
        "reviews": [_said(one, with_content=with_content) for one in told.reviews],
        "erased": plain(told.erasure) if told.erasure else None,
    }
    if record is not None:
        generation = {name: value for name, value in plain(record.generation).items() if name != "text"}
        found |= {
            "code_version": record.code_version,
            "settings_sha256": record.settings_sha256,
            "generator": generation,
            "timings_ms": plain(record.timings_ms),
            "citations": _citations(record),
        }
        if with_content:
            found["record"] = plain(record)
    return found


def _said(feedback: Feedback | Review, *, with_content: bool) -> dict[str, Any]:
    return {
        name: value for name, value in plain(feedback).items() if with_content or name not in ("correction", "note")
    }


def _citations(record: AnswerRecord) -> list[dict[str, Any]]:
    """Where each quote stands; neither the quote nor the reason of its verdict, which may repeat a claim."""
    documents = {one.document_id: one for one in record.documents}
    found = []
    for key, check in zip(keys_of(record), record.checks, strict=True):
        citation = check.citation
        document = documents.get(citation.document_id)
        found.append(
            {
                "key": key,
                "document_id": citation.document_id,
                "series": document.series if document else "",
                "title": document.title if document else "",
                "edition": document.edition if document else "",
                "source_sha256": document.sha256 if document else "",
                "licence": document.licence if document else "",
                "page_number": citation.page_number,
                "page_label": page_label(record, check),
                "start": citation.start,
                "end": citation.end,
                "verdict": check.verdict.value,
            }
        )
    return found
