"""Verifying the log: everything that it holds is worked out again and compared, and each fault names its entry.

Laws of this room: it reads and changes nothing; it never stops at the first fault; it keeps O(log n) hashes and one
block of entries in memory; no content gets into what it reports. It looks at the checkpoints before it looks how long
the log is, so that entries which others append meanwhile are no fault.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ragmed.audit import merkle, stored
from ragmed.audit.checkpoints import LATEST, Checkpoints
from ragmed.audit.rows import kept, rows_of
from ragmed.audit.schema import expected_schema
from ragmed.audit.sealing import open_unsealed, unseal
from ragmed.entries import AuditEntry, Checkpoint, EntryKind, Fault, Verification
from ragmed.errors import IntegrityError, RagMedError

if TYPE_CHECKING:
    from ragmed.audit.database import Database
    from ragmed.audit.sealing import KeyStore
    from ragmed.interfaces import Progress

_AT_ONCE = 500
_NAMED = 100
"""Lines of SQLite's own examination that are told."""


def verify(database: Database, keys: KeyStore, checkpoints: Checkpoints, progress: Progress) -> Verification:
    """Check everything; see ``Verification``."""
    return _Verifying(database, keys, checkpoints, progress).run()


class _Verifying:
    def __init__(self, database: Database, keys: KeyStore, checkpoints: Checkpoints, progress: Progress) -> None:
        self._database = database
        self._keys = keys
        self._checkpoints = checkpoints
        self._progress = progress
        self._faults: list[Fault] = []
        self._notes: list[str] = []
        self._counts: Counter[str] = Counter()
        self._tree = merkle.Growing()
        self._whole = True
        """The tree can be worked out as far as it has been."""
        self._roots: dict[int, bytes] = {}
        self._doubtful: list[tuple[int, str]] = []
        self._size = 0

    def run(self) -> Verification:
        began = time.perf_counter()
        signed = self._read_checkpoints()
        if not self._database.exists():
            self._notes.append("no answer has been kept yet")
        else:
            try:
                self._entries({one.size for _, one in signed})
                self._database_itself()
            except RagMedError as error:
                self._fault("database", 0, self._database.path.name, str(error))
        self._compare_checkpoints(signed)
        return Verification(
            entries=self._counts["entries"],
            answers=self._counts[EntryKind.ANSWER],
            feedback=self._counts[EntryKind.FEEDBACK],
            erasures=self._counts[EntryKind.ERASURE],
            checkpoints=len(signed),
            citations=0,
            unchecked_citations=0,
            root=self._tree.root().hex(),
            faults=tuple(sorted(self._faults, key=lambda one: (one.number, one.what))),
            notes=tuple(self._notes),
            seconds=time.perf_counter() - began,
        )

    # --- entries ---

    def _entries(self, wanted_roots: set[int]) -> None:
        with self._block() as connection:
            self._size = max(
                stored.size(connection),
                _one(connection, "SELECT coalesce(max(place), -1) + 1 FROM nodes WHERE level = 0"),
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
            self._settle_doubts()
            self._progress("verify", after, self._size)
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
        except sqlite3.DatabaseError:
            # a page of a table cannot be read: each number is tried, so that those that are lost have a name
            return list(range(after + 1, min(after + _AT_ONCE, self._size) + 1))
        return [number for (number,) in rows if number <= self._size]

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
            self._content(connection, entry)
        except sqlite3.DatabaseError as error:
            self._fault("database", number, "", f"entry {number} cannot be read: {error}")
            self._whole = False

    def _entry(self, row: tuple[Any, ...], leaf: bytes | None) -> AuditEntry | None:
        number, _, _, subject, *_ = row
        try:
            entry = stored.entry_of(row)
            hashed = merkle.leaf_hash(stored.leaf_of(entry))
        except (ValueError, AttributeError, TypeError):
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
            first <= fault.number <= last and fault.what in ("entry", "order") for fault in self._faults
        )

    # --- contents and search rows ---

    def _content(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        try:
            {
                EntryKind.ANSWER: self._answer,
                EntryKind.FEEDBACK: self._feedback,
                EntryKind.ERASURE: self._erasure,
            }[entry.kind](connection, entry)
        except IntegrityError as error:
            self._fault("content", entry.number, entry.subject, str(error))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._fault(
                "content", entry.number, entry.subject, f"the content of entry {entry.number} is not in its form"
            )

    def _answer(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        erasure = stored.erasure_entry(connection, entry.subject)
        if erasure is not None:
            self._emptied(connection, entry, erasure)
            return
        made = self._opened(connection, entry, entry.number)
        if made is None:
            return
        self._belongs(entry, made["record_id"], made["asked_at"], made.get("user", ""))
        if kept(connection, entry.number) != rows_of(made):
            self._fault("index", entry.number, entry.subject, "the rows that the answer is found by are not its own")

    def _feedback(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        answer = self._answer_before(connection, entry)
        judged = connection.execute("SELECT answer, kind FROM judged WHERE number = ?", (entry.number,)).fetchone()
        if judged is None or judged[0] != answer:
            self._fault("index", entry.number, entry.subject, "the row that the feedback is found by is not its own")
        erasure = stored.erasure_entry(connection, entry.subject)
        if erasure is not None:
            self._emptied(connection, entry, erasure)
            return
        made = self._opened(connection, entry, answer)
        if made is None:
            return
        self._belongs(entry, made["record_id"], made["at"], made["user"])
        if judged is not None and judged[1] != made["kind"]:
            self._fault("index", entry.number, entry.subject, "the row that the feedback is found by is not its own")

    def _erasure(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        answer = self._answer_before(connection, entry)
        opening = open_unsealed(stored.stored_content(connection, entry.number))
        made = self._committed(entry, opening.salt, opening.content)
        self._belongs(entry, made["record_id"], made["at"], made["user"])
        if made["rows_sha256"] != stored.rows_sha256(connection, answer):
            self._fault(
                "index", answer, entry.subject, "the rows that the erased answer is found by have changed since"
            )
        if self._keys.kept([answer]):
            self._notes.append(
                f"the erasure of {entry.subject} was cut off before its key was destroyed; it is finished when the next"
                " answer is kept"
            )

    def _emptied(self, connection: sqlite3.Connection, entry: AuditEntry, erasure: AuditEntry) -> None:
        if erasure.number <= entry.number:
            raise IntegrityError(f"entry {entry.number} follows its own erasure, entry {erasure.number}")
        if stored.stored_content(connection, entry.number):
            raise IntegrityError(f"entry {entry.number} was erased by entry {erasure.number}, and has content")

    def _opened(self, connection: sqlite3.Connection, entry: AuditEntry, answer: int) -> dict[str, Any] | None:
        sealed = stored.stored_content(connection, entry.number)
        if not sealed:
            raise IntegrityError(f"entry {entry.number} has lost its content, and no erasure is recorded")
        key = self._keys.key(answer)
        if key is None:
            self._doubtful.append((entry.number, entry.subject))
            return None
        opening = unseal(key, sealed, bytes.fromhex(entry.commitment))
        return self._committed(entry, opening.salt, opening.content)

    def _committed(self, entry: AuditEntry, salt: bytes, content: bytes) -> dict[str, Any]:
        if sha256(salt + content).hexdigest() != entry.commitment:
            raise IntegrityError(f"the content of entry {entry.number} is not what it committed to")
        made: dict[str, Any] = json.loads(content)
        return made

    def _belongs(self, entry: AuditEntry, subject: str, at: str, user: str) -> None:
        if (entry.subject, entry.at, entry.user) != (subject, at, user):
            raise IntegrityError(f"entry {entry.number} says another answer, time or user than its content")

    def _answer_before(self, connection: sqlite3.Connection, entry: AuditEntry) -> int:
        try:
            answer = stored.answer_number(connection, entry.subject)
        except RagMedError:
            answer = entry.number
        if answer >= entry.number:
            raise IntegrityError(f"entry {entry.number} is about an answer that is not before it")
        return answer

    def _settle_doubts(self) -> None:
        """A destroyed key without an erasure: unless one was recorded while this block was read."""
        doubtful, self._doubtful = self._doubtful, []
        if not doubtful:
            return
        with self._block() as connection:
            for number, subject in doubtful:
                if stored.erasure_entry(connection, subject) is None:
                    self._fault(
                        "content",
                        number,
                        subject,
                        f"the key of entry {number} was destroyed, and no erasure is recorded",
                    )

    # --- the database itself ---

    def _database_itself(self) -> None:
        with self._block() as connection:
            try:
                self._surplus(connection)
                self._schema(connection)
            except sqlite3.DatabaseError as error:
                self._fault("database", 0, self._database.path.name, f"damaged: {error}")
            self._examined(connection)

    def _surplus(self, connection: sqlite3.Connection) -> None:
        """Rows that belong to no entry."""
        answers = "SELECT number FROM entries WHERE kind = 'answer'"
        for table, belongs in (
            ("contents", "SELECT number FROM entries"),
            ("answers", answers),
            ("cited", answers),
            ("judged", "SELECT number FROM entries WHERE kind = 'feedback'"),
        ):
            what = "content" if table == "contents" else "index"
            for (number,) in connection.execute(
                f"SELECT DISTINCT number FROM {table} WHERE number NOT IN ({belongs}) LIMIT {_NAMED}"
            ):
                self._fault(what, number, table, f"a row of {table} belongs to no entry")
        size = stored.size(connection)
        for level, place in connection.execute(
            "SELECT level, place FROM nodes WHERE level < 0 OR level > 62 OR place < 0"
            f" OR (place + 1) << max(0, min(level, 62)) > ? LIMIT {_NAMED}",
            (size,),
        ):
            last = (place + 1) << max(0, min(level, 62))
            self._fault(
                "tree", last, f"{level}/{place}", f"the tree has a hash up to entry {last}, and the log ends at {size}"
            )

    def _schema(self, connection: sqlite3.Connection) -> None:
        found = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
        for name, sql in expected_schema().items():
            if found.pop(name, None) != sql:
                self._fault("database", 0, name, f"{name} is not as this program makes it")
        for name in found:
            self._fault("database", 0, str(name), f"{name} does not belong into the log")

    def _examined(self, connection: sqlite3.Connection) -> None:
        try:
            for (line,) in connection.execute(f"PRAGMA integrity_check({_NAMED})"):
                if line != "ok":
                    self._fault("database", 0, self._database.path.name, str(line))
        except sqlite3.DatabaseError as error:
            self._fault("database", 0, self._database.path.name, f"damaged: {error}")

    # --- checkpoints ---

    def _read_checkpoints(self) -> list[tuple[str, Checkpoint]]:
        unreached = self._checkpoints.unreached()
        if unreached is not None:
            self._notes.append(f"no checkpoint has been written since {unreached.since}: {unreached.reason}")
        found: list[tuple[str, Checkpoint]] = []
        try:
            verifier = self._checkpoints.signer(make=False).verifier
        except RagMedError as error:
            self._notes.append(f"checkpoints were not checked: {error}")
            return found
        written = self._checkpoints.last_written(verifier)
        try:
            names = self._checkpoints.names()
            public = self._checkpoints.public_key()
        except OSError as error:
            self._notes.append(f"checkpoints were not checked: {self._checkpoints.folder}: {error.strerror}")
            return found
        if names and public != str(verifier):
            self._fault("checkpoint", 0, "public.key", "the public key beside the checkpoints is not that of this log")
        for name in names:
            try:
                found.append((name, self._checkpoints.read(name, verifier)))
            except (IntegrityError, OSError) as error:
                self._fault("checkpoint", 0, name, f"checkpoint {name}: {error}")
        self._put_back(found, written)
        return found

    def _put_back(self, found: list[tuple[str, Checkpoint]], written: Checkpoint | None) -> None:
        newest = dict(found).get(LATEST)
        known = max([one.size for _, one in found] + ([written.size] if written else []), default=0)
        if newest is not None and newest.size < known:
            self._fault(
                "checkpoint",
                newest.size,
                LATEST,
                f"an older checkpoint was put back: it is of {newest.size} entries, and one of {known} was written",
            )
        elif newest is None and found:
            self._fault(
                "checkpoint", known, LATEST, f"the newest checkpoint is gone; one of {known} entries was written"
            )
        elif newest is None and known:
            self._notes.append(f"the folder has no checkpoints; one of {known} entries was written")

    def _compare_checkpoints(self, signed: list[tuple[str, Checkpoint]]) -> None:
        self._cut_off(signed)
        differing = [
            (name, one)
            for name, one in sorted(signed, key=lambda pair: pair[1].size)
            if one.size <= self._size and self._root_of(one.size) != one.root
        ]
        agreed = max((one.size for _, one in signed if self._root_of(one.size) == one.root), default=0)
        for name, one in differing:
            known = self._root_of(one.size) is not None
            reason = (
                f"an entry of {agreed + 1} to {one.size} is not the one that was signed"
                if known
                else f"the tree cannot be worked out up to entry {one.size}"
            )
            self._fault(
                "checkpoint", one.size, name, f"checkpoint {name} of {one.size} entries does not agree: {reason}"
            )
        covered = max((one.size for _, one in signed), default=0)
        if self._counts["entries"] and not signed:
            self._notes.append("no checkpoint was checked: it cannot be told whether the end of the log was cut off")
        elif 0 < covered < self._size:
            self._notes.append(f"entries {covered + 1} to {self._size} are in no checkpoint yet")

    def _cut_off(self, signed: list[tuple[str, Checkpoint]]) -> None:
        longest = max(signed, key=lambda pair: pair[1].size, default=None)
        if longest is None or longest[1].size <= self._size:
            return
        name, one = longest
        self._fault(
            "truncated",
            self._size + 1,
            name,
            f"entries {self._size + 1} to {one.size} are missing: checkpoint {name} was signed of {one.size}",
        )

    def _root_of(self, size: int) -> bytes | None:
        return merkle.EMPTY_ROOT if size == 0 else self._roots.get(size)

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

    def _fault(self, what: str, number: int, subject: str, message: str) -> None:
        self._faults.append(Fault(what=what, number=number, subject=subject, message=message))


def _one(connection: sqlite3.Connection, query: str) -> int:
    (found,) = connection.execute(query).fetchone()
    return int(found)


def _hash(connection: sqlite3.Connection, level: int, place: int) -> bytes | None:
    row = connection.execute("SELECT hash FROM nodes WHERE level = ? AND place = ?", (level, place)).fetchone()
    return None if row is None else row[0]
