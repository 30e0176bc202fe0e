"""Verifying the log: everything that it holds is worked out again and compared, and each fault names its entry.

Laws of this room: it reads and changes nothing; it never stops at the first fault; it keeps O(log n) hashes and one
block of entries in memory; no content gets into what it reports. It looks at the checkpoints before it looks how long
the log is, so that entries which others append meanwhile are no fault.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ragmed.audit import merkle, stored
from ragmed.audit.contents import DAMAGE, ContentChecks
from ragmed.audit.schema import expected_schema
from ragmed.audit.signed import Findings, Signed
from ragmed.entries import AuditEntry, EntryKind, Verification
from ragmed.errors import RagMedError

if TYPE_CHECKING:
    from ragmed.audit.checkpoints import Checkpoints
    from ragmed.audit.database import Database
    from ragmed.audit.sealing import KeyStore
    from ragmed.interfaces import Progress

_AT_ONCE = 500
_NAMED = 100
"""Lines of SQLite's own examination that are told."""
_TRIED = 1000
"""Blocks of entries that are tried one by one where their table cannot be read through."""
_ROW = re.compile(r"row (\d+) missing from index (?:entries|answers|judged)_")
"""In these tables, a row has the number of its entry."""


def verify(database: Database, keys: KeyStore, checkpoints: Checkpoints, progress: Progress) -> Verification:
    """Check everything; see ``Verification``."""
    return _Verifying(database, keys, checkpoints, progress).run()


