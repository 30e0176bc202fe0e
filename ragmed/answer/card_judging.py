"""A differential card that a language model drafted, judged line by line and laid over the library's own.

Laws of this room:

* A diagnosis stands on the card where a passage names it; a line where its page says it, says it of that diagnosis, and
  says it for the side on which it stands. What fails is tried once against the other passages, then withheld.
* What must not be missed is what a page says must not be missed.
* A model adds lines and puts the diagnoses in order, those first for which a finding of the case was found on a page.
  It takes nothing away: what the library's own card has stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from ragmed.answer import support, verbatim
from ragmed.answer.citations import check
from ragmed.answer.claims import looked_for
from ragmed.answer.composing import shifted
from ragmed.answer.differential import Card
from ragmed.answer.entries import CANNOT_MISS, Entry, Line, entries
from ragmed.answer.notices import said
from ragmed.answer.weighing import in_case
from ragmed.records import Candidate, Citation, CitationCheck, Finding, Language, Passage, Verdict, Withheld
from ragmed.terms import find_terms
from ragmed.text.sentences import sentence_spans

if TYPE_CHECKING:
    from ragmed.answer.case import Case
    from ragmed.answer.judging import Judged
    from ragmed.drafts import DraftedCandidate, DraftedCard, DraftedLine
    from ragmed.interfaces import SnapshotReader

_Judged = Callable[[CitationCheck, Passage], CitationCheck]
_ROLES = ("supporting", "against", "next_tests")
_SPEAKS_AGAINST = re.compile(
    r"\b(?:less|un)[\s-]?likel\w+|\b(?:speaks?|argues?|counts?) against\b|\brules? (?:it )?out\b|\bexclud\w+"
    r"|\bmakes? .{1,60}\b(?:improbable|doubtful)\b|\bagainst\b"
    r"|不支持|反对|排除|可能性(?:较)?[小低]|不太?可能",
    re.IGNORECASE,
)
_PLACES = 8
"""Places of a passage with the same words that are looked at."""
_NEAR = 80
"""Characters before a name in which a page may say that it must not be missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCard:
    """What of a drafted card holds. ``Finding.citation`` and ``Candidate.citation`` are indices into ``checks``."""

    candidates: tuple[Candidate, ...]
    checks: tuple[CitationCheck, ...]
    withheld: tuple[Withheld, ...]
    count: int
    """Diagnoses, warnings and lines that were drafted."""


