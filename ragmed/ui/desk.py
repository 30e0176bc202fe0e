"""What the pages work with: the opened program, and the work at its library.

One desk serves a whole process. Streamlit runs the pages by itself, in threads of its own, and offers no way to hand
them anything; so the server lays the desk out once, before the first page, and a page takes it from here. Work at the
library goes on when the page that began it is left, and every page sees how far it is.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol

from ragmed.errors import NoIndexError, RagMedError
from ragmed.ui.searches import Searches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ragmed.auditor import Auditor
    from ragmed.entries import Verification
    from ragmed.interfaces import Assistant, FileProgress, Progress, RecordStore, SnapshotReader, Snapshots
    from ragmed.librarian import Librarian, Plan
    from ragmed.records import AnswerRecord, CitationCheck
    from ragmed.reviewer import Reviewer
    from ragmed.settings import Settings

    Run = Callable[[Progress, FileProgress], object]

_log = logging.getLogger(__name__)

JobName = Literal["plan", "publish", "rollback", "verify", "replay"]
FILES_SHARE = 0.9
"""Of a job over files, the part that reading and embedding them takes; the rest writes and checks the index."""


class Program(Protocol):
    """The parts of an opened RagMed that the app uses; ``assemble.open_program`` gives one."""

    @property
    def settings(self) -> Settings: ...

    @property
    def snapshots(self) -> Snapshots: ...

    @property
    def assistant(self) -> Assistant: ...

    @property
    def records(self) -> RecordStore: ...

    @property
    def librarian(self) -> Librarian: ...

    @property
    def auditor(self) -> Auditor: ...

    @property
    def reviewer(self) -> Reviewer: ...

    def render_page(self, record: AnswerRecord, check: CitationCheck, width: int) -> bytes:
        """PNG of the cited page, ``width`` pixels wide, with the quote marked. Raises RagMedError."""
        ...

    def warm(self) -> None:
        """Load what the first question would otherwise wait for."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a job is, and how the last one ended."""

    state: Literal["idle", "running", "done", "failed"] = "idle"
    job: JobName | None = None
    what: str = ""
    done: int = 0
    total: int = 0
    since: float = 0.0
    """Monotonic seconds when ``what`` began."""
    began: float = 0.0
    """Monotonic seconds when the job began."""
    files: tuple[str, ...] = ()
    """Source paths of what is read and embedded, in order."""
    files_done: int = 0
    message: str = ""
    remedy: str = ""
    serial: int = 0
    """Grows with every job that begins or ends: a page that drew another one is out of date."""

    @property
    def share(self) -> float:
        """How much of the whole is done, from 0 to 1; of a step without files, how much of the step."""
        step = min(1.0, self.done / self.total) if self.total else 0.0
        if not self.files:
            return step
        if self.files_done < len(self.files):
            return FILES_SHARE * self.files_done / len(self.files)
        return FILES_SHARE + (1 - FILES_SHARE) * (step if self.what == "index" else 0.0)

    def seconds_left(self, now: float) -> float | None:
        """What is left at the rate so far; ``None`` until a twentieth is done."""
        if self.state != "running" or self.share < 0.05:
            return None
        return (now - (self.began if self.files else self.since)) / self.share * (1 - self.share)


