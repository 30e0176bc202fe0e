"""The auditor's desk: find and open answers, prove the log, ask again, weigh against newer editions, take away.

Laws of this room:

* Nothing here changes an answer. ``erase``, ``prune`` and ``give_feedback`` append to the log; everything else reads.
* What could not be looked at is said (a collected snapshot, an erased answer), never left out in silence.
* Questions and answers go to whoever asked for them, never to a log or an error message.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from ragmed.audit.replay import ask_again, not_asked, written_here
from ragmed.audit.replay import replay as replay_record
from ragmed.canonical import write_private
from ragmed.entries import (
    CitationToday,
    EntryKind,
    Feedback,
    FeedbackKind,
    Pruned,
    RecordFilter,
    Review,
    ReviewDecision,
)
from ragmed.errors import (
    BadInputError,
    ErasedError,
    IntegrityError,
    NotFoundError,
    NotPossibleError,
    RagMedError,
)
from ragmed.interfaces import no_progress
from ragmed.settings import with_answer_settings
from ragmed.worth import Worth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ragmed.adapters.change import AdapterChange
    from ragmed.audit.evidence import Evidence
    from ragmed.audit.forecast import Forecast
    from ragmed.audit.recheck import Reread
    from ragmed.changes import AnswerImpact
    from ragmed.entries import (
        AuditEntry,
        Checkpoint,
        Day,
        Erasure,
        RecordLine,
        Replay,
        Reviewed,
        Verification,
    )
    from ragmed.index.store import SnapshotStore
    from ragmed.interfaces import Assistant, AuditLog, Progress, SnapshotReader
    from ragmed.records import AnswerRecord, Citation, CitationCheck, Document, Generation
    from ragmed.settings import Settings

RETAINED = "kept for the {} days of audit.retention_days"
_PAGE = 500
"""Lines fetched at once where all are wanted."""
_ASSISTANTS_KEPT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One answer as it was shown, and all that the log says of it."""

    record_id: str
    record: AnswerRecord | None
    """None once it is erased."""
    entries: tuple[AuditEntry, ...]
    feedback: tuple[Feedback, ...]
    erasure: Erasure | None
    today: tuple[CitationToday, ...]
    """In the order of ``record.checks``."""


class AssistantOf(Protocol):
    """``assemble.Program.assistant_of``."""

    def __call__(self, snapshot: SnapshotReader, settings: Settings, written: Generation | None = None) -> Assistant:
        """An assistant that answers from one snapshot and keeps nothing, with the adapter that wrote ``written``, where
        that is told. Raises MissingPartError."""
        ...


