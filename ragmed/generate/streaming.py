"""Tokens of a model that generates in a thread of its own → pieces of text for whoever reads along.

Laws of this room: whatever ends the thread ends the reading, an error with the error; a piece never holds half a
character; a reader is never kept for long without a word, so that he can leave at any time; one that leaves stops the
model at its next token, or at the next piece of the prompt that it reads.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from transformers import StoppingCriteria
from transformers.generation.streamers import BaseStreamer

if TYPE_CHECKING:
    from torch import Tensor

SIGN_OF_LIFE = 0.2
"""Seconds without a token after which a reader is given none, to see whether he is still there."""
_HALF = "\ufffd"
_LOOK_BACK = 16
"""Tokens decoded again with the new ones: no character and no merge of spaces is longer."""


class StopWhen(StoppingCriteria):
    """Ends the generation once ``event`` is set."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_more: Any) -> torch.Tensor:
        """Shape (batch,): all true or all false."""
        return torch.full((input_ids.shape[0],), self._event.is_set(), dtype=torch.bool, device=input_ids.device)


@dataclass(slots=True)
class Decoder:
    """Token ids in, text out as soon as its characters are whole."""

    decode: Callable[[Sequence[int]], str]
    _ids: list[int] = field(default_factory=list)
    _told: str = ""
    """What was told of the text of ``_ids``."""

    def feed(self, ids: Sequence[int]) -> str:
        """The text that these tokens add."""
        self._ids.extend(ids)
        text = self.decode(self._ids)
        if text.endswith(_HALF):
            return ""
        new, self._told = text[len(self._told) :], text
        if len(self._ids) > 4 * _LOOK_BACK:
            self._ids = self._ids[-_LOOK_BACK:]
            self._told = self.decode(self._ids)
        return new

    def end(self) -> str:
        """What was kept back: a character that never became whole."""
        return self.decode(self._ids)[len(self._told) :]


class TokenQueue(BaseStreamer):
    """Takes tokens from ``generate`` and hands them to a reader in another thread."""

    def __init__(self) -> None:
        self.items: queue.Queue[list[int] | BaseException | None] = queue.Queue()
        self._prompt_seen = False

    def put(self, value: Tensor) -> None:
        """The first call brings the prompt, which nobody wants to read."""
        if self._prompt_seen:
            self.items.put(value.flatten().tolist())
        self._prompt_seen = True

    def end(self) -> None:
        """Nothing: the thread ends the queue, so that an error ends it too."""


def tokens_of(run: Callable[[TokenQueue], None], stop: threading.Event) -> Generator[list[int], None, None]:
    """Yields tokens while ``run`` generates in a thread, and none where there are none for a while (the prompt is read,
    another answer is written). Closing it sets ``stop``. Raises what ``run`` raises."""
    tokens = TokenQueue()

    def work() -> None:
        try:
            run(tokens)
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            tokens.items.put(error)
        else:
            tokens.items.put(None)

    threading.Thread(target=work, name="ragmed-generate", daemon=True).start()
    try:
        while True:
            try:
                item = tokens.items.get(timeout=SIGN_OF_LIFE)
            except queue.Empty:
                yield []
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
