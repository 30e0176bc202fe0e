"""What indexing did or would do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ragmed.index.report import FileStatus
from ragmed.records import DocumentStatus
from ragmed.terminal.plans import print_plan
from ragmed.terminal.screen import clean_line, console_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ragmed.index.report import BuildReport, FileReport
    from ragmed.records import ReadNote


def print_build(report: BuildReport) -> None:
    """The plan or the result of indexing: counts, then everything that a person should look at."""
    console = console_for()
    counts = Counter(file.status.value for file in report.files)
    console.print(
        f"{report.documents} documents, {report.pages} pages, {report.chunks} chunks: "
        + (", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(counts.items())) or "no files"),
        style="bold",
    )
    for file in report.files:
        if file.status is FileStatus.PASSED_OVER or (file.status is FileStatus.UNCHANGED and not file.notes):
            continue
        edition = f" · {clean_line(file.edition)}" if file.edition else ""
        standing = "" if file.standing in (None, DocumentStatus.CURRENT) else f" · {file.standing.value}"
        title = f" — {clean_line(file.title)}{edition}{standing}" if file.title else ""
        console.print(f"{file.status.value.replace('_', ' '):>11}  {clean_line(file.source_path)}{title}")
        if file.renamed_from:
            console.print(f"{'':13}was {clean_line(file.renamed_from)}", style="dim")
        if file.reason:
            console.print(f"{'':13}{clean_line(file.reason)}", style="dim")
        for line in _note_lines(file.notes):
            console.print(f"{'':13}{line}", style="dim")
    for line in _passed_over(report.files):
        console.print(line, style="dim")
    if report.notes:
        kinds = ", ".join(f"{one.count} {one.kind.replace('_', ' ')}" for one in report.notes)
        console.print(f"Notes about how files were read: {kinds}.")
    print_plan(report)
    if report.pages_read:
        speed = f"{report.pages_per_second:,.1f} pages/s, {report.chunks_per_second:,.1f} chunks/s"
        console.print(f"{report.pages_read} pages read in {report.seconds:.1f} s ({speed})", style="dim")
    if report.dry_run:
        console.print(f"Dry run: {report.changes} changes, nothing published.")
    elif report.snapshot_id:
        console.print(f"Published snapshot {report.snapshot_id}.")
    else:
        console.print(f"Nothing changed; snapshot {report.parent or 'none'} stays.")


MOST_NAMES = 3
"""Files of one reason that are named when they are passed over; ``--json`` has them all."""


def _passed_over(files: Sequence[FileReport]) -> Iterator[str]:
    """A line for each reason to pass files over, with the first of them."""
    reasons: dict[str, list[str]] = {}
    for file in files:
        if file.status is FileStatus.PASSED_OVER:
            reasons.setdefault(file.reason, []).append(clean_line(file.source_path))
    for reason, names in reasons.items():
        more = f" and {len(names) - MOST_NAMES} more (see --json)" if len(names) > MOST_NAMES else ""
        yield f"passed over  {', '.join(names[:MOST_NAMES])}{more}: {clean_line(reason)}"


MOST_NOTES = 4
"""Notes of one kind shown for a file; ``--json`` has them all."""


def _note_lines(notes: Sequence[ReadNote]) -> Iterator[str]:
    """Notes of one kind and message become one line that names their pages."""
    pages: dict[tuple[str, str], list[int]] = {}
    for note in notes:
        pages.setdefault((note.kind.value, note.message), []).append(note.page_number)
    shown: Counter[str] = Counter()
    for (kind, message), numbers in pages.items():
        shown[kind] += 1
        if shown[kind] <= MOST_NOTES:
            where = ", ".join(str(number) for number in numbers if number)
            yield clean_line(f"{kind.replace('_', ' ')}{f' (page {where})' if where else ''}: {message}")
    for kind, count in shown.items():
        if count > MOST_NOTES:
            yield f"{kind.replace('_', ' ')}: {count - MOST_NOTES} more; see --json"
