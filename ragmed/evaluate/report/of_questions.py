"""The sections of a report on questions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ragmed.evaluate.measures import roc, score_bins
from ragmed.evaluate.questions import Asked, GroupScores, QuestionScores
from ragmed.evaluate.report import plots
from ragmed.evaluate.report.markup import Section, drawing, drawings, figures, key, number, table
from ragmed.evaluate.report.of_retrieval import bootstrap_note, sentence

_COLUMNS = ("questions", "page_hit@1", "page_hit@5", "page_hit@10", "cited_page_hit", "must_have_numbers")
_CHANGED = 20


def question_sections(scores: QuestionScores, threshold: float) -> list[Section]:
    """Figures; quality by kind and language; the baseline; coverage and abstention; what went wrong."""
    sections = [Section(title="Figures", body=figures(scores.report()))]
    sections += [
        Section(title=f"By {name}", body=_groups(groups))
        for name, groups in (("kind", scores.by_kind), ("language", scores.by_language))
        if groups
    ]
    if scores.comparisons:
        sections.append(Section(title=f"Against {scores.comparisons[0].baseline}", body=_compared(scores)))
    sections.append(Section(title="Coverage and abstention", body=_coverage(scores.asked, threshold)))
    sections.append(Section(title="What went wrong", body=_wrong(scores.asked)))
    return sections


def _groups(groups: Sequence[GroupScores]) -> str:
    pictures = []
    for name, title in (("page_hit_5", "Gold page among the first five"), ("cited_page_hit", "Gold page cited")):
        rows = [
            plots.Bar(f"{group.group} ({group.questions})", getattr(group, name), strong=True)
            for group in groups
            if not math.isnan(getattr(group, name))
        ]
        if rows:
            said = f"{title}: share of the answerable questions"
            pictures.append(
                drawing(
                    title, plots.bars(rows, said), "Share of the answerable questions; in brackets all of the group."
                )
            )
    rows_of = [[escape(group.group), *(number(group.named()[name]) for name in _COLUMNS)] for group in groups]
    return drawings(*pictures) + table(("group", *_COLUMNS), rows_of, right=range(1, len(_COLUMNS) + 1))


def _compared(scores: QuestionScores) -> str:
    lines = "".join(sentence(one) for one in scores.comparisons) + bootstrap_note(scores.comparisons[0])
    changed = [
        one
        for one in scores.asked
        if one.question.answerable and _within_five(one.first_hit) != _within_five(one.baseline_hit)
    ]
    rows = [
        [
            escape(one.question.question_id),
            escape(one.question.text),
            "won" if _within_five(one.first_hit) else "lost",
            _rank(one.first_hit),
            _rank(one.baseline_hit),
        ]
        for one in sorted(changed, key=lambda one: (_within_five(one.first_hit), one.question.question_id))
    ]
    note = (
        f'<p class="note">{sum(_within_five(one.first_hit) for one in changed)} won and '
        f"{sum(not _within_five(one.first_hit) for one in changed)} lost at five pages.</p>"
    )
    return (
        lines
        + note
        + table(("id", "question", "outcome", "rank here", "rank there"), rows[:_CHANGED], right=(3, 4), kind="prose")
    )


def _within_five(rank: int) -> bool:
    return 1 <= rank <= 5


def _rank(rank: int) -> str:
    return str(rank) if rank else "–"


def _coverage(asked: Sequence[Asked], threshold: float) -> str:
    answerable = [one.coverage for one in asked if one.question.answerable]
    others = [one.coverage for one in asked if not one.question.answerable]
    pictures = [
        drawing(
            "Coverage of answerable and unanswerable questions",
            plots.two_histograms(
                answerable, others, "Distribution of coverage", "coverage, estimated chance of an answer", threshold
            ),
            key("a", f"answerable ({len(answerable)})")
            + key("b", f"not answerable ({len(others)})")
            + "Shares of each group. Left of the threshold the assistant abstains.",
        )
    ]
    if answerable and others:
        pictures.append(
            drawing(
                "Telling answerable from unanswerable",
                plots.curves(
                    [("coverage", roc(answerable, others))],
                    "ROC curve of coverage",
                    ("unanswerable, taken for answerable", "answerable, kept"),
                ),
                "Each point is a threshold. The diagonal is guessing.",
            )
        )
        bins = score_bins([(one.coverage, one.question.answerable) for one in asked])
        pictures.append(
            drawing(
                "Is coverage a fair chance?",
                plots.reliability(bins, "Reliability of coverage", ("coverage", "share answerable")),
                "Ten bands of coverage; a larger dot holds more questions. "
                "On the diagonal the score says what happens.",
            )
        )
    return drawings(*pictures)


def _wrong(asked: Sequence[Asked]) -> str:
    rows = [
        [escape(one.question.question_id), escape(one.question.text), fault, f"{one.coverage:.2f}"]
        for one in asked
        for fault in [_fault(one)]
        if fault
    ]
    return f'<p class="note">{len(rows)} of {len(asked)} questions.</p>' + table(
        ("id", "question", "fault", "coverage"), rows, right=(3,), kind="prose"
    )


def _fault(one: Asked) -> str:
    """The first thing that went wrong; empty where nothing did."""
    if not one.question.answerable:
        return "" if one.abstained else "answered, not answerable"
    if one.abstained:
        return "abstained, answerable"
    if not one.first_hit:
        return "no gold page among ten"
    return "gold page found, not cited" if one.cited_hit is False else ""
