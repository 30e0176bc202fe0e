"""The measures, computed by hand; what is missing is zero."""

from __future__ import annotations

import math

import pytest

from ragmed.evaluate.beir import Judgment
from ragmed.evaluate.measures import auroc, measure, ndcg_by_query, percentile, trec_lines


def judged(*rows: tuple[str, str, int]) -> list[Judgment]:
    return [Judgment(query_id=query, document_id=document, relevance=score) for query, document, score in rows]


TWO = judged(("q1", "a", 1), ("q1", "b", 0), ("q2", "c", 1))


def test_a_perfect_run() -> None:
    assert set(measure(TWO, {"q1": ["a"], "q2": ["c"]}).named().values()) == {1.0}


def test_a_query_without_a_result_scores_zero_and_stays_in_the_mean() -> None:
    found = measure(TWO, {"q1": ["a"]})
    assert set(found.named().values()) == {0.5}
    assert set(measure(TWO, {}).named().values()) == {0.0}
    assert set(measure(TWO, {"q1": [], "q2": []}).named().values()) == {0.0}


def test_rank_two_by_hand() -> None:
    found = measure(judged(("q", "a", 1)), {"q": ["x", "a"]})
    assert found.ndcg_10 == pytest.approx(1 / math.log2(3))
    assert found.mrr == 0.5
    assert found.recall_10 == 1.0


def test_graded_judgments_by_hand() -> None:
    found = measure(judged(("q", "x", 1), ("q", "y", 2)), {"q": ["z", "x", "n", "y"]})
    gained = 1 / math.log2(3) + 2 / math.log2(5)
    assert found.ndcg_10 == pytest.approx(gained / (2 + 1 / math.log2(3)))


def test_condensed_drops_unjudged_documents_first() -> None:
    run = {"q": ["unjudged", "also unjudged", "bad", "good"]}
    found = measure(judged(("q", "good", 1), ("q", "bad", 0)), run)
    assert found.ndcg_10 == pytest.approx(1 / math.log2(5))
    assert found.ndcg_10_condensed == pytest.approx(1 / math.log2(3))


def test_cuts_at_ten_and_at_a_hundred() -> None:
    run = {"q": [f"n{rank}" for rank in range(10)] + ["a"] + [f"m{rank}" for rank in range(100)] + ["b"]}
    found = measure(judged(("q", "a", 1), ("q", "b", 1)), run)
    assert found.ndcg_10 == 0
    assert found.recall_10 == 0
    assert found.recall_100 == 0.5
    assert found.mrr == pytest.approx(1 / 11)


def test_the_order_of_the_run_counts_not_the_names() -> None:
    """trec_eval breaks ties by name; a run has none."""
    many = [f"d{number:03}" for number in range(100)]
    assert measure(judged(("q", "d000", 1)), {"q": many}).mrr == 1
    assert measure(judged(("q", "d000", 1)), {"q": many[::-1]}).mrr == pytest.approx(0.01)


def test_a_query_nobody_judged_is_not_scored() -> None:
    assert measure(judged(("q", "a", 1)), {"q": ["a"], "stray": ["b"]}).ndcg_10 == 1


def test_scores_by_query() -> None:
    assert ndcg_by_query(TWO, {"q1": ["a"]}) == {"q1": 1.0, "q2": 0.0}


def test_trec_form() -> None:
    assert trec_lines({"q": ["a", "b"]}, "tag") == "q Q0 a 1 2 tag\nq Q0 b 2 1 tag\n"


def test_auroc_by_hand() -> None:
    assert auroc([0.9, 0.8], [0.1]) == 1
    assert auroc([0.1], [0.9]) == 0
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([0.9, 0.2], [0.5, 0.2]) == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert math.isnan(auroc([], [0.5]))


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 0.50) == 50
    assert percentile(values, 0.95) == 95
    assert percentile([7.0], 0.95) == 7
    assert math.isnan(percentile([], 0.5))
