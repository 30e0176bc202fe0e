"""A circuit breaker: an engine that failed several times in a row is left alone for a while.

So that nobody waits for time-outs of an engine that is down, and an engine that comes up again is not run over. While
it rests, every request is refused at once. When the rest is over one request may try; the others are refused until it
is known how that went: a success ends the matter, a failure begins another rest.

Law: safe between threads, and a request that ends in any way at all never keeps the place of the one that may try.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from ragmed.errors import ModelError

FAILURES = 3
"""In a row. One or two are a restart or a dropped connection."""
_REMEDY = "the library is quoted meanwhile; see why the engine does not answer"


class Breaker:
    """Counts failures of one engine, which messages call ``name``; ``clock`` gives seconds that never go back."""

    def __init__(self, name: str, rest_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0
        self._trial: Pass | None = None

    def admit(self) -> Pass:
        """Leave for one request; its holder says how it went. Raises ModelError where the engine is left alone."""
        with self._lock:
            one = Pass(self)
            if self._failures < FAILURES:
                return one
            left = self._rests_until - self._clock()
            if left > 0:
                raise ModelError(
                    f"{self._name} failed {self._failures} times in a row and is left alone for another "
                    f"{math.ceil(left)} s",
                    remedy=_REMEDY,
                )
            if self._trial is not None:
                raise ModelError(
                    f"{self._name} failed {self._failures} times in a row and is just being tried again", remedy=_REMEDY
                )
            self._trial = one
            return one

    def answers(self, one: Pass) -> None:
        """The request of this pass has had an answer begun: others need not wait until it is whole."""
        with self._lock:
            if self._trial is one:
                self._trial = None
                self._failures = FAILURES - 1  # one more failure, of this answer too, and it rests again

    def settle(self, one: Pass, went: bool | None) -> None:
        """How the request of this pass went; None: nothing is known of the engine by it."""
        with self._lock:
            if self._trial is one:
                self._trial = None
            if went is True:
                self._failures = 0
            elif went is False:
                self._failures += 1
                self._rests_until = self._clock() + self._rest_seconds


class Pass:
    """Leave for one request. What is said first counts; what comes after it is passed over."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker: Breaker | None = breaker

    def answers(self) -> None:
        if self._breaker is not None:
            self._breaker.answers(self)

    def succeeded(self) -> None:
        self._settle(True)

    def failed(self) -> None:
        self._settle(False)

    def ended(self) -> None:
        """It ended without saying anything about the engine: the reader left, the request was at fault."""
        self._settle(None)

    def _settle(self, went: bool | None) -> None:
        breaker, self._breaker = self._breaker, None
        if breaker is not None:
            breaker.settle(self, went)
