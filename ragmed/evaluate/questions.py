"""The whole way measured: were the right pages found, were they cited, and was the unanswerable left unanswered?

Laws of this room: every question counts; a question that raised an error stops the run; groups (kind, language) are
scored on their own, because a mean hides the weak ones. Pages count from 1 and are physical ones.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ragmed.evaluate.measures import auroc, percentile
from ragmed.evaluate.question_file import GoldPlace, Question, is_gold, read_questions
from ragmed.evaluate.resampling import Comparison, compare
from ragmed.interfaces import Assistant, Finished, Progress, Retriever, no_progress
from ragmed.records import AnswerRecord, Filters, Outcome

Place = tuple[str, int]
"""A file's path in the library, and a physical page."""

PLACES = 10
"""Distinct pages looked at, as deep as page_hit@10."""

_PASSAGES = 40
"""Passages asked for, so that ten distinct pages are among them."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of one question."""

    question: Question
    first_hit: int
    """Rank, from 1, of the first gold page among the distinct pages found; 0 where none is."""
    cited_hit: bool | None
    """Whether the answer cites a gold page; None where no assistant was asked."""
    abstained: bool
    coverage: float
    numbers_wanted: int
    numbers_found: int
    milliseconds: float
    """Of the whole answer where an assistant was asked, else of the search."""
    places: tuple[Place, ...] = ()
    """The distinct pages found, best first, at most ten."""
    baseline_hit: int = 0
    """``first_hit`` of the baseline; 0 also without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScores:
    """Shares in [0, 1] over one group of questions; NaN where the group has nothing to measure."""

    group: str
    questions: int
    page_hit_1: float
    page_hit_5: float
    page_hit_10: float
    cited_page_hit: float
    must_have_numbers: float
    abstention_precision: float
    """Of the abstentions, the share that was right."""
    abstention_recall: float
    """Of the unanswerable questions, the share abstained from."""
    false_abstentions: float
    """Of the answerable questions, the share abstained from."""
    abstention_auroc: float
    """Chance that an answerable question has more coverage than an unanswerable one."""
    ms_p50: float
    ms_p95: float

    def named(self) -> dict[str, Any]:
        """By the names that are printed; what could not be measured is null."""
        values = {
            "questions": self.questions,
            "page_hit@1": self.page_hit_1,
            "page_hit@5": self.page_hit_5,
            "page_hit@10": self.page_hit_10,
            "cited_page_hit": self.cited_page_hit,
            "must_have_numbers": self.must_have_numbers,
            "abstention_precision": self.abstention_precision,
            "abstention_recall": self.abstention_recall,
            "false_abstentions": self.false_abstentions,
            "abstention_auroc": self.abstention_auroc,
            "ms_p50": self.ms_p50,
            "ms_p95": self.ms_p95,
        }
        return {
            name: None if isinstance(value, float) and math.isnan(value) else round(value, 4)
            for name, value in values.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionScores:
    """What ``ragmed eval questions`` prints."""

    whole: GroupScores
    by_kind: tuple[GroupScores, ...]
    by_language: tuple[GroupScores, ...]
    asked: tuple[Asked, ...]
    comparisons: tuple[Comparison, ...] = ()
    """Of page_hit@1, @5 and @10 with the baseline, over the answerable questions."""

    def report(self) -> dict[str, Any]:
        """The stable names of the whole first, then each group under its name."""
        return {
            **self.whole.named(),
            **({"comparisons": {one.measure: one.named() for one in self.comparisons}} if self.comparisons else {}),
            "by_kind": {group.group: group.named() for group in self.by_kind},
            "by_language": {group.group: group.named() for group in self.by_language},
        }


def evaluate_questions(
    file: Path,
    retriever: Retriever,
    assistant: Assistant | None = None,
    *,
    abstain_below: float | None = None,
    baseline: str | None = None,
    baseline_places: Callable[[Question], Sequence[Place]] | None = None,
    progress: Progress = no_progress,
) -> QuestionScores:
    """Ask every question of ``file``, score what was found, cited and abstained from.

    Without an assistant citations and numbers are not measured; with ``abstain_below`` the search's own coverage then
    decides an abstention. ``baseline`` names what ``baseline_places`` finds for a question, to compare page hits with.
    """
    questions = read_questions(file)
    asked: list[Asked] = []
    for done, question in enumerate(questions, 1):
        one = _ask(question, retriever, assistant, abstain_below)
        if baseline_places:
            one = replace(one, baseline_hit=first_gold(question.gold, baseline_places(question)))
        asked.append(one)
        progress("ask", done, len(questions))
    languages = [one.question.language.value if one.question.language else "" for one in asked]
    return QuestionScores(
        whole=score("all", asked),
        by_kind=_grouped(asked, [one.question.kind for one in asked]),
        by_language=_grouped(asked, languages),
        asked=tuple(asked),
        comparisons=_comparisons(baseline, asked) if baseline else (),
    )


def _comparisons(baseline: str, asked: Sequence[Asked]) -> tuple[Comparison, ...]:
    answerable = [one for one in asked if one.question.answerable]
    return tuple(
        compare(
            baseline,
            f"page_hit@{depth}",
            {one.question.question_id: float(1 <= one.first_hit <= depth) for one in answerable},
            {one.question.question_id: float(1 <= one.baseline_hit <= depth) for one in answerable},
        )
        for depth in (1, 5, 10)
        if answerable
    )


def _ask(question: Question, retriever: Retriever, assistant: Assistant | None, abstain_below: float | None) -> Asked:
    began = time.perf_counter()
    found = retriever.retrieve(retriever.analyse(question.text, None, Filters()), _PASSAGES)
    milliseconds = (time.perf_counter() - began) * 1000
    record = _answer(assistant, question) if assistant else None
    wanted = set(_NUMBER.findall(" ".join(question.must_have))) if record and question.answerable else set()
    if record:
        milliseconds = record.timings_ms.total
        abstained = record.outcome is not Outcome.ANSWERED
    else:
        abstained = abstain_below is not None and found.coverage < abstain_below
    places = places_of((passage.document.source_path, passage.chunk.page_number) for passage in found.passages)
    return Asked(
        question=question,
        first_hit=first_gold(question.gold, places),
        cited_hit=any(is_gold(question.gold, *place) for place in _cited(record)) if record else None,
        abstained=abstained,
        coverage=found.coverage,
        numbers_wanted=len(wanted),
        numbers_found=len(wanted & set(_NUMBER.findall(record.text))) if record else 0,
        milliseconds=milliseconds,
        places=places,
    )


def _answer(assistant: Assistant, question: Question) -> AnswerRecord:
    for event in assistant.ask(question.text):
        if isinstance(event, Finished):
            return event.record
    raise RuntimeError(f"question {question.question_id}: the assistant ended without a record")


def places_of(found: Iterable[Place]) -> tuple[Place, ...]:
    """The first ten distinct pages."""
    return tuple(dict.fromkeys(found))[:PLACES]


def first_gold(gold: Sequence[GoldPlace], places: Sequence[Place]) -> int:
    """Rank from 1 of the first gold page among the first ten of ``places``; 0 where none is."""
    return next((rank for rank, place in enumerate(places[:PLACES], 1) if is_gold(gold, *place)), 0)


def _cited(record: AnswerRecord) -> Iterable[tuple[str, int]]:
    paths = {document.document_id: document.source_path for document in record.documents}
    for check in record.checks:
        if check.verdict.holds:
            yield paths[check.citation.document_id], check.citation.page_number


def _grouped(asked: Sequence[Asked], names: Sequence[str]) -> tuple[GroupScores, ...]:
    groups: dict[str, list[Asked]] = {}
    for one, name in zip(asked, names, strict=True):
        if name:
            groups.setdefault(name, []).append(one)
    return tuple(score(name, groups[name]) for name in sorted(groups))


def score(group: str, asked: Sequence[Asked]) -> GroupScores:
    """The shares over one group."""
    answerable = [one for one in asked if one.question.answerable]
    unanswerable = [one for one in asked if not one.question.answerable]
    abstained = [one for one in asked if one.abstained]
    times = [one.milliseconds for one in asked]
    return GroupScores(
        group=group,
        questions=len(asked),
        page_hit_1=_share(one.first_hit == 1 for one in answerable),
        page_hit_5=_share(1 <= one.first_hit <= 5 for one in answerable),
        page_hit_10=_share(1 <= one.first_hit <= 10 for one in answerable),
        cited_page_hit=_share(one.cited_hit for one in answerable if one.cited_hit is not None),
        must_have_numbers=_ratio(
            sum(one.numbers_found for one in answerable), sum(one.numbers_wanted for one in answerable)
        ),
        abstention_precision=_share(not one.question.answerable for one in abstained),
        abstention_recall=_share(one.abstained for one in unanswerable),
        false_abstentions=_share(one.abstained for one in answerable),
        abstention_auroc=auroc([one.coverage for one in answerable], [one.coverage for one in unanswerable]),
        ms_p50=percentile(times, 0.50),
        ms_p95=percentile(times, 0.95),
    )


def _share(truths: Iterable[bool]) -> float:
    counted = list(truths)
    return _ratio(sum(counted), len(counted))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
