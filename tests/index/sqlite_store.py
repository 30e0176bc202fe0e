"""A ``SnapshotStore`` that keeps everything in one SQLite database: what a database server would do, at the size of a test.

A publish is one transaction, so nothing is ever half there. The search engines read files: they are fetched into a
``cache`` folder that may be lost at any time. The writer's lock is a transaction on a database of its own, which ends
with its process.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.canonical import sha256_bytes
from ragmed.errors import BadInputError, BusyError, IntegrityError, NoIndexError, NotFoundError
from ragmed.index.collect import Collection, KeptSnapshot, Retention, reason_to_keep
from ragmed.index.history import PUBLISHED, ROLLED_BACK, Move, number_of
from ragmed.index.manifest import MANIFEST, Manifest, parse_manifest, snapshot_id
from ragmed.index.publish import SnapshotContent, keep_source, write_snapshot
from ragmed.index.reads import READS, reads_in
from ragmed.index.segment import FileEntry, Segment, SegmentContent, find_segment, write_segment
from ragmed.index.snapshot import Snapshot
from ragmed.index.store import SnapshotSummary, Verification, summary_of, with_rollbacks
from ragmed.interfaces import Progress, no_progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TABLES = """
create table if not exists files (path text primary key, content blob not null);
create table if not exists memory (name text primary key, content blob not null);
create table if not exists moves (number integer primary key, move text not null);
create table if not exists state (name text primary key, value text not null);
"""


class SqliteHoldings:
    def __init__(self, database: Path, cache: Path) -> None:
        self._database = database
        self._cache = cache
        self.parent_id = _state(database, "current") or None
        self.parent: Manifest | None = _manifest(database, self.parent_id) if self.parent_id else None

    def find_segment(self, segment_id: str) -> Segment | None:
        _fetch(self._database, self._cache, f"segments/{segment_id}/")
        return find_segment(self._cache, segment_id)

    def recall(self, name: str) -> bytes | None:
        rows = _rows(self._database, "select content from memory where name = ?", name)
        return bytes(rows[0][0]) if rows else None

    def remembered(self, folder: str) -> tuple[str, ...]:
        rows = _rows(self._database, "select name from memory where name like ? order by name", f"{folder}/%")
        return tuple(row[0].removeprefix(f"{folder}/") for row in rows)


class SqliteWriter(SqliteHoldings):
    def write_segment(self, content: SegmentContent, embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> Segment:
        known = self.find_segment(content.segment_id())
        if known is not None:
            return known
        segment = write_segment(self._cache, content, embed)
        with _changing(self._database) as connection:
            _put(connection, self._cache, f"segments/{segment.segment_id}")
        return segment

    def keep_source(self, path: Path, sha256: str) -> FileEntry:
        entry = keep_source(self._cache, path, sha256)
        with _changing(self._database) as connection:
            _put(connection, self._cache, entry.path)
        return entry

    def remember(self, name: str, content: bytes) -> None:
        with _changing(self._database) as connection:
            connection.execute("insert or replace into memory values (?, ?)", (name, content))

    def forget(self, name: str) -> None:
        with _changing(self._database) as connection:
            connection.execute("delete from memory where name = ?", (name,))

    def publish(self, content: SnapshotContent, progress: Progress = no_progress) -> str | None:
        parent = self.parent_id or ""
        if self.parent is not None and self.parent.inputs_sha256 == content.inputs_sha256():
            return None
        number = max([int(_state(self._database, "trusted") or 0), *map(_number, _moves(self._database))]) + 1
        building = Path(tempfile.mkdtemp(dir=self._cache))
        manifest = write_snapshot(building, content, number=number, parent_id=parent, progress=progress)
        name = snapshot_id(number, manifest)
        with _changing(self._database) as connection:
            for path in building.rglob("*"):
                if path.is_file():
                    place = f"snapshots/{name}/{path.relative_to(building).as_posix()}"
                    connection.execute("insert into files values (?, ?)", (place, path.read_bytes()))
            _set(connection, "current", name)
            _set(connection, "trusted", str(number))
            _add(connection, Move(at=content.at, reason=PUBLISHED, snapshot_id=name, by=content.by))
        shutil.rmtree(building)
        return name


class SqliteStore:
    def __init__(self, database: Path, cache: Path) -> None:
        self._database = database
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(_TABLES)
        self._open: dict[str, Snapshot] = {}

    def current(self) -> Snapshot:
        name = _state(self._database, "current")
        if not name:
            raise NoIndexError(f"{self._database}: no snapshot has been published here", remedy="run `ragmed index`")
        trusted, moves = int(_state(self._database, "trusted") or 0), _moves(self._database)
        if number_of(name) < trusted and (moves[-1].reason, moves[-1].snapshot_id) != (ROLLED_BACK, name):
            raise IntegrityError(f"snapshot {number_of(name)}, but {trusted} was current here before", remedy="ask who")
        return self._opened(name)

    def get(self, snapshot_id: str) -> Snapshot:
        return self._opened(self._named(snapshot_id))

    def list(self) -> tuple[SnapshotSummary, ...]:
        current = _state(self._database, "current")
        names = sorted(self._names(), reverse=True)
        lines = [summary_of(name, _manifest(self._database, name), current=name == current) for name in names]
        return with_rollbacks(lines, self.history())

    def history(self) -> tuple[Move, ...]:
        return tuple(reversed(_moves(self._database)))

    def verify(self, snapshot_id: str | None = None, progress: Progress = no_progress) -> Verification:
        name = self._named(snapshot_id or _state(self._database, "current"))
        manifest = _manifest(self._database, name)
        wanted = {f"snapshots/{name}/{entry.path}": entry for entry in manifest.files}
        wanted |= {entry.path: entry for entry in manifest.shared_files}
        faults, size = [], 0
        for done, (path, entry) in enumerate(wanted.items(), 1):
            content = _file(self._database, path)
            size += len(content)
            if sha256_bytes(content) != entry.sha256:
                faults.append(f"{path}: not as the manifest says")
            progress("verify", done, len(wanted))
        return Verification(snapshot_id=name, files=len(wanted) + 1, bytes=size, faults=tuple(faults))

    def rollback(self, snapshot_id: str, *, by: str, why: str = "", progress: Progress = no_progress) -> str:
        with self.writer():
            name, before = self._named(snapshot_id), _state(self._database, "current")
            if name == before:
                raise BadInputError(f"snapshot {name} is current already", remedy="name another one")
            faults = self.verify(name, progress).faults
            if faults:
                raise IntegrityError(f"snapshot {name} is not whole: {faults[0]}", remedy="name another one")
            at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            with _changing(self._database) as connection:
                _set(connection, "current", name)
                _add(connection, Move(at=at, reason=ROLLED_BACK, snapshot_id=name, before=before, by=by, why=why))
        return name

    def collect(self, retention: Retention, *, dry_run: bool) -> Collection:
        with self.writer():
            current, names, now = _state(self._database, "current"), sorted(self._names()), datetime.now(UTC)
            manifests = {name: _manifest(self._database, name) for name in names}
            reasons = {
                name: reason_to_keep(name, names, current, one.created_at, retention, now)
                for name, one in manifests.items()
            }
            wanted = {entry.path for name in names if reasons[name] for entry in manifests[name].shared_files}
            memory = SqliteHoldings(self._database, self._cache).recall(READS)
            segments = {path.split("/")[1] for path in wanted if path.startswith("segments/")}
            segments |= {known.segment_id for known in reads_in(memory).values()}
            going = [path for path in _paths(self._database) if not _is_wanted(path, reasons, segments, wanted)]
            size = sum(len(_file(self._database, path)) for path in going)
            if not dry_run:
                with _changing(self._database) as connection:
                    connection.executemany("delete from files where path = ?", [(path,) for path in going])
        return Collection(
            dry_run=dry_run,
            snapshots=tuple(name for name in names if not reasons[name]),
            segments=len({path.split("/")[1] for path in going if path.startswith("segments/")}),
            sources=sum(path.startswith("sources/") for path in going),
            bytes=size,
            kept=tuple(KeptSnapshot(snapshot_id=name, reason=reason) for name, reason in reasons.items() if reason),
        )

    def holdings(self) -> SqliteHoldings:
        return SqliteHoldings(self._database, self._cache)

    @contextmanager
    def writer(self) -> Iterator[SqliteWriter]:
        lock = sqlite3.connect(self._database.with_suffix(".lock"), timeout=0, isolation_level=None)
        with closing(lock):
            try:
                lock.execute("begin exclusive")
            except sqlite3.OperationalError:
                holder = _state(self._database, "writer")
                raise BusyError(f"{self._database}: {holder} is writing here", remedy="wait") from None
            with _changing(self._database) as connection:
                _set(connection, "writer", f"process {os.getpid()} on {socket.gethostname()}")
            yield SqliteWriter(self._database, self._cache)

    def _names(self) -> set[str]:
        return {path.split("/")[1] for path in _paths(self._database) if path.startswith("snapshots/")}

    def _named(self, snapshot_id: str) -> str:
        for name in self._names():
            if snapshot_id == name or (snapshot_id.isdigit() and int(snapshot_id) == number_of(name)):
                return name
        raise NotFoundError(f"no snapshot {snapshot_id}", remedy="list them with `ragmed snapshots list`")

    def _opened(self, name: str) -> Snapshot:
        """Fetched whole, with all that it needs: nothing that is collected afterwards can be missed."""
        if name not in self._open:
            _fetch(self._database, self._cache, f"snapshots/{name}/")
            for path in {entry.path for entry in _manifest(self._database, name).shared_files}:
                _fetch(self._database, self._cache, path)
            self._open[name] = Snapshot(self._cache, name)
        return self._open[name]


def _is_wanted(path: str, reasons: Mapping[str, str], segments: set[str], shared: set[str]) -> bool:
    place, name = path.split("/")[:2]
    if place == "snapshots":
        return bool(reasons[name])
    return name in segments if place == "segments" else path in shared


def _rows(database: Path, query: str, *values: object) -> list[tuple[object, ...]] | list[tuple[str, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query, values).fetchall()


@contextmanager
def _changing(database: Path) -> Iterator[sqlite3.Connection]:
    """One transaction."""
    with closing(sqlite3.connect(database)) as connection, connection:
        yield connection


def _state(database: Path, name: str) -> str:
    rows = _rows(database, "select value from state where name = ?", name)
    return str(rows[0][0]) if rows else ""


def _set(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("insert or replace into state values (?, ?)", (name, value))


def _moves(database: Path) -> list[Move]:
    return [Move(**json.loads(str(row[0]))) for row in _rows(database, "select move from moves order by number")]


def _number(move: Move) -> int:
    return number_of(move.snapshot_id)


def _add(connection: sqlite3.Connection, move: Move) -> None:
    connection.execute("insert into moves (move) values (?)", (json.dumps(asdict(move)),))


def _paths(database: Path) -> list[str]:
    return [str(row[0]) for row in _rows(database, "select path from files")]


def _file(database: Path, path: str) -> bytes:
    rows = _rows(database, "select content from files where path = ?", path)
    return bytes(rows[0][0]) if rows else b""  # type: ignore[arg-type]


def _manifest(database: Path, name: str) -> Manifest:
    return parse_manifest(_file(database, f"snapshots/{name}/{MANIFEST}"), name)


def _put(connection: sqlite3.Connection, cache: Path, place: str) -> None:
    """A file, or every file of a folder, of the cache."""
    root = cache / place
    for path in [root] if root.is_file() else [one for one in root.rglob("*") if one.is_file()]:
        name = path.relative_to(cache).as_posix()
        connection.execute("insert or replace into files values (?, ?)", (name, path.read_bytes()))


def _fetch(database: Path, cache: Path, prefix: str) -> None:
    """Every file whose path begins so, into the cache."""
    for path in _paths(database):
        if path.startswith(prefix) and not (cache / path).is_file():
            (cache / path).parent.mkdir(parents=True, exist_ok=True)
            (cache / path).write_bytes(_file(database, path))
