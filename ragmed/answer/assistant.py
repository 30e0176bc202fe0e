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
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragmed import __version__
from ragmed.answer import notices
from ragmed.answer.clock import Clock
from ragmed.answer.drafting import Answer, Drafting, Told
from ragmed.answer.held_snapshot import HeldSnapshot
from ragmed.canonical import sha256_of
from ragmed.drafts import Written
from ragmed.errors import BusyError
from ragmed.interfaces import EvidenceFound, Finished
from ragmed.records import (
    AnswerRecord,
    Document,
    Filters,
    Language,
    Mode,
    Outcome,
    Query,
    Retrieval,
)
from ragmed.settings import answer_settings
from ragmed.text.language import detect_language

if TYPE_CHECKING:
    from ragmed.answer.second_check import SecondCheck
    from ragmed.interfaces import Generator, Keeper, Retriever, SnapshotReader, Snapshots
    from ragmed.settings import Settings

_TRIES = 5
"""Searches begun again because a snapshot was published meanwhile; more than one a question is not to be expected."""


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
        self._drafting = Drafting(snapshots, retriever, generator, settings, instead, second)
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
        clock = Clock()
        asked_at = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
        spoken = language or _language_of(question)
        refused = self._refusal(question, spoken)
        if refused:
            snapshot = self._snapshots.current()
            retrieval = Retrieval(query=self._unasked(question, spoken), passages=(), coverage=0.0)
            answer = Answer(
                outcome=Outcome.REJECTED,
                mode=mode or Mode.ANSWER,
                generation=self._drafting.unwritten(),
                notice=refused,
            )
            cut = len(question) if len(question) > len(retrieval.query.text) else 0
            yield self._finish(answer, retrieval, snapshot, asked_at, clock, asked_characters=cut)
            return
        snapshot, retrieval = self._search(question, language, filters or Filters(), clock)
        clock.evidence()
        yield EvidenceFound(retrieval=retrieval, snapshot_id=snapshot.snapshot_id)
        clock.last = time.perf_counter()  # the caller's time between the two events is not ours
        told = Told()
        try:
            answer, retrieval = yield from self._drafting.answer(mode, retrieval, snapshot, clock, told)
        except GeneratorExit:
            if told.text:  # somebody has read it, so it is kept (law 5)
                self._finish(self._drafting.stopped(mode, retrieval, told), retrieval, snapshot, asked_at, clock)
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

    def _search(
        self, question: str, language: Language | None, filters: Filters, clock: Clock
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

    # --- keeping ---

    def _finish(
        self,
        answer: Answer,
        retrieval: Retrieval,
        snapshot: SnapshotReader,
        asked_at: str,
        clock: Clock,
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
            assumptions=answer.assumptions,
            conflicts=answer.conflicts,
        )
        self._store.append(record)
        return Finished(record=record)


def _language_of(question: str) -> Language:
    """The language to speak in when the question gives no other sign."""
    found = detect_language(question)
    return Language.ENGLISH if found is Language.OTHER else found


def _documents(answer: Answer, retrieval: Retrieval, snapshot: SnapshotReader) -> tuple[Document, ...]:
    """Every document cited or found, as it stands in the snapshot."""
    ids = dict.fromkeys(
        [
            *(check.citation.document_id for check in answer.checks),
            *(passage.chunk.document_id for passage in retrieval.passages),
        ]
    )
    return tuple(snapshot.document(document_id) for document_id in ids)
