"""The report of a run: every file of the library in it, compared with the snapshot before (law 6)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ragmed.index.report import BuildReport, FileReport, FileStatus, NoteCount, change_count
from ragmed.records import Document, DocumentStatus, NoteKind

if TYPE_CHECKING:
    from ragmed.corpus.library import FileToRead
    from ragmed.index.editions import Standing
    from ragmed.index.plan import Findings
    from ragmed.index.work import Outcome, Work


def report_of(
    work: Work, standing: Standing, findings: Findings, started: float, snapshot_id: str | None, *, dry_run: bool
) -> BuildReport:
    """``started``: of the run, by ``time.monotonic``."""
    settled = {
        document.source_path: document for document in standing.documents if document.document_id not in standing.kept
    }
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
        files.extend(_gone(work, standing))
    # a file's own line is the last of its name, behind the editions that lay in its place before
    ordered = tuple(sorted(files, key=lambda report: (report.source_path, report.status is not FileStatus.KEPT)))
    counts: dict[str, int] = {}
    for note in (*(note for report in ordered for note in report.notes), *(note for _, note in standing.notes)):
        counts[note.kind.value] = counts.get(note.kind.value, 0) + 1
    seconds = time.monotonic() - started
    return BuildReport(
        dry_run=dry_run,
        snapshot_id=snapshot_id,
        parent=work.parent_id,
        changes=change_count(ordered) + _taken_away(work, ordered),
        refused=sum(report.status is FileStatus.REFUSED for report in ordered),
        files=ordered,
        notes=tuple(NoteCount(kind=kind, count=count) for kind, count in sorted(counts.items())),
        documents=len(standing.documents),
        pages=sum(document.page_count for document in standing.documents),
        chunks=sum(outcome.chunks for outcome in work.outcomes.values())
        + sum(work.items_before()[key].rows for key in standing.kept),
        pages_read=work.pages_read,
        chunks_embedded=work.chunks_embedded,
        seconds=round(seconds, 3),
        pages_per_second=round(work.pages_read / seconds, 2),
        chunks_per_second=round(work.chunks_embedded / seconds, 2),
        editions=findings.editions,
        quarantine=findings.quarantine,
        licences=findings.licences,
        questions=findings.questions,
        impact=findings.impact,
    )


def _taken_away(work: Work, files: Sequence[FileReport]) -> int:
    """Documents that answered in the snapshot before and are held now: to hold a new one changes nothing."""
    before = work.items_before()
    return sum(file.status is FileStatus.HELD and file.document_id in before for file in files)


def _file_report(work: Work, file: FileToRead, document: Document | None) -> FileReport:
    outcome = work.outcomes[file.source_path]
    if outcome.document is not None and outcome.held:
        notice = next(notice for notice in outcome.notices if not notice.permission)
        document = outcome.document
        return FileReport(
            source_path=file.source_path,
            status=FileStatus.HELD,
            document_id=document.document_id,
            title=document.title,
            series=document.series,
            edition=document.edition,
            pages=document.page_count,
            notes=outcome.notes,
            reason=f"page {notice.page_number}: “{notice.words}”; no permission is recorded",
        )
    if document is None:
        reasons = [note.message for note in outcome.notes if note.kind is NoteKind.REFUSED]
        return FileReport(
            source_path=file.source_path,
            status=FileStatus.REFUSED,
            notes=outcome.notes,
            reason=reasons[0] if reasons else "no reason given",
        )
    status, renamed_from = _status(work, document, outcome)
    return FileReport(
        source_path=file.source_path,
        status=status,
        document_id=document.document_id,
        title=document.title,
        series=document.series,
        edition=document.edition,
        standing=document.status,
        pages=document.page_count,
        chunks=outcome.chunks,
        notes=outcome.notes,
        renamed_from=renamed_from,
        held_pages=tuple(page.page_number for page in outcome.quarantined if page.holds),
    )


def _status(work: Work, document: Document, outcome: Outcome) -> tuple[FileStatus, str]:
    """The document against the snapshot before, and the name that it had there if it is another."""
    items = work.items_before()
    was = items.get(document.document_id)
    there = {file.source_path for file in work.scan.files}
    if was is None:
        names = {item.document.source_path for item in items.values() if not item.kept}
        return (FileStatus.CHANGED if document.source_path in names else FileStatus.NEW), ""
    old_name = was.document.source_path
    if document.status is not was.document.status:
        if document.status is DocumentStatus.SUPERSEDED:
            return FileStatus.SUPERSEDED, ""
        if document.status is DocumentStatus.WITHDRAWN:
            return FileStatus.WITHDRAWN, ""
    if was.kept:
        return FileStatus.NEW, ""
    if old_name != document.source_path:
        return (FileStatus.RENAMED, old_name) if old_name not in there else (FileStatus.CHANGED, "")
    same_segment = outcome.segment is not None and outcome.segment.segment_id == was.segment_id
    return (FileStatus.UNCHANGED if was.document == document and same_segment else FileStatus.CHANGED), ""


def _gone(work: Work, standing: Standing) -> Iterator[FileReport]:
    """What the snapshot before held and the library does not: removed, or kept beside the edition that replaced it."""
    now = {document.document_id: document for document in standing.documents}
    for document in work.gone():
        item = work.items_before()[document.document_id]
        kept = document.document_id in standing.kept
        if not kept and item.document.source_path in {file.source_path for file in work.scan.files}:
            continue  # said of the file that lies in its place: it has changed
        yield FileReport(
            source_path=document.source_path,
            status=FileStatus.KEPT if kept else FileStatus.REMOVED,
            document_id=document.document_id,
            title=document.title,
            series=document.series,
            edition=document.edition,
            standing=now[document.document_id].status if kept else document.status,
            pages=document.page_count,
            chunks=item.rows,
            reason="no longer in the library; kept beside the edition that replaced it"
            if kept
            else "no longer in the library; older snapshots keep it",
        )
