"""A prompt → the model's memory (keys and values), piece by piece, so that reading can be stopped between two pieces.

Laws of this room:

* The same prompt is read in the same pieces at every answer, whether its beginning was kept from another answer or not:
  sums in another order differ in their last bits, and now and then in a token (docs/figures.md).
* What is kept of a beginning is whole, and no answer changes it.
* The last piece is left to ``generate``, which reads it together with the first words that it guesses ahead.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch
from transformers import DynamicCache

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

PIECE = 256
"""Tokens read at once. Fewer are slower on a CPU, more make whoever stops wait longer: see docs/figures.md."""
_KEPT = 4
"""Beginnings of prompts whose memory is kept: a language and a mode each."""


class PromptReader:
    """Reads prompts for one model, one at a time; keeps the memory of their beginnings."""

    def __init__(self, weights: Any, piece: int = PIECE) -> None:
        self._weights = weights
        self._piece = piece
        self._kept: OrderedDict[tuple[int, ...], Any] = OrderedDict()

    def memory_of(
        self, ids: Sequence[int], prefix: Sequence[int], stop: threading.Event, memory: Any = None
    ) -> Any | None:
        """The memory of ``ids`` but for the last piece; None where ``stop`` was set meanwhile.

        ``prefix``: a beginning of ``ids`` that other prompts share and that is read once; empty: none. ``memory``: an
        empty one to read into, of which no beginning is kept.
        """
        if memory is None:
            memory = self._beginning(tuple(prefix), stop) if prefix else DynamicCache(config=self._weights.config)
        if memory is None or not self._read(ids, memory, stop, leave=self._piece):
            return None
        return memory

    def _beginning(self, prefix: tuple[int, ...], stop: threading.Event) -> Any | None:
        """A copy of the memory of a shared beginning."""
        if prefix not in self._kept:
            memory = DynamicCache(config=self._weights.config)
            if not self._read(prefix, memory, stop):
                return None
            self._kept[prefix] = memory
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(prefix)
        return copy.deepcopy(self._kept[prefix])

    def _read(self, ids: Sequence[int], memory: Any, stop: threading.Event, leave: int = 0) -> bool:
        """Reads on in ``ids`` until at most ``leave`` tokens are left; whether it came so far."""
        known = int(memory.get_seq_length())
        while len(ids) - known > leave:
            if stop.is_set():
                return False
            piece = torch.tensor([list(ids[known : known + self._piece])], device=self._weights.device)
            self._weights(input_ids=piece, past_key_values=memory, use_cache=True, logits_to_keep=1)
            known += piece.shape[1]
        return not stop.is_set()
