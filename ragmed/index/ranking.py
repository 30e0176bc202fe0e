"""Best first, always in the same order: higher scores, then lower rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def best_rows(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The rows of the ``k`` highest scores above zero, best first; equal scores in row order, also at the cut."""
    if k <= 0 or not len(scores):
        return np.zeros(0, dtype=np.int64)
    if k < len(scores):
        # everything that ties with the k-th score is a candidate, so that the cut does not depend on the partition
        threshold = max(float(np.partition(scores, -k)[-k]), 0.0)
        candidates = np.flatnonzero(scores >= threshold if threshold > 0 else scores > 0)
    else:
        candidates = np.flatnonzero(scores > 0)
    order = np.lexsort((candidates, -scores[candidates]))[:k]
    found: NDArray[np.int64] = candidates[order].astype(np.int64)
    return found
