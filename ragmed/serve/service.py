"""One question's way: into the line, to a worker's thread, its events back into the loop, and out again.

The program is synchronous. A worker's thread runs its iterator and hands each event to the loop; between two events it
looks whether anybody still wants them, and if not, closes the iterator, in the thread that runs it. A place in the line
is given back only when the thread has let go, so that there are never more than ``serve.workers`` at work.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ragmed.drafts import Written
from ragmed.errors import RagMedError
from ragmed.serve.counts import Counts
from ragmed.serve.faults import RefusedError
from ragmed.serve.line import Line

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from starlette.types import Receive

    from ragmed.assemble import Program

BEAT_SECONDS = 5.0
"""After so long without news a stream says that it is still there."""
_T = TypeVar("_T")


class ClientLeftError(RagMedError):
    """Whoever asked has closed the connection: nobody is left to be told."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The question waits, so many places from being taken up."""

    position: int


@dataclass(frozen=True, slots=True)
class Beat:
    """Still at work; nothing new."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """Nothing comes after this; with the error that ended it, if one did."""

    error: Exception | None = None


class Service:
    """An opened program behind a line."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.settings = program.settings.serve
        self.line = Line(self.settings.workers, self.settings.queue)
        self.counts = Counts(self.line)
        self.pool = ThreadPoolExecutor(self.settings.workers, thread_name_prefix="ragmed-serve")
        self.stopping = False
        """No new request is taken; those that are here are finished."""
        self._asked: set[Asked[object]] = set()

    def ask(self, make: Callable[[], Generator[_T, None, None]], receive: Receive) -> Asked[_T]:
        """A question taken into the line; ``make`` begins the work, in a worker's thread.

        ``receive`` is the request's, its body read. The caller closes what it gets. Raises RefusedError (429).
        """
        try:
            asked = Asked(self, make, receive)
        except RefusedError:
            self.counts.question("refused")
            raise
        self._asked.add(asked)  # type: ignore[arg-type]  # only closed and discarded here
        return asked

    def forget(self, asked: Asked[_T]) -> None:
        self._asked.discard(asked)

    @property
    def idle(self) -> bool:
        """Nobody is at work and nobody waits."""
        return not (self.line.working or self.line.waiting)

    def close(self) -> None:
        """Stop whatever is still at work, without waiting for it."""
        self.stopping = True
        for asked in tuple(self._asked):
            asked.close()
        self.pool.shutdown(wait=False, cancel_futures=True)


class Asked(Generic[_T]):
    """One question in the line or at work. Made and used in the event loop."""

    def __init__(self, service: Service, make: Callable[[], Generator[_T, None, None]], receive: Receive) -> None:
        self._service, self._make = service, make
        self._loop = asyncio.get_running_loop()
        self._news: asyncio.Queue[_T | Waiting | _Ended] = asyncio.Queue()
        self._stop = threading.Event()
        self._begun = self._closed = self._counted = False
        self._place = service.line.enter(self._moved)
        self._watch = self._loop.create_task(self._watching(receive))
        self._timer = self._loop.call_later(service.settings.deadline_seconds, self._late)
        self._moved(self._place.position)

    async def events(self) -> AsyncGenerator[_T | Waiting | Beat, None]:
        """Where the question stands, then the events of the work.

        Raises what the work raised, RefusedError (504) at the deadline, ClientLeftError.
        """
        while True:
            try:
                news = await asyncio.wait_for(self._news.get(), BEAT_SECONDS)
            except TimeoutError:
                yield Beat()
                continue
            if isinstance(news, _Ended):
                if news.error is not None:
                    self.count("failed")
                    raise news.error
                return
            yield news

    def count(self, outcome: str) -> None:
        """How the question ended, for the metrics; the first word holds."""
        if not self._counted:
            self._counted = True
            self._service.counts.question(outcome)

    def close(self) -> None:
        """Let go: out of the line, or the work is stopped at its next event."""
        if self._closed:
            return
        self._closed = True
        self._timer.cancel()
        self._watch.cancel()
        self._stop.set()
        self._service.forget(self)
        if not self._begun:
            self._service.line.leave(self._place)

    def _end(self, error: Exception) -> None:
        self._news.put_nowait(_Ended(error))
        self._stop.set()
        if not self._begun and not self._closed:
            self._begun = True  # never to begin: the place is given up here and now
            self._service.line.leave(self._place)

    def _late(self) -> None:
        seconds = self._service.settings.deadline_seconds
        self.count("late")
        self._end(
            RefusedError(
                504,
                "deadline",
                f"the question took longer than {seconds:g} s, waiting included, and was given up",
                remedy="ask again when fewer are asking, or raise serve.deadline_seconds",
            )
        )

    async def _watching(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.count("left")
        self._end(ClientLeftError("whoever asked has left"))

    def _moved(self, position: int) -> None:
        if position:
            self._news.put_nowait(Waiting(position))
        elif not self._begun:
            self._begun = True
            done = self._loop.run_in_executor(self._service.pool, self._work)
            done.add_done_callback(lambda _: self._service.line.leave(self._place))

    # --- in a worker's thread ---

    def _work(self) -> None:
        error: Exception | None = None
        try:
            if not self._stop.is_set():
                with closing(self._make()) as events:
                    for event in events:
                        if self._stop.is_set():
                            return  # leaving the block closes the iterator, here in its own thread
                        if not isinstance(event, Written):  # not checked yet: nobody is told
                            self._tell(event)
        except Exception as raised:  # noqa: BLE001 - handed to whoever awaits the events
            error = raised
        finally:
            self._tell(_Ended(error))

    def _tell(self, news: _T | _Ended) -> None:
        try:
            self._loop.call_soon_threadsafe(self._news.put_nowait, news)
        except RuntimeError:
            return  # the loop has ended: nobody is left to be told
