"""What a build, the program and the librarian ask of the place where snapshots are kept: three small protocols.

The laws of the room, which ``tests/index/store_conformance.py`` asks of every implementation:

* ``SnapshotStore.current`` gives the old snapshot or the new one, whole, whoever publishes, rolls back or collects
  meanwhile, and however that ends (law 3). An open snapshot can be read to its end, whatever is collected.
* One writer at a time. A writer that ends before it published has changed no answer, and its lock ends with it; the
  segments that it finished are there for the next one.
* Equal content is not published again; numbers are never used again; a snapshot older than one that was current is
  refused, unless the history has a rollback to it.
* What is remembered for the next build saves time, and no content depends on it.

An open ``Snapshot`` and a ``Segment`` are files of this machine, since the search engines map them into memory: a store
that keeps its bytes elsewhere fetches them before it hands them out. ``ragmed.index.folder_store`` keeps them here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ragmed.index.history import PUBLISHED, ROLLED_BACK, Move
from ragmed.index.manifest import Manifest
from ragmed.index.segment import FileEntry, Segment, SegmentContent
from ragmed.index.snapshot import Snapshot
from ragmed.interfaces import Progress, no_progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragmed.index.collect import Collection, Retention
    from ragmed.index.publish import SnapshotContent


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSummary:
    """A line of ``ragmed snapshots list``."""

    snapshot_id: str
    current: bool
    published_at: str
    documents: int
    pages: int
    chunks: int
    refused: int
    embedder: str
    parent: str
    by: str = ""
    """Who published it; empty where nobody said."""
    rollbacks: tuple[Move, ...] = ()
    """The moves that made it the current one again, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What re-hashing a snapshot found. ``faults`` is empty where every byte is as the manifest says."""

    snapshot_id: str
    files: int
    bytes: int
    faults: tuple[str, ...]
    """One sentence for each file that is missing or differs."""


class Holdings(Protocol):
    """What is there for the next snapshot to be made of. Reading takes no lock: a plan may look while a build runs."""

    @property
    def parent_id(self) -> str | None:
        """The current snapshot's id; None before the first."""
        ...

    @property
    def parent(self) -> Manifest | None:
        """Its manifest; None where there is none or an older program wrote it."""
        ...

    def find_segment(self, segment_id: str) -> Segment | None:
        """The segment if it is there and whole."""
        ...

    def recall(self, name: str) -> bytes | None:
        """What an earlier build remembered under ``name`` (segments of a path, ``/`` between them)."""
        ...

    def remembered(self, folder: str) -> tuple[str, ...]:
        """The names below ``folder/``, without it."""
        ...


class SnapshotWriter(Holdings, Protocol):
    """The one writer, while it holds the lock."""

    def write_segment(self, content: SegmentContent, embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> Segment:
        """The segment of ``content``; embedded and written only where it is not there. Raises IntegrityError."""
        ...

    def keep_source(self, path: Path, sha256: str) -> FileEntry:
        """Keep the bytes of a source file. Raises BadInputError where they no longer have that hash."""
        ...

    def remember(self, name: str, content: bytes) -> None: ...

    def forget(self, name: str) -> None:
        """Nothing happens where there is nothing."""
        ...

    def publish(self, content: SnapshotContent, progress: Progress = no_progress) -> str | None:
        """Make ``content`` the current snapshot, at once and whole; gives its id.

        None, and nothing is published, where the current one is made of the same.
        """
        ...


class SnapshotStore(Protocol):
    """The published snapshots: a ``Snapshots``, and all else that may be done with them. Safe between threads."""

    def current(self) -> Snapshot:
        """Raises NoIndexError, IntegrityError."""
        ...

    def get(self, snapshot_id: str) -> Snapshot:
        """A published snapshot by its id or its number. Raises NotFoundError, IntegrityError."""
        ...

    def list(self) -> tuple[SnapshotSummary, ...]:
        """Every published snapshot, newest first, with its rollbacks. Raises IntegrityError for a damaged manifest."""
        ...

    def history(self) -> tuple[Move, ...]:
        """Every publish and rollback that was done, newest first."""
        ...

    def verify(self, snapshot_id: str | None = None, progress: Progress = no_progress) -> Verification:
        """Hash every byte of a snapshot (the current one by default) again. Raises NoIndexError, NotFoundError."""
        ...

    def rollback(self, snapshot_id: str, *, by: str, why: str = "", progress: Progress = no_progress) -> str:
        """Make an older snapshot the current one again, after every byte of it has been verified; gives its id.

        Raises NotFoundError, BadInputError where it is current already, IntegrityError, BusyError.
        """
        ...

    def collect(self, retention: Retention, *, dry_run: bool) -> Collection:
        """Remove what nothing and nobody needs. Raises IntegrityError, BusyError."""
        ...

    def holdings(self) -> Holdings:
        """What a plan is made from."""
        ...

    def writer(self) -> AbstractContextManager[SnapshotWriter]:
        """Hold the store for writing, after what dead writers left has been put right.

        Raises BusyError, which names the holder, and NotPossibleError where the disk is full.
        """
        ...


def summary_of(snapshot_id: str, manifest: Manifest, *, current: bool) -> SnapshotSummary:
    """The line of a snapshot that can be read."""
    return SnapshotSummary(
        snapshot_id=snapshot_id,
        current=current,
        published_at=manifest.created_at,
        documents=len(manifest.documents),
        pages=manifest.page_count,
        chunks=manifest.chunk_count,
        refused=len(manifest.refused),
        embedder=manifest.embedder.name,
        parent=manifest.parent,
    )


def with_rollbacks(summaries: Iterable[SnapshotSummary], history: Sequence[Move]) -> tuple[SnapshotSummary, ...]:
    """The lines with what the history, newest first, says of each."""
    return tuple(
        replace(
            one,
            by=next(
                (move.by for move in history if move.reason == PUBLISHED and move.snapshot_id == one.snapshot_id), ""
            ),
            rollbacks=tuple(
                move for move in history if move.reason == ROLLED_BACK and move.snapshot_id == one.snapshot_id
            ),
        )
        for one in summaries
    )
