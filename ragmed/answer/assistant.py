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
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragmed import __version__
from ragmed.answer import notices
from ragmed.answer.case import read_case
from ragmed.answer.citations import check_claim
from ragmed.answer.claims import CitedClaim, cited_claims
from ragmed.answer.composing import Numbered, about, joined, moved, shifted, with_diagnoses, with_related, written
from ragmed.answer.differential import Card, differential_card
from ragmed.answer.held_snapshot import HeldSnapshot
from ragmed.canonical import sha256_of
from ragmed.errors import BusyError
from ragmed.interfaces import Draft, EvidenceFound, Finished
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
    Retrieval,
    Timings,
    Withheld,
)
from ragmed.settings import answer_settings
from ragmed.text.language import detect_language

if TYPE_CHECKING:
    from ragmed.interfaces import Generator, Keeper, Retriever, SnapshotReader, Snapshots
    from ragmed.settings import Settings

_TRIES = 5
"""Searches begun again because a snapshot was published meanwhile; more than one a question is not to be expected."""


@dataclass(slots=True)
class _Clock:
    """Milliseconds of each step, and of the whole."""

    started: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)
    steps: dict[str, float] = field(default_factory=dict)

    def step(self, name: str) -> None:
        """The time since the last step belongs to ``name``."""
        now = time.perf_counter()
        self.steps[name] = self.steps.get(name, 0.0) + (now - self.last) * 1000
        self.last = now

    def timings(self) -> Timings:
        """As they go into the record, to the microsecond."""
        names = ("analyse", "retrieve", "generate", "verify")
        total = (time.perf_counter() - self.started) * 1000
        return Timings(**{name: round(self.steps.get(name, 0.0), 3) for name in names}, total=round(total, 3))


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
        user: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """``user``: who asks, as the records name them."""
        self._snapshots = snapshots
        self._retriever = retriever
        self._generator = generator
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
    ) -> Iterator[EvidenceFound | Finished]:
        """Yields EvidenceFound (unless rejected) and then Finished.

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
        answer, retrieval = self._answer(mode, retrieval, snapshot, clock)
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
        self, mode: Mode | None, retrieval: Retrieval, snapshot: SnapshotReader, clock: _Clock
    ) -> tuple[_Answer, Retrieval]:
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
        draft = self._generator.generate(with_diagnoses(query, card), mode, passages)
        clock.step("generate")
        answer, retrieval = self._checked(mode, draft, card, retrieval, passages, snapshot)
        clock.step("verify")
        return answer, retrieval

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

    def _checked(
        self,
        mode: Mode,
        draft: Draft,
        card: Card | None,
        retrieval: Retrieval,
        passages: Sequence[Passage],
        snapshot: SnapshotReader,
    ) -> tuple[_Answer, Retrieval]:
        """The answer made of what holds, its markers and passages numbered in the order of reading."""
        drafted = cited_claims(draft, passages)
        held: list[tuple[CitedClaim, tuple[CitationCheck, ...]]] = []
        withheld: list[Withheld] = list(card.withheld) if card else []
        for claim in drafted:
            found = check_claim(claim.text, claim.citations, snapshot)
            if found.verdict.holds:
                held.append((claim, found.checks))
            else:
                withheld.append(Withheld(text=claim.text, verdict=found.verdict, reason=found.reason))
        if not held and not (card and card.candidates):
            if not drafted:
                said = self._abstention(mode, retrieval, "no_sentence", draft.generation)
                return replace(said, prompt=draft.prompt), retrieval
            refused = _Answer(
                outcome=Outcome.REJECTED,
                mode=mode,
                generation=draft.generation,
                notice=notices.said("nothing_held", retrieval.query.language),
                withheld=tuple(withheld),
                prompt=draft.prompt,
            )
            return refused, retrieval
        numbered = Numbered(passages, snapshot)
        text, claims, checks = written(held, numbered)
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
            withheld=tuple(withheld),
            case=tuple(moved(one, offset) for one in card.case) if card else (),
            notice=about(mode, draft, card, checks, numbered, retrieval.query.language, len(withheld)),
            prompt=draft.prompt,
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
        )
        self._store.append(record)
        return Finished(record=record)


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
