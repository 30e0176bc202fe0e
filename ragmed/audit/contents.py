"""What the entries stand for: each content opened, compared with its commitment, its entry and its search rows.

Laws of this room: every fault names its entry; no content gets into what is reported; bytes that are in no form at
all are a fault like any other.
"""

from __future__ import annotations

import json
import sqlite3
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ragmed.adapters.change import AdapterChange
from ragmed.audit import stored
from ragmed.audit.rows import kept, rows_of
from ragmed.audit.sealing import open_unsealed, unseal
from ragmed.canonical import rebuild
from ragmed.entries import AuditEntry, EntryKind
from ragmed.errors import IntegrityError, RagMedError

if TYPE_CHECKING:
    from ragmed.audit.sealing import KeyStore
    from ragmed.audit.signed import Findings

DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What bytes in no form at all lead to."""


class ContentChecks:
    """Checks entry after entry."""

    def __init__(self, keys: KeyStore, findings: Findings) -> None:
        self._keys = keys
        self._findings = findings
        self._fault = findings.fault
        self.overridden = 0
        """Promotions of adapters that the gate did not let through."""
        self._change = ""
        self.doubtful: list[tuple[int, str]] = []
        """Number and record id of contents whose key was destroyed, and of which no erasure was known then."""

    def check(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        try:
            {
                EntryKind.ANSWER: self._answer,
                EntryKind.FEEDBACK: self._feedback,
                EntryKind.REVIEW: self._review,
                EntryKind.ERASURE: self._erasure,
                EntryKind.ADAPTER: self._adapter,
            }[entry.kind](connection, entry)
        except IntegrityError as error:
            self._fault("content", entry.number, entry.subject, str(error))
        except DAMAGE:
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

    def _review(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        answer = self._answer_before(connection, entry)
        erasure = stored.erasure_entry(connection, entry.subject)
        if erasure is not None:
            self._emptied(connection, entry, erasure)
            return
        made = self._opened(connection, entry, answer)
        if made is None:
            return
        self._belongs(entry, made["record_id"], made["at"], made["user"])
        try:
            before = stored.feedback(connection, self._keys, entry.subject, before=entry.number)
        except IntegrityError:
            return  # that is the fault of the feedback's own entry
        said = {one.feedback_id for one in before}
        if made["feedback_id"] not in said:
            raise IntegrityError(f"entry {entry.number} reviews a feedback that is not before it")

    def _erasure(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        answer = self._answer_before(connection, entry)
        opening = open_unsealed(stored.stored_content(connection, entry.number))
        made = self._committed(entry, opening.salt, opening.content)
        self._belongs(entry, made["record_id"], made["at"], made["user"])
        if made["rows_sha256"] != _rows_sha256(connection, answer):
            self._fault(
                "index", answer, entry.subject, "the rows that the erased answer is found by have changed since"
            )
        if self._keys.kept([answer]):
            self._findings.notes.append(
                f"the erasure of {entry.subject} was cut off before its key was destroyed; it is finished when the next"
                " answer is kept"
            )

    def _adapter(self, connection: sqlite3.Connection, entry: AuditEntry) -> None:
        opening = open_unsealed(stored.stored_content(connection, entry.number))
        change = rebuild(AdapterChange, self._committed(entry, opening.salt, opening.content))
        self._belongs(entry, change.adapter_sha256, change.at, change.user)
        self.overridden += bool(change.overridden)
        before, self._change = self._change, change.sha256
        if change.previous != before:
            raise IntegrityError(f"entry {entry.number} does not follow the change of an adapter before it")

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
            self.doubtful.append((entry.number, entry.subject))
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

    def settle_doubts(self, connection: sqlite3.Connection) -> None:
        """A destroyed key without an erasure: unless one was recorded while this block was read."""
        doubtful, self.doubtful = self.doubtful, []
        for number, subject in doubtful:
            if stored.erasure_entry(connection, subject) is None:
                message = f"the key of entry {number} was destroyed, and no erasure is recorded"
                self._fault("content", number, subject, message)


def _rows_sha256(connection: sqlite3.Connection, answer: int) -> str:
    try:
        return stored.rows_sha256(connection, answer)
    except ValueError:
        return ""  # text that is no longer UTF-8
