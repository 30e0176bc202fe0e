"""What a reader tells while it reads: pages with text come out of the file, or at least it gets on.

Laws of this room: time is earned by pages with text, never by the size or the claims of a file; only what has been done
is told; who listens is none of the reader's business.

The rule that the sandbox makes of it: a file that gives no sign for ``reader.seconds`` is stopped; it has
``reader.seconds`` of processor time, and ``reader.seconds_per_page`` for each page with text that has come out. So a
hostile file ends within ``reader.seconds`` unless it goes on giving text, and a textbook has the time that it needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ragmed.settings import ReaderSettings

_EVERY_SECONDS = 0.1
"""Signs come no closer than this; thousands of pages a minute would only fill the pipe."""
_PICTURES_SHARE = 0.75
"""Share of ``reader.seconds`` after which pages without text are no longer looked at as pictures."""


class Pulse:
    """Signs of one file being read; ``tell`` gets the number of pages with text so far, or is absent."""

    def __init__(self, tell: Callable[[int], None] | None = None) -> None:
        self._tell = tell
        self._pages = 0
        self._last_page = time.monotonic()
        self._last_sign = self._last_page

    def page(self) -> None:
        """One more page with text is read."""
        self._pages += 1
        self._last_page = time.monotonic()
        self.step()

    def step(self) -> None:
        """Work on pages that are read goes on."""
        now = time.monotonic()
        if self._tell is not None and now - self._last_sign >= _EVERY_SECONDS:
            self._last_sign = now
            self._tell(self._pages)

    def picture_seconds(self, seconds: float) -> float:
        """Seconds left for looking at pages without text, before ``seconds`` without any text are near; not under 0."""
        return max(0.0, _PICTURES_SHARE * seconds - (time.monotonic() - self._last_page))


def processor_seconds(pages: int, settings: ReaderSettings) -> float:
    """Processor time for a file of which ``pages`` pages with text have come out so far."""
    return settings.seconds + settings.seconds_per_page * min(max(pages, 0), settings.pages)
