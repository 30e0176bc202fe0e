"""What indexing did or would do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ragmed.records import DocumentStatus
from ragmed.terminal.plans import print_plan
from ragmed.terminal.screen import clean, console_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ragmed.index.report import BuildReport
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
    quiet = ("unchanged", "passed_over")
    for file in report.files:
        if file.status.value in quiet and not file.notes:
            continue
        edition = f" · {clean(file.edition)}" if file.edition else ""
        standing = "" if file.standing in (None, DocumentStatus.CURRENT) else f" · {file.standing.value}"
        title = f" — {clean(file.title)}{edition}{standing}" if file.title else ""
        console.print(f"{file.status.value.replace('_', ' '):>11}  {clean(file.source_path)}{title}")
        if file.renamed_from:
            console.print(f"{'':13}was {clean(file.renamed_from)}", style="dim")
        if file.reason:
            console.print(f"{'':13}{clean(file.reason)}", style="dim")
        for line in _note_lines(file.notes):
            console.print(f"{'':13}{line}", style="dim")
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
            yield clean(f"{kind.replace('_', ' ')}{f' (page {where})' if where else ''}: {message}")
    for kind, count in shown.items():
        if count > MOST_NOTES:
            yield f"{kind.replace('_', ' ')}: {count - MOST_NOTES} more; see --json"
