"""Fusion arithmetic, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ragmed.retrieve.fusion import fuse, supported


def half(**scores: float) -> tuple[np.ndarray, np.ndarray]:
    """``half(r3=0.9, r1=0.5)``: rows with scores, best first."""
    rows = np.array([int(name[1:]) for name in scores], dtype=np.int64)
    return rows, np.array(list(scores.values()), dtype=np.float32)


def test_scores_are_spread_over_each_halfs_hits_and_weighted() -> None:
    fused = fuse(half(r1=0.9, r2=0.7, r3=0.5), half(r3=12.0, r4=8.0, r2=4.0), depth=3, weight=0.75)
    # dense spread: r1 1, r2 0.5, r3 0; lexical spread (full list): r3 1, r4 0.5, r2 0
    expected = {1: 0.75, 2: 0.375, 3: 0.25, 4: 0.125}
    assert dict(zip(fused.rows.tolist(), fused.scores.tolist(), strict=True)) == pytest.approx(expected)
    assert fused.rows.tolist() == [1, 2, 3, 4]


def test_a_short_lexical_list_is_spread_from_zero() -> None:
    """Fewer hits than asked for: every other row scores exactly 0, so the weakest hit is better than nothing."""
    fused = fuse(half(r1=0.9, r2=0.5), half(r2=4.0, r3=1.0), depth=100, weight=0.5)
    assert dict(zip(fused.rows.tolist(), fused.scores.tolist(), strict=True)) == pytest.approx(
        {1: 0.5, 2: 0.5, 3: 0.125}
    )


def test_equal_scores_keep_row_order() -> None:
    fused = fuse(half(r9=0.5, r2=0.5), half(), depth=10)
    assert fused.rows.tolist() == [2, 9]
    assert fused.scores[0] == fused.scores[1]


def test_one_half_alone_keeps_its_order() -> None:
    fused = fuse(half(), half(r7=3.0, r1=2.0), depth=2)
    assert fused.rows.tolist() == [7, 1]
    assert fused.dense_ranks.tolist() == [0, 0]
    assert fused.lexical_ranks.tolist() == [1, 2]


def test_nothing_found_gives_nothing() -> None:
    assert fuse(half(), half(), depth=10).rows.tolist() == []


def test_each_halfs_own_score_and_rank_are_kept() -> None:
    fused = fuse(half(r5=0.8, r6=0.4), half(r6=7.0), depth=10)
    at = fused.rows.tolist().index(6)
    assert (fused.dense[at], fused.dense_ranks[at]) == (pytest.approx(0.4), 2)
    assert (fused.lexical[at], fused.lexical_ranks[at]) == (7.0, 1)


def test_scores_stay_within_zero_and_one() -> None:
    random = np.random.default_rng(7)
    for _ in range(50):
        rows = random.permutation(40)[:20].astype(np.int64)
        dense = np.sort(random.normal(size=20).astype(np.float32))[::-1]
        lexical = np.sort(random.exponential(5, size=20).astype(np.float32))[::-1]
        fused = fuse((rows, dense), (random.permutation(rows), lexical), depth=20)
        assert fused.scores.min() >= 0
        assert fused.scores.max() <= 1
        assert (np.diff(fused.scores) <= 0).all()


def test_a_documents_other_hits_lift_each_of_them() -> None:
    fused = fuse(half(r1=0.90, r2=0.895, r3=0.88, r4=0.5), half(), depth=10, weight=1.0)
    lifted = supported(fused, np.array([0, 1, 1, 1]))
    assert lifted.rows.tolist()[:2] == [2, 1], "two near hits of one document beat a lone one just before them"
    assert lifted.scores.max() <= 1
    assert lifted.dense.tolist() == [pytest.approx({1: 0.90, 2: 0.895, 3: 0.88, 4: 0.5}[row]) for row in lifted.rows]
    alone = supported(fused, np.array([0, 1, 2, 3]))
    assert alone.rows.tolist() == fused.rows.tolist(), "where no document has two hits, nothing moves"
    assert supported(fuse(half(), half(), depth=10), np.zeros(0, dtype=np.int64)).rows.tolist() == []
