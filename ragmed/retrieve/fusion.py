"""Two ranked lists into one.

Laws of this room: a fused score lies in [0, 1] and grows with either half's score; equal scores keep row order; a row
that one half did not return counts there no better than its weakest hit. The choice of method and weight is measured in
docs/adr/0004-fusion.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DENSE_WEIGHT = 0.7
"""Share of the dense half; the lexical half has the rest. Chosen on the even queries of medquad and pubmedqa."""


SUPPORT_WEIGHT, SUPPORT_HITS = 0.03, 50
"""How much the document that holds most of the best hits lifts each of them, and how many hits count
(docs/adr/0011-windows.md: 0.02 to 0.15 and 30 to 50 differ by one question)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """Rows, best first, with the score of the whole and what each half gave (rank 0: not among its hits)."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    dense: NDArray[np.float64]
    dense_ranks: NDArray[np.int64]
    lexical: NDArray[np.float64]
    lexical_ranks: NDArray[np.int64]


def fuse(
    dense: tuple[NDArray[np.int64], NDArray[np.float32]],
    lexical: tuple[NDArray[np.int64], NDArray[np.float32]],
    *,
    depth: int,
    weight: float = DENSE_WEIGHT,
) -> Fused:
    """The union of two halves, each (rows, scores) best first, by ``weight × dense + (1 − weight) × lexical``.

    Each half's scores are first spread over [0, 1], its weakest hit to 0 and its best to 1 (Lee 1997, "Analyses of
    Multiple Evidence Combination"): cosines and BM25 have no common scale. Where the lexical half returned fewer than
    the ``depth`` hits it was asked for, every other row is known to score 0, and that is the lower end.
    """
    import numpy as np

    rows = np.union1d(dense[0], lexical[0]).astype(np.int64)
    dense_scores, dense_ranks, dense_spread = _aligned(rows, *dense, floor=None)
    lexical_scores, lexical_ranks, lexical_spread = _aligned(
        rows, *lexical, floor=0.0 if len(lexical[0]) < depth else None
    )
    scores = weight * dense_spread + (1 - weight) * lexical_spread
    order = np.lexsort((rows, -scores))
    return Fused(
        rows=rows[order],
        scores=scores[order],
        dense=dense_scores[order],
        dense_ranks=dense_ranks[order],
        lexical=lexical_scores[order],
        lexical_ranks=lexical_ranks[order],
    )


def supported(fused: Fused, documents: NDArray[np.int64]) -> Fused:
    """The same rows, each lifted by what else its document says: a guideline on the subject before a passing mention.

    ``documents``: of each of ``fused.rows``. A document's share is the sum of its scores among the best
    ``SUPPORT_HITS``, the largest being 1; scores stay in [0, 1].
    """
    import numpy as np

    if not len(fused.rows):
        return fused
    shares = np.zeros(int(documents.max()) + 1)
    np.add.at(shares, documents[:SUPPORT_HITS], fused.scores[:SUPPORT_HITS])
    if shares.max() > 0:
        shares /= shares.max()
    scores = (fused.scores + SUPPORT_WEIGHT * shares[documents]) / (1 + SUPPORT_WEIGHT)
    order = np.lexsort((fused.rows, -scores))
    return Fused(
        rows=fused.rows[order],
        scores=scores[order],
        dense=fused.dense[order],
        dense_ranks=fused.dense_ranks[order],
        lexical=fused.lexical[order],
        lexical_ranks=fused.lexical_ranks[order],
    )


def _aligned(
    rows: NDArray[np.int64], hits: NDArray[np.int64], scores: NDArray[np.float32], *, floor: float | None
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """One half's scores, ranks from 1 and spread scores, for each of the sorted ``rows``; zeros where it has none."""
    import numpy as np

    found, ranks, spread = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows))
    if len(hits):
        places = np.searchsorted(rows, hits)
        values = scores.astype(np.float64)
        low, high = values.min() if floor is None else floor, values.max()
        found[places] = values
        ranks[places] = np.arange(1, len(hits) + 1)
        # hits that are all alike are all best
        spread[places] = (values - low) / (high - low) if high > low else 1.0
    return found, ranks, spread
