"""Lines → blocks: headings, paragraphs, list items, captions, table rows; and the headings above each.

Laws of this room: every line lies in one block and blocks keep the lines' order. What is a heading is decided against
the whole document (its usual size and weight), so that one bold page does not turn into headings.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from ragmed.corpus.fragments import BULLETS, ENUMERATOR
from ragmed.records import BlockKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.corpus.fragments import Fragments
    from ragmed.corpus.lines import Line
    from ragmed.corpus.raw import OutlineEntry

_BOLD = 0.9
"""Share of bold characters from which a line is set bold."""
_LARGER = 1.14
"""Heading size over body size; 1.1 is still within what two faces of one size differ by in their line height."""
_HEADING_LETTERS = 200
_SENTENCE_END = tuple(".!?。！？;；:：")

_CAPTION = re.compile(
    r"(?:(?:supplementary |online )?(?:table|figure|fig|box|exhibit|chart|algorithm)\.? +"
    r"(?:[A-Z]?\d+(?:[-.–]\d+)*[A-Za-z]?|[IVX]+)(?: *[.:|–—-] *|  *)(?=[A-Z“\"(]|$))|(?:表|图) *\d+",
    re.IGNORECASE,
)
_CAPTION_UPPER = re.compile(r"(?:supplementary |online )?\w+\.? +\S+?[.:|–—-]?\s+[A-Z“\"(]|\S+$|[表图]")
_FRONT_MATTER = re.compile(r"(?:table of )?contents\b|acknowledge?ments?\b|cover$|目录|目次", re.IGNORECASE)
"""Headings that say nothing about the pages after theirs."""
_WORDS = re.compile(r"[^\W\d_]{3}|[\u4e00-\u9fff]{2}")
"""A heading has a word, not only symbols as the axes of plots have."""
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,3})\.? +[A-Z一-鿿]")
_LEAD_NUMBER = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2})*\.?|[IVX]{1,5}\.|[A-Z]\.|"
    r"[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十\d]+[章节部分]) *\S"
)


@dataclass(slots=True)
class Segment:
    """Lines of one block, before their text is mended."""

    lines: list[Line]
    kind: BlockKind
    level: int = 0
    text: str = ""
    heading_path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HouseStyle:
    """What is usual in a document."""

    body: float
    """Line height of most of its characters, points."""
    mostly_bold: bool
    outline: dict[str, int]
    """Titles of its bookmarks, folded, and their level."""


def fold_title(title: str) -> str:
    """A title without case, spaces and punctuation, to compare bookmarks with headings."""
    return re.sub(r"[\W_]+", "", title).casefold()


def house_style(pages: Sequence[Fragments], outline: Sequence[OutlineEntry]) -> HouseStyle:
    """The usual size and weight over all pages."""
    sizes: Counter[float] = Counter()
    bold = total = 0.0
    for page in pages:
        for size, letters, share in zip(page.size, page.letters, page.bold, strict=True):
            sizes[round(size * 2) / 2] += letters
            bold += share * letters
            total += letters
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    titles: dict[str, int] = {}
    for entry in outline:
        folded = fold_title(entry.title)
        if len(folded) >= 4:
            titles.setdefault(folded, min(entry.level, 5))
    return HouseStyle(body=max(body, 1.0), mostly_bold=bold > 0.5 * total, outline=titles)


def segments_of(page: Fragments, lines: Sequence[Line], style: HouseStyle) -> list[Segment]:
    """The blocks of one page, in the order of its lines."""
    texts = [page.line_text(line.runs) for line in lines]
    leads = _usual_lead(lines)
    groups: list[tuple[list[Line], list[str]]] = []
    for at, line in enumerate(lines):
        if at and not _breaks(groups[-1][0], line, texts[at - 1], texts[at], leads, style):
            groups[-1][0].append(line)
            groups[-1][1].append(texts[at])
        else:
            groups.append(([line], [texts[at]]))
    segments = [Segment(members, *_kind(members, words, style), text=" ".join(words)) for members, words in groups]
    _list_levels(segments)
    return segments


def _usual_lead(lines: Sequence[Line]) -> dict[int, float]:
    """For each region, the usual distance from one line to the next."""
    leads: dict[int, list[float]] = {}
    for above, below in pairwise(lines):
        lead = below.top - above.top
        if above.region == below.region and not (above.row or below.row) and 0.5 * above.size < lead < 2.4 * above.size:
            leads.setdefault(above.region, []).append(lead)
    return {
        region: median(values) if len(values) < 4 else sorted(values)[len(values) // 3]
        for region, values in leads.items()
    }


def _is_marked(text: str) -> bool:
    """Whether a line begins with a bullet or an enumerator and goes on."""
    head = text[:1]
    if head and head in BULLETS:
        return len(text) > 2 and (text[1] == " " or head not in "–—*-·")
    match = ENUMERATOR.match(text)
    return (
        match is not None and len(text) > match.end() and (text[match.end()] == " " or ord(text[match.end()]) > 0x2E7F)
    )


def _breaks(  # noqa: PLR0911  a list of rules, each with its own answer
    group: list[Line], below: Line, above_text: str, below_text: str, leads: dict[int, float], style: HouseStyle
) -> bool:
    above = group[-1]
    if above.row or below.row:
        return True
    if _is_marked(below_text):
        return True
    larger = max(above.size, below.size)
    if abs(above.size - below.size) > 0.1 * larger and min(len(above_text), len(below_text)) > 2:
        return True
    if (above.bold >= _BOLD) != (below.bold >= _BOLD) and not _runs_in(above, below, below_text):
        return True
    if above.region != below.region or below.top < above.top:
        flows = not above_text.endswith(_SENTENCE_END) and below_text[:1].islower()
        return not (flows and abs(above.size - below.size) < 0.05 * larger and above.size < _LARGER * style.body)
    lead = below.top - above.top
    usual = leads.get(above.region, 1.2 * above.size)
    if above.size > _LARGER * style.body:
        # headings are led by their own size, not by the column's
        usual = max(usual, 1.25 * above.size)
    if lead > 1.28 * usual + 0.6:
        return True
    width = below.column_right - below.column_left
    ended = above_text.endswith(_SENTENCE_END)
    short = above.right < above.column_right - max(0.18 * width, 2 * above.size)
    first = group[0]
    if len(group) > 1 and below.left > above.left + 0.8 * below.size and ended:
        return True
    if first.region == below.region and _hangs(first, group, below):
        return ended and short and not below_text[:1].islower()
    return (ended and short and not below_text[:1].islower()) or (
        short
        and width > 20 * above.size
        and below_text[:1].isupper()
        and above.right < above.column_left + 0.55 * width
    )


def _hangs(first: Line, group: list[Line], below: Line) -> bool:
    """Whether ``below`` hangs under a list item: it starts to the right of the item's marker."""
    return below.left > first.left + 0.4 * first.size and (
        len(group) == 1 or abs(below.left - group[-1].left) < 0.4 * below.size
    )