@dataclass(slots=True)
class _Bench:
    """Checks as they are made."""

    passages: tuple[Passage, ...]
    snapshot: SnapshotReader
    case: Case
    checks: list[CitationCheck] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    count: int = 0
    _entries: dict[tuple[str, int], tuple[Entry, ...]] = field(default_factory=dict)

    def kept(self, found: CitationCheck, words: str) -> int | None:
        """The index of a check that holds; None for one that does not, which is counted as withheld."""
        if not found.verdict.holds:
            self.withheld.append(Withheld(text=words, verdict=found.verdict, reason=found.reason))
            return None
        self.checks.append(found)
        return len(self.checks) - 1

    def candidate(self, drafted: DraftedCandidate, language: Language) -> Candidate | None:
        """The diagnosis with its lines that hold; None where no passage names it, and its lines fall with it."""
        self.count += 1 + drafted.cannot_miss
        name = self._best(drafted.diagnosis, drafted.marker, lambda one, passage: one)
        own = self.kept(name, drafted.diagnosis)
        if own is None:
            self.count -= drafted.cannot_miss
            for line in (line for role in _ROLES for line in getattr(drafted, role)):
                self.count += 1
                reason = said("no_diagnosis", language, claim=drafted.diagnosis)
                self.withheld.append(Withheld(text=line.text, verdict=Verdict.UNSUPPORTED, reason=reason))
            return None
        lines = {role: self._lines(getattr(drafted, role), drafted.diagnosis, role, language) for role in _ROLES}
        cannot_miss = drafted.cannot_miss and self._must_not_be_missed(drafted.diagnosis)
        if drafted.cannot_miss and not cannot_miss:
            reason = said("may_be_missed", language)
            self.withheld.append(Withheld(text=drafted.diagnosis, verdict=Verdict.UNSUPPORTED, reason=reason))
        return Candidate(diagnosis=drafted.diagnosis, cannot_miss=cannot_miss, citation=own, **lines)

    def _lines(
        self, drafted: Sequence[DraftedLine], diagnosis: str, role: str, language: Language
    ) -> tuple[Finding, ...]:
        found: list[Finding] = []
        for line in drafted:
            self.count += 1

            def of_it(one: CitationCheck, passage: Passage, role: str = role) -> CitationCheck:
                return self._in_role(one, passage, diagnosis, role, language)

            index = self.kept(self._best(line.text, line.marker, of_it), line.text)
            if index is not None:
                found.append(Finding(text=line.text, citation=index, in_case=in_case(line.text, self.case)))
        if role != "next_tests":
            found.sort(key=lambda finding: not finding.in_case)
        else:
            found = [replace(finding, in_case=False) for finding in found]
        return tuple(found)

    def _best(self, words: str, marker: int, judged: _Judged) -> CitationCheck:
        """The check against the passage that was named, or else against the first other one that bears it out."""
        named = [passage for passage in self.passages if passage.marker == marker]
        failed = [] if named else [check(words, looked_for(words, marker, None, -1), self.snapshot)]
        for passage in (*named, *(one for one in self.passages if one not in named)):
            exact = list(_exactly(words, passage))
            for citation in exact or [looked_for(words, passage.marker, passage, -1)]:
                found = check(words, citation, self.snapshot)
                if found.verdict.holds:
                    found = judged(found, passage)
                if found.verdict.holds:
                    return found
                failed.append(found)
        return failed[0]

    def _in_role(
        self, found: CitationCheck, passage: Passage, diagnosis: str, role: str, language: Language
    ) -> CitationCheck:
        """The check, failed where the page says it of another diagnosis or for another side."""
        citation = found.citation
        places = list(_places(self._entries_at(passage), citation))
        if places:
            mine = [name for entry, name in places if same_diagnosis(diagnosis, entry.name.text)]
            if role in mine:
                return found
            key = "other_side" if mine else "other_diagnosis"
            other = verbatim.shown(places[0][0].name.text)
            return _failed(found, said(key, language, claim=diagnosis, page=other))
        around = f"{passage.document.title} {' '.join(passage.chunk.heading_path)} {passage.chunk.text}"
        if not _names(around, diagnosis):
            return _failed(found, said("other_diagnosis", language, claim=diagnosis, page=passage.document.title))
        speaks_against = _SPEAKS_AGAINST.search(_whole_sentences(passage, citation)) is not None
        if role != "next_tests" and speaks_against is not (role == "against"):
            return _failed(found, said("other_side", language, claim=diagnosis, page=diagnosis))
        return found

    def _must_not_be_missed(self, diagnosis: str) -> bool:
        """Whether one of the pages says so of this diagnosis."""
        for passage in self.passages:
            for entry in self._entries_at(passage):
                if entry.cannot_miss is not None and same_diagnosis(diagnosis, entry.name.text):
                    return True
            for warned in CANNOT_MISS.finditer(passage.chunk.text):
                near = passage.chunk.text[max(0, warned.start() - _NEAR) : warned.end() + _NEAR]
                if _names(near, diagnosis):
                    return True
        return False

    def _entries_at(self, passage: Passage) -> tuple[Entry, ...]:
        """The library's entries on the passage's page, with those that began on the page before."""
        document_id, number = passage.chunk.document_id, passage.chunk.page_number
        if (document_id, number) not in self._entries:
            pages = [self.snapshot.page(document_id, near) for near in (number - 1, number) if near > 0]
            self._entries[document_id, number] = entries(pages)
        return self._entries[document_id, number]


def judge_card(
    drafted: DraftedCard, passages: Sequence[Passage], snapshot: SnapshotReader, case: Case, language: Language
) -> JudgedCard:
    """Check every diagnosis and every line of the card against the pages. ``passages``: those of its prompt."""
    bench = _Bench(tuple(passages), snapshot, case)
    candidates: list[Candidate] = []
    for one in drafted.candidates:
        if any(same_diagnosis(one.diagnosis, other.diagnosis) for other in candidates):
            continue  # said twice
        candidate = bench.candidate(one, language)
        if candidate is not None:
            candidates.append(candidate)
    return JudgedCard(
        candidates=tuple(candidates),
        checks=tuple(bench.checks),
        withheld=tuple(bench.withheld),
        count=bench.count,
    )


def over_the_library(judged: JudgedCard, library: Card | None) -> tuple[Card, int]:
    """The model's card with all that the library's own has, and how many of its diagnoses the model had left out."""
    if library is None:
        library = Card(candidates=(), checks=(), case=(), related=(), withheld=())
    offset = len(library.checks)
    left = list(library.candidates)
    merged: list[Candidate] = []
    for drafted in judged.candidates:
        one = shifted(drafted, offset)
        own = next((candidate for candidate in left if same_diagnosis(candidate.diagnosis, one.diagnosis)), None)
        if own is None:
            merged.append(one)
            continue
        left.remove(own)
        merged.append(
            replace(
                own,
                cannot_miss=own.cannot_miss or one.cannot_miss,
                supporting=_united(own.supporting, one.supporting),
                against=_united(own.against, one.against),
                next_tests=_united(own.next_tests, one.next_tests),
            )
        )
    ordered = sorted((*merged, *left), key=lambda one: not _has_finding(one))
    card = Card(
        candidates=tuple(ordered),
        checks=(*library.checks, *judged.checks),
        case=library.case,
        related=library.related,
        withheld=(*library.withheld, *judged.withheld),
    )
    return card, len(left)


