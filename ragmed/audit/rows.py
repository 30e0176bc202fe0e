"""The rows that answers are searched by, worked out from an answer's JSON and from nothing else.

Laws of this room: no patient text gets into a row; the same JSON gives the same rows, so that verifying can compare
them.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

AnswerRow = tuple[str, str, str, str]
"""Language, mode, outcome, snapshot id."""
CitedRow = tuple[str, str, str, str, int]
"""Document id, verdict, series, edition, times. Withheld claims have no document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRows:
    """What an answer is found by."""

    answer: AnswerRow
    cited: tuple[CitedRow, ...]
    """In the order of the table's key."""


def rows_of(record: Mapping[str, Any]) -> SearchRows:
    """The rows of an ``AnswerRecord`` in its JSON form."""
    editions = {one["document_id"]: (one["series"], one["edition"]) for one in record["documents"]}
    counted = Counter((check["citation"]["document_id"], check["verdict"]) for check in record["checks"])
    counted.update(("", claim["verdict"]) for claim in record["withheld"])
    return SearchRows(
        answer=(record["language"], record["mode"], record["outcome"], record["snapshot_id"]),
        cited=tuple(
            (document_id, verdict, *editions.get(document_id, ("", "")), times)
            for (document_id, verdict), times in sorted(counted.items(), key=lambda one: _utf8(one[0]))
        ),
    )


def keep(connection: sqlite3.Connection, number: int, rows: SearchRows) -> None:
    """Insert the rows of the answer with this number."""
    connection.execute(
        "INSERT INTO answers (number, language, mode, outcome, snapshot_id) VALUES (?, ?, ?, ?, ?)",
        (number, *rows.answer),
    )
    connection.executemany(
        "INSERT INTO cited (number, document_id, verdict, series, edition, times) VALUES (?, ?, ?, ?, ?, ?)",
        [(number, *row) for row in rows.cited],
    )


def kept(connection: sqlite3.Connection, number: int) -> SearchRows | None:
    """The rows as they stand; None where the answer has none."""
    answer = connection.execute(
        "SELECT language, mode, outcome, snapshot_id FROM answers WHERE number = ?", (number,)
    ).fetchone()
    cited = connection.execute(
        "SELECT document_id, verdict, series, edition, times FROM cited WHERE number = ? ORDER BY document_id, verdict",
        (number,),
    ).fetchall()
    if answer is None:
        return None
    return SearchRows(answer=answer, cited=tuple(cited))


def _utf8(key: tuple[str, str]) -> tuple[bytes, bytes]:
    """SQLite orders text by its UTF-8 bytes."""
    return key[0].encode("utf-8"), key[1].encode("utf-8")
