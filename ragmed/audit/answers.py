"""The answers of the log as the other stages ask for them: a ``RecordStore``'s reading half.

Laws of this room: a record comes back exactly as it was kept, or an error says why not; an erased answer is left out
wherever its content is needed, and cites no snapshot any longer; what can be told from the search rows opens no
content. No transaction stays open while a caller goes through a long list.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ragmed.adapters.change import AdapterChange
from ragmed.audit import stored
from ragmed.audit.database import Database
from ragmed.audit.days import days
from ragmed.audit.schema import (
    APPLICATION,
    KEYS_APPLICATION,
    KEYS_SCHEMA,
    SCHEMA,
    let_adapters_in,
    let_reviews_in,
    make_tables,
    take_over,
)
from ragmed.audit.sealing import KeyStore, make_keys
from ragmed.canonical import rebuild
from ragmed.changes import CitedQuote
from ragmed.entries import Day, Erasure, Feedback, Review, Reviewed
from ragmed.errors import IntegrityError, NotFoundError
from ragmed.records import AnswerRecord, Outcome, Verdict

SHORTEST_PREFIX = 4
_HOLDS = tuple(verdict.value for verdict in Verdict if verdict.holds)
_AT_ONCE = 500


class Answers:
    """Answers, their feedback and erasures, read from the log's file."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened or made before the first call."""
        self.path = path
        self.database = Database(path, application=APPLICATION, schema=SCHEMA, make=self._make, holds="answers")
        self.keys = KeyStore(
            Database(
                path.with_suffix(".keys"),
                application=KEYS_APPLICATION,
                schema=KEYS_SCHEMA,
                make=make_keys,
                holds="keys",
            )
        )

    def get(self, record_id: str) -> AnswerRecord:
        whole = self.whole_id(record_id)
        with self.database.reading() as connection:
            stored.refuse_erased(connection, whole)
            found = self._record(connection, stored.answer_number(connection, whole))
        if found is None:
            raise stored.erased(whole)
        return found

    def whole_id(self, record_id: str) -> str:
        """Of an answer, erased or not, by its id or the beginning of it. Raises NotFoundError."""
        if len(record_id) < SHORTEST_PREFIX:
            raise NotFoundError(
                f"{record_id!r} is too short for a record",
                remedy=f"give at least {SHORTEST_PREFIX} characters of its id",
            )
        if not self.database.exists():
            raise NotFoundError(f"no record {record_id}: no answer has been kept yet", remedy="ask a question first")
        with self.database.reading() as connection:
            # below any text that goes on with a further character
            rows = connection.execute(
                "SELECT subject FROM entries WHERE kind = 'answer' AND subject >= ? AND subject < ? || ?"
                " ORDER BY subject LIMIT 2",
                (record_id, record_id, chr(0x10FFFF)),
            ).fetchall()
        if not rows:
            raise NotFoundError(f"no record {record_id}", remedy="look at the newest ones; ids are shown under answers")
        if len(rows) > 1 and rows[0][0] != record_id:
            raise NotFoundError(f"{record_id} fits more than one record", remedy="give more characters of its id")
        whole: str = rows[0][0]
        return whole

    def recent(self, limit: int) -> tuple[AnswerRecord, ...]:
        return self._newest("", limit)

    def unanswered(self, limit: int) -> tuple[AnswerRecord, ...]:
        return self._newest("answers.outcome = 'abstained' AND", limit)

    def cited_series(self, since: str, after: int = 0) -> Iterator[tuple[int, frozenset[str]]]:
        while self.database.exists():
            with self.database.reading() as connection:
                numbers = [
                    number
                    for (number,) in connection.execute(
                        "SELECT number FROM answers JOIN entries USING (number)"
                        f" WHERE number > ? AND at >= ? AND outcome = ? AND {stored.NOT_ERASED}"
                        " ORDER BY number LIMIT ?",
                        (after, since, Outcome.ANSWERED.value, _AT_ONCE),
                    )
                ]
                found = [(number, self._series(connection, number)) for number in numbers]
            if not found:
                return
            yield from found
            after = found[-1][0]

    def cited_snapshots(self) -> frozenset[str]:
        """Ids of the snapshots that answers were given from; found by leaps, not by reading every answer."""
        found: set[str] = set()
        if not self.database.exists():
            return frozenset()
        with self.database.reading() as connection:
            name = ""
            while row := connection.execute(
                "SELECT snapshot_id FROM answers WHERE snapshot_id > ? ORDER BY snapshot_id LIMIT 1", (name,)
            ).fetchone():
                (name,) = row
                if connection.execute(
                    "SELECT 1 FROM answers JOIN entries USING (number)"
                    f" WHERE snapshot_id = ? AND {stored.NOT_ERASED} LIMIT 1",
                    (name,),
                ).fetchone():
                    found.add(name)
        return frozenset(found)

    def quotes_from(self, document_ids: frozenset[str]) -> Iterator[CitedQuote]:
        if not document_ids or not self.database.exists():
            return
        with self.database.reading() as connection:
            numbers = [
                number
                for (number,) in connection.execute(
                    "SELECT DISTINCT number FROM cited WHERE document_id IN (SELECT value FROM json_each(?))"
                    " AND verdict IN (SELECT value FROM json_each(?)) ORDER BY number",
                    (json.dumps(sorted(document_ids)), json.dumps(_HOLDS)),
                )
            ]
        for number in numbers:
            with self.database.reading() as connection:
                record = self._record(connection, number)
            if record is None:
                continue
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

    def feedback(self, record_id: str) -> tuple[Feedback, ...]:
        """Oldest first; none of an erased answer."""
        if not self.database.exists():
            return ()
        with self.database.reading() as connection:
            return stored.feedback(connection, self.keys, record_id)

    def reviews(self, record_id: str) -> tuple[Review, ...]:
        """Of the answer's feedback, oldest first; none of an erased answer."""
        if not self.database.exists():
            return ()
        with self.database.reading() as connection:
            return stored.reviews(connection, self.keys, record_id)

    def review_queue(self) -> Iterator[Reviewed]:
        """Every feedback that is not erased, oldest first, with the review that counts. Raises IntegrityError."""
        after = 0
        while self.database.exists():
            with self.database.reading() as connection:
                found = stored.reviewed_after(connection, self.keys, after, _AT_ONCE)
            if not found:
                return
            yield from (one for _, one in found if one is not None)
            after = found[-1][0]

    def adapter_changes(self, after: int = 0) -> tuple[AdapterChange, ...]:
        """All that happened to adapters, oldest first, from change ``after`` + 1 on. Raises IntegrityError."""
        if not self.database.exists():
            return ()
        with self.database.reading() as connection:
            return stored.adapter_changes(connection)[after:]

    def erasure(self, record_id: str) -> Erasure | None:
        """When, by whom and why the answer was erased."""
        if not self.database.exists():
            return None
        with self.database.reading() as connection:
            return stored.erasure(connection, self.keys, record_id)

    def days(self, since: str = "") -> tuple[Day, ...]:
        """What was answered on each day (UTC) from ``since`` on, oldest first; days without an answer are left out."""
        if not self.database.exists():
            return ()
        with self.database.reading() as connection:
            return days(connection, since)

    def close(self) -> None:
        """Close what is open; the next call opens it again."""
        self.database.close()
        self.keys.close()

    def _newest(self, condition: str, limit: int) -> tuple[AnswerRecord, ...]:
        if not self.database.exists():
            return ()
        with self.database.reading() as connection:
            numbers = connection.execute(
                "SELECT number FROM answers JOIN entries USING (number)"
                f" WHERE {condition} {stored.NOT_ERASED} ORDER BY number DESC LIMIT ?",
                (max(0, limit),),
            ).fetchall()
            records = [self._record(connection, number) for (number,) in numbers]
        return tuple(record for record in records if record is not None)

    def _record(self, connection: sqlite3.Connection, number: int) -> AnswerRecord | None:
        """The answer of the entry with this number; None once it is erased."""
        entry = stored.entry(connection, number)
        try:
            opening = stored.opened(connection, self.keys, entry)
            return None if opening is None else rebuild(AnswerRecord, json.loads(opening.content))
        except IntegrityError as error:
            raise IntegrityError(
                f"{self.path}: record {entry.subject} is not as it was written: {error}",
                remedy=error.remedy or "restore the file from a backup",
            ) from error
        except ValueError as error:
            raise IntegrityError(
                f"{self.path}: record {entry.subject} cannot be read: {error}",
                remedy="it was written by another version of ragmed; use that one",
            ) from error

    def _series(self, connection: sqlite3.Connection, number: int) -> frozenset[str]:
        rows = connection.execute(
            "SELECT DISTINCT series FROM cited WHERE number = ? AND verdict IN (SELECT value FROM json_each(?))",
            (number, json.dumps(_HOLDS)),
        )
        return frozenset(series for (series,) in rows if series)

    def _make(self, connection: sqlite3.Connection, version: int) -> None:
        if version in (2, 3):
            if version == 2:
                let_reviews_in(connection)
            let_adapters_in(connection)
            return
        make_tables(connection)
        if version:
            take_over(connection, self._append_json)

    def _append_json(self, connection: sqlite3.Connection, body: bytes) -> None:
        """Keep a record of an older file, given as its JSON."""
        raise NotImplementedError
