"""Question → answer: the composer of the answering half.

Laws of this room:

* An answer works on one snapshot. If a newer one is published while the search runs, the search is run again.
* The evidence is told first, then the answer.
* Nothing is shown that was not checked (law 2), and nothing that was not kept (law 5): the record is in the store
  before ``Finished`` is yielded; where it cannot be kept the error goes to the caller instead of the answer.
* No silence: a question that cannot be taken, that the library does not cover, or whose draft failed its checks ends in
  a record that says so in the question's language.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as GeneratorOf
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from ragmed import __version__
from ragmed.answer import notices
from ragmed.answer.case import read_case
from ragmed.answer.composing import Numbered, about, joined, moved, shifted, with_diagnoses, with_related, written
from ragmed.answer.differential import Card, differential_card
from ragmed.answer.held_snapshot import HeldSnapshot
from ragmed.answer.judging import Judged, judge_draft
from ragmed.canonical import sha256_of
from ragmed.errors import BusyError, IntegrityError, MissingPartError, ModelError, RagMedError
from ragmed.interfaces import Draft, EvidenceFound, Finished, Written
from ragmed.records import (
    AnswerRecord,
    Candidate,
    CitationCheck,
    Claim,
    Document,
    Filters,
    Finding,
    Generation,
    Language,
    Mode,
    Outcome,
    Passage,
    Prompt,
    Query,
    RefusedDraft,
    Retrieval,
    Timings,
    Withheld,
)
from ragmed.settings import answer_settings
from ragmed.text.language import detect_language

if TYPE_CHECKING:
    from ragmed.answer.second_check import SecondCheck
    from ragmed.interfaces import Generator, Keeper, Retriever, SnapshotReader, Snapshots
    from ragmed.settings import Settings

_T = TypeVar("_T")
_Writing = GeneratorOf[Written, None, _T]
"""Yields what a model writes, and returns its end."""
_TRIES = 5
"""Searches begun again because a snapshot was published meanwhile; more than one a question is not to be expected."""


@dataclass(slots=True)
class _Clock:
    """Milliseconds of each step, and of the whole."""

    started: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)
    steps: dict[str, float] = field(default_factory=dict)
    first: float = 0.0

    def first_piece(self) -> None:
        """A language model has written its first words."""
        self.first = self.first or (time.perf_counter() - self.started) * 1000

    def step(self, name: str) -> None:
        """The time since the last step belongs to ``name``."""
        now = time.perf_counter()
        self.steps[name] = self.steps.get(name, 0.0) + (now - self.last) * 1000
        self.last = now

    def timings(self) -> Timings:
        """As they go into the record, to the microsecond."""
        names = ("analyse", "retrieve", "generate", "verify")
        total = (time.perf_counter() - self.started) * 1000
        steps = {name: round(self.steps.get(name, 0.0), 3) for name in names}
        return Timings(**steps, total=round(total, 3), first_piece=round(self.first, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
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


@dataclass(frozen=True, slots=True)
class _Work:
    """What there is to write an answer from."""

    query: Query
    mode: Mode
    card: Card | None
    retrieval: Retrieval
    passages: tuple[Passage, ...]
    snapshot: SnapshotReader
    clock: _Clock


class RagMedAssistant:
    """An ``Assistant``. Safe to share between threads where its parts are."""

    def __init__(
        self,
        snapshots: Snapshots,
        retriever: Retriever,
        generator: Generator,
        store: Keeper,
        settings: Settings,
        *,
        instead: Generator | None = None,
        second: SecondCheck | None = None,
        user: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """``instead``: what writes where the generator cannot be used or its draft does not hold; ``second``: what is
        asked of each sentence that the rules let through; ``user``: who asks, as the records name them."""
        self._snapshots = snapshots
        self._retriever = retriever
        self._generator = generator
        self._instead = instead
        self._second = second
        self._store = store
        self._settings = settings
        self._user = user
        self._depends_on = answer_settings(settings)
        self._now = now
        self._new_id = new_id

    def ask(
        self,
        question: str,
        *,
        mode: Mode | None = None,
        language: Language | None = None,
        filters: Filters | None = None,
    ) -> Iterator[EvidenceFound | Written | Finished]:
        """Yields EvidenceFound (unless rejected), what a model writes, and then Finished.

        Raises NoIndexError, IntegrityError, BusyError, and what the store raises when the answer cannot be kept.
        """
        clock = _Clock()
        asked_at = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        spoken = language or _language_of(question)
        refused = self._refusal(question, spoken)
        if refused:
            snapshot = self._snapshots.current()
            retrieval = Retrieval(query=self._unasked(question, spoken), passages=(), coverage=0.0)
            answer = _Answer(
                outcome=Outcome.REJECTED, mode=mode or Mode.ANSWER, generation=self._unwritten(), notice=refused
            )
            cut = len(question) if len(question) > len(retrieval.query.text) else 0
            yield self._finish(answer, retrieval, snapshot, asked_at, clock, asked_characters=cut)
            return
        snapshot, retrieval = self._search(question, language, filters or Filters(), clock)
        yield EvidenceFound(retrieval=retrieval, snapshot_id=snapshot.snapshot_id)
        clock.last = time.perf_counter()  # the caller's time between the two events is not ours
        told: list[str] = []
        try:
            answer, retrieval = yield from self._answer(mode, retrieval, snapshot, clock, told)
        except GeneratorExit:
            if told:  # somebody has read it, so it is kept (law 5)
                self._finish(self._stopped(mode, retrieval, told), retrieval, snapshot, asked_at, clock)
            raise
        yield self._finish(answer, retrieval, snapshot, asked_at, clock)

    # --- taking the question, finding passages ---

    def _refusal(self, question: str, language: Language) -> str:
        """Why the question cannot be taken, "" where it can."""
        limit = self._settings.answer.question_characters
        if not any(character.isalnum() for character in question):
            return notices.said("empty", language)
        if len(question) > limit:
            return notices.said("too_long", language, count=len(question), limit=limit)
        return ""

    def _unasked(self, question: str, language: Language) -> Query:
        """The query of a question that was not searched; kept as far as a question may be long."""
        kept = question[: self._settings.answer.question_characters]
        return Query(text=kept, language=language, english="", chinese="")

    def _unwritten(self) -> Generation:
        """The generation of an answer for which nothing was written."""
        return Generation(text="", kind=self._generator.kind, model_id="", revision="", finish_reason="not_started")

    def _search(
        self, question: str, language: Language | None, filters: Filters, clock: _Clock
    ) -> tuple[SnapshotReader, Retrieval]:
        """The snapshot and what was found in it: the same one before and after the search."""
        for _ in range(_TRIES):
            snapshot = self._snapshots.current()
            query = self._retriever.analyse(question, language, filters)
            clock.step("analyse")
            retrieval = self._retriever.retrieve(query, self._settings.retrieve.passages)
            clock.step("retrieve")
            if self._snapshots.current().snapshot_id == snapshot.snapshot_id:
                return HeldSnapshot(snapshot), retrieval
        raise BusyError(
            "the library is being published again and again while the question is searched",
            remedy="wait for the indexing to end and ask again",
        )

    # --- writing and checking ---

    def _answer(
        self, mode: Mode | None, retrieval: Retrieval, snapshot: SnapshotReader, clock: _Clock, told: list[str]
    ) -> _Writing[tuple[_Answer, Retrieval]]:
        """Yields what is written as it is written, and puts it into ``told``; returns the answer and its retrieval."""
        query = retrieval.query
        if mode is None:
            mode = Mode.DIFFERENTIAL if read_case(query.text).is_vignette else Mode.ANSWER
            chosen = True
        else:
            chosen = False
        if not retrieval.passages or retrieval.coverage < self._settings.retrieve.abstain_below:
            return self._abstention(mode, retrieval, "abstained", self._unwritten()), retrieval
        card = differential_card(query, retrieval.passages, snapshot) if mode is Mode.DIFFERENTIAL else None
        if card is None and chosen:
            mode = Mode.ANSWER  # a case that the library has no card for is answered like any other question
        passages = with_related((*retrieval.passages, *self._about_first(query, card, snapshot)), card, snapshot)
        work = _Work(with_diagnoses(query, card), mode, card, retrieval, passages, snapshot, clock)
        draft, refused = yield from self._drafted(work, told)
        clock.step("generate")
        judged = judge_draft(draft, passages, snapshot, self._second, query.language)
        if self._falls(draft, judged):
            refused = _refusal_of(draft, judged, query.language)
            draft, _ = yield from self._drafted(work, told, refused)
            judged = judge_draft(draft, passages, snapshot, self._second, query.language)
        answer = self._composed(work, draft, judged, refused)
        clock.step("verify")
        return answer

    def _drafted(
        self, work: _Work, told: list[str], refused: RefusedDraft | None = None
    ) -> _Writing[tuple[Draft, RefusedDraft | None]]:
        """The draft, of what writes instead where the generator cannot be used or was ``refused``; and the refusal."""
        if refused is None or self._instead is None:
            try:
                draft = yield from _whole(self._generator, work, told)
            except (ModelError, MissingPartError, IntegrityError) as error:
                if self._instead is None:
                    raise
                language = work.query.language
                reason = notices.said("model_failed", language, reason=str(error).rstrip("."))
                refused = RefusedDraft(generation=replace(self._unwritten(), text="".join(told)), reason=reason)
            else:
                return draft, refused
        return (yield from _whole(self._instead, work, [])), refused

    def _falls(self, draft: Draft, judged: Judged) -> bool:
        """Whether so little of a model's draft holds that the library is quoted instead."""
        if self._instead is None or draft.generation.kind == self._instead.kind:
            return False
        return not judged.held or judged.share_held < self._settings.model.least_held

    def _stopped(self, mode: Mode | None, retrieval: Retrieval, told: Sequence[str]) -> _Answer:
        """What is kept of an answer that was stopped while it was written."""
        written_so_far = replace(self._unwritten(), text="".join(told), finish_reason="stopped")
        return _Answer(
            outcome=Outcome.REJECTED,
            mode=mode or Mode.ANSWER,
            generation=written_so_far,
            notice=notices.said("stopped", retrieval.query.language),
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

    def _abstention(self, mode: Mode, retrieval: Retrieval, why: str, generation: Generation) -> _Answer:
        language = retrieval.query.language
        said = [notices.said(why, language)]
        if retrieval.missing_terms:
            said.append(notices.said("missing", language, terms=", ".join(retrieval.missing_terms)))
        titles = retrieval.nearest_titles or tuple(
            dict.fromkeys(passage.document.title for passage in retrieval.passages)
        )
        if titles:
            said.append(notices.said("nearest", language, titles=notices.quoted_titles(titles[:3], language)))
        return _Answer(outcome=Outcome.ABSTAINED, mode=mode, generation=generation, notice=joined(said, language))

    def _composed(
        self, work: _Work, draft: Draft, judged: Judged, refused: RefusedDraft | None
    ) -> tuple[_Answer, Retrieval]:
        """The answer made of what holds, its markers and passages numbered in the order of reading."""
        mode, card, retrieval = work.mode, work.card, work.retrieval
        language = retrieval.query.language
        withheld = (*(card.withheld if card else ()), *judged.withheld)
        if not judged.held and not (card and card.candidates):
            if not judged.count:
                said = self._abstention(mode, retrieval, "no_sentence", draft.generation)
                notice = joined([refused.reason, said.notice], language) if refused else said.notice
                return replace(said, prompt=draft.prompt, refused=refused, notice=notice), retrieval
            rejected = _Answer(
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
        retrieval = replace(retrieval, passages=numbered.passages(retrieval.passages))
        answer = _Answer(
            outcome=Outcome.ANSWERED,
            mode=mode,
            generation=draft.generation,
            text=text,
            claims=claims,
            checks=checks,
            differential=tuple(shifted(one, offset) for one in card.candidates) if card else self._no_card(mode),
            withheld=withheld,
            case=tuple(moved(one, offset) for one in card.case) if card else (),
            notice=about(mode, draft, card, checks, numbered, language, len(withheld), refused, judged.unasked),
            prompt=draft.prompt,
            refused=refused,
        )
        return answer, retrieval

    def _no_card(self, mode: Mode) -> tuple[Candidate, ...] | None:
        """A differential that was asked for by name and not found is empty; otherwise there is none."""
        return () if mode is Mode.DIFFERENTIAL else None

    # --- keeping ---

    def _finish(
        self,
        answer: _Answer,
        retrieval: Retrieval,
        snapshot: SnapshotReader,
        asked_at: str,
        clock: _Clock,
        *,
        asked_characters: int = 0,
    ) -> Finished:
        """The record, in the store before anybody sees it."""
        record = AnswerRecord(
            record_id=self._new_id(),
            asked_at=asked_at.replace("+00:00", "Z"),
            question=retrieval.query.text,
            language=retrieval.query.language,
            mode=answer.mode,
            outcome=answer.outcome,
            text=answer.text,
            claims=answer.claims,
            checks=answer.checks,
            differential=answer.differential,
            withheld=answer.withheld,
            retrieval=retrieval,
            documents=_documents(answer, retrieval, snapshot),
            snapshot_id=snapshot.snapshot_id,
            generation=answer.generation,
            timings_ms=clock.timings(),
            notice=answer.notice,
            case=answer.case,
            prompt=answer.prompt,
            user=self._user,
            code_version=__version__,
            settings_sha256=sha256_of(self._depends_on),
            settings=self._depends_on,
            asked_characters=asked_characters,
            refused=answer.refused,
        )
        self._store.append(record)
        return Finished(record=record)


def _whole(generator: Generator, work: _Work, told: list[str]) -> _Writing[Draft]:
    """The generator's draft; yields what it writes meanwhile and puts it into ``told``."""
    with closing(generator.generate(work.query, work.mode, work.passages)) as pieces:
        for piece in pieces:
            if isinstance(piece, Draft):
                return piece
            work.clock.first_piece()
            told.append(piece.text)
            yield piece
    raise RagMedError(f"the generator {generator.kind!r} ended without a draft")


def _refusal_of(draft: Draft, judged: Judged, language: Language) -> RefusedDraft:
    """Why a model's draft is not shown: too much of it fell, or there is nothing in it."""
    if judged.count:
        reason = notices.said("draft_fell", language, failed=len(judged.withheld), count=judged.count)
    else:
        reason = notices.said("model_found_nothing", language)
    return RefusedDraft(generation=draft.generation, reason=reason, prompt=draft.prompt, withheld=judged.withheld)


def _language_of(question: str) -> Language:
    """The language to speak in when the question gives no other sign."""
    found = detect_language(question)
    return Language.ENGLISH if found is Language.OTHER else found


def _documents(answer: _Answer, retrieval: Retrieval, snapshot: SnapshotReader) -> tuple[Document, ...]:
    """Every document cited or found, as it stands in the snapshot."""
    ids = dict.fromkeys(
        [
            *(check.citation.document_id for check in answer.checks),
            *(passage.chunk.document_id for passage in retrieval.passages),
        ]
    )
    return tuple(snapshot.document(document_id) for document_id in ids)
