"""Damage to a log, one bit, row or file at a time, and whom a verification must name for it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ragmed.audit.schema import TABLES
from ragmed.entries import Verification

KEY_COLUMNS = {
    "entries": ("number",),
    "nodes": ("level", "place"),
    "contents": ("number",),
    "answers": ("number",),
    "cited": ("number", "document_id", "verdict"),
    "judged": ("number",),
    "keys": ("number",),
}


@dataclass(frozen=True, slots=True)
class Flip:
    """One bit of one value."""

    table: str
    key: tuple[int | str, ...]
    column: str
    bit: int

    def named(self, found: Verification, answer_of: dict[int, int]) -> bool:
        """Whether a fault names the entry (of a tree's hash: one of the entries that it covers)."""
        first, last = self.entries()
        near = range(first, last + 1)
        of_answer = {answer_of.get(number) for number in near}
        return any(fault.number in near or fault.number in of_answer for fault in found.faults)

    def entries(self) -> tuple[int, int]:
        """The entries that it stands for, first and last."""
        if self.table == "nodes":
            level, place = int(self.key[0]), int(self.key[1])
            return (place << level) + 1, (place + 1) << level
        return int(self.key[0]), int(self.key[0])


@contextmanager
def unguarded(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection without the triggers and checks that refuse changes; the triggers are put back as they were."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints=ON")
    connection.execute("BEGIN IMMEDIATE")
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    for _, sql in triggers:
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def flips(path: Path, count: int, chance: random.Random, tables: tuple[str, ...] = TABLES) -> list[Flip]:
    """``count`` flips, evenly over the columns of all tables, and within a column evenly over rows and bits."""
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    found = []
    places = [(table, column) for table in tables for column in columns(connection, table)]  # names come as bytes
    texts = [(table, column.decode() if isinstance(column, bytes) else column) for table, column in places]
    rows = {}
    for table, column in texts:
        key = ", ".join(KEY_COLUMNS[table])
        rows[table, column] = connection.execute(f"SELECT {key}, {column} FROM {table}").fetchall()
    connection.close()
    while len(found) < count:
        table, column = texts[len(found) % len(texts)]
        *key, value = chance.choice(rows[table, column])
        bits = 63 if isinstance(value, int) else 8 * len(value)
        if not bits:  # an empty text, the content of an erased answer
            texts_left = [row for row in rows[table, column] if row[-1]]
            *key, value = chance.choice(texts_left)
            bits = 8 * len(value)
        decoded = tuple(one.decode() if isinstance(one, bytes) else one for one in key)
        found.append(Flip(table, decoded, column, chance.randrange(bits)))
    return found


def flip(connection: sqlite3.Connection, one: Flip) -> bool:
    """Do it; False where the file's own keys forbid it (two rows with one key)."""
    where = " AND ".join(f"{column} = ?" for column in KEY_COLUMNS[one.table])
    before = connection.text_factory
    connection.text_factory = bytes
    (value,) = connection.execute(f"SELECT {one.column} FROM {one.table} WHERE {where}", one.key).fetchone()
    (kind,) = connection.execute(f"SELECT typeof({one.column}) FROM {one.table} WHERE {where}", one.key).fetchone()
    connection.text_factory = before
    if isinstance(value, int):
        changed: object = value ^ (1 << one.bit)
        new = "?"
    else:
        raw = bytearray(value)
        raw[one.bit // 8] ^= 1 << one.bit % 8
        changed = bytes(raw)
        new = "CAST(? AS TEXT)" if kind == b"text" else "?"
    try:
        connection.execute(f"UPDATE {one.table} SET {one.column} = {new} WHERE {where}", (changed, *one.key))
    except sqlite3.IntegrityError:
        return False
    return True


def flip_byte(path: Path, place: int, bit: int) -> None:
    with path.open("r+b") as stream:
        stream.seek(place)
        (byte,) = stream.read(1)
        stream.seek(place)
        stream.write(bytes([byte ^ (1 << bit)]))


def delete(connection: sqlite3.Connection, number: int, *, with_leaf: bool) -> None:
    for table in ("entries", "contents", "answers", "cited", "judged"):
        connection.execute(f"DELETE FROM {table} WHERE number = ?", (number,))
    if with_leaf:
        connection.execute("DELETE FROM nodes WHERE level = 0 AND place = ?", (number - 1,))


def swap(connection: sqlite3.Connection, number: int) -> None:
    """Entry, leaf, content and rows of two neighbours change places."""
    for table in ("entries", "contents", "answers", "cited", "judged"):
        for old, new in ((number, -1), (number + 1, number), (-1, number + 1)):
            connection.execute(f"UPDATE {table} SET number = ? WHERE number = ?", (new, old))
    for old, new in ((number - 1, -1), (number, number - 1), (-1, number)):
        connection.execute("UPDATE nodes SET place = ? WHERE level = 0 AND place = ?", (new, old))


def swap_contents(connection: sqlite3.Connection, number: int) -> None:
    for old, new in ((number, -1), (number + 1, number), (-1, number + 1)):
        connection.execute("UPDATE contents SET number = ? WHERE number = ?", (new, old))


def cut_off(connection: sqlite3.Connection, number: int) -> None:
    """The entry and all behind it, without a trace in the file."""
    for table in ("entries", "contents", "answers", "cited", "judged"):
        connection.execute(f"DELETE FROM {table} WHERE number >= ?", (number,))
    connection.execute("DELETE FROM nodes WHERE (place + 1) << level >= ?", (number,))


def readable(path: Path) -> list[tuple[object, ...]]:
    """All that can be read of a log's file: schema and rows."""
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    found: list[tuple[object, ...]] = [("version", *connection.execute("PRAGMA user_version").fetchone())]
    found += connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()
    for table in TABLES:
        found += connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    connection.close()
    return found