class Auditor:
    """See the module. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        snapshots: SnapshotStore,
        log: AuditLog,
        assistant_of: AssistantOf,
        *,
        user: str,
        files: Sequence[Path],
    ) -> None:
        """``user``: who erases and judges, unless told otherwise at the time. ``files``: the log's databases."""
        self.settings = settings
        self.user = user
        self._snapshots = snapshots
        self._log = log
        self._assistant_of = assistant_of
        self._files = tuple(files)
        self._worth = Worth(snapshots, log)
        self._asking = threading.Lock()
        self._assistants: OrderedDict[tuple[str, str, str], Assistant] = OrderedDict()

    # finding and opening

    def size(self) -> int:
        """Entries of the log."""
        return self._log.size()

    def find(self, wanted: RecordFilter | None = None, *, limit: int = 50, before: int = 0) -> tuple[RecordLine, ...]:
        """Answers, newest first; ``before``: the number of the last line seen, for the next page."""
        return self._log.find(wanted or RecordFilter(), limit=limit, before=before)

    def all(self, wanted: RecordFilter | None = None) -> Iterator[RecordLine]:
        """Every answer that passes, newest first, fetched page by page."""
        before = 0
        while page := self.find(wanted, limit=_PAGE, before=before):
            yield from page
            before = page[-1].number
            if before <= 1:
                return

    def record(self, record_id: str) -> AnswerRecord:
        """An answer by its id or the beginning of it. Raises NotFoundError, ErasedError."""
        return self._log.get(record_id)

    def entries(self, record_id: str) -> tuple[AuditEntry, ...]:
        """The entry of an answer, erased or not, then those of its feedback and erasure. Raises NotFoundError."""
        return self._log.entries_of(self._log.whole_id(record_id))

    def erasure(self, record_id: str) -> Erasure | None:
        """That, when and why the content of an answer was destroyed. Raises NotFoundError."""
        return self._log.erasure(self._log.whole_id(record_id))

    def open(self, record_id: str) -> Opened:
        """An answer as it was shown, with what the log says of it and what its citations are worth today.

        Raises NotFoundError. An erased answer opens: without its content, with its erasure.
        """
        record: AnswerRecord | None = None
        record_id = self._log.whole_id(record_id)
        with contextlib.suppress(ErasedError):
            record = self._log.get(record_id)
        return Opened(
            record_id=record_id,
            record=record,
            entries=self._log.entries_of(record_id),
            feedback=self._log.feedback(record_id) if record else (),
            erasure=self._log.erasure(record_id),
            today=self.worth_today(record) if record else (),
        )

    def adapter_changes(self) -> tuple[AdapterChange, ...]:
        """All that happened to tuned adapters, oldest first. Raises IntegrityError."""
        return tuple(self._log.adapter_changes())

    # what it is worth today

    def worth_today(self, record: AnswerRecord) -> tuple[CitationToday, ...]:
        """Each citation against the snapshot that answers now, in the order of ``record.checks``."""
        return self._worth.of(record)

    def impact(self, name: str) -> tuple[AnswerImpact, ...]:
        """Answers whose quoted words the edition of today changed or withdrew. See ``Worth.impact``."""
        return self._worth.impact(name)

    # proving

    def verify(self, *, citations: bool = True, deep: bool = False, progress: Progress = no_progress) -> Verification:
        """The log, its checkpoints, and every citation again; ``deep`` reads the cited pages from the source files."""
        from ragmed.audit.recheck import Recheck

        found = self._log.verify(progress)
        if not citations:
            return found
        began = datetime.now(UTC)
        recheck = Recheck(self._snapshots, _judge, self._reread() if deep else None)
        recheck.all(self._answers(), found.answers, progress)
        again = recheck.result()
        return replace(
            found,
            citations=again.citations,
            unchecked_citations=again.unchecked,
            faults=(*found.faults, *again.faults),
            notes=(*found.notes, *again.notes),
            seconds=found.seconds + (datetime.now(UTC) - began).total_seconds(),
        )

    def _answers(self) -> Iterator[tuple[int, AnswerRecord]]:
        """Every answer that is not erased, oldest first. What cannot be opened is told by the log."""
        for entry in self._log.entries():
            if entry.kind is EntryKind.ANSWER:
                try:
                    yield entry.number, self._log.get(entry.subject)
                except RagMedError:
                    continue

    def _reread(self) -> Reread:
        from ragmed.audit.recheck import Reread as _Reread

        settings = self.settings.reader

        def read(document: Document, path: Path) -> Mapping[int, str]:
            from ragmed.corpus.reading import file_to_read
            from ragmed.corpus.sandbox import Sandbox
            from ragmed.errors import UnreadableFileError
            from ragmed.records import NoteKind

            with Sandbox(settings) as sandbox:
                (reading,) = sandbox.read_all([file_to_read(path, document.source_path)])
            if reading.document is None:
                raise UnreadableFileError(next(note.message for note in reading.notes if note.kind is NoteKind.REFUSED))
            return {page.number: page.text for page in reading.pages}

        reread: _Reread = read
        return reread

    def checkpoint(self) -> Checkpoint:
        """A signed checkpoint of the log as it is now, written to the checkpoint folder."""
        return self._log.checkpoint()

    # asking again

    def replay(self, record_id: str, *, today: bool = False) -> Replay:
        """The recorded question asked of its own snapshot again; ``today``: with today's settings, not the recorded.

        Raises NotFoundError, ErasedError. What cannot be asked again here is a Replay that says why.
        """
        try:
            kept = self._log.get(record_id)
        except IntegrityError as error:
            return not_asked(self._log.whole_id(record_id), "", error, "record")
        return replay_record(kept, lambda record: self._again(record, today=today))

    def _again(self, record: AnswerRecord, *, today: bool) -> AnswerRecord:
        settings = self.settings
        if record.settings and not today:
            settings = with_answer_settings(settings, record.settings)
        written = None if today else written_here(record)
        key = (
            record.snapshot_id,
            "" if settings is self.settings else record.settings_sha256,
            "today's" if written is None else written.adapter_sha256 or "",
        )
        with self._asking:  # one replay at a time: the next one finds the model loaded
            assistant = self._assistants.get(key)
            if assistant is None:
                assistant = self._assistant_of(self._snapshots.get(record.snapshot_id), settings, written)
                self._assistants[key] = assistant
                while len(self._assistants) > _ASSISTANTS_KEPT:
                    self._assistants.popitem(last=False)
            return ask_again(assistant, record)

    # appending

    def give_feedback(
        self,
        record_id: str,
        kind: FeedbackKind,
        *,
        user: str = "",
        citation_key: str = "",
        correction: str = "",
        note: str = "",
    ) -> Feedback:
        """A doctor's word on an answer, as an entry of its own. Raises NotFoundError, ErasedError, BadInputError."""
        given = Feedback(
            feedback_id=secrets.token_hex(8),
            record_id=self._log.get(record_id).record_id,
            at=_stamp(datetime.now(UTC)),
            user=user or self.user,
            kind=kind,
            citation_key=citation_key,
            correction=correction,
            note=note,
        )
        self._log.append_feedback(given)
        return given

    def review_queue(self) -> tuple[Reviewed, ...]:
        """Every feedback that is not erased, oldest first, with the review that counts. Raises IntegrityError."""
        return tuple(self._log.review_queue())

    def review(
        self, feedback_id: str, decision: ReviewDecision, *, user: str = "", correction: str = "", note: str = ""
    ) -> Review:
        """A reviewer's word on a feedback, named by its id or an unambiguous beginning of it, as an entry of its own.

        Raises NotFoundError, ErasedError, BadInputError (nobody is named; an edit without a correction).
        """
        found = [one.feedback for one in self._log.review_queue() if one.feedback.feedback_id.startswith(feedback_id)]
        exact = [one for one in found if one.feedback_id == feedback_id]
        found = exact or found
        if len(found) != 1 or not feedback_id:
            said = "no feedback is" if not found or not feedback_id else "more than one feedback begins with"
            raise NotFoundError(
                f"{said} {feedback_id or 'an empty id'}", remedy="`ragmed tune review list` names those that wait"
            )
        given = Review(
            review_id=secrets.token_hex(8),
            feedback_id=found[0].feedback_id,
            record_id=found[0].record_id,
            at=_stamp(datetime.now(UTC)),
            user=user or self.user,
            decision=decision,
            correction=correction,
            note=note,
        )
        if not given.user.strip():
            raise BadInputError("a review by nobody", remedy="name the reviewer with --by, or set audit.user")
        self._log.append_review(given)
        return given

    def erase(self, record_id: str, *, reason: str, user: str = "") -> Erasure:
        """Destroy the content of an answer, its feedback and its reviews.

        Raises NotFoundError, ErasedError, BadInputError.
        """
        if not reason.strip():
            raise BadInputError("an erasure without a reason", remedy="give a reference: a letter, a ticket; no names")
        record_id = self._log.whole_id(record_id)
        self._log.erase(record_id, user=user or self.user, reason=reason.strip())
        erasure = self._log.erasure(record_id)
        assert erasure is not None
        return erasure

    def prune(self, *, dry_run: bool = True, now: datetime | None = None, progress: Progress = no_progress) -> Pruned:
        """Erase the content of answers older than ``audit.retention_days``; the entries stay."""
        days = self.settings.audit.retention_days
        before = _stamp((now or datetime.now(UTC)) - timedelta(days=days))
        old = [
            entry.subject
            for entry in _until(self._log.entries(), before)
            if entry.kind is EntryKind.ANSWER and self._log.erasure(entry.subject) is None
        ]
        for done, record_id in enumerate([] if dry_run else old, 1):
            self._log.erase(record_id, user=self.user, reason=RETAINED.format(days))
            progress("erase", done, len(old))
        return Pruned(before=before, record_ids=tuple(old), dry_run=dry_run)

    # figures

    def days(self, since: str = "") -> tuple[Day, ...]:
        """What was answered on each day (UTC) from ``since`` on, oldest first; days without an answer are left out."""
        return self._log.days(since)

    def forecast(self) -> Forecast:
        """What the answers take of the disk, and when it will be full."""
        from ragmed.audit.forecast import forecast

        return forecast(self._log, self._files, retention_days=self.settings.audit.retention_days)

    # taking away

    def bundle(self, record_id: str, *, sources: bool = False) -> bytes:
        """A zip that proves one answer without this program. Raises NotFoundError, IntegrityError."""
        from ragmed.audit.bundle import bundle_bytes

        return bundle_bytes(self._log, self._evidence, self._log.whole_id(record_id), sources=sources)

    def write_bundle(self, record_id: str, output: Path, *, sources: bool = False) -> Path:
        """The bundle in a file readable by its owner alone; into a folder under its own name. Returns the path."""
        from ragmed.audit.bundle import write_bundle

        return write_bundle(self._log, self._evidence, self._log.whole_id(record_id), output, sources=sources)

    def export(
        self, form: str, wanted: RecordFilter, *, with_content: bool = False, progress: Progress = no_progress
    ) -> Iterator[bytes]:
        """Answers for other programs, newest first, as UTF-8 pieces; ``form``: ``csv``, ``jsonl`` or ``fhir``."""
        from ragmed.audit.export import ExportFormat, export

        return export(self._log, ExportFormat(form), wanted, with_content=with_content, progress=progress)

    def write_export(
        self,
        form: str,
        output: Path,
        wanted: RecordFilter,
        *,
        with_content: bool = False,
        progress: Progress = no_progress,
    ) -> int:
        """``export`` in a file readable by its owner alone; the bytes written. Raises NotPossibleError."""
        pieces = self.export(form, wanted, with_content=with_content, progress=progress)
        try:
            return write_private(output, pieces)
        except OSError as error:
            raise NotPossibleError(
                f"{output}: cannot be written: {error.strerror or error}", remedy="name another file with -o"
            ) from error

    @cached_property
    def _evidence(self) -> Evidence:
        from ragmed.page_evidence import SnapshotEvidence

        return SnapshotEvidence(self._snapshots, self.settings.reader)


def _until(entries: Iterable[AuditEntry], before: str) -> Iterator[AuditEntry]:
    for entry in entries:
        if entry.at >= before:
            return
        yield entry


def _judge(text: str, citations: Sequence[Citation], snapshot: SnapshotReader) -> Sequence[CitationCheck]:
    from ragmed.answer.citations import check_claim

    return check_claim(text, citations, snapshot).checks


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
