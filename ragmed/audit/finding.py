"""Finding answers: a filter becomes SQL that is led by its rarest condition, newest first.

Laws of this room: search rows answer everything but ``text``, for which the answers that are left are opened one
after the other; what is given to SQL as text is given as a parameter; an answer whose content does not open is listed
as such, and no search for words leaves it out, for nobody knows what it says.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ragmed.audit import stored
from ragmed.audit.sealing import KeyStore
from ragmed.entries import FeedbackKind, RecordFilter, RecordLine
from ragmed.errors import BadInputError, IntegrityError
from ragmed.records import Language, Mode, Outcome, Verdict

_COUNTED = 20_000
"""Rows looked at to see how rare a condition is; all that are more common count as equal."""
_AT_ONCE = 500
_TIME = re.compile(
    r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3])(:[0-5]\d(:[0-5]\d(\.\d{1,3})?)?)?Z?)?)?)?"
)
_END = "~"  # behind every character of a time
_NEWEST = 1 << 62


@dataclass(frozen=True, slots=True)
class _Condition:
    """Numbers of answers that meet one condition, as a query; and the test of one number, as an expression."""

    numbers: str
    test: str
    values: tuple[Any, ...]


def check(wanted: RecordFilter) -> None:
    """Raises BadInputError for what is no time."""
    for stated in (wanted.since, wanted.until):
        if stated and not _TIME.fullmatch(stated):
            raise BadInputError(f"{stated!r} is no time", remedy="write 2026, 2026-11, 2026-11-03 or 2026-11-03T22:15")


def find(
    connection: sqlite3.Connection, keys: KeyStore, wanted: RecordFilter, *, limit: int, before: int
) -> tuple[RecordLine, ...]:
    """Newest first; ``before``: only entries with a smaller number (0: from the newest). ``wanted`` is checked."""
    found: list[RecordLine] = []
    words = wanted.text.casefold()
    if limit < 1:
        return ()
    at_once = _AT_ONCE if words else limit
    for number in _numbers(connection, _conditions(wanted), before or _NEWEST, at_once):
        content, damaged = _content(connection, keys, number)
        said = f"{content['question']}\n{content['text']}".casefold() if content else ""
        if words not in said and not damaged:
            continue
        found.append(_line(connection, number, content, damaged=damaged))
        if len(found) == limit:
            break
    return tuple(found)


def _conditions(wanted: RecordFilter) -> list[_Condition]:
    found = []
    if wanted.since or wanted.until:
        since, until = wanted.since.removesuffix("Z"), wanted.until.removesuffix("Z")
        times = (since, until + _END if until else _END)
        found.append(_of_entry("at >= ? AND at <= ?", "entries_at", times))
    if wanted.user:
        found.append(_of_entry("user = ?", "entries_user", (wanted.user,)))
    if wanted.outcome is not None:
        found.append(_of_answer("outcome", wanted.outcome.value))
    if wanted.language is not None:
        found.append(_of_answer("language", wanted.language.value))
    cited = {
        "document_id": wanted.document_id,
        "series": wanted.series,
        "edition": wanted.edition,
    }
    named = {column: value for column, value in cited.items() if value}
    if named:
        found.append(_of_rows("cited", "number", " AND ".join(f"{column} = ?" for column in named), (*named.values(),)))
    if wanted.verdict is not None:
        found.append(_of_rows("cited", "number", "verdict = ?", (wanted.verdict.value,)))
    if wanted.feedback is not None:
        found.append(_of_rows("judged", "answer", "kind = ?", (wanted.feedback.value,)))
    return found


def _of_entry(where: str, index: str, values: tuple[Any, ...]) -> _Condition:
    return _Condition(
        f"SELECT number FROM entries INDEXED BY {index} WHERE kind = 'answer' AND {where}",
        f"EXISTS (SELECT 1 FROM entries WHERE entries.number = answers.number AND {where})",
        values,
    )


def _of_answer(column: str, value: str) -> _Condition:
    return _Condition(f"SELECT number FROM answers WHERE {column} = ?", f"answers.{column} = ?", (value,))


def _of_rows(table: str, number: str, where: str, values: tuple[Any, ...]) -> _Condition:
    return _Condition(
        f"SELECT {number} AS number FROM {table} WHERE {where}",
        f"EXISTS (SELECT 1 FROM {table} WHERE {table}.{number} = answers.number AND {where})",
        values,
    )


def _numbers(connection: sqlite3.Connection, conditions: list[_Condition], before: int, at_once: int) -> Iterator[int]:
    """Numbers that meet all conditions, the newest first."""
    ranked = sorted((_rarity(connection, one), place) for place, one in enumerate(conditions))
    ordered = [conditions[place] for _, place in ranked]
    leader = ordered.pop(0) if ranked and ranked[0][0] < _COUNTED else None
    floor = 0
    if leader is None:
        for one in ordered:  # common ones may have ended long ago
            first, last = connection.execute(
                f"SELECT (SELECT min(number) FROM ({one.numbers})), (SELECT max(number) FROM ({one.numbers}))",
                (*one.values, *one.values),
            ).fetchone()
            floor, before = max(floor, first), min(before, last + 1)
    source = f"answers.number IN ({leader.numbers}) AND" if leader else ""
    tests = "".join(f" AND {one.test}" for one in ordered)
    values = [value for one in ordered for value in one.values]
    while True:
        rows = connection.execute(
            f"SELECT answers.number FROM answers WHERE {source} answers.number < ? AND answers.number >= ?{tests}"
            " ORDER BY answers.number DESC LIMIT ?",
            (*(leader.values if leader else ()), before, floor, *values, at_once),
        ).fetchall()
        for (number,) in rows:
            yield number
        if len(rows) < at_once:
            return
        before = rows[-1][0]


def _rarity(connection: sqlite3.Connection, condition: _Condition) -> int:
    (found,) = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM ({condition.numbers}) LIMIT {_COUNTED})", condition.values
    ).fetchone()
    return int(found)


def _content(connection: sqlite3.Connection, keys: KeyStore, number: int) -> tuple[dict[str, Any] | None, bool]:
    """What was asked and answered, None where it is erased or does not open; whether it is damaged."""
    try:
        opening = stored.opened(connection, keys, stored.entry(connection, number))
    except IntegrityError:
        return None, True
    return (None if opening is None else json.loads(opening.content)), False


def _line(connection: sqlite3.Connection, number: int, content: dict[str, Any] | None, *, damaged: bool) -> RecordLine:
    entry = stored.entry(connection, number)
    language, mode, outcome, snapshot_id = connection.execute(
        "SELECT language, mode, outcome, snapshot_id FROM answers WHERE number = ?", (number,)
    ).fetchone()
    counted = {
        (withheld, verdict): times
        for withheld, verdict, times in connection.execute(
            "SELECT document_id = '', verdict, sum(times) FROM cited WHERE number = ? GROUP BY 1, 2", (number,)
        )
    }
    order = [(withheld, verdict.value) for withheld in (0, 1) for verdict in Verdict]
    erasure = stored.erasure_entry(connection, entry.subject)
    judged = connection.execute("SELECT kind FROM judged WHERE answer = ? ORDER BY number", (number,)).fetchall()
    return RecordLine(
        number=number,
        record_id=entry.subject,
        at=entry.at,
        user=entry.user,
        language=Language(language),
        mode=Mode(mode),
        outcome=Outcome(outcome),
        snapshot_id=snapshot_id,
        question=content["question"] if content else "",
        verdicts=tuple((one[1], counted[one]) for one in order if one in counted),
        feedback=tuple(FeedbackKind(kind) for (kind,) in judged),
        erased=erasure.at if erasure else "",
        damaged=damaged,
    )