def of_the_case(judged: Judged, card: Card, passages: Sequence[Passage], language: Language) -> Judged:
    """The sentences beside the card without those about a disease that nothing in the case speaks for.

    A sentence that names no disease is about those of the headings above it. Where no diagnosis of the card has a
    finding of the case, all stay.
    """
    spoken_for = frozenset().union(*(_diseases(one.diagnosis) for one in card.candidates if _has_finding(one)))
    if not spoken_for:
        return judged
    above = {one.chunk.chunk_id: f"{one.document.title} {' '.join(one.chunk.heading_path)}" for one in passages}
    held, withheld = [], list(judged.withheld)
    for claim, checks in judged.held:
        headings = " ".join(above.get(check.citation.chunk_id, "") for check in checks)
        there = _diseases(claim.text) or _diseases(headings)
        if there and not any(_akin(one, other) for one in there for other in spoken_for):
            reason = said("not_of_case", language)
            withheld.append(Withheld(text=claim.text, verdict=Verdict.UNSUPPORTED, reason=reason))
        else:
            held.append((claim, checks))
    return replace(judged, held=tuple(held), withheld=tuple(withheld))


def _akin(one: str, other: str) -> bool:
    """Whether one disease is the other, or a kind of it by its name ("community-acquired pneumonia")."""
    mine, theirs = support.content_words(one), support.content_words(other)
    return mine <= theirs or theirs <= mine


def _has_finding(candidate: Candidate) -> bool:
    return any(finding.in_case for finding in candidate.supporting)


def same_diagnosis(one: str, other: str) -> bool:
    """Whether two names mean one diagnosis: the same diseases of the term table, or else the same words."""
    mine, theirs = _diseases(one), _diseases(other)
    if mine and theirs:
        return mine == theirs
    return verbatim.plain(one).lower() == verbatim.plain(other).lower()


def _diseases(name: str) -> frozenset[str]:
    bare = re.sub(r"[(（].*?[)）]", "", name)
    return frozenset(match.term.en.lower() for match in find_terms(bare) if match.term.kind == "disease")


def _names(text: str, diagnosis: str) -> bool:
    """Whether a text names the diagnosis: its diseases, or all of its words where the term table knows none."""
    wanted = _diseases(diagnosis)
    if wanted:
        return wanted <= {match.term.en.lower() for match in find_terms(text)}
    words = support.content_words(diagnosis)
    return bool(words) and words <= support.content_words(text)


def _exactly(words: str, passage: Passage) -> Iterator[Citation]:
    """A citation of each place where the passage has these very words, as whole words."""
    pattern = r"\s*".join(re.escape(piece) for piece in words.split())
    chunk = passage.chunk
    for found in islice(re.finditer(rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])", chunk.text, re.IGNORECASE), _PLACES):
        yield Citation(
            claim=-1,
            marker=passage.marker,
            chunk_id=chunk.chunk_id,
            document_id=chunk.document_id,
            page_number=chunk.page_number,
            start=chunk.start + found.start(),
            end=chunk.start + found.end(),
            quote=found.group(),
        )


def _places(there: Iterable[Entry], citation: Citation) -> Iterator[tuple[Entry, str]]:
    """The entries of a page whose lines hold the cited words, each with the role of the line."""
    for entry in there:
        for role in _ROLES:
            lines: list[Line] = getattr(entry, role)
            if any(line.start < citation.end and citation.start < line.end for line in lines):
                yield entry, role


def _whole_sentences(passage: Passage, citation: Citation) -> str:
    """The sentences of the passage that the cited words are part of: "normal CRP" alone does not say for what."""
    text, shift = passage.chunk.text, passage.chunk.start
    first, last = citation.start - shift, citation.end - shift
    return " ".join(text[start:end] for start, end in sentence_spans(text) if start < last and first < end)


def _failed(found: CitationCheck, reason: str) -> CitationCheck:
    return replace(found, verdict=Verdict.UNSUPPORTED, reason=reason)


def _united(own: Sequence[Finding], added: Sequence[Finding]) -> tuple[Finding, ...]:
    """The library's lines, and behind them those of the model that say something else."""
    known = [verbatim.plain(finding.text).lower() for finding in own]
    new = [one for one in added if not any(_within(one.text, words) for words in known)]
    return tuple(sorted((*own, *new), key=lambda finding: not finding.in_case))


def _within(text: str, words: str) -> bool:
    mine = verbatim.plain(text).lower()
    return mine in words or words in mine