def _runs_in(above: Line, below: Line, below_text: str) -> bool:
    """A paragraph whose first line is bold to its very end."""
    full = above.right > above.column_right - 0.05 * (above.column_right - above.column_left)
    return above.bold >= _BOLD and full and below_text[:1].islower() and above.region == below.region


def _kind(members: list[Line], words: list[str], style: HouseStyle) -> tuple[BlockKind, int]:
    if members[0].row:
        return BlockKind.TABLE_ROW, 0
    if len(members) <= 12:
        text = " ".join(words)
        if len(text) <= 500 and _CAPTION.match(text) and _CAPTION_UPPER.match(text):
            return BlockKind.CAPTION, 0
        if not members[0].turned and len(text) <= _HEADING_LETTERS and _is_heading(members, text, style):
            return BlockKind.HEADING, 0
    if _is_marked(words[0]):
        return BlockKind.LIST_ITEM, 1
    return BlockKind.PARAGRAPH, 0


def _is_heading(members: list[Line], text: str, style: HouseStyle) -> bool:  # noqa: PLR0911  as _breaks
    letters = sum(map(str.isalpha, text))
    if len(members) > 4 or letters < 0.6 * len(text.replace(" ", "")) or text[0] in BULLETS:
        return False
    if not _WORDS.search(text):
        return False
    ratio = sum(line.size for line in members) / len(members) / style.body
    if len(text) <= 120 and ratio > 0.6 and fold_title(text) in style.outline:
        return True
    sentence = text.endswith((".", "。", ";", "；", ",", "，")) and not _LEAD_NUMBER.fullmatch(text)
    if ratio >= _LARGER:
        return not sentence or ratio >= 1.6
    if sentence or ratio < 0.85 or text[0].islower():
        return False
    bold = all(line.bold >= _BOLD for line in members) and not style.mostly_bold
    if bold and len(text) <= 150 and len(members) <= 3:
        return True
    if letters >= 5 and len(text) <= 80 and len(members) <= 2 and text.isupper() and ratio >= 0.95:
        return " " in text or letters >= 7
    return len(members) == 1 and len(text) <= 100 and _NUMBERED.match(text) is not None


