"""A question while it is answered: in a thread of its own, so that what is drawn and clicked does not touch the work.

Laws of this room: an answer that nobody waits for any more is stopped; whatever ends it, somebody hears of it: a
record, or the error that kept it from being one.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from ragmed.drafts import Written
from ragmed.interfaces import EvidenceFound, Finished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ragmed.records import AnswerRecord, Retrieval

    Events = Callable[[], Iterator[EvidenceFound | Written | Finished]]

STOPPED_WITHIN = 10.0
"""Seconds that stopping may take before the page goes on without it."""


class Asking:
    """One question being answered. Its fields may be read at any time; ``seen`` grows with every change."""

    def __init__(self, question: str, events: Events, *, wanted: Callable[[], bool] = lambda: True) -> None:
        """``wanted``: whether there is still somebody to read the answer; asked between two pieces."""
        self.question = question
        self.found: Retrieval | None = None
        self.written = ""
        """What a language model has written so far; nothing of it is checked."""
        self.record: AnswerRecord | None = None
        self.error: BaseException | None = None
        self._events = events
        self._wanted = wanted
        self._changed = threading.Condition()
        self._seen = 0
        self._over = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ragmed-asking", daemon=True)
        self._thread.start()

    @property
    def stopped(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Stop at the next piece, and wait until what was told is kept."""
        self._stop.set()
        self._thread.join(STOPPED_WITHIN)

    def changes(self, every: float) -> Iterator[None]:
        """Yields when something is new, at most once in ``every`` seconds, and ends when it is over."""
        seen = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda seen=seen: self._seen != seen or self._over)  # type: ignore[misc]
                seen, over = self._seen, self._over
            yield
            if over:
                return
            time.sleep(every)

    def _work(self) -> None:
        try:
            events = self._events()
            try:
                for event in events:
                    self._take(event)
                    if not isinstance(event, Finished) and (self._stop.is_set() or not self._wanted()):
                        break
            finally:
                close = getattr(events, "close", None)
                if close:
                    close()
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self.error = error
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _take(self, event: EvidenceFound | Written | Finished) -> None:
        with self._changed:
            if isinstance(event, EvidenceFound):
                self.found = event.retrieval
            elif isinstance(event, Written):
                self.written += event.text
            else:
                self.record = event.record
            self._seen += 1
            self._changed.notify_all()


def browser_is_there() -> Callable[[], bool]:
    """Whether the browser of the session that asks now is still connected; to be called from any thread."""
    from streamlit.runtime import Runtime, exists
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    running = get_script_run_ctx()
    if running is None or not exists():  # a page drawn by a test, without a server
        return lambda: True
    runtime, session = Runtime.instance(), running.session_id
    return lambda: runtime.is_active_session(session)
