"""The pieces of a report page: figures with their meaning, tables, drawings with captions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

MEANINGS = {
    "ndcg@10": ("0 to 1", "how near the top ten documents are to the best possible order"),
    "recall@10": ("share", "of the relevant documents, those among the first ten"),
    "recall@100": ("share", "of the relevant documents, those among the first hundred"),
    "mrr": ("0 to 1", "one over the rank of the first relevant document, mean"),
    "ndcg@10_condensed": ("0 to 1", "nDCG@10 after documents that nobody judged were dropped"),
    "queries": ("count", "asked and scored; one that found nothing scores 0"),
    "documents": ("count", "of the collection"),
    "chunks": ("count", "pieces that the documents were cut into"),
    "seconds_index": ("s", "to cut, embed (unless cached) and publish the collection"),
    "ms_p50": ("ms", "half of the questions took no longer"),
    "ms_p95": ("ms", "19 in 20 questions took no longer"),
    "questions": ("count", "asked"),
    "page_hit@1": ("share", "of the answerable questions, those with a gold page first"),
    "page_hit@5": ("share", "… with a gold page among the first five"),
    "page_hit@10": ("share", "… with a gold page among the first ten"),
    "cited_page_hit": ("share", "of the answerable questions, those whose answer cites a gold page"),
    "must_have_numbers": ("share", "of the numbers that an answer must have, those it has"),
    "abstention_precision": ("share", "of the abstentions, the right ones"),
    "abstention_recall": ("share", "of the unanswerable questions, those abstained from"),
    "false_abstentions": ("share", "of the answerable questions, those abstained from"),
    "abstention_auroc": ("0.5 to 1", "chance that an answerable question has more coverage than an unanswerable one"),
    "precision": ("share", "of the claims flagged, the truly unsupported ones"),
    "recall": ("share", "of the unsupported claims, those flagged"),
    "f1": ("0 to 1", "harmonic mean of the two"),
    "auroc": ("0.5 to 1", "chance that a supported claim scores above an unsupported one"),
    "auroc_cosine": ("0.5 to 1", "the same for one cosine of claim and evidence"),
    "auroc_overlap": ("0.5 to 1", "the same for the share of the claim's tokens in the evidence"),
    "claims": ("count", "checked"),
    "unsupported": ("count", "by the judge's word"),
    "passed_though_unsupported": ("share", "of the unsupported claims, those let through"),
    "flagged_though_supported": ("share", "of the supported claims, those flagged"),
    "brier": ("0 to 1", "mean squared error of the score as a chance; lower is better"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page under a heading."""

    title: str
    body: str


def number(value: object) -> str:
    """A figure as it is shown; a dash for what was not measured."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def figures(values: dict[str, object]) -> str:
    """A table of the figures that have a meaning above."""
    rows = [
        (escape(name), number(value), *map(escape, MEANINGS[name]))
        for name, value in values.items()
        if name in MEANINGS
    ]
    return table(("figure", "value", "unit", "meaning"), rows, right=(1,), kind="figures")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = (), kind: str = "wide") -> str:
    """Cells are markup already.

    On a narrow screen a ``wide`` table scrolls sideways in itself; rows of a ``figures`` or ``prose`` one are stacked.
    """

    def cells(row: Sequence[str], tag: str) -> str:
        alignments = (' class="num"' if column in right else "" for column in range(len(row)))
        return "".join(
            f'<{tag}{aligned} data-head="{escape(head)}">{cell}</{tag}>'
            for cell, aligned, head in zip(row, alignments, heads, strict=True)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    head = cells([escape(one) for one in heads], "th")
    return f'<div class="{kind}" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def drawing(title: str, svg: str, caption: str) -> str:
    """A plot under its title; ``caption`` is markup."""
    return f"<figure><h3>{escape(title)}</h3>{svg}<figcaption>{caption}</figcaption></figure>"


def drawings(*found: str) -> str:
    """Plots beside each other where there is room."""
    return f'<div class="plots">{"".join(found)}</div>'


def key(kind: str, words: str) -> str:
    """An entry of a legend: a swatch of the plot's first (``a``) or second (``b``) colour."""
    return f'<span class="key"><i class="{kind}"></i>{escape(words)}</span>'


def whole_page(title: str, lead: str, sections: Sequence[Section], made: Sequence[tuple[str, str]]) -> str:
    """The page. Nothing is fetched: its policy forbids it."""
    style = files("ragmed.evaluate.report").joinpath("report.css").read_text("utf-8")
    parts = "".join(f"<section><h2>{escape(one.title)}</h2>{one.body}</section>" for one in sections)
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in made)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body><main>"
        f"<header><h1>{escape(title)}</h1><p>{lead}</p></header>{parts}"
        f"<section><h2>How it was made</h2><dl>{rows}</dl></section></main></body></html>\n"
    )
