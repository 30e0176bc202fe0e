"""Reading the log's tables: entries, hashes, contents. Functions of an open transaction.

Laws of this room: content is never handed out without comparing it with its entry's commitment.
"""

from __future__ import annotations

import json
import sqlite3
from hashlib import sha256
from typing import Any

from ragmed.adapters.change import AdapterChange
from ragmed.audit.merkle import Subtree
from ragmed.audit.rows import kept
from ragmed.audit.sealing import KeyStore, open_unsealed, unseal
from ragmed.canonical import canonical_json, rebuild, sha256_of
from ragmed.entries import AuditEntry, EntryKind, Erasure, Feedback, Opening, Review, Reviewed
from ragmed.errors import ErasedError, IntegrityError, NotFoundError

ENTRY_COLUMNS = "number, kind, at, subject, user, commitment, format"
NOT_ERASED = (
    "NOT EXISTS (SELECT 1 FROM entries AS erasure WHERE erasure.kind = 'erasure' AND erasure.subject = entries.subject)"
)


def leaf_of(entry: AuditEntry) -> bytes:
    """What the tree commits to."""
    return canonical_json(entry)


def entry_of(row: tuple[Any, ...]) -> AuditEntry:
    """An entry from its columns. Raises ValueError for a kind that does not exist."""
    number, kind, at, subject, user, commitment, form = row
    return AuditEntry(
        number=number,
        kind=EntryKind(kind),
        at=at,
        subject=subject,
        user=user,
        commitment=commitment.hex(),
        format=form,
    )


def size(connection: sqlite3.Connection) -> int:
    """How many entries there are."""
    (found,) = connection.execute("SELECT coalesce(max(number), 0) FROM entries").fetchone()
    return int(found)


