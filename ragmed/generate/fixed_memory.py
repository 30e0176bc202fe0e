"""A model's memory of fixed size, which a compiled step or a CUDA graph finds at the same place at every token.

Off unless ``Speed`` says so. On a CPU by reason: there is no graph to gain from, and attention over the whole of a
fixed memory costs more than over what is in it. Guessing ahead in the prompt needs a memory that can be cut, so it is
one or the other; which is faster on CUDA ``benchmarks/qwen.py`` measures, and has not yet (docs/figures.md).

Laws: one memory a model, used again by every answer and emptied before each; it grows in steps, since every new size is
compiled anew.
"""

from __future__ import annotations

from typing import Any

from transformers import StaticCache

_STEP = 512
"""Tokens."""


class FixedMemory:
    """The memory of one model. Not safe between threads: one answer is written at a time."""

    def __init__(self, weights: Any) -> None:
        self._weights = weights
        self._memory: StaticCache | None = None
        self._room = 0

    def of(self, tokens: int) -> StaticCache:
        """Empty, with room for so many tokens at least."""
        if self._memory is None or self._room < tokens:
            self._room = -(-tokens // _STEP) * _STEP
            self._memory = StaticCache(config=self._weights.config, max_cache_len=self._room)
        self._memory.reset()
        return self._memory