class _Verifying:
    def __init__(self, database: Database, keys: KeyStore, checkpoints: Checkpoints, progress: Progress) -> None:
        self._database = database
        self._checkpoints = checkpoints
        self._progress = progress
        self._findings = Findings()
        self._fault = self._findings.fault
        self._counts: Counter[str] = Counter()
        self._tree = merkle.Growing()
        self._whole = True
        """The tree can be worked out as far as it has been."""
        self._roots: dict[int, bytes] = {}
        self._contents = ContentChecks(keys, self._findings)
        self._size = 0
        self._tried = 0

    def run(self) -> Verification:
        began = time.perf_counter()
        signed = Signed(self._checkpoints, self._findings)
        if not self._database.exists():
            self._findings.notes.append("no answer has been kept yet")
        else:
            parts: tuple[Callable[[], None], ...] = (lambda: self._entries(signed.sizes), self._database_itself)
            for part in parts:
                try:
                    part()
                except RagMedError as error:
                    self._fault("database", 0, self._database.path.name, str(error))
        signed.compare(self._size, self._roots)
        return Verification(
            entries=self._counts["entries"],
            answers=self._counts[EntryKind.ANSWER],
            feedback=self._counts[EntryKind.FEEDBACK],
            erasures=self._counts[EntryKind.ERASURE],
            checkpoints=len(signed.found),
            citations=0,
            unchecked_citations=0,
            root=self._tree.root().hex(),
            faults=tuple(sorted(self._findings.faults, key=lambda one: (one.number, one.what))),
            notes=tuple(self._findings.notes),
            seconds=time.perf_counter() - began,
            reviews=self._counts[EntryKind.REVIEW],
            adapters=self._counts[EntryKind.ADAPTER],
            overridden=self._contents.overridden,
        )

    # --- entries ---

    def _entries(self, wanted_roots: set[int]) -> None:
        with self._block() as connection:
            self._size = max(
                stored.size(connection),
                _one(
                    connection,
                    "SELECT coalesce(max(place), -1) + 1 FROM nodes WHERE level = 0 AND typeof(place) = 'integer'",
                ),
            )
        after = 0
        while after < self._size:
            with self._block() as connection:
                numbers = self._next(connection, after)
                for number in numbers:
                    self._missing_between(after, number)
                    self._one_entry(connection, number)
                    after = number
                    if self._whole and number in wanted_roots:
                        self._roots[number] = self._tree.root()
            if self._contents.doubtful:
                with self._block() as connection:  # as it is now
                    self._contents.settle_doubts(connection)
            self._progress("entries", after, self._size)
            if not numbers:
                break

    def _next(self, connection: sqlite3.Connection, after: int) -> list[int]:
        """The next numbers that are there as an entry or as a leaf."""
        try:
            rows = connection.execute(
                "SELECT number FROM (SELECT number FROM entries WHERE number > ?1 ORDER BY number LIMIT ?2)"
                " UNION SELECT place + 1 FROM (SELECT place FROM nodes WHERE level = 0 AND place >= ?1 ORDER BY place"
                " LIMIT ?2) ORDER BY 1 LIMIT ?2",
                (after, _AT_ONCE),
            ).fetchall()
        except sqlite3.DatabaseError as error:
            # a page of a table cannot be read: each number is tried, so that those that are lost have a name
            self._tried += 1
            if self._tried > _TRIED:
                self._fault("database", after + 1, "", f"entries from {after + 1} on cannot be read: {error}")
                return []
            return list(range(after + 1, min(after + _AT_ONCE, self._size) + 1))
        return [number for (number,) in rows if isinstance(number, int) and number <= self._size]

    def _missing_between(self, after: int, number: int) -> None:
        if number == after + 1:
            return
        first, last = after + 1, number - 1
        span = f"entry {first} is" if first == last else f"entries {first} to {last} are"
        self._fault("order", first, "", f"{span} missing; the next one is numbered {number}")
        self._whole = False

    def _one_entry(self, connection: sqlite3.Connection, number: int) -> None:
        try:
            row = connection.execute(
                f"SELECT {stored.ENTRY_COLUMNS} FROM entries WHERE number = ?", (number,)
            ).fetchone()
            leaf = _hash(connection, 0, number - 1)
            if row is None:
                self._fault("order", number, "", f"entry {number} is missing; the tree has its leaf")
                if leaf is not None:
                    self._grow(connection, number, leaf, sound=False)
                else:
                    self._whole = False
                return
            self._counts["entries"] += 1
            entry = self._entry(row, leaf)
            if entry is None:
                self._grow(connection, number, leaf or merkle.EMPTY_ROOT, sound=False)
                return
            self._counts[entry.kind] += 1
            hashed = merkle.leaf_hash(stored.leaf_of(entry))
            self._grow(connection, number, hashed, sound=hashed == leaf)
            self._contents.check(connection, entry)
        except (sqlite3.DatabaseError, *DAMAGE) as error:
            self._fault("database", number, "", f"entry {number} cannot be read: {error}")
            self._whole = False

    def _entry(self, row: tuple[Any, ...], leaf: bytes | None) -> AuditEntry | None:
        number, _, _, subject, *_ = row
        try:
            entry = stored.entry_of(row)
            hashed = merkle.leaf_hash(stored.leaf_of(entry))
        except DAMAGE:
            self._fault("entry", number, str(subject), f"entry {number} is not in its form")
            return None
        if leaf is None:
            self._fault("tree", number, entry.subject, f"the tree has no leaf for entry {number}")
        elif hashed != leaf:
            self._fault("entry", number, entry.subject, f"entry {number} is not what the tree committed to")
        return entry

    def _grow(self, connection: sqlite3.Connection, number: int, leaf: bytes, *, sound: bool) -> None:
        """Take the leaf; compare the subtrees that it completes. Those above a leaf that is wrong are wrong with it."""
        if not self._whole or self._tree.size != number - 1:
            self._whole = False
            return
        for level, place, found in self._tree.add(leaf):
            if level == 0 or not self._whole:
                continue
            known = _hash(connection, level, place)
            self._counts["nodes"] += 1
            first, last = (place << level) + 1, (place + 1) << level
            if known != found and (known is None or not self._unsound_within(first, last, sound, number)):
                self._fault(
                    "tree", number, f"{level}/{place}", f"the stored hash of entries {first} to {last} is not theirs"
                )

    def _unsound_within(self, first: int, last: int, sound: bool, number: int) -> bool:
        return not sound or any(
            first <= fault.number <= last and fault.what in ("entry", "order") for fault in self._findings.faults
        )

    # --- the database itself ---

    def _database_itself(self) -> None:
        for look in (self._surplus, self._surplus_hashes, self._schema, self._examined):
            with self._block() as connection:
                try:
                    look(connection)
                except (sqlite3.DatabaseError, *DAMAGE) as error:
                    self._fault("database", 0, self._database.path.name, f"damaged: {error}")

    def _surplus(self, connection: sqlite3.Connection) -> None:
        """Rows that belong to no entry."""
        for table, of_kind in (
            ("contents", ""),
            ("answers", "AND kind = 'answer'"),
            ("cited", "AND kind = 'answer'"),
            ("judged", "AND kind = 'feedback'"),
        ):
            what = "content" if table == "contents" else "index"
            for (number,) in connection.execute(
                f"SELECT DISTINCT number FROM {table} WHERE NOT EXISTS"
                f" (SELECT 1 FROM entries WHERE entries.number = {table}.number {of_kind}) LIMIT {_NAMED}"
            ):
                belongs = int(number) if isinstance(number, int) else 0
                self._fault(what, belongs, table, f"a row of {table} belongs to no entry")

    def _surplus_hashes(self, connection: sqlite3.Connection) -> None:
        size = stored.size(connection)
        for level, place in connection.execute(
            "SELECT level, place FROM nodes WHERE typeof(level) <> 'integer' OR typeof(place) <> 'integer'"
            " OR level < 0 OR level > 62 OR place < 0"
            f" OR (place + 1) << max(0, min(level, 62)) > ? LIMIT {_NAMED}",
            (size,),
        ):
            last = (place + 1) << max(0, min(level, 62)) if isinstance(level, int) and isinstance(place, int) else 0
            self._fault(
                "tree", last, f"{level}/{place}", f"the tree has a hash up to entry {last}, and the log ends at {size}"
            )

    def _schema(self, connection: sqlite3.Connection) -> None:
        found = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
        for name, sql in expected_schema().items():
            if found.pop(name, None) != sql:
                self._fault("database", 0, name, f"{name} is not as this program makes it")
        for name in found.keys() - {"sqlite_sequence"}:  # SQLite's own, left of the first schema
            self._fault("database", 0, str(name), f"{name} does not belong into the log")

    def _examined(self, connection: sqlite3.Connection) -> None:
        for (line,) in connection.execute(f"PRAGMA integrity_check({_NAMED})"):
            if line != "ok":
                row = _ROW.search(str(line))
                self._fault("database", int(row[1]) if row else 0, self._database.path.name, str(line))

    # ---

    @contextmanager
    def _block(self) -> Iterator[sqlite3.Connection]:
        with self._database.reading() as connection:
            before = connection.text_factory
            # text that is no longer UTF-8 is a fault of its entry, not the end of verifying
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            try:
                yield connection
            finally:
                connection.text_factory = before


def _one(connection: sqlite3.Connection, query: str) -> int:
    (found,) = connection.execute(query).fetchone()
    return int(found)


def _hash(connection: sqlite3.Connection, level: int, place: int) -> bytes | None:
    row = connection.execute("SELECT hash FROM nodes WHERE level = ? AND place = ?", (level, place)).fetchone()
    return None if row is None else row[0]