class Jobs:
    """Runs one job at a time in a thread of its own, whoever is looking, and keeps what the last of each gave."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._stage = Stage()
        self._results: dict[JobName, object] = {}

    @property
    def stage(self) -> Stage:
        with self._lock:
            return self._stage

    def result(self, job: JobName) -> object | None:
        """What the last ``job`` gave, unless it was forgotten."""
        with self._lock:
            return self._results.get(job)

    def forget(self, *jobs: JobName) -> None:
        """Let go of what these jobs gave, and of how the last one ended."""
        with self._lock:
            for job in jobs:
                self._results.pop(job, None)
            if self._stage.state != "running":
                self._stage = Stage(serial=self._stage.serial + 1)

    def start(self, job: JobName, run: Run) -> bool:
        """Begin, unless a job is running already; says whether it began."""
        with self._lock:
            if self._stage.state == "running":
                return False
            now = self._clock()
            self._stage = Stage(state="running", job=job, since=now, began=now, serial=self._stage.serial + 1)
        threading.Thread(target=self._run, args=(job, run), name=f"ragmed-{job}", daemon=True).start()
        return True

    def _progress(self, what: str, done: int, total: int) -> None:
        with self._lock:
            since = self._stage.since if what == self._stage.what else self._clock()
            self._stage = replace(self._stage, what=what, done=done, total=total, since=since)

    def _files(self, source_paths: Sequence[str], done: int) -> None:
        if not source_paths:
            return  # nothing to read, or nothing more
        with self._lock:
            self._stage = replace(self._stage, files=tuple(source_paths), files_done=done)

    def _run(self, job: JobName, run: Run) -> None:
        try:
            result = run(self._progress, self._files)
        except RagMedError as error:
            self._end(job, "failed", message=str(error), remedy=error.remedy)
        except Exception as error:  # noqa: BLE001 - logged and shown: a thread that dies in silence would leave the page waiting for ever
            _log.exception("%s failed", job)
            self._end(job, "failed", message=type(error).__name__)
        else:
            self._end(job, "done", result)

    def _end(
        self,
        job: JobName,
        state: Literal["done", "failed"],
        result: object | None = None,
        *,
        message: str = "",
        remedy: str = "",
    ) -> None:
        with self._lock:
            if state == "done":
                self._results[job] = result
            self._stage = Stage(state=state, job=job, message=message, remedy=remedy, serial=self._stage.serial + 1)


@dataclass(frozen=True, slots=True)
class Proof:
    """What verifying the log came to, and when that was."""

    at: str
    """UTC, ISO 8601: when it began; what was written later is not in it."""
    found: Verification


@dataclass(frozen=True, slots=True)
class Desk:
    """The program, the work at its library and at its log, and how its index is built for the first time."""

    program: Program
    jobs: Jobs
    build: Run
    audits: Jobs = field(default_factory=Jobs)
    """The auditor's, apart: verifying a long log keeps no librarian from publishing."""
    searches: Searches = field(default_factory=Searches)

    def current(self) -> SnapshotReader | None:
        """The snapshot of the moment, ``None`` before the first is published. Raises IntegrityError."""
        try:
            return self.program.snapshots.current()
        except NoIndexError:
            return None

    def build_index(self) -> None:
        """Build and publish what the library folder holds, unless something is at work."""
        self.jobs.start("publish", self.build)

    def make_plan(self) -> None:
        """Look at what publishing would change, unless something is at work."""

        def run(progress: Progress, files: FileProgress) -> object:
            self.jobs.forget("publish", "rollback")
            return self.program.librarian.plan(progress, files)

        self.jobs.start("plan", run)

    def publish(self, plan: Plan, *, by: str = "") -> None:
        """Publish what was planned, in the name of ``by``, unless something is at work."""

        def run(progress: Progress, files: FileProgress) -> object:
            report = self.program.librarian.publish(plan, progress, files, by=by)
            self.jobs.forget("plan", "rollback")
            return report

        self.jobs.start("publish", run)

    def roll_back(self, snapshot_id: str, *, by: str, why: str = "") -> None:
        """Make an older snapshot the current one, unless something is at work."""

        def run(progress: Progress, _files: FileProgress) -> object:
            name = self.program.librarian.rollback(snapshot_id, by=by, why=why, progress=progress)
            self.jobs.forget("plan", "publish")
            return name

        self.jobs.start("rollback", run)

    def verify(self) -> None:
        """Prove the log and every citation, unless an audit is at work; gives a ``Proof``."""

        def run(progress: Progress, _files: FileProgress) -> object:
            began = datetime.now(UTC).isoformat(timespec="milliseconds")
            return Proof(began, self.program.auditor.verify(progress=progress))

        self.audits.start("verify", run)

    def replay(self, record_id: str) -> None:
        """Ask a recorded question again, unless an audit is at work."""
        self.audits.start("replay", lambda _progress, _files: self.program.auditor.replay(record_id))


class _Place:
    """Where the one desk of this process stands."""

    def __init__(self) -> None:
        self._desk: Desk | None = None

    def lay(self, desk: Desk) -> None:
        self._desk = desk

    def take(self) -> Desk:
        if self._desk is None:
            raise RuntimeError("no desk was laid out: start the app with `ragmed app` or `streamlit run app.py`")
        return self._desk


PLACE = _Place()
"""The only state of this process that is not a record; see the module's docstring."""
