"""Two guidelines that say different things of one matter: found, and shown with the words of both.

Laws of this room: pure functions of what was cited, what was found and the snapshot. Only what the answer itself cites
is compared, with other current documents among the passages found; neither side is preferred. Both sides are citations
that passed the check (law 2): where one does not, there is no conflict to show. Editions of one guideline and copies of
it are not compared here: which of them counts is the library's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from ragmed.answer import support
from ragmed.answer.citations import check
from ragmed.answer.contradicting import Difference, differences
from ragmed.answer.excerpts import Excerpt, excerpts
from ragmed.answer.statements import Statement, guides, statement
from ragmed.conflict_sides import newer
from ragmed.records import Citation, CitationCheck, Conflict, Document, DocumentStatus, Passage
from ragmed.text.numbers import quantities

if TYPE_CHECKING:
    from ragmed.answer.composing import Numbered
    from ragmed.interfaces import SnapshotReader

_LONGEST = 420
"""Characters of a sentence that is compared: a longer one says several things."""
_SAID = 0.6
"""Share of a quoted sentence's words that a claim has to have where it is not the quotation itself."""

_SEMICOLON = re.compile(r"[;；]\s*")
_LABEL = re.compile(r"^\W*(?:next tests?|下一步检查)\s*[:：]\s*", re.IGNORECASE)
"""What begins a line of a differential card."""
_UNLESS = re.compile(r"[,，]\s*(?:unless\b|except\b|除非).*$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Side:
    """A sentence of a page, as it may be cited."""

    excerpt: Excerpt
    said: Statement

    @property
    def document(self) -> Document:
        return self.excerpt.passage.document

    @property
    def place(self) -> tuple[str, int, int, int]:
        return self.excerpt.key


def conflicts(
    cited: Sequence[tuple[str, CitationCheck]],
    passages: Sequence[Passage],
    numbered: Numbered,
    snapshot: SnapshotReader,
    checks: Sequence[CitationCheck],
) -> tuple[tuple[Conflict, ...], tuple[CitationCheck, ...]]:
    """The conflicts, and the checks that they need beside ``checks``, to be put behind them.

    ``cited``: each claim that holds, or line of the card, with a citation of it; ``checks``: all of the answer so far,
    numbered.
    """
    mine_of = {passage.document.document_id: passage.document for passage in passages}
    quoted = {one.citation.document_id for _, one in cited} & mine_of.keys()
    every = [
        side
        for passage in passages
        if any(_comparable(mine_of[document_id], passage.document) for document_id in quoted)
        for side in _sides(passage)
    ]
    by_chunk = {passage.chunk.chunk_id: passage for passage in passages}
    index = {_place(one.citation): number for number, one in reversed(list(enumerate(checks)))}
    more: list[CitationCheck] = []
    found: list[Conflict] = []
    seen: set[frozenset[tuple[str, int, int, int]]] = set()
    told: set[tuple[frozenset[str], frozenset[str]]] = set()
    for text, one in cited:
        passage = by_chunk.get(one.citation.chunk_id)
        if passage is None or passage.document.status is not DocumentStatus.CURRENT:
            continue
        for mine, theirs in product(_quoted(text, one.citation, passage), every):
            pair = frozenset((mine.place, theirs.place))
            if pair in seen or not _comparable(mine.document, theirs.document):
                continue
            seen.add(pair)
            said = [one for one in differences(mine.said, theirs.said) if _in_claim(one, text, mine)]
            same = (
                frozenset((mine.document.document_id, theirs.document.document_id)),
                frozenset(words for one in said for words in (one.first, one.second)),
            )
            if not said or same in told:
                continue
            places = [_checked(side, index, more, len(checks), numbered, snapshot) for side in (mine, theirs)]
            if places[0] is None or places[1] is None:
                continue
            told.add(same)
            found.extend(_conflict(one, places[0], places[1], mine, theirs) for one in said)
    return tuple(found), tuple(more)


def _sides(passage: Passage) -> Iterator[_Side]:
    if passage.document.status is not DocumentStatus.CURRENT:
        return
    above = " ".join(passage.chunk.heading_path)
    for one in excerpts(passage):
        if one.is_row or one.is_title or one.is_reference or len(one.text) > _LONGEST or not guides(one.text):
            continue
        first = ""
        for part in _parts(one.text):
            # what stands behind a semicolon goes on about what stands before it
            said = statement(part, f"{above} {first}".strip(), passage.document.title)
            if said is not None:
                yield _Side(one, said)
            first = first or part


def _parts(text: str) -> Iterator[str]:
    """What a sentence says, part by part; exceptions behind a comma are left out of the part that they limit."""
    for part in _SEMICOLON.split(_LABEL.sub("", text)):
        said = _UNLESS.sub("", part).strip()
        if said:
            yield said


def _quoted(claim: str, citation: Citation, passage: Passage) -> Iterator[_Side]:
    """The sentences that the citation quotes, as far as the claim says what they say."""
    for side in _sides(passage):
        one = side.excerpt
        inside = citation.start <= one.start and one.end <= citation.end
        whole = one.start <= citation.start and citation.end <= one.end
        if (inside or whole) and (whole or support.share(one.text, claim) >= _SAID):
            yield side


def _in_claim(one: Difference, claim: str, side: _Side) -> bool:
    """Whether the claim itself says what differs; a quotation does."""
    if one.kind != "number" or side.excerpt.text.strip() in claim:
        return True
    wanted = {quantity.key for quantity in quantities(one.first)}
    return wanted <= {quantity.key for quantity in quantities(claim)} or not support.same_script(claim, side.said.text)


def _comparable(one: Document, other: Document) -> bool:
    """Whether the two are different guidelines in force."""
    if one.document_id == other.document_id or one.series == other.series:
        return False
    if DocumentStatus.CURRENT is not other.status:
        return False
    return (_plain(one.title), _plain(one.publisher)) != (_plain(other.title), _plain(other.publisher))


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _checked(
    side: _Side,
    index: dict[tuple[str, int, int, int], int],
    more: list[CitationCheck],
    offset: int,
    numbered: Numbered,
    snapshot: SnapshotReader,
) -> int | None:
    """The place of the sentence's citation among all checks, made and checked where there is none yet."""
    chunk, one = side.excerpt.passage.chunk, side.excerpt
    place = (chunk.document_id, chunk.page_number, one.start, one.end)
    if place in index:
        return index[place]
    quote = chunk.text[one.start - chunk.start : one.end - chunk.start]
    citation = Citation(
        claim=-1,
        marker=0,
        chunk_id=chunk.chunk_id,
        document_id=chunk.document_id,
        page_number=chunk.page_number,
        start=one.start,
        end=one.end,
        quote=quote,
    )
    judged = check(quote, citation, snapshot)
    if not judged.verdict.holds:
        return None
    more.append(numbered.renumbered(judged, claim=-1))
    index[place] = offset + len(more) - 1
    return index[place]


def _conflict(one: Difference, first: int, second: int, mine: _Side, theirs: _Side) -> Conflict:
    """The one published last stands first; where that is not known, the one that the answer cites."""
    if newer(theirs.document, mine.document):
        return Conflict(first=second, second=first, first_words=one.second, second_words=one.first)
    return Conflict(first=first, second=second, first_words=one.first, second_words=one.second)


def _place(citation: Citation) -> tuple[str, int, int, int]:
    return citation.document_id, citation.page_number, citation.start, citation.end
