"""A draft judged as a whole: its sentences, its card where it has one, and why it is refused where too little holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragmed.answer import notices
from ragmed.answer.card_judging import JudgedCard, judge_card
from ragmed.answer.case import read_case
from ragmed.answer.judging import Held, Judged, judge_draft
from ragmed.answer.whole import made_whole
from ragmed.records import Language, Mode, Passage, Query, RefusedDraft, Withheld

if TYPE_CHECKING:
    from ragmed.answer.second_check import SecondCheck
    from ragmed.drafts import Draft
    from ragmed.interfaces import SnapshotReader


@dataclass(frozen=True, slots=True)
class Judgement:
    """What of a draft holds: of its sentences, and of its card where it has one."""

    prose: Judged
    card: JudgedCard | None = None

    @property
    def count(self) -> int:
        """Sentences, diagnoses, warnings and lines that were drafted."""
        return self.prose.count + (self.card.count if self.card else 0)

    @property
    def withheld(self) -> tuple[Withheld, ...]:
        """Those that failed."""
        return (*(self.card.withheld if self.card else ()), *self.prose.withheld)

    @property
    def share_held(self) -> float:
        """From 0 to 1; 1 where nothing was drafted."""
        return 1 - len(self.withheld) / self.count if self.count else 1.0


def judge_whole(
    draft: Draft,
    passages: Sequence[Passage],
    snapshot: SnapshotReader,
    query: Query,
    second: SecondCheck | None = None,
) -> Judgement:
    """Every sentence and line of the draft, checked against its page; ``second`` is asked of sentences only.

    ``passages``: those that the draft's markers mean, where its prompt does not say which.
    """
    prose = judge_draft(draft, passages, snapshot, second, query.language)
    shown = draft.prompt.passages if draft.prompt else passages
    if not draft.quotes:
        prose = made_whole(prose, shown, snapshot, query.language)
    if draft.card is None:
        return Judgement(prose)
    return Judgement(prose, judge_card(draft.card, shown, snapshot, read_case(query.text), query.language))


def led_by(judged: Judgement, lead: Held) -> Judgement:
    """With the sentence that the library leads with, as the last one, unless words of it are cited already."""
    (mine,) = lead[1]
    for _, checks in judged.prose.held:
        for one in checks:
            there, here = one.citation, mine.citation
            same = (there.document_id, there.page_number) == (here.document_id, here.page_number)
            if same and there.start < here.end and here.start < there.end:
                return judged
    prose = judged.prose
    return replace(judged, prose=replace(prose, held=(*prose.held, lead), led=True))


def refusal_of(
    draft: Draft, judged: Judgement, mode: Mode, language: Language, *, beside: bool = False
) -> RefusedDraft:
    """Why a model's draft is not shown: too much of it fell, there is nothing in it, it cannot be read, or it stands
    ``beside`` what was asked for."""
    if beside:
        reason = notices.said("draft_beside", language)
    elif mode is Mode.DIFFERENTIAL and draft.card is None and not draft.found_nothing:
        reason = notices.said("no_drafted_card", language)
    elif judged.count:
        key = "card_fell" if draft.card else "draft_fell"
        reason = notices.said(key, language, failed=len(judged.withheld), count=judged.count)
    else:
        reason = notices.said("model_found_nothing", language)
    return RefusedDraft(generation=draft.generation, reason=reason, prompt=draft.prompt, withheld=judged.withheld)
