"""The log of answers: a record store that only grows, and can prove it. An ``AuditLog`` in two SQLite files.

``records.sqlite`` holds entries, tree and sealed contents, ``records.keys`` the keys that open them. A key is on the
disk before the answer that it opens; entry, hashes, content and search rows are one transaction, and what ``append``
has returned from survives a power cut. A checkpoint follows each answer, written by a thread of its own: a folder out
of reach never holds up a doctor.

Laws of this room: an entry is written once and never changed; any number of processes may read and write at once; no
patient text stands outside the sealed contents.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.audit import finding, merkle, stored
from ragmed.audit.answers import Answers
from ragmed.audit.checkpoints import Checkpoints, Standing
from ragmed.audit.database import Database
from ragmed.audit.rows import keep, rows_of
from ragmed.audit.sealing import SALT_BYTES, seal, unsealed
from ragmed.canonical import canonical_json, plain, plain_json
from ragmed.citation_keys import check_for
from ragmed.entries import AuditEntry, EntryKind, Erasure, Opening, ReviewDecision
from ragmed.errors import BadInputError, IntegrityError, NotFoundError
from ragmed.interfaces import no_progress
from ragmed.settings import AuditSettings

if TYPE_CHECKING:
    from ragmed.adapters.change import AdapterChange
    from ragmed.entries import Checkpoint, Feedback, RecordFilter, RecordLine, Review, Verification
    from ragmed.interfaces import AuditLog, Progress
    from ragmed.records import AnswerRecord

_AT_ONCE = 1000


class SqliteLog(Answers):
    """An ``AuditLog``. Safe to share between threads."""

    def __init__(self, path: Path, settings: AuditSettings | None = None) -> None:
        """Nothing is opened or made before the first call."""
        super().__init__(path)
        self.checkpoints = Checkpoints(self.database, settings or AuditSettings())
        self._finished = False
        weakref.finalize(self, self.checkpoints.settle)  # also when the program ends

    # --- writing ---

    def append(self, record: AnswerRecord) -> None:
        """Keep ``record``. Raises NotPossibleError, BusyError, BadInputError (its id is taken)."""
        made = plain(record)
        content = plain_json(made)
        self._finish_erasures()
        try:
            with self.database.writing() as connection:
                entry = self._append_answer(connection, made, content)
        except sqlite3.IntegrityError:
            raise BadInputError(
                f"{self.path}: a record {record.record_id} is kept already", remedy="ask again; records never change"
            ) from None
        self.checkpoints.follow(entry.number)

    def check_writable(self) -> None:
        """Whether an answer could be kept now; keeps none. Raises as ``append`` does."""
        with self.database.writing():
            pass

    def append_feedback(self, feedback: Feedback) -> AuditEntry:
        """Raises NotFoundError, ErasedError (the answer is gone), BadInputError (a key that the answer lacks)."""
        record = self.get(feedback.record_id)
        if record.record_id != feedback.record_id:
            raise NotFoundError(f"no record {feedback.record_id}", remedy="feedback needs the whole id of an answer")
        if feedback.citation_key:
            check_for(record, feedback.citation_key)
        content = canonical_json(feedback)
        with self.database.writing() as connection:
            stored.refuse_erased(connection, record.record_id)
            answer = stored.answer_number(connection, record.record_id)
            key = self.keys.key(answer)
            if key is None:
                raise stored.erased(record.record_id)
            opening = _salted(content)
            entry = self._entry(connection, EntryKind.FEEDBACK, feedback.at, record.record_id, feedback.user, opening)
            self._keep(connection, entry, seal(key, opening, bytes.fromhex(entry.commitment)))
            connection.execute(
                "INSERT INTO judged (number, answer, kind) VALUES (?, ?, ?)",
                (entry.number, answer, feedback.kind.value),
            )
        self.checkpoints.follow(entry.number)
        return entry

    def append_review(self, review: Review) -> AuditEntry:
        """Raises NotFoundError (no such feedback), ErasedError, BadInputError (an edit without a correction)."""
        edits = review.decision is ReviewDecision.EDIT
        if edits != bool(review.correction.strip()):
            said = (
                "an edit without a correction" if edits else f"a correction beside the word {review.decision.value!r}"
            )
            raise BadInputError(said, remedy="an edit, and nothing else, says how the answer should read")
        with self._existing().writing() as connection:
            stored.refuse_erased(connection, review.record_id)
            answer = stored.answer_number(connection, review.record_id)
            known = stored.feedback(connection, self.keys, review.record_id)
            key = self.keys.key(answer)
            if key is None:
                raise stored.erased(review.record_id)
            if review.feedback_id not in {one.feedback_id for one in known}:
                raise NotFoundError(
                    f"answer {review.record_id} has no feedback {review.feedback_id}",
                    remedy="`ragmed tune review list` names those that wait",
                )
            opening = _salted(canonical_json(review))
            entry = self._entry(connection, EntryKind.REVIEW, review.at, review.record_id, review.user, opening)
            self._keep(connection, entry, seal(key, opening, bytes.fromhex(entry.commitment)))
        self.checkpoints.follow(entry.number)
        return entry

    def append_adapter(self, change: AdapterChange) -> AuditEntry:
        """Keep what happened to an adapter. Raises IntegrityError where it does not follow the last such change."""
        with self.database.writing() as connection:
            known = stored.adapter_changes(connection)
            if (change.number, change.previous) != (len(known) + 1, known[-1].sha256 if known else ""):
                raise IntegrityError(
                    f"change {change.number} of adapters does not follow change {len(known)} of the log",
                    remedy="see `ragmed tune adapters list`, and try it again",
                )
            opening = _salted(canonical_json(change))
            entry = self._entry(connection, EntryKind.ADAPTER, change.at, change.adapter_sha256, change.user, opening)
            self._keep(connection, entry, unsealed(opening))  # it names no patient, and is never erased
        self.checkpoints.follow(entry.number)
        return entry

    def erase(self, record_id: str, *, user: str, reason: str) -> AuditEntry:
        """Destroy the content of an answer, of its feedback and of their reviews; the entries stay.

        Erasing again what was erased finishes what a power cut or a reader has left. Raises NotFoundError, ErasedError,
        BusyError.
        """
        if not self.database.exists():
            raise NotFoundError(f"no record {record_id}: no answer has been kept yet", remedy="ask a question first")
        with self.database.writing() as connection:
            answer = stored.answer_number(connection, record_id)
            known = stored.erasure_entry(connection, record_id)
            if known is None:
                entry = self._erased(connection, answer, record_id, user, reason)
        # the entry first: a cut between the two leaves an erasure to be finished, never an answer lost without a word
        self.keys.destroy(answer)
        if known is not None:
            raise stored.erased(record_id, known.at)
        self.checkpoints.follow(entry.number)
        return entry

    def _finish_erasures(self) -> None:
        """Once in a program's life: destroy the keys that an erasure left because it was cut off."""
        if self._finished or not self.database.exists():
            return
        with self.database.reading() as connection:
            erased = [
                number
                for (number,) in connection.execute(
                    "SELECT answer.number FROM entries AS erasure INDEXED BY entries_erasures"
                    " CROSS JOIN entries AS answer INDEXED BY entries_answers"  # in this order, few by few
                    " ON answer.kind = 'answer' AND answer.subject = erasure.subject WHERE erasure.kind = 'erasure'"
                )
            ]
        for number in self.keys.kept(erased):
            self.keys.destroy(number)
        self._finished = True

    def _erased(
        self, connection: sqlite3.Connection, answer: int, record_id: str, user: str, reason: str
    ) -> AuditEntry:
        erasure = Erasure(
            record_id=record_id,
            at=_now(),
            user=user,
            reason=reason,
            rows_sha256=stored.rows_sha256(connection, answer),
        )
        opening = _salted(canonical_json(erasure))
        entry = self._entry(connection, EntryKind.ERASURE, erasure.at, record_id, user, opening)
        self._keep(connection, entry, unsealed(opening))
        connection.execute(
            "UPDATE contents SET sealed = x'' WHERE number IN"
            " (SELECT number FROM entries WHERE subject = ? AND kind = 'answer'"
            " UNION SELECT number FROM entries WHERE subject = ? AND kind = 'feedback'"
            " UNION SELECT number FROM entries WHERE subject = ? AND kind = 'review')",
            (record_id, record_id, record_id),
        )
        return entry

    def _append_answer(self, connection: sqlite3.Connection, made: Mapping[str, Any], content: bytes) -> AuditEntry:
        opening = _salted(content)
        entry = self._entry(
            connection, EntryKind.ANSWER, made["asked_at"], made["record_id"], made.get("user", ""), opening
        )
        key = self.keys.fresh(entry.number)
        self._keep(connection, entry, seal(key, opening, bytes.fromhex(entry.commitment)))
        keep(connection, entry.number, rows_of(made))
        return entry

    def _append_json(self, connection: sqlite3.Connection, body: bytes) -> None:
        self._append_answer(connection, json.loads(body), body)

    def _entry(
        self, connection: sqlite3.Connection, kind: EntryKind, at: str, subject: str, user: str, opening: Opening
    ) -> AuditEntry:
        return AuditEntry(
            number=stored.size(connection) + 1,
            kind=kind,
            at=at,
            subject=subject,
            user=user,
            commitment=sha256(opening.salt + opening.content).hexdigest(),
        )

    def _keep(self, connection: sqlite3.Connection, entry: AuditEntry, sealed: bytes) -> None:
        """The entry, the subtrees that it completes, and its content."""
        connection.execute(
            f"INSERT INTO entries ({stored.ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                entry.number,
                entry.kind.value,
                entry.at,
                entry.subject,
                entry.user,
                bytes.fromhex(entry.commitment),
                entry.format,
            ),
        )
        leaf = merkle.leaf_hash(stored.leaf_of(entry))
        connection.executemany(
            "INSERT INTO nodes (level, place, hash) VALUES (?, ?, ?)",
            list(merkle.completed(entry.number - 1, leaf, stored.subtrees(connection))),
        )
        connection.execute("INSERT INTO contents (number, sealed) VALUES (?, ?)", (entry.number, sealed))

    # --- the log itself ---

    def size(self) -> int:
        if not self.database.exists():
            return 0
        with self.database.reading() as connection:
            return stored.size(connection)

    def entry(self, number: int) -> AuditEntry:
        """Raises NotFoundError."""
        with self._existing().reading() as connection:
            return stored.entry(connection, number)

    def entries(self, after: int = 0) -> Iterator[AuditEntry]:
        """In order, from ``after`` + 1."""
        while self.database.exists():
            with self.database.reading() as connection:
                rows = connection.execute(
                    f"SELECT {stored.ENTRY_COLUMNS} FROM entries WHERE number > ? ORDER BY number LIMIT ?",
                    (after, _AT_ONCE),
                ).fetchall()
            if not rows:
                return
            yield from map(stored.entry_of, rows)
            after = rows[-1][0]

    def entries_of(self, record_id: str) -> tuple[AuditEntry, ...]:
        """The answer's entry, then those of its feedback and erasure. Raises NotFoundError."""
        with self._existing().reading() as connection:
            stored.answer_number(connection, record_id)
            rows = connection.execute(
                " UNION ALL ".join(
                    f"SELECT {stored.ENTRY_COLUMNS} FROM entries WHERE kind = '{kind.value}' AND subject = ?1"
                    for kind in EntryKind
                )
                + " ORDER BY number",
                (record_id,),
            ).fetchall()
        return tuple(map(stored.entry_of, rows))

    def opening(self, number: int) -> Opening | None:
        """What the entry committed to; None once it is erased. Raises NotFoundError, IntegrityError."""
        with self._existing().reading() as connection:
            return stored.opened(connection, self.keys, stored.entry(connection, number))

    def root(self, size: int = 0) -> bytes:
        """RFC 6962 tree hash of the first ``size`` entries (0: all)."""
        if not self.database.exists():
            return merkle.EMPTY_ROOT
        with self.database.reading() as connection:
            return merkle.root(self._within(connection, size), stored.subtrees(connection))

    def inclusion_proof(self, number: int, size: int) -> tuple[bytes, ...]:
        """RFC 6962 audit path of entry ``number`` in the tree of the first ``size`` entries."""
        with self._existing().reading() as connection:
            return merkle.inclusion_path(number - 1, self._within(connection, size), stored.subtrees(connection))

    def consistency_proof(self, old: int, new: int) -> tuple[bytes, ...]:
        """RFC 6962 proof that the tree of ``new`` entries goes on from that of ``old``."""
        with self._existing().reading() as connection:
            return merkle.consistency_path(old, self._within(connection, new), stored.subtrees(connection))

    def checkpoint(self) -> Checkpoint:
        """A signed checkpoint of the log as it is now, written to the checkpoint folder as well.

        Raises NotPossibleError (the folder is out of reach), IntegrityError (the log does not go on from what is
        there).
        """
        return self.checkpoints.write()

    def standing(self) -> Standing:
        """How the log stands against its newest checkpoint; changes nothing.

        Raises IntegrityError where it does not go on from it, NotPossibleError where a file cannot be read.
        """
        with self._existing().reading() as connection:
            return self.checkpoints.standing(stored.size(connection), stored.subtrees(connection))

    def public_key(self) -> str:
        """The signer's verifier key in C2SP note form: ``name+hash+key``. Raises NotPossibleError, IntegrityError."""
        return str(self.checkpoints.signer().verifier)

    def verify(self, progress: Progress = no_progress) -> Verification:
        """Entries, tree, contents, search rows and checkpoints; citations are the auditor's to check."""
        from ragmed.audit.verifying import verify

        return verify(self.database, self.keys, self.checkpoints, progress)

    def find(self, wanted: RecordFilter, *, limit: int, before: int = 0) -> tuple[RecordLine, ...]:
        """Newest first; ``before``: only entries with a smaller number, for the next page (0: from the newest).

        Raises BadInputError for what is no time.
        """
        finding.check(wanted)
        if not self.database.exists():
            return ()
        with self.database.reading() as connection:
            return finding.find(connection, self.keys, wanted, limit=limit, before=before)

    def _within(self, connection: sqlite3.Connection, size: int) -> int:
        there = stored.size(connection)
        if size > there:
            raise NotFoundError(f"the log has {there} entries, not {size}", remedy="ask for a smaller size")
        return size or there

    def _existing(self) -> Database:
        if not self.database.exists():
            raise NotFoundError(f"{self.path}: no answer has been kept yet", remedy="ask a question first")
        return self.database


def _salted(content: bytes) -> Opening:
    return Opening(salt=secrets.token_bytes(SALT_BYTES), content=content)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


if TYPE_CHECKING:
    _CONFORMS: type[AuditLog] = SqliteLog
