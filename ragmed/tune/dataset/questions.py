"""Questions that a document answers itself, each with the sentences that answer it and where they stand.

==================  ==========================================  ===============================================
kind                asks for                                    is answered by
==================  ==========================================  ===============================================
``heading``         what is said under a heading                the statements of that section, the first four
``recommendation``  what a section says about a drug, a test …  every statement of the passage that names it
``dose``            how much of a drug is given                 the same, where amounts are among them
``table``           a row of a table, by its first cell         the row under its header
``across``          the same as ``recommendation``, in the      the page's own words
                    other language, through the term table
==================  ==========================================  ===============================================

An answer is made of sentences that stand on the page word for word. What cannot be asked honestly is not asked: where a
name stands in too many sentences, or a sentence leans on the one before it, there is no question.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragmed.answer.citations import judge
from ragmed.answer.entries import is_entry_line
from ragmed.answer.excerpts import CELLS, Excerpt, excerpts
from ragmed.answer.extractive import LEANING
from ragmed.generate.prompt import defused
from ragmed.records import Chunk, Document, Hit, Language, Passage, Verdict
from ragmed.terms import TermMatch, find_terms
from ragmed.text.markers import MARKER
from ragmed.text.numbers import quantities
from ragmed.text.sentences import sentence_spans
from ragmed.tune.dataset.wording import question, section_of

MOST_SENTENCES = 4
"""Of an answer: as many as a quoted answer has to a question of its kind (``ragmed.answer.extractive``)."""
PASSAGES_OF_SECTION = 2
A_CHUNK = 2
"""Questions of a kind at most that a chunk gives."""
SHORTEST = 12
"""Characters of a statement; shorter ones ("Can't miss.") say nothing without their place."""
_STOPS = (".", "。", "!", "！", ";", "；")
_NO_MATTER = re.compile(
    r"\b(?:references?|sources?|bibliography|literature|further reading|disclosures?|acknowledge?ments?|authors?"
    r"|competing interests|version history|copyright)\b"
    r"|参考文献|来源|致谢|作者|利益冲突|版权|修订记录",
    re.IGNORECASE,
)
"""Headings over what is no guidance."""
_ASKED = ("drug", "procedure", "test", "disease", "finding", "organism")
_GENERAL = frozenset(("examination", "laboratory test", "surgery"))
"""Terms that name a kind of thing and no thing."""
_ABOUT = ("disease", "finding")
_AMOUNTS = frozenset(
    (
        *("mg", "g", "ug", "ml", "l", "mmol", "iu", "units"),
        *("mg/kg", "ug/kg", "ml/kg", "mg/day", "g/day", "mg/kg/day", "ug/kg/min", "ml/h", "mg/h"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, and the excerpts that answer it, in the order in which they are said."""

    kind: str
    question: str
    language: Language
    excerpts: tuple[Excerpt, ...]
    """Their passages' markers mean nothing yet."""
    terms: frozenset[str] = frozenset()
    """Preferred English names of what is asked about: a passage of the document that names one may answer too."""

    @property
    def chunk_ids(self) -> tuple[str, ...]:
        """Of the true passages, in order."""
        return tuple(dict.fromkeys(one.passage.chunk.chunk_id for one in self.excerpts))

    @property
    def section(self) -> tuple[str, tuple[str, ...]]:
        chunk = self.excerpts[0].passage.chunk
        return chunk.document_id, chunk.heading_path


def questions_of(document: Document, chunks: Sequence[Chunk], seed: int, *, across: bool = False) -> Iterator[Asked]:
    """All questions of a document, section by section. They depend on seed and chunk alone."""
    sections: dict[tuple[str, ...], list[Chunk]] = {}
    for chunk in chunks:
        sections.setdefault(chunk.heading_path, []).append(chunk)
    for headings, own in sections.items():
        section = section_of(headings, document.title, _spoken(document))
        if _NO_MATTER.search(section):
            continue
        statements = [(chunk, _statements(document, chunk)) for chunk in own]
        if section:
            yield from _of_heading(document, section, statements, seed)
        for chunk, found in statements:
            draw = random.Random(f"{seed}:{chunk.chunk_id}")
            if section:
                yield from _of_terms(document, section, found, draw)
                yield from _of_rows(document, section, chunk, draw)
            if across:
                yield from _across(document, found, draw)


def _of_heading(
    document: Document, section: str, statements: Sequence[tuple[Chunk, list[Excerpt]]], seed: int
) -> Iterator[Asked]:
    taken = [found for _, found in statements if found][:PASSAGES_OF_SECTION]
    if not taken:
        return
    each = MOST_SENTENCES // len(taken)
    chosen = tuple(one for found in taken for one in found[:each])
    draw = random.Random(f"{seed}:{chosen[0].passage.chunk.chunk_id}:heading")
    asked = question("heading", _spoken(document), draw, title=document.title, section=section)
    yield Asked(kind="heading", question=asked, language=_spoken(document), excerpts=chosen)


