"""The differential card: which diagnoses the library names for a case, what in this case speaks for and against each.

Laws of this room: every line is words of a page with a citation that passed its check, or is marked as having no
source; a card is in one language. What counts as found in the case, and what stands first, is decided in ``weighing``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragmed.answer import citations, verbatim
from ragmed.answer.case import Case, Facts, read_case
from ragmed.answer.entries import Entry, Line, entries, is_entry_line
from ragmed.answer.excerpts import CELLS, excerpt_spans
from ragmed.answer.weighing import Source, all_facts, in_case, matching, named_first, ranked
from ragmed.interfaces import WeightedText
from ragmed.records import (
    Candidate,
    Chunk,
    Citation,
    CitationCheck,
    Document,
    Filters,
    Finding,
    Hit,
    Language,
    Page,
    Passage,
    Query,
    Withheld,
)

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader

MOST_CANDIDATES = 10
_WHOLE_DOCUMENT = 16
"""Pages of a document that is read whole; of a longer one the pages about the hits are."""
_DOCUMENTS = 4
_SECOND_DOCUMENT = 0.5
"""Share of the first document's weight that another one needs to add to its card."""
_RELATED = 60
_BETWEEN = re.compile(r"\s*[;；]\s*")
_OPENING = 45
"""Characters in which a sentence about a finding names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finished card. ``Finding.citation`` and ``Candidate.citation`` are indices into ``checks``."""

    candidates: tuple[Candidate, ...]
    checks: tuple[CitationCheck, ...]
    case: tuple[Finding, ...]
    related: tuple[Passage, ...]
    """Passages of the documents used, for the answer's sentences; their markers are not set."""
    withheld: tuple[Withheld, ...]


@dataclass(slots=True)
class _Book:
    """Citations as they are made, checked at once."""

    snapshot: SnapshotReader
    chunks: dict[tuple[str, int], list[Chunk]]
    checks: list[CitationCheck]
    withheld: list[Withheld]

    def cite(self, line: Line) -> int | None:
        """The index of a citation of these words, None where they may not be shown as cited."""
        checked = self._checked(line)
        if checked is None:
            return None
        if not checked.verdict.holds:
            self.withheld.append(Withheld(text=line.text, verdict=checked.verdict, reason=checked.reason))
            return None
        self.checks.append(checked)
        return len(self.checks) - 1

    def cite_together(self, lines: Sequence[Line]) -> tuple[int | None, ...]:
        """The citation of each line: those that follow one another in one item of the page share a quote of all of
        them, so that a card has a few places to open and not one a finding; where it fails each is cited alone."""
        found: list[int | None] = []
        for run in _runs(lines):
            whole = Line(page=run[0].page, start=run[0].start, end=run[-1].end)
            checked = self._checked(whole) if len(run) > 1 else None
            if checked is not None and checked.verdict.holds:
                self.checks.append(checked)
                found.extend([len(self.checks) - 1] * len(run))
            else:
                found.extend(self.cite(line) for line in run)
        return tuple(found)

    def _checked(self, line: Line) -> CitationCheck | None:
        """The citation of these words as checked; None where no chunk of their page was read."""
        chunk = self._chunk(line)
        quote = line.text
        if chunk is None:
            return None
        citation = Citation(
            claim=-1,
            marker=0,
            chunk_id=chunk.chunk_id,
            document_id=line.page.document_id,
            page_number=line.page.number,
            start=line.start,
            end=line.end,
            quote=quote,
        )
        return citations.check(quote, citation, self.snapshot)

    def _chunk(self, line: Line) -> Chunk | None:
        """The chunk that holds the words; for a heading, which no chunk holds, the next one on the page."""
        on_page = self.chunks.get((line.page.document_id, line.page.number), [])
        for chunk in on_page:
            if chunk.start <= line.start and line.end <= chunk.end:
                return chunk
        return min(on_page, key=lambda chunk: (chunk.start < line.start, abs(chunk.start - line.start)), default=None)


def differential_card(query: Query, passages: Sequence[Passage], snapshot: SnapshotReader) -> Card | None:
    """The card for the case in a question; None where the passages' documents name no diagnoses."""
    case = read_case(query.text)
    for language in _languages(query, passages):
        found = _found_entries(passages, snapshot, language, case)
        if found:
            return _card(query, case, found, snapshot)
    return None


def _languages(query: Query, passages: Sequence[Passage]) -> list[Language]:
    """Languages of the passages, the question's first."""
    seen = dict.fromkeys(passage.document.language for passage in passages)
    return sorted(seen, key=lambda language: language is not query.language)


def _found_entries(
    passages: Sequence[Passage], snapshot: SnapshotReader, language: Language, case: Case
) -> list[Source]:
    """The documents with entries that bear on the case, the weightiest first."""
    weights: dict[str, float] = {}
    hits: dict[str, set[int]] = {}
    documents: dict[str, Document] = {}
    for passage in passages:
        if passage.document.language is language:
            document_id = passage.document.document_id
            documents[document_id] = passage.document
            weights[document_id] = weights.get(document_id, 0.0) + max(passage.hit.score, 0.01)
            hits.setdefault(document_id, set()).add(passage.chunk.page_number)
    sources: list[Source] = []
    for document_id in sorted(weights, key=lambda one: (-weights[one], one))[:_DOCUMENTS]:
        pages = _pages(snapshot, documents[document_id], hits[document_id])
        there = entries(pages)
        if there:
            sources.append(Source(documents[document_id], pages, there, weights[document_id]))
    if not sources:
        return []
    first = sources[0].weight
    return [
        source
        for number, source in enumerate(sources)
        if number == 0
        or (source.weight >= _SECOND_DOCUMENT * first and any(matching(e.supporting, case) for e in source.entries))
    ]


