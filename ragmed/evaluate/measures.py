"""The measures: what a run is worth against judgments, and how well a score parts two groups.

Laws of this room: a query that was asked and found nothing scores zero; it is never dropped from a mean. Ties keep the
order of the run. The arithmetic of ranked measures is trec_eval's, by ``ir_measures``; nothing is rounded here.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ragmed.errors import BadInputError
from ragmed.evaluate.beir import Judgment

Run = Mapping[str, Sequence[str]]
"""Query → documents, best first, each at most once."""

NAMES = ("ndcg@10", "recall@10", "recall@100", "mrr", "ndcg@10_condensed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Means over the queries, each in [0, 1]."""

    ndcg_10: float
    recall_10: float
    recall_100: float
    mrr: float
    ndcg_10_condensed: float
    """nDCG@10 after documents that nobody judged were dropped (Sakai 2007, "Alternatives to Bpref")."""

    def named(self) -> dict[str, float]:
        """By the names that are printed."""
        values = (self.ndcg_10, self.recall_10, self.recall_100, self.mrr, self.ndcg_10_condensed)
        return dict(zip(NAMES, values, strict=True))


def measure(judgments: Sequence[Judgment], run: Run) -> Measures:
    """Mean measures over every query that has a judgment, whether the run answers it or not."""
    judged = _by_query(judgments)
    condensed = {
        query: [document for document in documents if document in judged.get(query, {})]
        for query, documents in run.items()
    }
    plain = _means(judged, run)
    return Measures(
        ndcg_10=plain[0],
        recall_10=plain[1],
        recall_100=plain[2],
        mrr=plain[3],
        ndcg_10_condensed=_means(judged, condensed)[0],
    )


def ndcg_by_query(judgments: Sequence[Judgment], run: Run) -> dict[str, float]:
    """nDCG@10 of every judged query, for comparing systems query by query."""
    return {query: values[0] for query, values in _scores(_by_query(judgments), run).items()}


def _by_query(judgments: Sequence[Judgment]) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for judgment in judgments:
        judged.setdefault(judgment.query_id, {})[judgment.document_id] = judgment.relevance
    return judged


def _means(judged: Mapping[str, Mapping[str, int]], run: Run) -> tuple[float, ...]:
    rows = _scores(judged, run).values()
    return tuple(math.fsum(row[column] for row in rows) / len(judged) for column in range(4))


def _scores(judged: Mapping[str, Mapping[str, int]], run: Run) -> dict[str, tuple[float, float, float, float]]:
    """(nDCG@10, recall@10, recall@100, reciprocal rank) of each judged query; zeros where the run has nothing."""
    import ir_measures

    columns = {
        measure: column
        for column, measure in enumerate(map(ir_measures.parse_measure, ("nDCG@10", "R@10", "R@100", "RR")))
    }
    found = {query: [0.0] * len(columns) for query in judged}
    # descending whole numbers: trec_eval sorts by score, and equal ones by name, which would undo the run's order
    ranked = {
        query: {document: float(len(documents) - rank) for rank, document in enumerate(documents)}
        for query, documents in run.items()
        if query in judged and documents
    }
    if ranked:
        qrels = {query: dict(relevance) for query, relevance in judged.items()}
        for metric in ir_measures.iter_calc(list(columns), qrels, ranked):
            found[metric.query_id][columns[metric.measure]] = float(metric.value)
    return {query: (row[0], row[1], row[2], row[3]) for query, row in found.items()}


def trec_lines(run: Run, tag: str) -> str:
    """A run in TREC form: ``query Q0 document rank score tag``; the score falls with the rank."""
    return "".join(
        f"{query} Q0 {document} {rank} {len(documents) - rank + 1} {tag}\n"
        for query, documents in run.items()
        for rank, document in enumerate(documents, 1)
    )


def read_trec(file: Path) -> dict[str, tuple[str, ...]]:
    """A run in TREC form, best first: by falling score, equal scores in the order of their ranks.

    Raises BadInputError naming the line: six fields, a number for score and rank, each document once a query.
    """
    rows: dict[str, list[tuple[float, int, str]]] = {}
    seen: set[tuple[str, str]] = set()
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file}: cannot be read: {error}", remedy="give a run in TREC form") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        fields = line.split()
        try:
            query, _, document, rank, score, _ = fields
            row = (-float(score), int(rank), document)
        except ValueError:
            raise BadInputError(
                f"{file}, line {number}: not a line of a run", remedy="query Q0 document rank score tag"
            ) from None
        if math.isnan(row[0]) or (query, document) in seen:
            fault = "the score is not a number" if math.isnan(row[0]) else f"{document} occurs twice for {query}"
            raise BadInputError(f"{file}, line {number}: {fault}", remedy="make the run again")
        seen.add((query, document))
        rows.setdefault(query, []).append(row)
    if not rows:
        raise BadInputError(f"{file}: an empty run", remedy="give a run in TREC form")
    return {query: tuple(document for _, _, document in sorted(found)) for query, found in rows.items()}


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Chance that a positive scores above a negative, ties counting half (Mann–Whitney U); NaN if a group is empty."""
    if not positive or not negative:
        return math.nan
    below = sorted(negative)
    wins = sum(0.5 * (bisect_left(below, value) + bisect_right(below, value)) for value in positive)
    return wins / (len(positive) * len(negative))


def roc(positive: Sequence[float], negative: Sequence[float]) -> list[tuple[float, float]]:
    """(share of the negatives, share of the positives) at or above each threshold, from (0, 0) to (1, 1)."""
    points = [(0.0, 0.0)]
    above, below = sorted(positive), sorted(negative)
    for threshold in sorted({*positive, *negative}, reverse=True):
        kept = (len(below) - bisect_left(below, threshold), len(above) - bisect_left(above, threshold))
        points.append((kept[0] / len(below), kept[1] / len(above)))
    return points


def score_bins(pairs: Sequence[tuple[float, bool]], count: int = 10) -> list[tuple[float, float, int]]:
    """(mean score, share true, how many) of each of ``count`` equal bands of [0, 1] that holds any."""
    bands: list[list[tuple[float, bool]]] = [[] for _ in range(count)]
    for value, true in pairs:
        bands[min(max(int(value * count), 0), count - 1)].append((value, true))
    return [
        (math.fsum(value for value, _ in band) / len(band), sum(true for _, true in band) / len(band), len(band))
        for band in bands
        if band
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of the values do not exceed (nearest rank); NaN if there are none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
