"""An engine that writes what it is told to: the seam at which tests and benchmarks stand in for weights."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from ragmed.engines import EnginePiece

if TYPE_CHECKING:
    from ragmed.engines import Message, Order


class ScriptedEngine:
    """An ``Engine`` that gives its texts in turn, the last one from then on, a word every ``pause`` seconds."""

    kind = "qwen"
    model_id = "scripted"
    revision = "1"
    adapter_sha256: str | None = None
    quantisation = "nf4"

    def __init__(
        self, *texts: str, prompt_tokens: int = 4_000, context_tokens: int = 8_000, pause: float = 0.0
    ) -> None:
        if not texts:
            raise ValueError("a script needs at least one text")
        self._texts = list(texts)
        self._lock = threading.Lock()
        self._pause = pause
        self.prompt_tokens = prompt_tokens
        self.context_tokens = context_tokens
        self.orders: list[Order] = []
        """What was asked for, in order."""
        self.left = 0
        """Streams that were closed before their end."""

    def warm(self) -> None:
        """Nothing to load."""

    def count(self, messages: Sequence[Message]) -> int:
        """A token for every four characters."""
        return sum(len(message.content) // 4 for message in messages)

    def stream(self, order: Order) -> Generator[EnginePiece, None, None]:
        """The next text of the script."""
        with self._lock:
            self.orders.append(order)
            text = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
        try:
            for piece in text.split(" "):
                time.sleep(self._pause)
                yield EnginePiece(text=piece + " ")
        except GeneratorExit:
            self.left += 1
            raise
        yield EnginePiece(text="", finish_reason="stop")
