"""The tables of the log, and how a file of an older schema becomes one of today's.

Laws of this room: an entry, a stored hash and a search row are inserted once; triggers refuse to change or delete them.
Only the content of an erased answer may be emptied, and only once its erasure is an entry. Entries are numbered without
gaps.

``entries`` are what the tree commits to; ``nodes`` its complete subtrees (level 0: the leaves); ``contents`` what the
entries stand for, sealed. ``answers``, ``cited`` and ``judged`` are there for searching alone: they hold no patient
text, are no evidence, and are compared with the contents when the log is verified.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache

from ragmed.canonical import sha256_bytes
from ragmed.errors import IntegrityError

SCHEMA = 4
"""Raised whenever an older program could not read what this one writes."""
APPLICATION = 0x5261_4D64  # "RaMd": tells this file from any other SQLite database
KEYS_SCHEMA = 1
KEYS_APPLICATION = 0x5261_4D6B  # "RaMk"

_TABLES = """
CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    subject TEXT NOT NULL,
    user TEXT NOT NULL,
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    format INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX entries_answers ON entries (subject) WHERE kind = 'answer';
CREATE UNIQUE INDEX entries_erasures ON entries (subject) WHERE kind = 'erasure';
CREATE INDEX entries_feedback ON entries (subject) WHERE kind = 'feedback';
CREATE INDEX entries_reviews ON entries (subject) WHERE kind = 'review';
CREATE INDEX entries_adapters ON entries (subject) WHERE kind = 'adapter';
CREATE INDEX entries_at ON entries (at) WHERE kind = 'answer';
CREATE INDEX entries_user ON entries (user) WHERE kind = 'answer';
CREATE TABLE nodes (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE contents (number INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE answers (
    number INTEGER PRIMARY KEY,
    language TEXT NOT NULL,
    mode TEXT NOT NULL,
    outcome TEXT NOT NULL,
    snapshot_id TEXT NOT NULL
) STRICT;
CREATE INDEX answers_language ON answers (language);
CREATE INDEX answers_outcome ON answers (outcome);
CREATE INDEX answers_snapshot ON answers (snapshot_id);
CREATE TABLE cited (
    number INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    series TEXT NOT NULL,
    edition TEXT NOT NULL COLLATE NOCASE,
    times INTEGER NOT NULL,
    PRIMARY KEY (number, document_id, verdict)
) STRICT, WITHOUT ROWID;
CREATE INDEX cited_document ON cited (document_id, number);
CREATE INDEX cited_series ON cited (series, number);
CREATE INDEX cited_edition ON cited (edition, number);
CREATE INDEX cited_verdict ON cited (verdict, number);
CREATE TABLE judged (
    number INTEGER PRIMARY KEY,
    answer INTEGER NOT NULL,
    kind TEXT NOT NULL
) STRICT;
CREATE INDEX judged_answer ON judged (answer);
CREATE INDEX judged_kind ON judged (kind, answer);
CREATE TRIGGER entries_in_order BEFORE INSERT ON entries
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM entries)
BEGIN SELECT RAISE(ABORT, 'entries follow each other'); END;
CREATE TRIGGER contents_never_UPDATE BEFORE UPDATE ON contents
WHEN NEW.number <> OLD.number OR length(NEW.sealed) > 0 OR NOT EXISTS (
    SELECT 1 FROM entries JOIN entries AS erasure ON erasure.subject = entries.subject AND erasure.kind = 'erasure'
    WHERE entries.number = OLD.number AND entries.kind IN ('answer', 'feedback', 'review')
)
BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
"""
_NEVER = """
CREATE TRIGGER {table}_never_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
"""
TABLES = ("entries", "nodes", "contents", "answers", "cited", "judged")


def make_tables(connection: sqlite3.Connection) -> None:
    """All tables and triggers, inside the caller's transaction."""
    never = "".join(
        _NEVER.format(table=table, verb=verb)
        for table in TABLES
        for verb in ("UPDATE", "DELETE")
        if (table, verb) != ("contents", "UPDATE")
    )
    for statement in _statements(_TABLES + never):
        connection.execute(statement)


def let_reviews_in(connection: sqlite3.Connection) -> None:
    """A file of the second schema, which knew no reviews, becomes one of today's; no entry is touched."""
    connection.execute("DROP TRIGGER contents_never_UPDATE")
    for statement in _statements(_TABLES):
        if "entries_reviews" in statement or "contents_never_UPDATE" in statement:
            connection.execute(statement)


def let_adapters_in(connection: sqlite3.Connection) -> None:
    """A file of the third schema, which knew no adapters, becomes one of today's; no entry is touched."""
    for statement in _statements(_TABLES):
        if "entries_adapters" in statement:
            connection.execute(statement)


@cache
def expected_schema() -> dict[str, str]:
    """Name → SQL of all that the file's schema is made of, as SQLite writes it down."""
    connection = sqlite3.connect(":memory:")
    try:
        make_tables(connection)
        return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
    finally:
        connection.close()


def take_over(connection: sqlite3.Connection, append: Callable[[sqlite3.Connection, bytes], None]) -> None:
    """Every record of the first schema becomes an entry, in order; then the table that held them in plain goes.

    ``append`` keeps one record, given as its JSON. Raises IntegrityError where one is not as it was written.
    """
    number = 0
    while row := connection.execute(
        "SELECT number, record_id, sha256, record FROM records WHERE number > ? ORDER BY number LIMIT 1", (number,)
    ).fetchone():
        number, record_id, sha256, body = row
        if sha256_bytes(body) != sha256:
            raise IntegrityError(
                f"record {record_id} is not as it was written, so that the log cannot be brought up to date",
                remedy="restore the file from a backup",
            )
        append(connection, body)
    connection.execute("DROP TABLE records")  # and its triggers; secure_delete overwrites its pages


def _statements(script: str) -> list[str]:
    """Single statements: ``executescript`` would end the transaction."""
    found, lines = [], []
    for line in script.strip().splitlines():
        lines.append(line)
        statement = "\n".join(lines)
        if sqlite3.complete_statement(statement):
            found.append(statement)
            lines = []
    return found
