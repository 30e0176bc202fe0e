"""Hard negatives: what the embedder of today takes for the answer, and is not.

A row near the query may well be a true answer that nobody marked. Left out are therefore the rows of the pair's own
section, near-duplicates of the pair's row, and rows as near to the query as 95 % of the right one's cosine or nearer
(Moreira et al. 2024, "NV-Retriever", TopK-PercPos with 95 %, the best of the ways that they compared).
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ragmed.tune.embedder.pairs import Pair, content_words
from ragmed.tune.embedder.rows import LibraryRows

LEAST_BELOW = 0.95
"""Share of the right row's cosine that a negative may have at most."""
NEAR_DUPLICATE = 0.8
"""Jaccard index of the words from which two texts count as one (Lee et al. 2022, "Deduplicating Training Data Makes
Language Models Better", the same bound for their near-duplicates)."""
DRAWN_FROM = 10
"""Nearest rows left that a negative is drawn from; the very nearest alone would be the same few rows every time."""


class HardNegatives:
    """Draws from the rows of a library on one side of the split."""

    def __init__(self, rows: LibraryRows, allowed: NDArray[np.bool_]) -> None:
        """``allowed``, shape (rows,): held-out rows are no negatives either."""
        self._rows = rows
        self._allowed = allowed
        self._words: dict[int, frozenset[str]] = {}

    def draw(self, pairs: Sequence[Pair], queries: NDArray[np.float32], draw: random.Random) -> list[int | None]:
        """A row for each pair, or None where nothing is left; ``queries``, shape (pairs, dimensions): unit vectors."""
        cosines = queries @ self._rows.vectors.T
        return [self._one(pair, own, draw) for pair, own in zip(pairs, cosines, strict=True)]

    def _one(self, pair: Pair, cosines: NDArray[np.float32], draw: random.Random) -> int | None:
        sections = self._rows.sections
        fit = self._allowed & (sections != sections[pair.row]) & (cosines < LEAST_BELOW * cosines[pair.row])
        candidates = np.flatnonzero(fit)
        nearest = candidates[np.lexsort((candidates, -cosines[candidates]))[: 2 * DRAWN_FROM]]
        left = [int(row) for row in nearest if not self.near_duplicates(pair.row, int(row))][:DRAWN_FROM]
        return draw.choice(left) if left else None

    def near_duplicates(self, one: int, other: int) -> bool:
        """Whether two rows say the same in nearly the same words."""
        ours, theirs = self._words_of(one), self._words_of(other)
        return len(ours & theirs) >= NEAR_DUPLICATE * len(ours | theirs)

    def _words_of(self, row: int) -> frozenset[str]:
        if row not in self._words:
            self._words[row] = frozenset(word.casefold() for word in content_words(self._rows.chunks[row].text))
        return self._words[row]