def _of_terms(document: Document, section: str, statements: list[Excerpt], draw: random.Random) -> Iterator[Asked]:
    above = {match.term.en for match in find_terms(f"{document.title} {section}")}
    by_term = _by_term(statements)
    names = [name for name in by_term if name not in above]
    draw.shuffle(names)
    names.sort(key=lambda name: _ASKED.index(by_term[name][0][1].term.kind))
    used: set[int] = set()
    given = 0
    for name in names:
        found = by_term[name]
        starts = {one.start for one, _ in found}
        if given == A_CHUNK or len(found) >= MOST_SENTENCES or starts & used:
            continue
        used |= starts
        given += 1
        match = found[0][1]
        said = tuple(one for one, _ in found)
        kind = "dose" if match.term.kind == "drug" and any(_amount(one, match) for one in said) else "recommendation"
        term = (
            match.surface if match.surface.isupper() or _spoken(document) is Language.CHINESE else match.surface.lower()
        )
        asked = question(
            kind, _spoken(document), draw, title=document.title, section=section, term=" ".join(term.split())
        )
        yield Asked(
            kind=kind, question=asked, language=_spoken(document), excerpts=said, terms=frozenset({name.lower()})
        )


def _of_rows(document: Document, section: str, chunk: Chunk, draw: random.Random) -> Iterator[Asked]:
    rows = [one for one in _excerpts(document, chunk) if one.is_row and one.own_start > one.start and _teaches(one)]
    draw.shuffle(rows)
    for row in rows[:A_CHUNK]:
        lines = chunk.text[row.start - chunk.start : row.end - chunk.start].split("\n")
        header, own = _cells(lines[0]), _cells(lines[-1])
        if len(header) != len(own) or len(own) < 2 or not own[0]:
            continue
        column = draw.choice(header[1:])
        asked = question(
            "table", _spoken(document), draw, title=document.title, section=section, term=own[0], column=column
        )
        yield Asked(kind="table", question=asked, language=_spoken(document), excerpts=(row,))


def _across(document: Document, statements: list[Excerpt], draw: random.Random) -> Iterator[Asked]:
    """In the other language, where the table knows the document's subject and what is asked about."""
    language = Language.ENGLISH if _spoken(document) is Language.CHINESE else Language.CHINESE
    subjects = [match.term for match in find_terms(document.title) if match.term.kind in _ABOUT]
    if not subjects:
        return
    subject = subjects[0]
    by_term = _by_term(statements)
    names = [name for name, found in by_term.items() if name != subject.en and len(found) < MOST_SENTENCES]
    draw.shuffle(names)
    for name in names[:1]:
        term = by_term[name][0][1].term
        title, about = (subject.en, term.en) if language is Language.ENGLISH else (subject.zh, term.zh)
        yield Asked(
            kind="across",
            question=question("across", language, draw, title=title, term=about),
            language=language,
            excerpts=tuple(one for one, _ in by_term[name]),
            terms=frozenset({name.lower()}),
        )


def _by_term(statements: Sequence[Excerpt]) -> dict[str, list[tuple[Excerpt, TermMatch]]]:
    """What is named in the statements → the statements that name it, each with the place."""
    found: dict[str, list[tuple[Excerpt, TermMatch]]] = {}
    for one in statements:
        named: dict[str, TermMatch] = {}
        for match in find_terms(one.text):
            if match.term.kind in _ASKED and match.term.en not in _GENERAL:
                named.setdefault(match.term.en, match)
        for name, match in named.items():
            found.setdefault(name, []).append((one, match))
    return found


def _amount(excerpt: Excerpt, match: TermMatch) -> bool:
    """Whether an amount stands beside the drug: behind it, before any other drug is named."""
    drugs = [one.start for one in find_terms(excerpt.text) if one.term.kind == "drug" and one.start > match.start]
    own = [one for one in find_terms(excerpt.text) if one.term.en == match.term.en]
    if not own:
        return False
    until = min((start for start in drugs if start > own[0].end), default=len(excerpt.text))
    return any(own[0].end <= one.start < until and one.unit in _AMOUNTS for one in quantities(excerpt.text))


def _statements(document: Document, chunk: Chunk) -> list[Excerpt]:
    """The sentences of a chunk that can stand alone, in order, none over another."""
    found: list[Excerpt] = []
    for one in sorted(_excerpts(document, chunk), key=lambda one: (one.start, one.end)):
        if one.is_row or one.is_title or one.is_reference or LEANING.match(one.text) or is_entry_line(one.text):
            continue
        if one.text.endswith(_STOPS) and _teaches(one) and (not found or one.start >= found[-1].end):
            found.append(one)
    return found


def _teaches(one: Excerpt) -> bool:
    """Whether the model can repeat it so that the check finds it again: one sentence, without brackets that would pass
    for markers, and told from the page by nothing."""
    if len(one.text) < SHORTEST or defused(one.text) != one.text or MARKER.search(one.text):
        return False
    if len(sentence_spans(one.text)) != 1:
        return False
    chunk = one.passage.chunk
    quote = chunk.text[one.start - chunk.start : one.end - chunk.start]
    return judge(one.text, quote)[0] is Verdict.VERBATIM


def _excerpts(document: Document, chunk: Chunk) -> tuple[Excerpt, ...]:
    hit = Hit(chunk_id=chunk.chunk_id, rank=1, score=0.0)
    return excerpts(Passage(marker=1, hit=hit, chunk=chunk, document=document, page_label=""))


def _cells(row: str) -> list[str]:
    return [" ".join(cell.split()) for cell in row.split(CELLS.strip())]


def _spoken(document: Document) -> Language:
    return Language.CHINESE if document.language is Language.CHINESE else Language.ENGLISH
