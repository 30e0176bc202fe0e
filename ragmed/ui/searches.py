"""Words that were searched for, under names that say nothing of them.

Words of a search may be a patient's. They are never put into an address, which browsers keep and proxies write down;
the address holds a name for them, which only this process knows and only while it runs.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict

MOST = 1000
"""Searches that are remembered; the one that was used longest ago goes first."""


class Searches:
    """See the module. Safe to share between threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._words: OrderedDict[str, str] = OrderedDict()

    def keep(self, words: str) -> str:
        """The name of these words: 32 hex digits, the same for the same words."""
        name = hashlib.blake2b(words.encode(), key=self._secret, digest_size=16).hexdigest()
        with self._lock:
            self._words[name] = words
            self._words.move_to_end(name)
            while len(self._words) > self._most:
                self._words.popitem(last=False)
        return name

    def words(self, name: str) -> str | None:
        """What was kept under ``name``; ``None`` where that is forgotten, or was never known."""
        with self._lock:
            if name in self._words:
                self._words.move_to_end(name)
            return self._words.get(name)
