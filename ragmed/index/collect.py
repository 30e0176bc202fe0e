"""Garbage collection: what nobody needs any more leaves the index folder.

The laws of the room:

* A snapshot stays that is current, that a reader holds, that a recorded answer cites, that is among the last
  ``keep_last`` or younger than ``keep_days``. Everything that a remaining snapshot needs stays with it (law 3).
* A manifest that cannot be read stops it: nobody can tell what that snapshot needs.
* Things leave by one rename to a name that nobody reads, then they are removed: whenever the collector dies, what is
  left is whole or nobody's. The caller holds the writer lock.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ragmed.canonical import sync_folder
from ragmed.errors import IntegrityError, OutdatedIndexError
from ragmed.index.disk import new_building_folder
from ragmed.index.history import SNAPSHOTS, published_ids, read_pointer
from ragmed.index.leases import nobody_reads
from ragmed.index.manifest import MANIFEST
from ragmed.index.publish import SOURCES
from ragmed.index.reads import READS, KnownReading, reads_in
from ragmed.index.segment import SEGMENTS
from ragmed.index.snapshot import read_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSnapshot:
    """A snapshot that stays, and why."""

    snapshot_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What was removed, or would be."""

    dry_run: bool
    snapshots: tuple[str, ...]
    segments: int
    sources: int
    bytes: int
    """Freed, or to be freed."""
    kept: tuple[KeptSnapshot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What is kept beside what is needed."""

    keep_days: float
    keep_last: int
    cited: frozenset[str]
    """Ids of the snapshots that recorded answers cite."""


def collect(index_folder: Path, retention: Retention, *, dry_run: bool, now: datetime | None = None) -> Collection:
    """Remove what is not needed. Raises IntegrityError for a manifest that cannot be read."""
    needs = {name: _needs(index_folder, name) for name in published_ids(index_folder)}
    pointer = read_pointer(index_folder)
    current = pointer.snapshot_id if pointer else ""
    kept: list[KeptSnapshot] = []
    removed: list[str] = []
    freed = 0
    for name, need in needs.items():
        reason = reason_to_keep(name, list(needs), current, need.created_at, retention, now or datetime.now(UTC))
        folder = index_folder / SNAPSHOTS / name
        if not reason:
            with nobody_reads(folder) as free:
                if free:
                    freed += _size(folder)
                    removed.append(name)
                    if not dry_run:
                        _remove(folder)
                    continue
            reason = "a reader holds it"
        kept.append(KeptSnapshot(snapshot_id=name, reason=reason))
    wanted = {path for one in kept for path in needs[one.snapshot_id].shared}
    wanted |= {f"{SEGMENTS}/{known.segment_id}" for known in _reads(index_folder) if known.segment_id}
    segments = [path for path in _inside(index_folder, SEGMENTS) if f"{SEGMENTS}/{path.name}" not in wanted]
    sources = [path for path in _inside(index_folder, SOURCES) if f"{SOURCES}/{path.name}" not in wanted]
    for path in (*segments, *sources):
        freed += _size(path)
        if not dry_run:
            _remove(path)
    return Collection(
        dry_run=dry_run,
        snapshots=tuple(removed),
        segments=len(segments),
        sources=len(sources),
        bytes=freed,
        kept=tuple(kept),
    )


@dataclass(frozen=True, slots=True)
class _Needs:
    created_at: str
    shared: frozenset[str]
    """Segment folders and source files, relative to the index folder."""


def _needs(index_folder: Path, name: str) -> _Needs:
    """What a snapshot needs outside its folder. One of an older program is read as far as every format agrees."""
    folder = index_folder / SNAPSHOTS / name
    try:
        manifest = read_manifest(folder)
        return _Needs(manifest.created_at, _shared(entry.path for entry in manifest.shared_files))
    except OutdatedIndexError:
        value = json.loads((folder / MANIFEST).read_bytes())
        try:
            return _Needs(str(value["created_at"]), _shared(str(entry["path"]) for entry in value["shared_files"]))
        except (KeyError, TypeError) as error:
            raise IntegrityError(
                f"{folder / MANIFEST}: does not say which files it needs ({error})",
                remedy="nothing was removed; use the program that wrote it",
            ) from None


def _shared(paths: Iterator[str]) -> frozenset[str]:
    return frozenset("/".join(path.split("/")[:2]) for path in paths)


def reason_to_keep(
    name: str, names: Sequence[str], current: str, created_at: str, retention: Retention, now: datetime
) -> str:
    """Why a snapshot of ``names``, oldest first, stays though nobody reads it; empty where nothing keeps it."""
    if name == current:
        return "it is current"
    if name in retention.cited:
        return "recorded answers cite it"
    if name in names[-retention.keep_last :] and retention.keep_last:
        return f"among the last {retention.keep_last}"
    if now - datetime.fromisoformat(created_at.replace("Z", "+00:00")) < timedelta(days=retention.keep_days):
        return f"younger than {retention.keep_days:g} days"
    return ""


def _reads(index_folder: Path) -> Iterable[KnownReading]:
    """What an unfinished build learned: its segments are wanted."""
    path = index_folder / READS
    return reads_in(path.read_bytes() if path.is_file() else None).values()


def _inside(index_folder: Path, place: str) -> list[Path]:
    folder = index_folder / place
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


def _remove(path: Path) -> None:
    """Out of everybody's sight first, in one step that survives a power cut."""
    grave = new_building_folder(path.parent)
    path.rename(grave / path.name)
    sync_folder(path.parent)
    shutil.rmtree(grave)
