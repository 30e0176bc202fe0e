"""The gate: dense search over the whole library, before and after, asked what neither model was trained on.

A pair's passage stands among the rows without its query, in the place of its own row. The other rows of its section
and its near-duplicates do not take part: nobody knows whether they answer. Judged is the mean over held-out *series*,
not over pairs, for the pairs of one document rise and fall together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ragmed.evaluate.resampling import Comparison, compare
from ragmed.interfaces import Progress, no_progress
from ragmed.tune.embedder.negatives import HardNegatives
from ragmed.tune.embedder.pairs import Kind, Pair
from ragmed.tune.embedder.rows import LibraryRows

if TYPE_CHECKING:
    from ragmed.interfaces import Embedder

MEASURE = "ndcg@10"


@dataclass(frozen=True, slots=True)
class Vectors:
    """One model's vectors: of every row, and of every judged pair's query and positive."""

    rows: NDArray[np.float32]
    queries: NDArray[np.float32]
    positives: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Held-out pairs before and after."""

    pairs: int
    series: int
    comparison: Comparison
    """nDCG@10, one value a series; won where its interval lies above 0."""
    by_kind: Mapping[str, tuple[int, float, float]]
    """Pairs, nDCG@10 before and after, means over pairs."""
    hits: Mapping[str, tuple[float, float]]
    """Share of the pairs found at rank 1, among the first 5 and 10, before and after."""

    @property
    def won(self) -> bool:
        return self.comparison.low > 0

    def named(self) -> dict[str, Any]:
        """By the names that are printed."""
        return {
            "pairs": self.pairs,
            "series": self.series,
            **self.comparison.named(),
            "hits": {name: {"untuned": before, "tuned": after} for name, (before, after) in self.hits.items()},
            "by_kind": {
                kind: {"pairs": count, "untuned": round(before, 4), "tuned": round(after, 4)}
                for kind, (count, before, after) in self.by_kind.items()
            },
        }


def vectors_of(embedder: Embedder, pairs: Sequence[Pair], rows: NDArray[np.float32]) -> Vectors:
    """A model's vectors of the pairs, beside its vectors of the rows."""
    return Vectors(
        rows,
        embedder.embed_queries([pair.query for pair in pairs]),
        embedder.embed_passages([pair.positive for pair in pairs]),
    )


def rows_by(embedder: Embedder, rows: LibraryRows, progress: Progress = no_progress) -> NDArray[np.float32]:
    """Every row as this embedder would index it, shape (rows, dimensions)."""
    return embedder.embed_passages(rows.texts(), lambda _, done, total: progress("judge", done, total))


def judge(pairs: Sequence[Pair], rows: LibraryRows, near: HardNegatives, before: Vectors, after: Vectors) -> Judged:
    """Compare two models on ``pairs``. Raises ValueError where there are none."""
    ranks = [_ranks(pairs, rows, near, vectors) for vectors in (before, after)]
    gains = [[ndcg(rank) for rank in side] for side in ranks]
    theirs, ours = (_by_series(pairs, rows, side) for side in gains)
    kinds = [kind for kind in Kind if any(pair.kind is kind for pair in pairs)]
    return Judged(
        pairs=len(pairs),
        series=len(ours),
        comparison=compare("untuned", MEASURE, ours, theirs),
        by_kind={kind.value: _of_kind(kind, pairs, gains) for kind in kinds},
        hits={f"@{depth}": (_hits(ranks[0], depth), _hits(ranks[1], depth)) for depth in (1, 5, 10)},
    )


def ndcg(rank: int) -> float:
    """nDCG@10 of a query with one right answer at ``rank`` (from 1): 1 / log2(1 + rank), 0 beyond the tenth."""
    return 1 / math.log2(1 + rank) if rank <= 10 else 0.0


def _ranks(pairs: Sequence[Pair], rows: LibraryRows, near: HardNegatives, vectors: Vectors) -> list[int]:
    """The rank of each pair's positive among all rows that take part; ties and what is no number count against it."""
    found = []
    for place, pair in enumerate(pairs):
        cosines = vectors.rows @ vectors.queries[place]
        own = float(vectors.positives[place] @ vectors.queries[place])
        above = np.flatnonzero(~(cosines < own) & (rows.sections != rows.sections[pair.row]))
        # beyond rank 10 the exact rank says nothing: what stands above is looked at only so far
        rivals = 0
        for row in above[np.argsort(-cosines[above], kind="stable")]:
            rivals += not near.near_duplicates(pair.row, int(row))
            if rivals >= 10:
                break
        found.append(rivals + 1)
    return found


def _by_series(pairs: Sequence[Pair], rows: LibraryRows, gains: Sequence[float]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for pair, gain in zip(pairs, gains, strict=True):
        found.setdefault(rows.series[pair.row], []).append(gain)
    return {series: math.fsum(values) / len(values) for series, values in found.items()}


def _of_kind(kind: Kind, pairs: Sequence[Pair], gains: Sequence[Sequence[float]]) -> tuple[int, float, float]:
    picked = [place for place, pair in enumerate(pairs) if pair.kind is kind]
    before, after = (math.fsum(side[place] for place in picked) / len(picked) for side in gains)
    return len(picked), before, after


def _hits(ranks: Sequence[int], depth: int) -> float:
    return round(sum(rank <= depth for rank in ranks) / len(ranks), 4)
