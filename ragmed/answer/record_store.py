"""Answers in one SQLite file, kept before they are shown (law 5).

Laws of this room: a record is written once and never changed; what ``append`` has returned from survives a power cut
(WAL, ``synchronous=FULL``); any number of processes may read and write at once; a record's canonical JSON is kept with
its SHA-256, and reading compares them. The file holds patients' questions: mode 0600. A newer schema is refused by
name.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragmed.canonical import canonical_json, rebuild, sha256_bytes
from ragmed.changes import CitedQuote
from ragmed.errors import BadInputError, BusyError, IntegrityError, NotFoundError, NotPossibleError
from ragmed.records import AnswerRecord, Outcome

SCHEMA = 1
"""Raised whenever an older program could not read what this one writes."""
SHORTEST_PREFIX = 4
_WAIT_SECONDS = 10.0
_APPLICATION = 0x5261_4D64  # "RaMd": tells this file from any other SQLite database
_TABLE = """
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    record_id TEXT NOT NULL UNIQUE,
    asked_at TEXT NOT NULL,
    language TEXT NOT NULL,
    mode TEXT NOT NULL,
    outcome TEXT NOT NULL,
    snapshot_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    record BLOB NOT NULL
) STRICT
"""
_KEPT_AS_WRITTEN = """
CREATE TRIGGER IF NOT EXISTS records_never_{verb} BEFORE {verb} ON records
BEGIN SELECT RAISE(ABORT, 'records are never changed'); END
"""


class SqliteRecordStore:
    """A ``RecordStore`` in a file; a connection is opened for each call, so it may be shared between threads."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened or made before the first call."""
        self.path = path

    def append(self, record: AnswerRecord) -> None:
        """Keep ``record``. Raises NotPossibleError, BusyError, BadInputError (its id is taken)."""
        body = canonical_json(record)
        row = (
            record.record_id,
            record.asked_at,
            record.language.value,
            record.mode.value,
            record.outcome.value,
            record.snapshot_id,
            sha256_bytes(body),
            body,
        )
        try:
            with self._open(writing=True) as connection:
                connection.execute(
                    "INSERT INTO records (record_id, asked_at, language, mode, outcome, snapshot_id, sha256, record)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
        except sqlite3.IntegrityError:
            raise BadInputError(
                f"{self.path}: a record {record.record_id} is kept already", remedy="ask again; records never change"
            ) from None

    def get(self, record_id: str) -> AnswerRecord:
        if len(record_id) < SHORTEST_PREFIX:
            raise NotFoundError(
                f"{record_id!r} is too short for a record",
                remedy=f"give at least {SHORTEST_PREFIX} characters of its id",
            )
        if not self.path.exists():
            raise NotFoundError(f"no record {record_id}: no answer has been kept yet", remedy="ask a question first")
        with self._open() as connection:
            rows = connection.execute(
                "SELECT record_id, sha256, record FROM records WHERE substr(record_id, 1, ?) = ?"
                " ORDER BY record_id = ? DESC LIMIT 2",
                (len(record_id), record_id, record_id),
            ).fetchall()
        if not rows:
            raise NotFoundError(f"no record {record_id}", remedy="look at the newest ones; ids are shown under answers")
        if len(rows) > 1 and rows[0][0] != record_id:
            raise NotFoundError(f"{record_id} fits more than one record", remedy="give more characters of its id")
        return self._record(*rows[0])

    def recent(self, limit: int) -> tuple[AnswerRecord, ...]:
        if not self.path.exists():
            return ()
        with self._open() as connection:
            rows = connection.execute(
                "SELECT record_id, sha256, record FROM records ORDER BY number DESC LIMIT ?", (max(0, limit),)
            ).fetchall()
        return tuple(self._record(*row) for row in rows)

    def unanswered(self, limit: int) -> tuple[AnswerRecord, ...]:
        if not self.path.exists():
            return ()
        with self._open() as connection:
            rows = connection.execute(
                "SELECT record_id, sha256, record FROM records WHERE outcome = ? ORDER BY number DESC LIMIT ?",
                (Outcome.ABSTAINED.value, max(0, limit)),
            ).fetchall()
        return tuple(self._record(*row) for row in rows)

    def cited_series(self, since: str, after: int = 0) -> Iterator[tuple[int, frozenset[str]]]:
        if not self.path.exists():
            return
        with self._open() as connection:
            for number, *row in connection.execute(
                "SELECT number, record_id, sha256, record FROM records"
                " WHERE number > ? AND asked_at >= ? AND outcome = ? ORDER BY number",
                (after, since, Outcome.ANSWERED.value),
            ):
                record = self._record(*row)
                cited = {check.citation.document_id for check in record.checks if check.verdict.holds}
                yield (
                    number,
                    frozenset(document.series for document in record.documents if document.document_id in cited),
                )

    def cited_snapshots(self) -> frozenset[str]:
        if not self.path.exists():
            return frozenset()
        with self._open() as connection:
            return frozenset(name for (name,) in connection.execute("SELECT DISTINCT snapshot_id FROM records"))

    def quotes_from(self, document_ids: frozenset[str]) -> Iterator[CitedQuote]:
        if not document_ids or not self.path.exists():
            return
        # the body is searched as text first: most records cite none of the documents, and need not be rebuilt
        named = " OR ".join(["instr(record, CAST(? AS BLOB)) > 0"] * len(document_ids))
        with self._open() as connection:
            for row in connection.execute(
                f"SELECT record_id, sha256, record FROM records WHERE {named} ORDER BY number",
                tuple(sorted(document_ids)),
            ):
                record = self._record(*row)
                quotes = (
                    CitedQuote(
                        record_id=record.record_id,
                        asked_at=record.asked_at,
                        document_id=check.citation.document_id,
                        page_number=check.citation.page_number,
                        quote=check.citation.quote,
                    )
                    for check in record.checks
                    if check.verdict.holds and check.citation.document_id in document_ids
                )
                yield from dict.fromkeys(quotes)

    def _record(self, record_id: str, sha256: str, body: bytes) -> AnswerRecord:
        if sha256_bytes(body) != sha256:
            raise IntegrityError(
                f"{self.path}: record {record_id} is not as it was written", remedy="restore the file from a backup"
            )
        try:
            return rebuild(AnswerRecord, json.loads(body))
        except ValueError as error:
            raise IntegrityError(
                f"{self.path}: record {record_id} cannot be read: {error}",
                remedy="it was written by another version of ragmed; use that one",
            ) from error

    @contextmanager
    def _open(self, *, writing: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction of its own."""
        connection = None
        try:
            if writing:
                self._create_private()
            connection = sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None)
            self._prepare(connection)
            connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error
        except OSError as error:
            raise NotPossibleError(
                f"{self.path}: the answer cannot be kept: {error}",
                remedy="no answer is shown that is not kept; make the folder writable or free some space",
            ) from error
        finally:
            if connection is not None:
                connection.close()  # an open transaction is rolled back

    def _create_private(self) -> None:
        """Make the file, readable by its owner alone, before SQLite does."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA synchronous=FULL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA:
            raise NotPossibleError(
                f"{self.path}: written by a newer ragmed (schema {version}, this one reads {SCHEMA})",
                remedy="use the newer ragmed, or name another index folder",
            )
        if version == SCHEMA:
            return
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if tables and application != _APPLICATION:
            raise BadInputError(
                f"{self.path}: a database, but not of RagMed's answers",
                remedy="move it away or name another index folder",
            )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_TABLE)
        for verb in ("UPDATE", "DELETE"):
            connection.execute(_KEPT_AS_WRITTEN.format(verb=verb))
        connection.execute(f"PRAGMA application_id={_APPLICATION}")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.execute("COMMIT")

    def _explained(self, error: sqlite3.DatabaseError) -> BusyError | IntegrityError | NotPossibleError:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return BusyError(
                f"{self.path}: another process has held it for {_WAIT_SECONDS:.0f} s", remedy="try again in a moment"
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return IntegrityError(f"{self.path}: damaged: {error}", remedy="restore the file from a backup")
        return NotPossibleError(
            f"{self.path}: the answer cannot be kept: {error}",
            remedy="no answer is shown that is not kept; make the folder writable or free some space",
        )
