"""A log in memory: the whole ``AuditLog`` protocol, RFC 6962 written down as the RFC defines it, for tests of what reads
a log. It is also a reference: slow, short, and made without looking at the one in use."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ragmed.canonical import canonical_json
from ragmed.entries import (
    AuditEntry,
    Checkpoint,
    Day,
    EntryKind,
    Erasure,
    Feedback,
    Opening,
    RecordFilter,
    RecordLine,
    Review,
    Reviewed,
    Verification,
)
from ragmed.errors import ErasedError, NotFoundError
from ragmed.interfaces import Progress, no_progress
from ragmed.records import AnswerRecord

ORIGIN = "records.example.org/ragmed"


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    half = split(len(leaves))
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:half]) + tree_hash(leaves[half:])).digest()


def audit_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return [*audit_path(index, leaves[:half]), tree_hash(leaves[half:])]
    return [*audit_path(index - half, leaves[half:]), tree_hash(leaves[:half])]


def split(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    half = 1
    while half * 2 < count:
        half *= 2
    return half


class SmallLog:
    """Answers, feedback and erasures in lists; salts follow from the entry's number, so that all of it reproduces."""

    def __init__(self, seed: bytes = b"\x07" * 32) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._entries: list[AuditEntry] = []
        self._openings: dict[int, Opening] = {}
        self._records: dict[str, AnswerRecord] = {}
        self._feedback: dict[str, list[Feedback]] = {}
        self._reviews: dict[str, list[Review]] = {}
        self._erased: dict[str, Erasure] = {}

    # writing

    def append(self, record: AnswerRecord) -> None:
        self._records[record.record_id] = record
        self._write(EntryKind.ANSWER, record.asked_at, record.record_id, record.user, record)

    def append_feedback(self, feedback: Feedback) -> AuditEntry:
        self._feedback.setdefault(feedback.record_id, []).append(feedback)
        return self._write(EntryKind.FEEDBACK, feedback.at, feedback.record_id, feedback.user, feedback)

    def append_review(self, review: Review) -> AuditEntry:
        self._reviews.setdefault(review.record_id, []).append(review)
        return self._write(EntryKind.REVIEW, review.at, review.record_id, review.user, review)

    def erase(self, record_id: str, *, user: str, reason: str) -> AuditEntry:
        for entry in self.entries_of(record_id):
            self._openings.pop(entry.number)
        self._records.pop(record_id)
        self._feedback.pop(record_id, None)
        self._reviews.pop(record_id, None)
        self._erased[record_id] = Erasure(record_id=record_id, at="2026-12-01T08:00:00.000Z", user=user, reason=reason)
        erasure = self._erased[record_id]
        return self._write(EntryKind.ERASURE, erasure.at, record_id, user, erasure)

    def _write(self, kind: EntryKind, at: str, subject: str, user: str, content: object) -> AuditEntry:
        number = len(self._entries) + 1
        opening = Opening(salt=hashlib.sha256(b"salt %d" % number).digest(), content=canonical_json(content))
        commitment = hashlib.sha256(opening.salt + opening.content).hexdigest()
        entry = AuditEntry(number=number, kind=kind, at=at, subject=subject, user=user, commitment=commitment)
        self._entries.append(entry)
        self._openings[number] = opening
        return entry

    def forge(self, number: int, **change: object) -> None:
        """Change an entry behind the tree's back, as an attacker on the machine would."""
        self._entries[number - 1] = replace(self._entries[number - 1], **change)  # type: ignore[arg-type]

    def forge_content(self, number: int, content: bytes) -> None:
        self._openings[number] = replace(self._openings[number], content=content)

    # reading

    def get(self, record_id: str) -> AnswerRecord:
        if record_id in self._erased:
            raise ErasedError(record_id)
        if record_id not in self._records:
            raise NotFoundError(record_id)
        return self._records[record_id]

    def whole_id(self, record_id: str) -> str:
        found = [one.subject for one in self._entries if one.subject.startswith(record_id)]
        if not found:
            raise NotFoundError(f"no record {record_id}")
        return found[0]

    def days(self, since: str = "") -> tuple[Day, ...]:
        raise NotImplementedError

    def feedback(self, record_id: str) -> tuple[Feedback, ...]:
        return tuple(self._feedback.get(record_id, ()))

    def reviews(self, record_id: str) -> tuple[Review, ...]:
        return tuple(self._reviews.get(record_id, ()))

    def review_queue(self) -> tuple[Reviewed, ...]:
        raise NotImplementedError

    def erasure(self, record_id: str) -> Erasure | None:
        return self._erased.get(record_id)

    def find(self, wanted: RecordFilter, *, limit: int, before: int = 0) -> tuple[RecordLine, ...]:
        """Only the filters ``user`` and ``outcome``."""
        found = []
        for entry in reversed(self._entries):
            if entry.kind is not EntryKind.ANSWER or (before and entry.number >= before):
                continue
            line = self._line(entry)
            if (not wanted.user or line.user == wanted.user) and wanted.outcome in (None, line.outcome):
                found.append(line)
        return tuple(found[:limit])

    def _line(self, entry: AuditEntry) -> RecordLine:
        record = self._records.get(entry.subject) or self._last_known(entry.subject)
        erased = self._erased.get(entry.subject)
        counts: dict[str, int] = {}
        for check in record.checks:
            counts[check.verdict.value] = counts.get(check.verdict.value, 0) + 1
        return RecordLine(
            number=entry.number,
            record_id=entry.subject,
            at=entry.at,
            user=entry.user,
            language=record.language,
            mode=record.mode,
            outcome=record.outcome,
            snapshot_id=record.snapshot_id,
            question="" if erased else record.question,
            verdicts=tuple(counts.items()),
            feedback=tuple(one.kind for one in self.feedback(entry.subject)),
            erased=erased.at if erased else "",
        )

    def _last_known(self, record_id: str) -> AnswerRecord:
        from tests.answer.records import a_record

        return a_record(record_id)

    def recent(self, limit: int) -> tuple[AnswerRecord, ...]:
        return tuple(reversed(self._records.values()))[:limit]

    def unanswered(self, limit: int) -> tuple[AnswerRecord, ...]:
        return ()

    def cited_series(self, since: str, after: int = 0) -> Iterator[tuple[int, frozenset[str]]]:
        return iter(())

    def cited_snapshots(self) -> frozenset[str]:
        return frozenset(record.snapshot_id for record in self._records.values())

    def quotes_from(self, document_ids: frozenset[str]) -> Iterator[object]:
        return iter(())

    # the tree

    def _leaves(self, size: int = 0) -> list[bytes]:
        return [canonical_json(entry) for entry in self._entries[: size or len(self._entries)]]

    def size(self) -> int:
        return len(self._entries)

    def entry(self, number: int) -> AuditEntry:
        return self._entries[number - 1]

    def entries(self, after: int = 0) -> Iterator[AuditEntry]:
        return iter(self._entries[after:])

    def entries_of(self, record_id: str) -> tuple[AuditEntry, ...]:
        found = tuple(entry for entry in self._entries if entry.subject == record_id)
        if not found:
            raise NotFoundError(record_id)
        return found

    def opening(self, number: int) -> Opening | None:
        return self._openings.get(number)

    def root(self, size: int = 0) -> bytes:
        return tree_hash(self._leaves(size))

    def inclusion_proof(self, number: int, size: int) -> tuple[bytes, ...]:
        return tuple(audit_path(number - 1, self._leaves(size)))

    def consistency_proof(self, old: int, new: int) -> tuple[bytes, ...]:
        raise NotImplementedError

    def checkpoint(self) -> Checkpoint:
        body = f"{ORIGIN}\n{self.size()}\n{base64.b64encode(self.root()).decode()}\n"
        signature = base64.b64encode(self._key_hash() + self._key.sign(body.encode())).decode()
        note = f"{body}\n\u2014 {ORIGIN} {signature}\n"
        return Checkpoint(origin=ORIGIN, size=self.size(), root=self.root(), note=note)

    def public_key(self) -> str:
        return f"{ORIGIN}+{self._key_hash().hex()}+{base64.b64encode(self._raw_key()).decode()}"

    def verify(self, progress: Progress = no_progress) -> Verification:
        raise NotImplementedError

    def _raw_key(self) -> bytes:
        return b"\x01" + self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def _key_hash(self) -> bytes:
        return hashlib.sha256(ORIGIN.encode() + b"\n" + self._raw_key()).digest()[:4]
