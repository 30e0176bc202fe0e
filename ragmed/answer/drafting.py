"""What was found → an answer: who writes it, what of it holds, and what stands in its place where too little does.

Laws of this room:

* Everything that a generator writes is judged against the pages before it is part of an answer (law 2).
* A model takes nothing away: the sentence that the library would lead with stands in every answer whose question it
  answers, and where no sentence of a model does, the library is quoted.
* A generator that cannot be used, or whose draft falls, is followed by the one that stands in for it; the draft is kept
  beside the answer with the reason.
* No silence: where nothing can be shown, the answer says why in the question's language.
"""

from __future__ import annotations

from collections.abc import Generator as GeneratorOf
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from ragmed.answer import notices
from ragmed.answer.assumptions import assumptions_of, passages_beside
from ragmed.answer.card_judging import of_the_case, over_the_library
from ragmed.answer.case import read_case
from ragmed.answer.composing import (
    Numbered,
    about,
    joined,
    moved,
    shifted,
    shown_in,
    with_diagnoses,
    with_related,
    written,
)
from ragmed.answer.conflicts import conflicts
from ragmed.answer.differential import Card, differential_card
from ragmed.answer.judgement import Judgement, judge_whole, led_by, refusal_of
from ragmed.answer.unstated import not_stated, says_what_is_asked
from ragmed.drafts import Draft, Written
from ragmed.errors import IntegrityError, MissingPartError, ModelError, RagMedError
from ragmed.records import (
    Assumption,
    Candidate,
    CitationCheck,
    Claim,
    Conflict,
    Finding,
    Generation,
    Mode,
    Outcome,
    Passage,
    Prompt,
    Query,
    RefusedDraft,
    Retrieval,
    Withheld,
)
from ragmed.text.language import detect_language

if TYPE_CHECKING:
    from ragmed.answer.clock import Clock
    from ragmed.answer.judging import Held
    from ragmed.answer.second_check import SecondCheck
    from ragmed.interfaces import Generator, Retriever, SnapshotReader, Snapshots
    from ragmed.settings import Settings

