"""The line before the workers: so many questions at work, so many waiting, and everyone knows his place.

Lives in the event loop's thread alone, so it needs no lock. First come, first served.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.serve.faults import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_GUESS = 1.0
"""Seconds that a question takes, before one was answered."""
_WEIGHT = 0.1
"""Of the newest question in the running mean."""


@dataclass(eq=False, slots=True)
class Place:
    """One question's place. ``position`` 0 is at work; 1 is next."""

    moved: Callable[[int], None]
    position: int
    began: float = 0.0
    gone: bool = False


class Line:
    """Who is at work and who waits."""

    def __init__(self, workers: int, limit: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._workers, self._limit, self._clock = workers, limit, clock
        self._waiting: deque[Place] = deque()
        self._working = 0
        self._seconds = _FIRST_GUESS

    @property
    def working(self) -> int:
        return self._working

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def enter(self, moved: Callable[[int], None]) -> Place:
        """A place; ``moved`` is called with the new position whenever it changes, at last with 0.

        A place that is at work from the beginning is not told so. Raises RefusedError (429) where the line is full.
        """
        if self._working < self._workers and not self._waiting:
            self._working += 1
            return Place(moved, 0, self._clock())
        if len(self._waiting) >= self._limit:
            raise RefusedError(
                429,
                "queue_full",
                f"{self._working} questions are being answered and {len(self._waiting)} wait; no more may",
                remedy="try again after the seconds of Retry-After, or raise serve.workers or serve.queue",
                retry_after=self.expected_wait(),
                waiting=len(self._waiting),
            )
        place = Place(moved, len(self._waiting) + 1)
        self._waiting.append(place)
        return place

    def leave(self, place: Place) -> None:
        """Give the place up, at work or waiting; once is enough and twice does no harm."""
        if place.gone:
            return
        place.gone = True
        if place.position:
            self._waiting.remove(place)
        else:
            self._working -= 1
            self._seconds += _WEIGHT * (self._clock() - place.began - self._seconds)
        self._move_up()

    def expected_wait(self) -> float:
        """Seconds until somebody who comes now would be at work, from what questions took so far."""
        return max(1.0, (len(self._waiting) + 1) * self._seconds / self._workers)

    def _move_up(self) -> None:
        while self._waiting and self._working < self._workers:
            first = self._waiting.popleft()
            first.position, first.began = 0, self._clock()
            self._working += 1
            first.moved(0)
        for position, place in enumerate(tuple(self._waiting), start=1):
            if place.position != position:
                place.position = position
                place.moved(position)
