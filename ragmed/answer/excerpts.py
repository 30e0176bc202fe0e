"""What may be quoted from a passage: sentences, list items with their introduction, table rows.

Laws of this room: an excerpt is a contiguous stretch of its chunk, cut at the ends of sentences, items and rows, so
that ``page.text[start:end]`` is what is shown but for white space. Nothing is put together from two places; a row is
shown under its table's header, the rows between left out by a marked ellipsis where they deny and except nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal

from ragmed.answer import verbatim
from ragmed.records import Passage
from ragmed.text.numbers import quantities
from ragmed.text.sentences import sentence_spans

_BULLET = re.compile(r"\s*(?:[•·▪◦■□●○*►–-]\s|\(?(?:\d{1,2}|[a-zA-Z])[.)]\s|\d{1,2}、)")
_ENDS = (".", "。", "!", "?", "！", "？", ";", "；", '."', ".”", ")", "）")
_REFERENCE = re.compile(
    r"\b(?:19|20)\d{2}[a-z]?(?:\s+\w{3,9}(?:\s+\d{1,2})?)?\s*;\s*\d{1,4}\s*(?:\(|:|\b[A-Z])"  # 2016;39(8):1458
    r"|\bdoi\b[:\s]|\bdoi\.org/"
    r"|^(?:\W*\d{1,3}\.\s*)?(?:[A-Z][\w'’-]+ [A-Z]{1,3}(?:, |\. )){2,}"  # Dayan C, Panicker V. …
    r"|^(?:\W*\d{1,3}\.\s*)?[A-Z][\w'’-]+ [A-Z]{1,3}, .*\bet al\b"
)
_INTRODUCES = (":", "：")
CELLS = " | "
"""How the reader writes a table row."""
LONGEST = 700
"""Characters of an excerpt at most; a single longer sentence stands alone all the same."""
_LONG_ITEM = 360
_SHORT_ITEM = 60
_SHORT_TITLE = 90
_SHORTEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A stretch of a passage that can be an answer by itself."""

    passage: Passage
    start: int
    end: int
    """Offsets on the page."""
    text: str
    """As one line."""
    is_row: bool = False
    """Whether it is cells of a table."""
    is_caption: bool = False
    """Whether it names the rows or items below it, and says nothing itself."""
    own_start: int = -1
    """Where its own words begin behind a table's header; ``start`` where that is not told."""

    @property
    def own(self) -> tuple[int, int]:
        """Offsets of its own words: two rows under one header share no words."""
        return (self.own_start if self.own_start >= 0 else self.start), self.end

    def row_number_in(self, values: Set[Decimal]) -> bool:
        """Whether the first cell of a row is one of these numbers, or a range that holds one."""
        chunk = self.passage.chunk
        cell = chunk.text[self.own[0] - chunk.start : self.own[1] - chunk.start].split(CELLS, 1)[0]
        return any(
            one.value <= value <= (one.value if one.high is None else one.high)
            for one in quantities(cell)
            for value in values
        )

    @property
    def is_title(self) -> bool:
        """Whether it is a caption or a title rather than a statement: short, without a stop and without a row's
        cells."""
        return len(self.text) <= _SHORT_TITLE and not self.text.endswith(_ENDS) and not self.is_row

    @property
    def is_reference(self) -> bool:
        """Whether it is an entry of a list of literature, or part of one: its title may share every word with a
        question and answers none."""
        return _REFERENCE.search(self.text) is not None

    @property
    def key(self) -> tuple[str, int, int, int]:
        """Where it stands: orders equals."""
        chunk = self.passage.chunk
        return chunk.document_id, chunk.page_number, self.start, self.end


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str

    @property
    def is_item(self) -> bool:
        return _BULLET.match(self.text) is not None

    @property
    def is_row(self) -> bool:
        return CELLS in self.text

    @property
    def introduces(self) -> bool:
        return self.text.rstrip().endswith(_INTRODUCES)


def excerpts(passage: Passage) -> tuple[Excerpt, ...]:
    """All excerpts of a passage, in order; they may overlap."""
    text, base = passage.chunk.text, passage.chunk.start
    captions = _captions(text)
    return tuple(
        Excerpt(
            passage=passage,
            start=base + start,
            end=base + end,
            text=_as_shown(text[start:end]),
            is_row=CELLS in text[start:end].split("\n", 1)[0],
            own_start=base + start + max(0, text[start:end].rfind("\n") + 1),
            is_caption=(start, end) in captions,
        )
        for start, end in excerpt_spans(text)
    )


