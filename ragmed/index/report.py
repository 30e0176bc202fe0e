"""What building an index did, or would do: one line a file, and the figures (law 6: no silence)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ragmed.changes import AnswerImpact, EditionChange, LicenceNotice, OpenQuestion, QuarantinedPage
from ragmed.records import DocumentStatus, ReadNote


class FileStatus(StrEnum):
    """What a run made of a file, compared with the snapshot before."""

    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    """Other bytes, another sidecar or another register entry than in the snapshot before."""
    SUPERSEDED = "superseded"
    """It was current in the snapshot before; a newer edition answers now."""
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    """The same bytes as another file of the library."""
    PASSED_OVER = "passed_over"
    """Not a document; ``reason`` says why."""
    REMOVED = "removed"
    """No longer in the library: it leaves the new snapshot, older snapshots keep it."""
    RENAMED = "renamed"
    """The same bytes under another name than in the snapshot before; ``renamed_from`` has that name."""
    WITHDRAWN = "withdrawn"
    """It answered in the snapshot before; the register withdraws it."""
    HELD = "held"
    """Read, but its licence restricts the use and nobody has recorded a permission: it does not answer."""
    KEPT = "kept"
    """No longer in the library, and superseded by an edition that is: kept for those who ask for it."""


_CHANGES = (
    FileStatus.NEW,
    FileStatus.CHANGED,
    FileStatus.SUPERSEDED,
    FileStatus.REMOVED,
    FileStatus.RENAMED,
    FileStatus.WITHDRAWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """One file of the library."""

    source_path: str
    status: FileStatus
    document_id: str = ""
    title: str = ""
    series: str = ""
    edition: str = ""
    standing: DocumentStatus | None = None
    pages: int = 0
    chunks: int = 0
    notes: tuple[ReadNote, ...] = ()
    reason: str = ""
    """Why it was refused, held or passed over, or what it is a duplicate of."""
    renamed_from: str = ""
    held_pages: tuple[int, ...] = ()
    """Pages in quarantine that nobody has accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCount:
    """How many notes of one kind there are."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """The result of ``ragmed index``."""

    dry_run: bool
    snapshot_id: str | None
    """The snapshot published by this run; None for a dry run and where nothing changed."""
    parent: str | None
    """The snapshot that was current before."""
    changes: int
    """Files by which the new snapshot differs: new, changed, renamed, superseded, withdrawn, removed, or held now."""
    refused: int
    """Files that could not be read."""
    files: tuple[FileReport, ...]
    notes: tuple[NoteCount, ...]
    documents: int
    pages: int
    chunks: int
    """Of the whole library, as documents and pages."""
    pages_read: int
    """Read in this run, not taken from an earlier one."""
    chunks_embedded: int
    seconds: float
    pages_per_second: float
    """Pages read in this run by the second of the whole run; 0 where none were read."""
    chunks_per_second: float
    editions: tuple[EditionChange, ...] = ()
    """Newer editions beside those that they replace in this run."""
    quarantine: tuple[QuarantinedPage, ...] = ()
    licences: tuple[LicenceNotice, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()
    impact: tuple[AnswerImpact, ...] = ()
    """Recorded answers whose cited words this run changes or takes away."""


def change_count(files: tuple[FileReport, ...]) -> int:
    """How many of the files make the new snapshot another than the one before."""
    return sum(file.status in _CHANGES for file in files)
