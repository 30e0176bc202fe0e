"""The measures, computed by hand; what is missing is zero."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest

from ragmed.errors import BadInputError
from ragmed.evaluate.beir import Judgment
from ragmed.evaluate.measures import auroc, measure, ndcg_by_query, percentile, read_trec, roc, score_bins, trec_lines


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


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    run = {"q1": ("b", "a", "c"), "q2": ("z",)}
    path = tmp_path / "run.trec"
    path.write_text(trec_lines(run, "tag"))
    assert read_trec(path) == run


def test_a_foreign_run_is_ordered_by_score_then_rank(tmp_path: Path) -> None:
    path = tmp_path / "run.trec"
    path.write_text("q Q0 low 1 0.1 t\n\nq Q0 third 9 0.5 t\nq Q0 second 4 0.5 t\nq Q0 first 7 3e2 t\n")
    assert read_trec(path) == {"q": ("first", "second", "third", "low")}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("q Q0 a 1 2 t\nq Q0 a 2 1 t\n", "line 2: a occurs twice"),
        ("q Q0 a 1\n", "line 1"),
        ("q Q0 a one 1 t\n", "line 1"),
        ("q Q0 a 1 nan t\n", "line 1"),
        ("\n", "empty"),
    ],
)
def test_a_faulty_run_is_refused_by_line(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "run.trec"
    path.write_text(content)
    with pytest.raises(BadInputError, match=words):
        read_trec(path)


def test_roc_by_hand() -> None:
    assert roc([0.9, 0.4], [0.4, 0.1]) == [(0, 0), (0, 0.5), (0.5, 1), (1, 1)]


def test_the_area_under_the_roc_is_the_auroc() -> None:
    good, bad = [0.9, 0.2, 0.7, 0.7], [0.5, 0.2, 0.7]
    points = roc(good, bad)
    area = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(points))
    assert area == pytest.approx(auroc(good, bad))


def test_score_bins_by_hand() -> None:
    assert score_bins([(0.1, False), (0.2, True), (1.0, True)], 2) == [(pytest.approx(0.15), 0.5, 2), (1.0, 1.0, 1)]
