"""Plain ways to rank, to measure the search against: from the same two candidate lists, without its own fusion.

``dense`` and ``bm25`` are the halves as they are asked within the search (query analysis included); ``rrf`` is
reciprocal rank fusion with k = 60 (Cormack, Clarke & Büttcher 2009); ``sum`` spreads both halves' scores over [0, 1]
and adds them, half each.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.errors import BadInputError
from ragmed.retrieve.fusion import fuse
from ragmed.retrieve.search import Ranking

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BASELINES = ("dense", "bm25", "rrf", "sum")

RRF_K = 60


def baseline_rows(name: str, found: Ranking, depth: int) -> Sequence[int]:
    """The rows of the snapshot, best first, as the baseline ``name`` orders them."""
    halves = {"dense": found.dense[0], "bm25": found.lexical[0]}
    if name in halves:
        return [int(row) for row in halves[name]]
    if name == "rrf":
        return reciprocal_ranks(found.dense[0], found.lexical[0])
    return [int(row) for row in fuse(found.dense, found.lexical, depth=depth, weight=0.5).rows]


def reciprocal_ranks(*lists: NDArray[np.int64]) -> list[int]:
    """Rows by the sum of ``1 / (60 + rank)`` over the lists that hold them; equal sums in row order."""
    scores: dict[int, float] = {}
    for rows in lists:
        for rank, row in enumerate(rows.tolist(), 1):
            scores[row] = scores.get(row, 0.0) + 1 / (RRF_K + rank)
    return sorted(scores, key=lambda row: (-scores[row], row))


def require_baseline(name: str) -> Path | None:
    """The saved run that ``name`` is, None where it is a named baseline. Raises BadInputError where it is neither."""
    if name in BASELINES:
        return None
    if Path(name).is_file():
        return Path(name)
    known = ", ".join(BASELINES)
    raise BadInputError(
        f"{name!r} is no baseline and no file", remedy=f"name one of {known}, or a run saved with --run"
    )