def _pages(snapshot: SnapshotReader, document: Document, hits: set[int]) -> tuple[Page, ...]:
    """The whole document where it is short, else the pages about the hits."""
    if document.page_count <= _WHOLE_DOCUMENT:
        numbers = set(range(1, document.page_count + 1))
    else:
        numbers = {near for page in hits for near in (page - 1, page, page + 1) if 1 <= near <= document.page_count}
    return tuple(snapshot.page(document.document_id, number) for number in sorted(numbers))


def _card(query: Query, case: Case, sources: Sequence[Source], snapshot: SnapshotReader) -> Card:
    related = [chunk for source in sources for chunk in _chunks(snapshot, source, query)]
    by_page: dict[tuple[str, int], list[Chunk]] = {}
    for chunk in related:
        by_page.setdefault((chunk.document_id, chunk.page_number), []).append(chunk)
    book = _Book(snapshot, by_page, [], [])
    first = named_first(sources, related, case)
    ordered = ranked(sources, case, first)
    candidates = tuple(_candidate(entry, case, book) for entry in ordered[:MOST_CANDIDATES])
    told = tuple(_case_finding(finding.text, finding.facts, related, case, book) for finding in case.findings)
    documents = {source.document.document_id: source.document for source in sources}
    passages = [
        Passage(
            marker=0,
            hit=Hit(chunk_id=chunk.chunk_id, rank=rank, score=0.0),
            chunk=chunk,
            document=documents[chunk.document_id],
            page_label=snapshot.page_label(chunk.document_id, chunk.page_number),
        )
        for rank, chunk in enumerate(related, 1)
    ]
    return Card(
        candidates=candidates,
        checks=tuple(book.checks),
        case=told,
        related=tuple(passages),
        withheld=tuple(book.withheld),
    )


def _chunks(snapshot: SnapshotReader, source: Source, query: Query) -> list[Chunk]:
    """The chunks of the pages read, nearest to the case first, found by their own words within the document."""
    words = " ".join(page.text for page in source.pages)
    rows, _ = snapshot.lexical(
        [WeightedText(text=query.text, weight=5.0), WeightedText(text=words)],
        _RELATED * 4,
        Filters(include_superseded=True, document_ids=(source.document.document_id,)),
    )
    numbers = {page.number for page in source.pages}
    return [chunk for chunk in snapshot.chunks([int(row) for row in rows]) if chunk.page_number in numbers]


def _candidate(entry: Entry, case: Case, book: _Book) -> Candidate:
    return Candidate(
        diagnosis=verbatim.shown(entry.name.text),
        cannot_miss=entry.cannot_miss is not None,
        citation=book.cite(entry.name),
        supporting=_found_first(_lines(entry.supporting, book), case),
        against=_found_first(_lines(entry.against, book), case),
        next_tests=_lines(entry.next_tests, book),
    )


def _lines(lines: Sequence[Line], book: _Book) -> tuple[Finding, ...]:
    """The lines that may be cited."""
    return tuple(
        Finding(text=verbatim.shown(line.text), citation=index)
        for line, index in zip(lines, book.cite_together(lines), strict=True)
        if index is not None
    )


def _found_first(findings: Sequence[Finding], case: Case) -> tuple[Finding, ...]:
    """The findings with what the case has of them, that first."""
    told = [replace(finding, in_case=in_case(finding.text, case)) for finding in findings]
    return tuple(sorted(told, key=lambda finding: not finding.in_case))


def _runs(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that stand one behind the other in one item, parted by semicolons only."""
    runs: list[list[Line]] = []
    for line in lines:
        last = runs[-1][-1] if runs else None
        if last and _same_page(last, line) and _BETWEEN.fullmatch(line.page.text[last.end : line.start]):
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _same_page(one: Line, other: Line) -> bool:
    return (one.page.document_id, one.page.number) == (other.page.document_id, other.page.number)


def _case_finding(text: str, facts: Facts, related: Sequence[Chunk], case: Case, book: _Book) -> Finding:
    """A finding of the case with a sentence of the library about it: one that begins with it before one that names it
    by the way, then the one that shares most with the rest of the case. Lines of the card itself are passed over."""
    others = {concept for concept, _ in case.facts}
    best: tuple[float, Chunk, int, int] | None = None
    for chunk in related:
        for first, last in excerpt_spans(chunk.text):
            sentence = chunk.text[first:last]
            there = all_facts(sentence)
            if not facts <= there or is_entry_line(sentence) or CELLS in sentence:
                continue
            leads = facts <= all_facts(sentence[:_OPENING])
            score = leads + 0.2 * len(others & {name for name, _ in there}) - (last - first) / 10_000
            if best is None or score > best[0] + 1e-9:
                best = (score, chunk, chunk.start + first, chunk.start + last)
    if best is None:
        return Finding(text=text, citation=None, in_case=True)
    _, chunk, start, end = best
    page = book.snapshot.page(chunk.document_id, chunk.page_number)
    return Finding(text=text, citation=book.cite(Line(page=page, start=start, end=end)), in_case=True)