def _list_levels(segments: list[Segment]) -> None:
    """Nesting by how far items of one list stand in."""
    stack: list[float] = []
    for segment in segments:
        if segment.kind is not BlockKind.LIST_ITEM:
            if segment.kind is not BlockKind.PARAGRAPH:
                stack = []
            continue
        left, size = segment.lines[0].left, segment.lines[0].size
        while stack and left < stack[-1] - 0.5 * size:
            stack.pop()
        if not stack or left > stack[-1] + 0.5 * size:
            stack.append(left)
        segment.level = min(len(stack), 6)


def set_headings(pages: Sequence[Sequence[Segment]], style: HouseStyle, titles: Sequence[Sequence[str]]) -> None:
    """Levels by bookmarks, else by size and weight, then the headings above each block, carried across pages.

    A heading without a bookmark stands below the last one with a bookmark.

    ``titles[p][i]`` is the mended text of segment i of page p.
    """
    ranks = _ranks([segment for page in pages for segment in page if segment.kind is BlockKind.HEADING], style)
    above: list[tuple[int, str]] = []
    marked = 0
    for page, words in zip(pages, titles, strict=True):
        above = [(level, text) for level, text in above if not _FRONT_MATTER.match(text)]
        for segment, title in zip(page, words, strict=True):
            if segment.kind is not BlockKind.HEADING:
                segment.heading_path = tuple(text for _, text in above)
                continue
            bookmarked = style.outline.get(fold_title(title))
            if bookmarked is not None:
                segment.level = marked = bookmarked
            else:
                segment.level = min(marked + _level(segment, title, ranks, style), 6)
            above = [(level, text) for level, text in above if level < segment.level]
            segment.heading_path = tuple(text for _, text in above)
            above.append((segment.level, title))


def _size_of(segment: Segment, style: HouseStyle) -> float:
    return sum(line.size for line in segment.lines) / len(segment.lines) / style.body


def _ranks(headings: list[Segment], style: HouseStyle) -> list[float]:
    """The distinct sizes of headings, largest first, that are clearly larger than the text."""
    sizes = sorted((size for heading in headings if (size := _size_of(heading, style)) >= _LARGER), reverse=True)
    ranks: list[float] = []
    for size in sizes:
        if not ranks or size < ranks[-1] * 0.93:
            ranks.append(size)
    return ranks[:4]


def _level(segment: Segment, title: str, ranks: list[float], style: HouseStyle) -> int:
    size = _size_of(segment, style)
    for rank, least in enumerate(ranks, start=1):
        if size >= least * 0.93:
            return rank
    numbered = _NUMBERED.match(title)
    deeper = numbered.group(1).count(".") - 1 if numbered else 0
    bold = all(line.bold >= _BOLD for line in segment.lines)
    return min(len(ranks) + (1 if bold or title.isupper() else 2) + max(deeper, 0), 6)
