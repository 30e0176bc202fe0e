"""Is one system better than another, or was it luck? Bootstrap over queries.

Laws of this room: the same seed gives the same figures; pairs stay together; every query counts, also one that both
systems failed on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RESAMPLES = 10_000
SEED = 7
_AT_ONCE = 500
"""Resamples drawn at a time: 500 × 1,000 queries are 4 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """System minus baseline, over the same queries."""

    baseline: str
    measure: str
    queries: int
    mean: float
    baseline_mean: float
    difference: float
    low: float
    high: float
    """95 % percentile interval of the difference (Efron & Tibshirani 1993, ch. 13)."""
    p: float
    """Two-sided: how often a difference as far from 0 occurs among resamples centred on 0 (Smucker et al. 2007), the
    sample itself counted."""
    wins: int
    losses: int
    ties: int
    resamples: int
    seed: int

    def named(self) -> dict[str, Any]:
        """By the names that are printed."""
        return {
            "baseline": self.baseline,
            "measure": self.measure,
            "queries": self.queries,
            "mean": round(self.mean, 4),
            "baseline_mean": round(self.baseline_mean, 4),
            "difference": round(self.difference, 4),
            "ci95": [round(self.low, 4), round(self.high, 4)],
            "p": round(self.p, 5),
            "wins": self.wins,
            "losses": self.losses,
            "ties": self.ties,
            "resamples": self.resamples,
            "seed": self.seed,
        }


def compare(
    baseline: str,
    measure: str,
    ours: Mapping[str, float],
    theirs: Mapping[str, float],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Comparison:
    """Paired bootstrap of the mean difference. Queries are those of ``ours``; one that ``theirs`` lacks is 0 there.

    Raises ValueError where there is no query at all.
    """
    import numpy as np

    if not ours:
        raise ValueError("nothing to compare: no queries")
    differences = np.array([value - theirs.get(query, 0.0) for query, value in ours.items()])
    mean = float(differences.mean())
    draws = np.empty(resamples)
    random = np.random.default_rng(seed)
    for start in range(0, resamples, _AT_ONCE):
        count = min(_AT_ONCE, resamples - start)
        picked = random.integers(0, len(differences), (count, len(differences)))
        draws[start : start + count] = differences[picked].mean(axis=1)
    low, high = (float(value) for value in np.quantile(draws, [0.025, 0.975]))
    as_far = int((np.abs(draws - mean) >= abs(mean) - 1e-12).sum())
    return Comparison(
        baseline=baseline,
        measure=measure,
        queries=len(ours),
        mean=math.fsum(ours.values()) / len(ours),
        baseline_mean=math.fsum(theirs.get(query, 0.0) for query in ours) / len(ours),
        difference=mean,
        low=low,
        high=high,
        p=(as_far + 1) / (resamples + 1),
        wins=int((differences > 0).sum()),
        losses=int((differences < 0).sum()),
        ties=int((differences == 0).sum()),
        resamples=resamples,
        seed=seed,
    )


def interval(
    clusters: Sequence[Sequence[int]],
    statistic: Callable[[Sequence[int]], float],
    *,
    resamples: int = 2_000,
    seed: int = SEED,
) -> tuple[float, float]:
    """95 % percentile interval of ``statistic`` of resampled row numbers; NaN where it was never defined.

    ``clusters``: rows that belong together (claims on one evidence), drawn together: they are not independent.
    """
    import numpy as np

    if not clusters:
        return math.nan, math.nan
    random = np.random.default_rng(seed)
    drawn = (random.integers(0, len(clusters), len(clusters)).tolist() for _ in range(resamples))
    values = (statistic([row for place in places for row in clusters[place]]) for places in drawn)
    defined = [value for value in values if not math.isnan(value)]
    if not defined:
        return math.nan, math.nan
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)
