"""How checked claims and a card become one answer: markers, offsets, passages, and what has to be said of them.

Laws of this room: pure functions of records; a marker is a passage's, given in the order of reading, so that ``[1]``
is the first one cited; ``text[claim.start:claim.end] == claim.text``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from ragmed.answer import notices
from ragmed.answer.differential import Card
from ragmed.answer.judging import Held
from ragmed.drafts import Draft
from ragmed.records import (
    Candidate,
    CitationCheck,
    Claim,
    DocumentStatus,
    Expansion,
    Finding,
    Hit,
    Language,
    Mode,
    Passage,
    Query,
    RefusedDraft,
)
from ragmed.terms import find_terms

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader

_DIAGNOSES = 2
"""Of the card's diagnoses, those that the answer's sentences should be about too."""


class Numbered:
    """Gives each cited passage its marker, in the order in which it is first cited."""

    def __init__(self, passages: Sequence[Passage], snapshot: SnapshotReader) -> None:
        self._known = {passage.chunk.chunk_id: passage for passage in passages}
        self._snapshot = snapshot
        self._markers: dict[str, int] = {}

    def renumbered(self, check: CitationCheck, *, claim: int) -> CitationCheck:
        """The check with its passage's marker."""
        marker = self._markers.setdefault(check.citation.chunk_id, len(self._markers) + 1)
        return replace(check, citation=replace(check.citation, marker=marker, claim=claim))

    def passages(self, found: Sequence[Passage]) -> tuple[Passage, ...]:
        """The cited passages by marker, then the ones found and not cited."""
        cited = [
            replace(self._passage(chunk_id, rank), marker=marker)
            for rank, (chunk_id, marker) in enumerate(self._markers.items(), len(found) + 1)
        ]
        rest = [passage for passage in found if passage.chunk.chunk_id not in self._markers]
        return (*cited, *(replace(passage, marker=len(cited) + number) for number, passage in enumerate(rest, 1)))

    def _passage(self, chunk_id: str, rank: int) -> Passage:
        if chunk_id in self._known:
            return self._known[chunk_id]
        chunk = self._snapshot.chunk(chunk_id)
        return Passage(
            marker=0,
            hit=Hit(chunk_id=chunk_id, rank=rank, score=0.0),
            chunk=chunk,
            document=self._snapshot.document(chunk.document_id),
            page_label=self._snapshot.page_label(chunk.document_id, chunk.page_number),
        )


def written(held: Sequence[Held], numbered: Numbered) -> tuple[str, tuple[Claim, ...], tuple[CitationCheck, ...]]:
    """The prose of the claims that hold, each followed by its markers, with the offsets of the claims in it."""
    text = ""
    claims: list[Claim] = []
    checks: list[CitationCheck] = []
    for number, (drafted, found) in enumerate(held):
        if text:
            text += "\n" if drafted.new_line else " "
        claims.append(Claim(text=drafted.text, start=len(text), end=len(text) + len(drafted.text)))
        text += drafted.text
        mine = [numbered.renumbered(check, claim=number) for check in found]
        checks.extend(mine)
        text += " " + "".join(f"[{marker}]" for marker in dict.fromkeys(check.citation.marker for check in mine))
    return text, tuple(claims), tuple(checks)


def with_diagnoses(query: Query, card: Card | None) -> Query:
    """The query with the diagnoses that the card puts first, so that the sentences chosen are about them too."""
    if card is None:
        return query
    named = []
    for candidate in card.candidates[:_DIAGNOSES]:
        for match in find_terms(candidate.diagnosis):
            if match.term.kind == "disease":
                named.append(
                    Expansion(
                        surface=match.surface,
                        start=0,
                        end=0,
                        english=match.term.en,
                        chinese=match.term.zh,
                        reason="diagnosis",
                    )
                )
                break
    return replace(query, expansions=(*query.expansions, *named))


