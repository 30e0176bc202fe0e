"""The stores: the folder that the program uses, and one in a database that shows the suite is not tied to folders."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ragmed.canonical import canonical_json, sha256_file
from ragmed.index.folder_store import FolderStore
from ragmed.index.history import POINTER, SNAPSHOTS
from ragmed.index.manifest import MANIFEST
from ragmed.index.store import SnapshotStore
from tests.index.sqlite_store import SqliteStore
from tests.index.store_conformance import StoreConformance


class TestFolderStore(StoreConformance):
    def make(self, folder: Path) -> SnapshotStore:
        return FolderStore(folder / "index")

    def spoil(self, folder: Path, snapshot_id: str) -> None:
        table = folder / "index" / SNAPSHOTS / snapshot_id / "chunks.sqlite"
        table.write_bytes(table.read_bytes()[:-1] + b"x")

    def put_back(self, folder: Path, snapshot_id: str) -> None:
        manifest = sha256_file(folder / "index" / SNAPSHOTS / snapshot_id / MANIFEST)
        pointer = {"snapshot_id": snapshot_id, "manifest_sha256": manifest}
        (folder / "index" / POINTER).write_bytes(canonical_json(pointer) + b"\n")


class TestSqliteStore(StoreConformance):
    def make(self, folder: Path) -> SnapshotStore:
        self.made = getattr(self, "made", 0) + 1
        return SqliteStore(folder / "index.sqlite", folder / f"cache-{self.made}")

    def spoil(self, folder: Path, snapshot_id: str) -> None:
        self._change(
            folder, "update files set content = x'00' where path = ?", f"{SNAPSHOTS}/{snapshot_id}/chunks.sqlite"
        )

    def put_back(self, folder: Path, snapshot_id: str) -> None:
        self._change(folder, "update state set value = ? where name = 'current'", snapshot_id)

    def _change(self, folder: Path, change: str, value: str) -> None:
        with closing(sqlite3.connect(folder / "index.sqlite")) as connection, connection:
            assert connection.execute(change, (value,)).rowcount == 1
