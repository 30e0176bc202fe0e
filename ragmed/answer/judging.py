"""A draft judged sentence by sentence: what holds and may be shown, what falls and why.

Laws of this room: every sentence of a draft is in exactly one of the two lists; a sentence of a language model that
fails is tried once more against the passage that shares most with it, and the page alone decides; the last sentence of
a draft that was cut off is never shown. A second check, where there is one, is asked last and only of what holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.answer import support
from ragmed.answer.citations import check, check_claim
from ragmed.answer.claims import CitedClaim, cited_claims, looked_for
from ragmed.answer.notices import said
from ragmed.records import CitationCheck, Passage, Verdict, Withheld
from ragmed.text.language import detect_language
from ragmed.text.numbers import quantities
from ragmed.text.sentences import STOPS

if TYPE_CHECKING:
    from ragmed.answer.second_check import SecondCheck
    from ragmed.drafts import Draft
    from ragmed.interfaces import SnapshotReader
    from ragmed.records import Language

UNFINISHED = frozenset({"length", "stopped", "repeated"})
"""Reasons to end that leave the last sentence without its end."""

Held = tuple[CitedClaim, tuple[CitationCheck, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The sentences of a draft."""

    held: tuple[Held, ...]
    withheld: tuple[Withheld, ...]
    unasked: str = ""
    """What the second check was not asked of, and why, in the question's language; empty where nothing was missed."""
    drafted: tuple[CitedClaim, ...] = ()
    """All sentences, in the order of the draft."""
    cut_off: bool = False
    """Whether the last one lacks its end."""
    completed: int = 0
    """Sentences that left something out, in whose place the page's whole ones stand (``whole``)."""
    led: bool = False
    """Whether the last one that is shown is not of the draft, but what the library leads with."""
    replaced: int = 0
    """Sentences withheld, in whose place the page's own stand."""

    @property
    def count(self) -> int:
        """All sentences of the draft."""
        return len(self.drafted)

    @property
    def share_held(self) -> float:
        """Of all sentences, from 0 to 1; 1 where there is none."""
        return 1 - len(self.withheld) / self.count if self.count else 1.0


def judge_draft(
    draft: Draft,
    passages: Sequence[Passage],
    snapshot: SnapshotReader,
    second: SecondCheck | None = None,
    language: Language | None = None,
) -> Judged:
    """Check every sentence of the draft against the page that it cites.

    ``passages``: those that the draft's markers mean, where its prompt does not say which. ``second`` is asked of what
    the rules let through, and speaks ``language`` (None: that of each sentence).
    """
    if draft.found_nothing:
        return Judged(held=(), withheld=())
    shown = draft.prompt.passages if draft.prompt else passages
    drafted = cited_claims(draft, shown)
    cut = _cut_off(draft, drafted)
    ruled = [_by_the_rules(claim, draft, shown, snapshot, cut=claim is cut) for claim in drafted]
    unasked = ""
    if second is not None:
        asked = second.of([one for one in ruled if not isinstance(one, Withheld)], snapshot, language)
        results = iter(asked.results)
        ruled = [one if isinstance(one, Withheld) else next(results) for one in ruled]
        unasked = asked.unasked
    return Judged(
        drafted=drafted,
        cut_off=cut is not None,
        held=tuple(one for one in ruled if not isinstance(one, Withheld)),
        withheld=tuple(one for one in ruled if isinstance(one, Withheld)),
        unasked=unasked,
    )


def _by_the_rules(
    claim: CitedClaim, draft: Draft, shown: Sequence[Passage], snapshot: SnapshotReader, *, cut: bool
) -> Held | Withheld:
    found = check_claim(claim.text, claim.citations, snapshot)
    if cut:
        reason = said("unfinished", detect_language(claim.text))
        return Withheld(text=claim.text, verdict=Verdict.UNSUPPORTED, reason=reason)
    if found.verdict.holds:
        return claim, found.checks
    if not draft.quotes and (again := _against_the_best(claim, shown, snapshot)):
        return claim, (again,)
    return Withheld(text=claim.text, verdict=found.verdict, reason=found.reason)


def _cut_off(draft: Draft, drafted: Sequence[CitedClaim]) -> CitedClaim | None:
    """The sentence in which the writing ended too early, if it did."""
    if draft.generation.finish_reason not in UNFINISHED or not drafted or draft.card is not None:
        return None  # a card's sentences are whole or not read at all
    ends: tuple[str, ...] = ("]", "】")  # its marker is the last thing of a sentence
    if draft.generation.finish_reason == "repeated":
        ends = (*ends, *STOPS)  # it was stopped at the end of a sentence, or some words behind it
    ended = draft.generation.text.rstrip().endswith(ends)
    return None if ended else drafted[-1]


def _against_the_best(claim: CitedClaim, passages: Sequence[Passage], snapshot: SnapshotReader) -> CitationCheck | None:
    """The sentence cited to the passage that shares most with it, where that bears it out."""
    tried = {citation.chunk_id for citation in claim.citations}
    others = [passage for passage in passages if passage.chunk.chunk_id not in tried]
    if not others:
        return None
    wanted = {quantity.key for quantity in quantities(claim.text)}

    def likeness(passage: Passage) -> float:
        there = {quantity.key for quantity in quantities(passage.chunk.text)}
        numbers = len(wanted & there) / len(wanted) if wanted else 1.0
        return support.share(claim.text, passage.chunk.text) + 2 * numbers

    best = max(others, key=lambda passage: (likeness(passage), -passage.marker))
    found = check(claim.text, looked_for(claim.text, best.marker, best, 0), snapshot)
    return found if found.verdict.holds else None