def entry(connection: sqlite3.Connection, number: int) -> AuditEntry:
    """Raises NotFoundError."""
    row = connection.execute(f"SELECT {ENTRY_COLUMNS} FROM entries WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise NotFoundError(f"the log has no entry {number}", remedy=f"it has {size(connection)}")
    return entry_of(row)


def subtrees(connection: sqlite3.Connection) -> Subtree:
    """The stored hashes. The function raises IntegrityError for one that is not there."""

    def subtree(level: int, place: int) -> bytes:
        row = connection.execute("SELECT hash FROM nodes WHERE level = ? AND place = ?", (level, place)).fetchone()
        if row is None:
            raise IntegrityError(
                f"the log's tree lacks the hash of entries {(place << level) + 1} to {(place + 1) << level}",
                remedy="verify the log; restore the file from a backup",
            )
        found: bytes = row[0]
        return found

    return subtree


def answer_number(connection: sqlite3.Connection, record_id: str) -> int:
    """Number of the answer's entry. Raises NotFoundError."""
    row = connection.execute(
        "SELECT number FROM entries WHERE kind = 'answer' AND subject = ?", (record_id,)
    ).fetchone()
    if row is None:
        raise NotFoundError(f"no record {record_id}", remedy="look at the newest ones; ids are shown under answers")
    return int(row[0])


def erasure_entry(connection: sqlite3.Connection, record_id: str) -> AuditEntry | None:
    """The entry of the answer's erasure."""
    row = connection.execute(
        f"SELECT {ENTRY_COLUMNS} FROM entries WHERE kind = 'erasure' AND subject = ?", (record_id,)
    ).fetchone()
    return None if row is None else entry_of(row)


def refuse_erased(connection: sqlite3.Connection, record_id: str) -> None:
    """Raises ErasedError where the answer's content was destroyed."""
    found = erasure_entry(connection, record_id)
    if found is not None:
        raise erased(record_id, found.at)


def erased(record_id: str, at: str = "") -> ErasedError:
    """The error for an answer whose content is gone."""
    when = f" on {at}" if at else ""
    return ErasedError(
        f"record {record_id} was erased{when}", remedy="its entries stay and verify; its content is gone for good"
    )


def stored_content(connection: sqlite3.Connection, number: int) -> bytes:
    """Sealed content of an entry; empty once it is erased. Raises IntegrityError where there is none."""
    row = connection.execute("SELECT sealed FROM contents WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise IntegrityError(f"entry {number} has no content", remedy="restore the file from a backup")
    sealed: bytes = row[0]
    return sealed


def opened(connection: sqlite3.Connection, keys: KeyStore, one: AuditEntry) -> Opening | None:
    """What the entry committed to; None once it is erased. Raises IntegrityError."""
    if one.kind in (EntryKind.ERASURE, EntryKind.ADAPTER):
        return _open_for_ever(connection, one)
    sealed = stored_content(connection, one.number)
    commitment = bytes.fromhex(one.commitment)
    if erasure_entry(connection, one.subject) is not None:
        return None
    number = one.number if one.kind is EntryKind.ANSWER else answer_number(connection, one.subject)
    key = keys.key(number)
    if key is None:
        return None  # erased since this transaction began
    try:
        found = unseal(key, sealed, commitment)
    except IntegrityError as error:
        raise IntegrityError(
            f"entry {one.number}, {one.kind.value} {one.subject}: {error}",
            remedy="run `ragmed audit verify`, then restore the log from a backup",
        ) from None
    if sha256(found.salt + found.content).digest() != commitment:
        raise IntegrityError(f"entry {one.number}: its content is not what it committed to")
    return found


def adapter_changes(connection: sqlite3.Connection) -> tuple[AdapterChange, ...]:
    """All of them, oldest first. Raises IntegrityError."""
    rows = connection.execute(
        f"SELECT {ENTRY_COLUMNS} FROM entries INDEXED BY entries_adapters WHERE kind = 'adapter' ORDER BY number"
    ).fetchall()
    return tuple(_adapter_change(connection, entry_of(row)) for row in rows)


def _adapter_change(connection: sqlite3.Connection, one: AuditEntry) -> AdapterChange:
    try:
        return rebuild(AdapterChange, json.loads(_open_for_ever(connection, one).content))
    except ValueError:
        raise IntegrityError(
            f"entry {one.number} cannot be read as a change of an adapter",
            remedy="it was written by another version of ragmed, or changed; run `ragmed audit verify`",
        ) from None


def _open_for_ever(connection: sqlite3.Connection, one: AuditEntry) -> Opening:
    """Content that was never sealed. Raises IntegrityError."""
    found = open_unsealed(stored_content(connection, one.number))
    if sha256(found.salt + found.content).hexdigest() != one.commitment:
        raise IntegrityError(f"entry {one.number}: its content is not what it committed to")
    return found


def erasure(connection: sqlite3.Connection, keys: KeyStore, record_id: str) -> Erasure | None:
    """When, by whom and why the answer was erased. Raises IntegrityError."""
    found = erasure_entry(connection, record_id)
    if found is None:
        return None
    opening = opened(connection, keys, found)
    assert opening is not None  # an erasure is never sealed
    return rebuild(Erasure, json.loads(opening.content))


def feedback(
    connection: sqlite3.Connection, keys: KeyStore, record_id: str, *, before: int = 0
) -> tuple[Feedback, ...]:
    """Oldest first; none of an erased answer. ``before``: of smaller entries only (0: all). Raises IntegrityError."""
    rows = connection.execute(
        f"SELECT {ENTRY_COLUMNS} FROM entries WHERE kind = 'feedback' AND subject = ?1 AND (?2 = 0 OR number < ?2)"
        " ORDER BY number",
        (record_id, before),
    ).fetchall()
    openings = [opened(connection, keys, entry_of(row)) for row in rows]
    return tuple(rebuild(Feedback, json.loads(one.content)) for one in openings if one is not None)


def reviews(connection: sqlite3.Connection, keys: KeyStore, record_id: str) -> tuple[Review, ...]:
    """Oldest first; none of an erased answer. Raises IntegrityError."""
    rows = connection.execute(
        f"SELECT {ENTRY_COLUMNS} FROM entries WHERE kind = 'review' AND subject = ? ORDER BY number", (record_id,)
    ).fetchall()
    openings = [opened(connection, keys, entry_of(row)) for row in rows]
    return tuple(rebuild(Review, json.loads(one.content)) for one in openings if one is not None)


def reviewed_after(
    connection: sqlite3.Connection, keys: KeyStore, after: int, limit: int
) -> list[tuple[int, Reviewed | None]]:
    """Feedback from entry ``after`` + 1 on with its last review, by number; None for one that is erased.

    Raises IntegrityError.
    """
    rows = connection.execute(
        f"SELECT {ENTRY_COLUMNS} FROM entries WHERE kind = 'feedback' AND number > ? ORDER BY number LIMIT ?",
        (after, limit),
    ).fetchall()
    found: list[tuple[int, Reviewed | None]] = []
    for row in rows:
        entry = entry_of(row)
        opening = opened(connection, keys, entry)
        if opening is None:
            found.append((entry.number, None))
            continue
        feedback = rebuild(Feedback, json.loads(opening.content))
        own = [one for one in reviews(connection, keys, entry.subject) if one.feedback_id == feedback.feedback_id]
        review = own[-1] if own else None
        found.append((entry.number, Reviewed(number=entry.number, feedback=feedback, review=review)))
    return found


def rows_sha256(connection: sqlite3.Connection, number: int) -> str:
    """Of all rows that the answer is searched by, its feedback's included: what an erasure commits to."""
    rows = kept(connection, number)
    judged = connection.execute(
        "SELECT number, kind FROM judged WHERE answer = ? ORDER BY number", (number,)
    ).fetchall()
    return sha256_of([rows.answer if rows else None, rows.cited if rows else [], judged])
