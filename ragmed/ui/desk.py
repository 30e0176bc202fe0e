"""What the pages work with: the opened program, and the building of its index.

One desk serves a whole process. Streamlit runs the pages by itself, in threads of its own, and offers no way to hand
them anything; so the server lays the desk out once, before the first page, and a page takes it from here.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from ragmed.errors import NoIndexError, RagMedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragmed.interfaces import Assistant, Progress, RecordStore, SnapshotReader, Snapshots
    from ragmed.records import AnswerRecord, CitationCheck
    from ragmed.settings import Settings

_log = logging.getLogger(__name__)


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

    def render_page(self, record: AnswerRecord, check: CitationCheck, width: int) -> bytes:
        """PNG of the cited page, ``width`` pixels wide, with the quote marked. Raises RagMedError."""
        ...

    def warm(self) -> None:
        """Load what the first question would otherwise wait for."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """How far the building of the index is."""

    state: Literal["idle", "running", "done", "failed"] = "idle"
    what: str = ""
    done: int = 0
    total: int = 0
    since: float = 0.0
    """Monotonic seconds when ``what`` began."""
    message: str = ""
    remedy: str = ""

    def seconds_left(self, now: float) -> float | None:
        """What is left of this step at the rate so far; ``None`` until a twentieth of it is done."""
        if self.state != "running" or not self.total or self.done * 20 < self.total:
            return None
        return (now - self.since) / self.done * (self.total - self.done)


class Indexing:
    """Builds the index in a thread of its own, once at a time, whoever is looking."""

    def __init__(self, build: Callable[[Progress], object], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._build = build
        self._clock = clock
        self._lock = threading.Lock()
        self._stage = Stage()

    @property
    def stage(self) -> Stage:
        with self._lock:
            return self._stage

    def start(self) -> None:
        """Begin, unless it is already running."""
        with self._lock:
            if self._stage.state == "running":
                return
            self._stage = Stage(state="running", since=self._clock())
        threading.Thread(target=self._run, name="ragmed-indexing", daemon=True).start()

    def _progress(self, what: str, done: int, total: int) -> None:
        with self._lock:
            since = self._stage.since if what == self._stage.what else self._clock()
            self._stage = replace(self._stage, what=what, done=done, total=total, since=since)

    def _run(self) -> None:
        try:
            self._build(self._progress)
        except RagMedError as error:
            self._end(Stage(state="failed", message=str(error), remedy=error.remedy))
        except Exception as error:  # noqa: BLE001 - logged and shown: a thread that dies in silence would leave the page waiting for ever
            _log.exception("building the index failed")
            self._end(Stage(state="failed", message=type(error).__name__))
        else:
            self._end(Stage(state="done"))

    def _end(self, stage: Stage) -> None:
        with self._lock:
            self._stage = stage


@dataclass(frozen=True, slots=True)
class Desk:
    """The program and the building of its index."""

    program: Program
    indexing: Indexing

    def current(self) -> SnapshotReader | None:
        """The snapshot of the moment, ``None`` before the first is published. Raises IntegrityError."""
        try:
            return self.program.snapshots.current()
        except NoIndexError:
            return None


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