def with_related(passages: Sequence[Passage], card: Card | None, snapshot: SnapshotReader) -> tuple[Passage, ...]:
    """The passages for the generator: those found, and for a case the rest of the card's documents."""
    if card is None:
        return tuple(passages)
    # one language a card: the sentences beside it come from the same documents
    documents = {passage.chunk.document_id for passage in card.related}
    languages = {snapshot.document(document_id).language for document_id in documents}
    kept: dict[str, Passage] = {}
    for passage in (*passages, *card.related):
        if passage.document.language in languages:
            kept.setdefault(passage.chunk.chunk_id, passage)
    return tuple(replace(passage, marker=number) for number, passage in enumerate(kept.values(), 1))


def shifted(candidate: Candidate, offset: int) -> Candidate:
    """The candidate with its citations counted among all checks of the record."""
    return replace(
        candidate,
        citation=None if candidate.citation is None else candidate.citation + offset,
        supporting=tuple(moved(finding, offset) for finding in candidate.supporting),
        against=tuple(moved(finding, offset) for finding in candidate.against),
        next_tests=tuple(moved(finding, offset) for finding in candidate.next_tests),
    )


def moved(finding: Finding, offset: int) -> Finding:
    """The finding with its citation counted among all checks of the record."""
    return finding if finding.citation is None else replace(finding, citation=finding.citation + offset)


def about(
    mode: Mode,
    draft: Draft,
    card: Card | None,
    checks: Sequence[CitationCheck],
    numbered: Numbered,
    language: Language,
    withheld: int,
    refused: RefusedDraft | None = None,
    added: int = 0,
    more: Sequence[str] = (),
) -> str:
    """What has to be said of an answer: who wrote it, its language, superseded editions, ``more``, and what was left
    out."""
    documents = {passage.marker: passage.document for passage in numbered.passages(())}
    said: list[str] = [refused.reason] if refused else []
    cited = {check.citation.marker for check in checks} & documents.keys()
    said += _who_wrote(draft, {documents[marker].language for marker in cited or documents}, language, added)
    if mode is Mode.DIFFERENTIAL and card is None:
        said.append(notices.said("no_card", language))
    for status, key in ((DocumentStatus.SUPERSEDED, "superseded"), (DocumentStatus.WITHDRAWN, "withdrawn")):
        markers = [marker for marker, document in documents.items() if document.status is status]
        concerned = sorted(cited & set(markers))
        if concerned:
            said.append(notices.said(key, language, markers="".join(f"[{marker}]" for marker in concerned)))
    said += [one for one in more if one]
    if withheld:
        said.append(notices.said("withheld", language, count=withheld))
    return joined(said, language)


def _who_wrote(draft: Draft, languages: Set[Language], language: Language, added: int) -> Iterator[str]:
    """Who wrote it and what was left out, or in which language it is quoted."""
    if draft.generation.kind == "extractive":
        yield notices.said("extractive", language)
        if in_original := shown_in(languages, language):
            yield in_original
    elif draft.prompt is not None:
        yield notices.said("model_card" if draft.card else "model", language)
        if added:
            yield notices.said("card_added", language, count=added)
        if draft.passed_over:
            yield notices.said("passed_over", language, reason=draft.passed_over)
        if draft.left_out:
            yield notices.said("left_out", language, count=draft.left_out)
        if draft.generation.finish_reason == "length":
            yield notices.said("cut", language)


def shown_in(languages: Set[Language], language: Language) -> str:
    """Said to a reader of ``language`` where page words are in the other one; "" where none are."""
    other, key = (Language.ENGLISH, "in_english") if language is Language.CHINESE else (Language.CHINESE, "in_chinese")
    return notices.said(key if len(languages) == 1 else f"partly_{key}", language) if other in languages else ""


def joined(sentences: Sequence[str], language: Language) -> str:
    """Sentences as one text."""
    return ("" if language is Language.CHINESE else " ").join(sentences)
