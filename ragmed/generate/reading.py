"""A prompt → the model's memory (keys and values), piece by piece, so that reading can be stopped between two pieces.

Laws of this room:

* The same prompt is read in the same pieces at every answer, whether its beginning was kept from another answer or not:
  sums in another order differ in their last bits, and now and then in a token (docs/figures.md).
* What is kept of a beginning is whole, and no answer changes it.
* The last piece is left to ``generate``, which reads it together with the first words that it guesses ahead.
"""

from __future__ import annotations

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
        self, ids: Sequence[int], prefix: Sequence[int], stop: threading.Event, into: Any = None
    ) -> Any | None:
        """The memory of ``ids`` but for the last piece; None where ``stop`` was set meanwhile.

        ``prefix``: a beginning of ``ids`` that other prompts share and that is read once; empty: none. ``into``: an
        empty memory to read into (``fixed_memory``); one that grows where it is None.
        """
        memory = DynamicCache(config=self._weights.config) if into is None else into
        if prefix and not self._begin(tuple(prefix), memory, stop):
            return None
        return memory if self._read(ids, memory, stop, leave=self._piece) else None

    def _begin(self, prefix: tuple[int, ...], memory: Any, stop: threading.Event) -> bool:
        """Puts a shared beginning into an empty memory; False where it was stopped before it was read."""
        if prefix not in self._kept:
            kept = DynamicCache(config=self._weights.config)
            if not self._read(prefix, kept, stop):
                return False
            self._kept[prefix] = kept
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(prefix)
        for number, layer in enumerate(self._kept[prefix].layers):
            memory.update(layer.keys, layer.values, number)  # copied: an answer writes behind it
        return True

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
