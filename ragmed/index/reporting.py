"""The report of a run: every file of the library in it, compared with the snapshot before (law 6)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ragmed.index.report import BuildReport, FileReport, FileStatus, NoteCount, change_count
from ragmed.records import Document, DocumentStatus, NoteKind

if TYPE_CHECKING:
    from ragmed.corpus.library import FileToRead
    from ragmed.index.editions import Standing
    from ragmed.index.work import Outcome, Work


def report_of(work: Work, standing: Standing, started: float, snapshot_id: str | None, *, dry_run: bool) -> BuildReport:
    """``started``: of the run, by ``time.monotonic``."""
    settled = {document.source_path: document for document in standing.documents}
    files: list[FileReport] = []
    for file in work.scan.files:
        files.append(_file_report(work, file, settled.get(file.source_path)))
        files.extend(
            FileReport(source_path=other, status=FileStatus.DUPLICATE, reason=f"the same file as {file.source_path}")
            for other in file.also_at
        )
    duplicates = {other for file in work.scan.files for other in file.also_at}
    files.extend(
        FileReport(source_path=item.source_path, status=FileStatus.PASSED_OVER, reason=item.reason)
        for item in work.scan.passed_over
        if item.source_path not in duplicates
    )
    if settled:  # else nothing was published, and the snapshot before still holds everything
        files.extend(_removed(work))
    ordered = tuple(sorted(files, key=lambda report: report.source_path))
    counts: dict[str, int] = {}
    for note in (*(note for report in ordered for note in report.notes), *(note for _, note in standing.notes)):
        counts[note.kind.value] = counts.get(note.kind.value, 0) + 1
    seconds = time.monotonic() - started
    return BuildReport(
        dry_run=dry_run,
        snapshot_id=snapshot_id,
        parent=work.parent_id,
        changes=change_count(ordered),
        refused=sum(report.status is FileStatus.REFUSED for report in ordered),
        files=ordered,
        notes=tuple(NoteCount(kind=kind, count=count) for kind, count in sorted(counts.items())),
        documents=len(settled),
        pages=sum(document.page_count for document in settled.values()),
        chunks=sum(outcome.chunks for outcome in work.outcomes.values()),
        pages_read=work.pages_read,
        chunks_embedded=work.chunks_embedded,
        seconds=round(seconds, 3),
        pages_per_second=round(work.pages_read / seconds, 2),
        chunks_per_second=round(work.chunks_embedded / seconds, 2),
    )


def _file_report(work: Work, file: FileToRead, document: Document | None) -> FileReport:
    outcome = work.outcomes[file.source_path]
    if document is None:
        reasons = [note.message for note in outcome.notes if note.kind is NoteKind.REFUSED]
        return FileReport(
            source_path=file.source_path,
            status=FileStatus.REFUSED,
            notes=outcome.notes,
            reason=reasons[0] if reasons else "no reason given",
        )
    return FileReport(
        source_path=file.source_path,
        status=_status(work, document, outcome),
        document_id=document.document_id,
        title=document.title,
        series=document.series,
        edition=document.edition,
        standing=document.status,
        pages=document.page_count,
        chunks=outcome.chunks,
        notes=outcome.notes,
    )


def _status(work: Work, document: Document, outcome: Outcome) -> FileStatus:
    """The document against the snapshot before."""
    before = {item.document.source_path: item for item in work.parent.documents} if work.parent else {}
    was = before.get(document.source_path)
    if was is None:
        return FileStatus.NEW
    if document.status is DocumentStatus.SUPERSEDED and was.document.status is DocumentStatus.CURRENT:
        return FileStatus.SUPERSEDED
    same_segment = outcome.segment is not None and outcome.segment.segment_id == was.segment_id
    return FileStatus.UNCHANGED if was.document == document and same_segment else FileStatus.CHANGED


def _removed(work: Work) -> Iterator[FileReport]:
    there = {file.source_path for file in work.scan.files}
    for item in work.parent.documents if work.parent else ():
        if item.document.source_path not in there:
            yield FileReport(
                source_path=item.document.source_path,
                status=FileStatus.REMOVED,
                document_id=item.document.document_id,
                title=item.document.title,
                series=item.document.series,
                edition=item.document.edition,
                standing=item.document.status,
                pages=item.document.page_count,
                chunks=item.rows,
                reason="no longer in the library; older snapshots keep it",
            )
