"""The paired bootstrap, where the answer is known."""

from __future__ import annotations

import math
import random

import pytest

from ragmed.evaluate.resampling import RESAMPLES, compare, interval


def by_query(values: list[float]) -> dict[str, float]:
    return {f"q{number}": value for number, value in enumerate(values)}


def test_a_constant_gain_has_no_spread() -> None:
    found = compare("bm25", "ndcg@10", by_query([0.5] * 20), by_query([0.25] * 20))
    assert (found.difference, found.low, found.high) == (0.25, 0.25, 0.25)
    assert found.p == pytest.approx(1 / (RESAMPLES + 1))
    assert (found.wins, found.losses, found.ties) == (20, 0, 0)
    assert found.named()["resamples"] >= 2000


def test_equal_systems_are_not_told_apart() -> None:
    same = by_query([0.1, 0.9, 0.4])
    found = compare("rrf", "ndcg@10", same, same)
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert found.ties == 3


def test_interval_and_p_agree_with_the_normal_approximation() -> None:
    draw = random.Random(1)
    gains = [draw.gauss(0.05, 0.3) for _ in range(400)]
    found = compare("sum", "ndcg@10", by_query(gains), by_query([0.0] * 400))
    mean = sum(gains) / 400
    error = math.sqrt(sum((gain - mean) ** 2 for gain in gains) / 400) / 20
    assert found.low == pytest.approx(mean - 1.96 * error, abs=0.003)
    assert found.high == pytest.approx(mean + 1.96 * error, abs=0.003)
    assert found.p == pytest.approx(math.erfc(mean / error / math.sqrt(2)), abs=0.01)


def test_the_seed_decides() -> None:
    ours, theirs = by_query([0.2, 0.9, 0.4, 0.7]), by_query([0.1, 0.3, 0.8, 0.7])
    assert compare("x", "m", ours, theirs) == compare("x", "m", ours, theirs)
    assert compare("x", "m", ours, theirs, seed=8).seed == 8


def test_a_query_that_the_baseline_lacks_is_zero_there() -> None:
    found = compare("run", "ndcg@10", {"a": 1.0, "b": 1.0}, {"a": 1.0})
    assert (found.queries, found.baseline_mean, found.difference) == (2, 0.5, 0.5)


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="no queries"):
        compare("x", "m", {}, {})


def test_rows_of_a_cluster_are_drawn_together() -> None:
    """Two clusters: a resample's mean of rows is 0, 1/2 or 1, and never between."""
    seen = set()

    def mean(rows: list[int]) -> float:
        seen.add(len(rows))
        return sum(row >= 10 for row in rows) / len(rows)

    assert interval([list(range(10)), list(range(10, 20))], mean) == (0, 1)
    assert seen == {20}
    assert all(map(math.isnan, interval([], mean)))
    assert all(map(math.isnan, interval([[0]], lambda _: math.nan)))
