"""A ``SnapshotStore`` in one folder of this machine (docs/index-format.md): the one that the program uses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.canonical import sha256_bytes, sha256_file, write_atomic
from ragmed.errors import (
    BadInputError,
    BusyError,
    IntegrityError,
    NoIndexError,
    NotFoundError,
    OutdatedIndexError,
)
from ragmed.index.collect import Collection, Retention, collect
from ragmed.index.disk import room_for_writing
from ragmed.index.history import (
    POINTER,
    PUBLISHED,
    ROLLED_BACK,
    SNAPSHOTS,
    Move,
    Pointer,
    cannot_be_read,
    check_trusted,
    published_ids,
    read_history,
    read_pointer,
    roll_pointer_back,
    trust_number,
    trusted_number,
)
from ragmed.index.lock import writer_lock
from ragmed.index.manifest import MANIFEST, Manifest
from ragmed.index.publish import SnapshotContent, collect_orphans, keep_source, publish_snapshot
from ragmed.index.segment import FileEntry, Segment, SegmentContent, check_file, find_segment, write_segment
from ragmed.index.snapshot import Snapshot, manifest_before, read_manifest
from ragmed.index.store import SnapshotSummary, Verification, summary_of, with_rollbacks
from ragmed.interfaces import Progress, no_progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_OLD_KEPT_OPEN = 4
_TRIES = 5
"""A collector takes an old snapshot at the moment that the pointer leaves it; five times in a row it does not."""


class FolderHoldings:
    """``Holdings`` of an index folder."""

    def __init__(self, index_folder: Path) -> None:
        self._folder = index_folder
        pointer = read_pointer(index_folder)
        self.parent_id = pointer.snapshot_id if pointer else None

    @cached_property
    def parent(self) -> Manifest | None:
        """Of the moment at which the holdings were opened."""
        return manifest_before(self._folder, self.parent_id or "")

    def find_segment(self, segment_id: str) -> Segment | None:
        return find_segment(self._folder, segment_id)

    def recall(self, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.is_file() else None

    def remembered(self, folder: str) -> tuple[str, ...]:
        place = self._folder / folder
        return tuple(sorted(path.name for path in place.iterdir())) if place.is_dir() else ()


class FolderWriter(FolderHoldings):
    """The ``SnapshotWriter`` of an index folder; whoever makes one holds its lock."""

    def __init__(self, index_folder: Path, trust: Path) -> None:
        super().__init__(index_folder)
        self._trust = trust

    def write_segment(self, content: SegmentContent, embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> Segment:
        return write_segment(self._folder, content, embed)

    def keep_source(self, path: Path, sha256: str) -> FileEntry:
        return keep_source(self._folder, path, sha256)

    def remember(self, name: str, content: bytes) -> None:
        write_atomic(self._folder / name, content)

    def forget(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def publish(self, content: SnapshotContent, progress: Progress = no_progress) -> str | None:
        return publish_snapshot(self._folder, content, trust=self._trust, progress=progress)


class FolderStore:
    """A ``SnapshotStore`` over an index folder. Safe to share between threads."""

    def __init__(self, index_folder: Path, trust: Path | None = None) -> None:
        """``trust``: the folder that remembers the highest number (``ragmed.index.history``); the index folder."""
        self._folder = index_folder
        self._trust = trust or index_folder
        self._highest = 0
        self._lock = threading.Lock()
        self._open: dict[str, Snapshot] = {}
        self._seen: tuple[int, int, int] | None = None
        self._current: Snapshot | None = None

    def current(self) -> Snapshot:
        """The published snapshot; opened again only when the pointer has moved. Raises NoIndexError, IntegrityError."""
        try:
            stat = (self._folder / POINTER).stat()
        except FileNotFoundError:
            raise NoIndexError(
                f"{self._folder}: no snapshot has been published here", remedy="run `ragmed index`"
            ) from None
        except OSError as error:
            raise cannot_be_read(self._folder, error) from error
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if self._current is None or seen != self._seen:
                self._current = self._at_pointer()
                self._seen = seen
            return self._current

    def _at_pointer(self) -> Snapshot:
        """The snapshot that the pointer names, opened; again where it moved and the old one went in between."""
        for _ in range(_TRIES):
            pointer = read_pointer(self._folder)
            if pointer is None:
                raise NoIndexError(f"{self._folder}: the pointer has gone", remedy="run `ragmed index`")
            try:
                self._check_trusted(pointer)
            except IntegrityError:
                # read before a writer moved it and judged after: only one that stays there was put back
                if read_pointer(self._folder) == pointer:
                    self._check_trusted(pointer)
                continue
            manifest = self._folder / SNAPSHOTS / pointer.snapshot_id / MANIFEST
            try:
                snapshot = self._opened(pointer.snapshot_id)
            except NotFoundError:
                if read_pointer(self._folder) != pointer:
                    continue
                raise IntegrityError(f"{manifest}: missing, though {POINTER} names it", remedy=_REMEDY) from None
            if sha256_file(manifest) != pointer.manifest_sha256:
                raise IntegrityError(f"{manifest}: not the manifest that {POINTER} names", remedy=_REMEDY)
            self._highest = max(self._highest, pointer.number)
            trust_number(self._trust, pointer.number)
            return snapshot
        raise BusyError(f"{self._folder}: the pointer moves faster than it can be followed", remedy="try again")

    def _check_trusted(self, pointer: Pointer) -> None:
        check_trusted(self._folder, pointer, max(self._highest, trusted_number(self._trust)))

    def get(self, snapshot_id: str) -> Snapshot:
        """A published snapshot by its id or its number. Raises NotFoundError, IntegrityError."""
        name = self._named(snapshot_id)
        with self._lock:
            return self._opened(name)

    def list(self) -> tuple[SnapshotSummary, ...]:
        """Every published snapshot, newest first, with its rollbacks. Raises IntegrityError for a damaged manifest."""
        pointer = read_pointer(self._folder)
        current = pointer.snapshot_id if pointer else ""
        lines = [self._summary(name, current=name == current) for name in reversed(published_ids(self._folder))]
        return with_rollbacks(lines, self.history())

    def _summary(self, name: str, *, current: bool) -> SnapshotSummary:
        try:
            return summary_of(name, read_manifest(self._folder / SNAPSHOTS / name), current=current)
        except OutdatedIndexError:
            return SnapshotSummary(
                snapshot_id=name,
                current=current,
                published_at="",
                documents=0,
                pages=0,
                chunks=0,
                refused=0,
                embedder="of an older program",
                parent="",
            )

    def verify(self, snapshot_id: str | None = None, progress: Progress = no_progress) -> Verification:
        """Hash every file of a snapshot (the current one by default), its segments and its sources again."""
        if snapshot_id is None:
            pointer = read_pointer(self._folder)
            if pointer is None:
                raise NoIndexError(f"{self._folder}: no snapshot has been published here", remedy="run `ragmed index`")
            name = pointer.snapshot_id
        else:
            name = self._named(snapshot_id)
        folder = self._folder / SNAPSHOTS / name
        try:
            manifest = read_manifest(folder)
        except (IntegrityError, NotFoundError) as error:
            return Verification(snapshot_id=name, files=1, bytes=0, faults=(str(error),))
        entries = list(_entries(self._folder, folder, manifest))
        faults: list[str] = []
        for done, (path, entry) in enumerate(entries, start=1):
            try:
                check_file(path, entry)
            except IntegrityError as error:
                faults.append(str(error))
            progress("verify", done, len(entries))
        return Verification(
            snapshot_id=name,
            files=len(entries) + 1,
            bytes=sum(entry.size for _, entry in entries) + (folder / MANIFEST).stat().st_size,
            faults=tuple(faults),
        )

    def history(self) -> tuple[Move, ...]:
        """Every publish and rollback that was done, newest first."""
        return tuple(move for move in reversed(read_history(self._folder)) if move.reason in (PUBLISHED, ROLLED_BACK))

    def rollback(self, snapshot_id: str, *, by: str, why: str = "", progress: Progress = no_progress) -> str:
        """Make an older snapshot the current one again, after every byte of it has been verified; gives its id.

        Raises NotFoundError, BadInputError where it is current already, IntegrityError, BusyError.
        """
        with self.writer():
            name = self._named(snapshot_id)
            pointer = read_pointer(self._folder)
            if pointer is not None and pointer.snapshot_id == name:
                raise BadInputError(f"snapshot {name} is current already", remedy="name another one")
            verification = self.verify(name, progress)
            if verification.faults:
                raise IntegrityError(
                    f"snapshot {name} is not whole: {verification.faults[0]}", remedy="name another one, or restore it"
                )
            content = (self._folder / SNAPSHOTS / name / MANIFEST).read_bytes()
            roll_pointer_back(
                self._folder,
                Pointer(snapshot_id=name, manifest_sha256=sha256_bytes(content)),
                at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
                by=by,
                why=why,
            )
            return name

    def holdings(self) -> FolderHoldings:
        return FolderHoldings(self._folder)

    @contextmanager
    def writer(self) -> Iterator[FolderWriter]:
        """Hold the folder for writing; building folders and snapshots that were never published are gone.

        Raises BusyError, NotPossibleError.
        """
        with room_for_writing(self._folder), writer_lock(self._folder):
            collect_orphans(self._folder)
            yield FolderWriter(self._folder, self._trust)

    def collect(self, retention: Retention, *, dry_run: bool) -> Collection:
        """Remove what nothing and nobody needs. Raises IntegrityError, BusyError."""
        with room_for_writing(self._folder), writer_lock(self._folder):
            if not dry_run:
                collect_orphans(self._folder)
            return collect(self._folder, retention, dry_run=dry_run)

    def _named(self, snapshot_id: str) -> str:
        published = published_ids(self._folder)
        if snapshot_id in published:
            return snapshot_id
        if snapshot_id.isdigit():
            numbered = [name for name in published if int(name[:6]) == int(snapshot_id)]
            if len(numbered) == 1:
                return numbered[0]
        raise NotFoundError(f"no snapshot {snapshot_id}", remedy="list them with `ragmed snapshots list`")

    def _opened(self, name: str) -> Snapshot:
        """Open or already open; the oldest of the snapshots held open make way."""
        if name not in self._open:
            self._open[name] = Snapshot(self._folder, name)
            while len(self._open) > _OLD_KEPT_OPEN:
                # not closed: a question may still be running on it; the last one to hold it lets it go
                del self._open[next(iter(self._open))]
        return self._open[name]


_REMEDY = "restore the index folder from a backup, or delete it and run `ragmed index` again"


def _entries(index_folder: Path, folder: Path, manifest: Manifest) -> Iterator[tuple[Path, FileEntry]]:
    for entry in manifest.files:
        yield folder / entry.path, entry
    for entry in sorted(set(manifest.shared_files), key=lambda entry: entry.path):
        yield index_folder / entry.path, entry
