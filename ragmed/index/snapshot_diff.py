"""What one snapshot holds otherwise than another: documents, their standing, and what new editions say.

The law of the room: both snapshots are read, nothing else is asked; a document is the same where its bytes are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ragmed.changes import EditionChange
from ragmed.corpus.edition_diff import compare_editions
from ragmed.index.snapshot import Snapshot
from ragmed.records import Document, DocumentStatus


class Difference(StrEnum):
    """What became of a document from the first snapshot to the second."""

    ADDED = "added"
    REMOVED = "removed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    REINSTATED = "reinstated"
    """It answers again."""
    CHANGED = "changed"
    """The same bytes, read or described otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDifference:
    """One document; ``document`` as it stands in the second snapshot, or, where it is removed, in the first."""

    difference: Difference
    document: Document
    fields: tuple[str, ...] = ()
    """Of CHANGED: which fields differ; ``text`` where the segment does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDifference:
    """Two snapshots side by side."""

    before: str
    after: str
    documents: tuple[DocumentDifference, ...]
    editions: tuple[EditionChange, ...]
    """Editions that the second snapshot has in the place of older ones, and the first has not."""
    held_before: int
    held_after: int
    chunks_before: int
    chunks_after: int


def compare_snapshots(before: Snapshot, after: Snapshot) -> SnapshotDifference:
    """``after`` against ``before``. Raises IntegrityError for a segment that is not as its manifest says."""
    return SnapshotDifference(
        before=before.snapshot_id,
        after=after.snapshot_id,
        documents=tuple(
            sorted(_documents(before, after), key=lambda one: (one.difference.value, one.document.source_path))
        ),
        editions=tuple(_editions(before, after)),
        held_before=len(before.manifest.held),
        held_after=len(after.manifest.held),
        chunks_before=before.chunk_count(),
        chunks_after=after.chunk_count(),
    )


def _documents(before: Snapshot, after: Snapshot) -> Iterator[DocumentDifference]:
    then = {item.document.document_id: item for item in before.manifest.documents}
    now = {item.document.document_id: item for item in after.manifest.documents}
    for key, item in then.items():
        if key not in now:
            yield DocumentDifference(difference=Difference.REMOVED, document=item.document)
    for key, item in now.items():
        was = then.get(key)
        if was is None:
            yield DocumentDifference(difference=Difference.ADDED, document=item.document)
            continue
        if was.document.status is not item.document.status:
            yield DocumentDifference(difference=_MOVED[item.document.status], document=item.document)
        fields = [name for name in _DESCRIBED if getattr(was.document, name) != getattr(item.document, name)]
        if was.segment_id != item.segment_id:
            fields.append("text")
        if fields:
            yield DocumentDifference(difference=Difference.CHANGED, document=item.document, fields=tuple(fields))


_MOVED = {
    DocumentStatus.CURRENT: Difference.REINSTATED,
    DocumentStatus.SUPERSEDED: Difference.SUPERSEDED,
    DocumentStatus.WITHDRAWN: Difference.WITHDRAWN,
}
_DESCRIBED = (
    "series",
    "title",
    "publisher",
    "edition",
    "published_on",
    "language",
    "licence",
    "permission",
    "source_path",
)


def _editions(before: Snapshot, after: Snapshot) -> Iterator[EditionChange]:
    known = {document.document_id for document in before.documents()}
    by_id = {document.document_id: document for document in after.documents()}
    for document in by_id.values():
        older = by_id.get(document.supersedes or "")
        if older is not None and document.document_id not in known:
            old_pages = after.segment(older.document_id).pages()
            yield compare_editions(older, old_pages, document, after.segment(document.document_id).pages())