def _as_shown(quote: str) -> str:
    """One line; of a table's stretch the header and the last row."""
    rows = quote.split("\n")
    if len(rows) > 2 and all(CELLS in row for row in rows):
        return f"{verbatim.shown(rows[0])} … {verbatim.shown(rows[-1])}"
    return verbatim.shown(quote)


def excerpt_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where the excerpts of a chunk's text stand."""
    lines = [_Line(start, end, text[start:end]) for start, end in _lines(text)]
    spans: dict[tuple[int, int], None] = {}
    for number, line in enumerate(lines):
        for start, end in _of_line(text, lines, number, line):
            if _says_something(text[start:end]):
                spans[start, end] = None
    return tuple(spans)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(r"[^\n\r]+", text):
        start, end = match.span()
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end:
            yield start, end


def _of_line(text: str, lines: Sequence[_Line], number: int, line: _Line) -> Iterator[tuple[int, int]]:
    if line.is_row:
        yield _row(lines, number)
    elif line.is_item:
        yield from _item(text, lines, number)
    elif line.introduces:
        yield line.start, _last_item(lines, number)
    else:
        spans = sentence_spans(text, start=line.start, end=line.end)
        last = len(spans) - 1
        for place, (start, end) in enumerate(spans):
            if place == last and text[start:end].rstrip().endswith(_INTRODUCES):
                yield start, _last_item(lines, number)
            else:
                yield start, end


def _captions(text: str) -> frozenset[tuple[int, int]]:
    """Where the captions of the tables and lists below them stand."""
    lines = [_Line(start, end, text[start:end]) for start, end in _lines(text)]
    return frozenset((line.start, line.end) for number, line in enumerate(lines) if _is_caption(lines, number))


def _is_caption(lines: Sequence[_Line], number: int) -> bool:
    line = lines[number]
    if line.is_row or line.is_item or line.introduces or number + 1 == len(lines):
        return False
    below = lines[number + 1]
    return (below.is_row or below.is_item) and len(line.text) <= _SHORT_TITLE and not line.text.endswith(_ENDS)


def _row(lines: Sequence[_Line], number: int) -> tuple[int, int]:
    """A row, from its table's first row on where that is near and the rows between may be left out: the header tells
    what the cells mean."""
    first = number
    while first and lines[first - 1].is_row:
        first -= 1
    line = lines[number]
    between = "\n".join(one.text for one in lines[first + 1 : number])
    headed = line.end - lines[first].start <= LONGEST and verbatim.harmless(between)
    return (lines[first].start, line.end) if headed else (line.start, line.end)


def _item(text: str, lines: Sequence[_Line], number: int) -> Iterator[tuple[int, int]]:
    """A list item; one too short to stand alone comes with the list's introduction."""
    line = lines[number]
    if line.introduces:
        yield line.start, _last_item(lines, number)
        return
    first = number
    while first and lines[first - 1].is_item:
        first -= 1
    introduced = first > 0 and lines[first - 1].introduces
    if introduced and line.end - line.start <= _LONG_ITEM and not _is_sentence(line.text):
        start = sentence_spans(text, start=lines[first - 1].start, end=lines[first - 1].end)[-1][0]
        if line.end - start <= LONGEST:
            yield start, line.end
            return
    bullet = _BULLET.match(line.text)
    begin = line.start + (bullet.end() if bullet else 0)
    while begin < line.end and text[begin].isspace():
        begin += 1
    if line.end - begin <= _LONG_ITEM:
        yield begin, line.end
        return
    yield from sentence_spans(text, start=begin, end=line.end)


def _last_item(lines: Sequence[_Line], number: int) -> int:
    """Where the list that line ``number`` introduces ends, as far as an excerpt may reach."""
    end = lines[number].end
    for line in lines[number + 1 :]:
        if not (line.is_item or line.is_row) or line.end - lines[number].start > LONGEST:
            break
        end = line.end
    return end


def _is_sentence(item: str) -> bool:
    """Whether an item says something without its introduction."""
    return len(item) > _SHORT_ITEM and item.rstrip().endswith(_ENDS)


def _says_something(text: str) -> bool:
    return sum(character.isalnum() for character in text) >= _SHORTEST
