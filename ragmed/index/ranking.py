"""Best first, always in the same order: higher scores, then lower rows."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_BLOCK: Final = 1024
"""Rows whose best score is looked at together: of a million rows, 1024 at once take 0.5 ms, 64 take 1.7."""


def best_rows(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The rows of the ``k`` highest scores above zero, best first; equal scores in row order, also at the cut."""
    if k <= 0:
        return np.zeros(0, dtype=np.int64)
    # numpy's partition takes twenty times as long over an array that is mostly zeros: first only what can be among them
    candidates = np.flatnonzero(scores >= max(_lower_bound(scores, k), np.nextafter(np.float32(0), np.float32(1))))
    if k < len(candidates):
        found = scores[candidates]
        # everything that ties with the k-th score stays in, so that the cut does not depend on the partition
        candidates = candidates[found >= np.partition(found, -k)[-k]]
    return in_order(candidates, scores[candidates])[:k]


def in_order(rows: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """``rows`` by falling score; equal scores in row order."""
    ordered: NDArray[np.int64] = rows[np.lexsort((rows, -scores))]
    return ordered.astype(np.int64, copy=False)


def _lower_bound(scores: NDArray[np.float32], k: int) -> np.float32:
    """A score that the ``k``-th best is not below: the ``k``-th best of the blocks' best ones."""
    blocks = len(scores) // _BLOCK
    if k > blocks:
        return np.float32(0)
    bests = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
    bound: np.float32 = np.partition(bests, -k)[-k]
    return bound