_T = TypeVar("_T")
Writing = GeneratorOf[Written, None, _T]
"""Yields what a model writes, and returns its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes into a record beside the question and what was found."""

    outcome: Outcome
    mode: Mode
    generation: Generation
    notice: str = ""
    text: str = ""
    claims: tuple[Claim, ...] = ()
    checks: tuple[CitationCheck, ...] = ()
    differential: tuple[Candidate, ...] | None = None
    withheld: tuple[Withheld, ...] = ()
    case: tuple[Finding, ...] = ()
    prompt: Prompt | None = None
    refused: RefusedDraft | None = None
    assumptions: tuple[Assumption, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(slots=True)
class Told:
    """What whoever reads along was given of a draft, and what writes it."""

    text: str = ""
    by: Generation | None = None

    def take(self, piece: Written) -> None:
        self.text += piece.text
        self.by = piece.by or self.by


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to write an answer from."""

    query: Query
    mode: Mode
    card: Card | None
    retrieval: Retrieval
    passages: tuple[Passage, ...]
    snapshot: SnapshotReader
    clock: Clock


class Drafting:
    """Writes answers from what was found. Safe to share between threads where its parts are."""

    def __init__(
        self,
        snapshots: Snapshots,
        retriever: Retriever,
        generator: Generator,
        settings: Settings,
        instead: Generator | None,
        second: SecondCheck | None,
    ) -> None:
        """``instead``: what writes where the generator cannot be used or its draft does not hold; ``second``: what is
        asked of each sentence that the rules let through."""
        self._snapshots = snapshots
        self._retriever = retriever
        self._generator = generator
        self._settings = settings
        self._instead = instead
        self._second = second

    def answer(
        self, mode: Mode | None, retrieval: Retrieval, snapshot: SnapshotReader, clock: Clock, told: Told
    ) -> Writing[tuple[Answer, Retrieval]]:
        """Yields what is written as it is written, and puts it into ``told``; returns the answer and its retrieval."""
        query = retrieval.query
        if mode is None:
            mode = Mode.DIFFERENTIAL if read_case(query.text).is_vignette else Mode.ANSWER
            chosen = True
        else:
            chosen = False
        if not retrieval.passages or retrieval.coverage < self._settings.retrieve.abstain_below:
            return _assuming(
                self._abstention(mode, retrieval, "abstained", self.unwritten()), retrieval, snapshot
            ), retrieval
        card = differential_card(query, retrieval.passages, snapshot) if mode is Mode.DIFFERENTIAL else None
        if card is None and chosen and self._instead is None:
            mode = Mode.ANSWER  # a case that the library has no card for is answered like any other question
        passages = with_related((*retrieval.passages, *self._about_first(query, card, snapshot)), card, snapshot)
        work = Work(with_diagnoses(query, card), mode, card, retrieval, passages, snapshot, clock)
        draft, refused = yield from self._drafted(work, told)
        clock.step("generate")
        judged = judge_whole(draft, work.passages, work.snapshot, work.query, self._second)
        fallen = self._falls(work, draft, judged)
        lead = None if fallen else self._lead(work, draft)
        if fallen or (lead and not says_what_is_asked(work.query, judged.prose.held, work.passages)):
            refused = refusal_of(draft, judged, work.mode, work.retrieval.query.language, beside=not fallen)
            if card is None and chosen:
                work = replace(work, mode=Mode.ANSWER)
            draft, _ = yield from self._drafted(work, told, refused)
            judged = judge_whole(draft, work.passages, work.snapshot, work.query, self._second)
        elif lead:
            judged = led_by(judged, lead)
        answer, retrieval = self._composed(work, draft, judged, refused)
        answer = _assuming(answer, retrieval, snapshot, draft.card.assumptions if draft.card else ())
        clock.step("verify")
        return answer, retrieval

    def _drafted(
        self, work: Work, told: Told, refused: RefusedDraft | None = None
    ) -> Writing[tuple[Draft, RefusedDraft | None]]:
        """The draft, of what writes instead where the generator cannot be used or was ``refused``; and the refusal."""
        if refused is None or self._instead is None:
            try:
                draft = yield from _whole(self._generator, work, told)
            except (ModelError, MissingPartError, IntegrityError) as error:
                if self._instead is None:
                    raise
                language = work.query.language
                reason = notices.said("model_failed", language, reason=str(error).rstrip("."))
                failed = replace(told.by or self.unwritten(), text=told.text, finish_reason="not_started")
                refused = RefusedDraft(generation=failed, reason=reason)
            else:
                return draft, refused
        return (yield from _whole(self._instead, work, Told())), refused

    def _falls(self, work: Work, draft: Draft, judged: Judgement) -> bool:
        """Whether so little of a model's draft holds that the library is quoted instead."""
        if self._instead is None or draft.generation.kind == self._instead.kind:
            return False
        if work.mode is Mode.DIFFERENTIAL and not (judged.card and judged.card.candidates):
            return True
        nothing = not judged.card and not judged.prose.held
        return nothing or judged.share_held < self._settings.model.least_held

    def _lead(self, work: Work, draft: Draft) -> Held | None:
        """The sentence that the library would be quoted with first, where a model wrote and that sentence says what is
        asked for.

        A model that copies faithfully may still copy the wrong sentence, and no check of its citation can tell.
        """
        if self._instead is None or draft.generation.kind == self._instead.kind or work.mode is not Mode.ANSWER:
            return None
        pieces = self._instead.generate(work.query, work.mode, work.passages)
        quoting = next(piece for piece in pieces if isinstance(piece, Draft))
        first = judge_whole(quoting, work.passages, work.snapshot, work.query).prose.held[:1]
        return first[0] if first and says_what_is_asked(work.query, first, work.passages) else None

    def unwritten(self) -> Generation:
        """The generation of an answer for which nothing was written."""
        return Generation(text="", kind=self._generator.kind, model_id="", revision="", finish_reason="not_started")

    def stopped(self, mode: Mode | None, retrieval: Retrieval, told: Told) -> Answer:
        """What is kept of an answer that was stopped while it was written."""
        written_so_far = replace(told.by or self.unwritten(), text=told.text, finish_reason="stopped")
        return Answer(
            outcome=Outcome.REJECTED,
            mode=mode or Mode.ANSWER,
            generation=written_so_far,
            notice=notices.said("stopped", retrieval.query.language),
            assumptions=assumptions_of(retrieval.query, ()),
        )

    def _about_first(self, query: Query, card: Card | None, snapshot: SnapshotReader) -> tuple[Passage, ...]:
        """What the library says of the diagnosis that the case speaks for most: a case that looks like pneumonia to the
        search may be an embolism to the card. Nothing where a newer snapshot has come meanwhile.
        """
        if card is None or not any(finding.in_case for finding in card.candidates[0].supporting):
            return ()
        about = self._retriever.analyse(card.candidates[0].diagnosis, query.language, query.filters)
        found = self._retriever.retrieve(about, self._settings.retrieve.passages)
        if self._snapshots.current().snapshot_id != snapshot.snapshot_id:
            return ()
        return found.passages

    def _abstention(self, mode: Mode, retrieval: Retrieval, why: str, generation: Generation) -> Answer:
        language = retrieval.query.language
        said = [notices.said(why, language)]
        if retrieval.missing_terms:
            said.append(notices.said("missing", language, terms=", ".join(retrieval.missing_terms)))
        titles = retrieval.nearest_titles or tuple(
            dict.fromkeys(passage.document.title for passage in retrieval.passages)
        )
        if titles:
            said.append(notices.said("nearest", language, titles=notices.quoted_titles(titles[:3], language)))
        return Answer(outcome=Outcome.ABSTAINED, mode=mode, generation=generation, notice=joined(said, language))

    def _composed(
        self, work: Work, draft: Draft, judgement: Judgement, refused: RefusedDraft | None
    ) -> tuple[Answer, Retrieval]:
        """The answer made of what holds, its markers and passages numbered in the order of reading."""
        mode, card, retrieval, judged, added = work.mode, work.card, work.retrieval, judgement.prose, 0
        if judgement.card:
            card, added = over_the_library(judgement.card, card)
            judged = of_the_case(judged, card, work.passages, retrieval.query.language)
        language = retrieval.query.language
        withheld = (*(card.withheld if card else ()), *judged.withheld)
        if not judged.held and not (card and card.candidates):
            if not judged.count:
                said = self._abstention(mode, retrieval, "no_sentence", draft.generation)
                notice = joined([refused.reason, said.notice], language) if refused else said.notice
                return replace(said, prompt=draft.prompt, refused=refused, notice=notice), retrieval
            rejected = Answer(
                outcome=Outcome.REJECTED,
                mode=mode,
                generation=draft.generation,
                notice=notices.said("nothing_held", language),
                withheld=withheld,
                prompt=draft.prompt,
                refused=refused,
            )
            return rejected, retrieval
        numbered = Numbered(work.passages, work.snapshot)
        text, claims, checks = written(judged.held, numbered)
        offset = len(checks)
        if card:
            checks += tuple(numbered.renumbered(check, claim=-1) for check in card.checks)
        shown = [(claim.text, check) for claim, found in judged.held for check in found]
        shown += [(check.citation.quote, check) for check in (card.checks if card else ())]
        differing, theirs = conflicts(shown, work.passages, numbered, work.snapshot, checks)
        checks += theirs
        retrieval = replace(retrieval, passages=numbered.passages(retrieval.passages))
        own_words = judged.completed or judged.replaced or judged.led
        more = (
            not_stated(retrieval.query, judged.held, work.passages) if mode is Mode.ANSWER else "",
            notices.said("completed", language, count=judged.completed) if judged.completed else "",
            notices.said("replaced", language, count=judged.replaced) if judged.replaced else "",
            notices.said("led", language) if judged.led else "",
            shown_in({detect_language(claim.text) for claim, _ in judged.held}, language) if own_words else "",
            judged.unasked,
        )
        answer = Answer(
            outcome=Outcome.ANSWERED,
            mode=mode,
            generation=draft.generation,
            text=text,
            claims=claims,
            checks=checks,
            differential=tuple(shifted(one, offset) for one in card.candidates) if card else self._no_card(mode),
            withheld=withheld,
            case=tuple(moved(one, offset) for one in card.case) if card else (),
            notice=about(mode, draft, card, checks, numbered, language, len(withheld), refused, added, more),
            prompt=draft.prompt,
            refused=refused,
            conflicts=differing,
        )
        return answer, retrieval

    def _no_card(self, mode: Mode) -> tuple[Candidate, ...] | None:
        """A differential that was asked for by name and not found is empty; otherwise there is none."""
        return () if mode is Mode.DIFFERENTIAL else None


def _whole(generator: Generator, work: Work, told: Told) -> Writing[Draft]:
    """The generator's draft; yields what it writes meanwhile and puts it into ``told``."""
    with closing(generator.generate(work.query, work.mode, work.passages)) as pieces:
        for piece in pieces:
            if isinstance(piece, Draft):
                return piece
            if piece.text:
                work.clock.first_piece()
            told.take(piece)
            yield piece
    raise RagMedError(f"the generator {generator.kind!r} ended without a draft")


def _assuming(answer: Answer, retrieval: Retrieval, snapshot: SnapshotReader, named: Sequence[str] = ()) -> Answer:
    """With what it takes for granted of the patient, ``named``: by a language model's own words; where nothing is
    answered, with what the question says alone."""
    if answer.outcome is not Outcome.ANSWERED:
        return replace(answer, assumptions=assumptions_of(retrieval.query, ()))
    cited = tuple(dict.fromkeys(check.citation.document_id for check in answer.checks))
    beside = passages_beside(retrieval.query, retrieval.passages, cited, snapshot)
    lines = [
        finding.text
        for candidate in answer.differential or ()
        for finding in (*candidate.supporting, *candidate.against, *candidate.next_tests)
    ]
    return replace(
        answer, assumptions=assumptions_of(retrieval.query, (*retrieval.passages, *beside), named, lines=lines)
    )
