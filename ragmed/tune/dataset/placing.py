"""Where the true passages stand among the others.

A search puts the answer first most of the time, and a model that always cites [1] would be right most of the time. Here
every place is cited as often as any other, for prompts of each length and on each side of the split.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence


class Places:
    """Gives out places, the least cited first; of equals one drawn by seed."""

    def __init__(self, seed: str) -> None:
        self._draw = random.Random(seed)
        self._used: Counter[tuple[int, int]] = Counter()

    def take(self, sentences: Sequence[int], of: int) -> tuple[int, ...]:
        """Different places among ``of``, from 0, in order: one for each passage that answers, with how many sentences
        of the answer cite it."""
        left = list(range(of))
        self._draw.shuffle(left)
        left.sort(key=lambda place: self._used[of, place])
        taken = sorted(left[: len(sentences)])
        for place, cited in zip(taken, sentences, strict=True):
            self._used[of, place] += cited
        return tuple(taken)
