"""Progress of long work on stderr: bars on a terminal, a plain line every ten seconds in a log.

A log (CI, cron, ``2> file``) hears of work that is slow to report as well: the lines keep their own time. Work that is
done within the first ten seconds leaves none.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.terminal.screen import clean, console_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ragmed.interfaces import Progress

EVERY = 10.0
"""Seconds between two lines of a log."""
_LEAST_SHARE = 0.02
"""Of a step that must be done before its rate says anything about the time left."""


@contextmanager
def progress(every: float = EVERY) -> Iterator[Progress]:
    """A Progress for stderr, which may be a terminal or a file."""
    with _bars() if sys.stderr.isatty() else _log(every) as show:
        yield show


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console_for(to_stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            task = tasks.get(what)
            if task is None:
                task = tasks[what] = bars.add_task(what, total=total or None, rate="")
            speed = bars.tasks[bars.task_ids.index(task)].speed
            bars.update(task, completed=done, total=total or None, rate=f"{speed:,.1f}/s" if speed else "")

        yield show


@contextmanager
def _log(every: float) -> Iterator[Progress]:
    steps, over, said = Steps(), threading.Event(), False

    def write() -> None:
        nonlocal said
        said = True
        sys.stderr.write(steps.line() + "\n")
        sys.stderr.flush()

    def keep_writing() -> None:
        while not over.wait(every):
            write()

    thread = threading.Thread(target=keep_writing, name="ragmed-progress", daemon=True)
    thread.start()
    try:
        yield steps
    finally:
        over.set()
        thread.join()
        if said and steps.untold:
            write()


@dataclass(slots=True)
class _Step:
    """One step of the work."""

    since: float
    """Seconds on the clock when it was first heard of; ``begun_at`` of it was done by then."""
    begun_at: int
    latest: float
    done: int
    total: int
    told: bool = False
    """Its end stands in a line already."""

    @property
    def ended(self) -> bool:
        return 0 < self.total <= self.done


class Steps:
    """A Progress that remembers how far each step is, and tells it in one line."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._begun = clock()
        self._steps: dict[str, _Step] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` of ``what``; a total of 0 is not known."""
        now = self._clock()
        with self._lock:
            step = self._steps.setdefault(what, _Step(since=now, begun_at=done, latest=now, done=done, total=total))
            step.told = step.told and (step.done, step.total) == (done, total)
            step.latest, step.done, step.total = now, done, total

    @property
    def untold(self) -> bool:
        """Whether there is something that no line has told."""
        with self._lock:
            return any(not step.told for step in self._steps.values())

    def line(self) -> str:
        """``reading: 120/657, 14.2/s, 38 s left; embedding: 512``; a step's end is told once."""
        now = self._clock()
        with self._lock:
            parts = [_told(what, step, now) for what, step in self._steps.items() if not step.told]
            for step in self._steps.values():
                step.told = step.ended
        return "; ".join(parts) or f"at work for {_duration(now - self._begun)}"


def _told(what: str, step: _Step, now: float) -> str:
    words = [f"{step.done:,}/{step.total:,}" if step.total else f"{step.done:,}"]
    # of an ended step, the time that it took; of one at work also the time since it last reported
    seconds, fresh = (step.latest if step.ended else now) - step.since, step.done - step.begun_at
    if seconds > 0 and fresh > 0:
        rate = fresh / seconds
        words.append(f"{rate:,.1f}/s")
        if step.total > step.done >= step.total * _LEAST_SHARE:
            words.append(f"{_duration((step.total - step.done) / rate)} left")
    return f"{clean(what)}: {', '.join(words)}"


def _duration(seconds: float) -> str:
    """``38 s``, ``4 min``, ``1 h 20 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
