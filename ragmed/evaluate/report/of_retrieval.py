"""The sections of a report on search."""

from __future__ import annotations

from html import escape

from ragmed.evaluate.report import plots
from ragmed.evaluate.report.markup import Section, drawing, drawings, figures, key, number, table
from ragmed.evaluate.resampling import Comparison
from ragmed.evaluate.retrieval import RetrievalScores

_SHOWN = 12
_BINS = ("0", "0–0.25", "0.25–0.5", "0.5–0.75", "0.75–1", "1")


def retrieval_sections(scores: RetrievalScores) -> list[Section]:
    """Figures; systems beside each other; wins and losses against the baseline, or where the search fails."""
    sections = [Section(title="Figures", body=figures(scores.report()))]
    rows = [plots.Bar(one.system, one.measures.ndcg_10, strong=not place) for place, one in enumerate(scores.systems)]
    spread = _spread(list(scores.ndcg_by_query.values()))
    pictures = [
        drawing("nDCG@10 of each system", plots.bars(rows, "nDCG@10 of each system"), "Mean over the queries, 0 to 1."),
        drawing(
            "Queries by their nDCG@10",
            plots.bars(spread, "Share of the queries in each band of nDCG@10"),
            "Share of the queries. 0: nothing relevant among the first ten. 1: the best possible order.",
        ),
    ]
    names = list(scores.systems[0].measures.named())
    measures = [
        [escape(one.system), *(number(value) for value in one.measures.named().values())] for one in scores.systems
    ]
    systems = drawings(*pictures) + table(("system", *names), measures, right=range(1, len(names) + 1))
    sections.append(Section(title="Systems", body=systems))
    if scores.comparison:
        sections.append(
            Section(title=f"Against {scores.comparison.baseline}", body=_compared(scores, scores.comparison))
        )
    failed = [query for query, value in scores.ndcg_by_query.items() if value == 0]
    listed = [[escape(query), escape(scores.query_texts.get(query, ""))] for query in failed[:_SHOWN]]
    note = f'<p class="note">{len(failed)} of {len(scores.ndcg_by_query)} queries; the first {len(listed)} of them.</p>'
    sections.append(
        Section(
            title="Nothing relevant among the first ten", body=note + table(("query", "text"), listed, kind="prose")
        )
    )
    return sections


def _spread(values: list[float]) -> list[plots.Bar]:
    bands = (
        sum(value == 0 for value in values),
        sum(0 < value <= 0.25 for value in values),
        sum(0.25 < value <= 0.5 for value in values),
        sum(0.5 < value <= 0.75 for value in values),
        sum(0.75 < value < 1 for value in values),
        sum(value >= 1 for value in values),
    )
    return [plots.Bar(name, count / len(values), f" ({count})") for name, count in zip(_BINS, bands, strict=True)]


def sentence(found: Comparison) -> str:
    """What a comparison says, in one line of markup."""
    sure = "not told apart from luck" if found.low <= 0 <= found.high else "better" if found.low > 0 else "worse"
    return (
        f'<p class="verdict">{escape(found.measure)} {found.mean:.3f} against {found.baseline_mean:.3f}: '
        f"{found.difference:+.3f}, 95 % interval {found.low:+.3f} to {found.high:+.3f}, p = {found.p:.4f}: "
        f"<strong>{sure}</strong>.</p>"
    )


def bootstrap_note(found: Comparison) -> str:
    """How the interval and p were made."""
    return (
        f'<p class="note">Paired bootstrap over {found.queries:,} queries, {found.resamples:,} resamples, seed '
        f"{found.seed}. p is two-sided.</p>"
    )


def _compared(scores: RetrievalScores, found: Comparison) -> str:
    gains = {query: value - scores.baseline_by_query.get(query, 0.0) for query, value in scores.ndcg_by_query.items()}
    caption = (
        key("a", f"better ({found.wins})") + key("b", f"worse ({found.losses})") + f"{found.ties} equal. "
        "One stroke a query, from the greatest win to the greatest loss."
    )
    picture = drawing(
        "nDCG@10 minus the baseline's, query by query",
        plots.differences(list(gains.values()), "Sorted differences of nDCG@10", "queries, sorted"),
        caption,
    )
    ordered = sorted(gains, key=lambda query: (gains[query], query))
    losses = [query for query in ordered[: _SHOWN // 2] if gains[query] < 0]
    wins = [query for query in ordered[::-1][: _SHOWN // 2] if gains[query] > 0]
    rows = [
        [
            escape(query),
            escape(scores.query_texts.get(query, "")),
            f"{scores.ndcg_by_query[query]:.2f}",
            f"{scores.baseline_by_query.get(query, 0.0):.2f}",
            f"{gains[query]:+.2f}",
        ]
        for query in [*wins, *losses]
    ]
    shown = table(("query", "text", "here", "baseline", "difference"), rows, right=(2, 3, 4), kind="prose")
    return sentence(found) + bootstrap_note(found) + drawings(picture) + shown
