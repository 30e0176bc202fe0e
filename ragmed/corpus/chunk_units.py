"""The units of a page: sentences, list items, table rows, captions, and headings that nothing else would show.

Laws of this room: units are in reading order and never overlap; every letter and digit outside FURNITURE and HEADING
blocks is in one; a heading is one only where no heading path will name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ragmed.records import Block, BlockKind, Page
from ragmed.text.sentences import sentence_spans

_ALNUM = re.compile(r"[^\W_]")
_Placed = tuple[int, Block]
"""The island that a heading lies on, and the heading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A sentence, list item, table row or caption: what is not cut unless it is too long alone."""

    start: int
    end: int
    path: tuple[str, ...]
    island: int
    """Units of different islands have furniture between them."""
    head: int
    """Where the span begins if the heading right above is taken along; ``start`` where there are none."""
    kind: BlockKind
    leads: bool = False
    """It introduces the next unit: a list's first sentence, a table's caption or header row."""


def page_units(page: Page, following: tuple[str, ...]) -> list[Unit]:
    """What may stand in chunks, in reading order; ``following`` is the path that the next page begins under."""
    units: list[Unit] = []
    island = 0
    headings: list[_Placed] = []
    for block in _covering(page):
        if block.kind is BlockKind.FURNITURE:
            island += 1
        elif block.kind is BlockKind.HEADING:
            headings.append((island, block))
        else:
            orphans, ruling = _part_headings(page.text, headings, block.heading_path)
            units.extend(_heading_units(page.text, orphans))
            # furniture between a heading and its text keeps the two apart
            head = ruling[-1][1].start if ruling and ruling[-1][0] == island else block.start
            units.extend(_block_units(page.text, block, island, head))
            headings = []
    orphans, _ = _part_headings(page.text, headings, following)
    units.extend(_heading_units(page.text, orphans))
    return [replace(unit, leads=True) if _leads(page.text, units, place) else unit for place, unit in enumerate(units)]


def _part_headings(
    text: str, headings: Sequence[_Placed], path: tuple[str, ...]
) -> tuple[Sequence[_Placed], Sequence[_Placed]]:
    """The headings that no path will name, and the last ones, which ``path`` names."""
    named = {" ".join(part.split()) for part in path}
    count = len(headings)
    while count:
        heading = headings[count - 1][1]
        if " ".join(text[heading.start : heading.end].split()) not in named:
            break
        count -= 1
    return headings[:count], headings[count:]


def _heading_units(text: str, headings: Sequence[_Placed]) -> Iterator[Unit]:
    for island, block in headings:
        if (span := _trimmed(text, block.start, block.end)) is not None:
            yield Unit(
                start=span[0], end=span[1], path=block.heading_path, island=island, head=span[0], kind=BlockKind.HEADING
            )


def _leads(text: str, units: Sequence[Unit], place: int) -> bool:
    """Whether a unit introduces the next: a caption, a header row, the sentence before a list."""
    kind = units[place].kind
    if place + 1 == len(units):
        return False
    following = units[place + 1].kind
    if following is BlockKind.LIST_ITEM:
        return kind is BlockKind.HEADING or (kind is BlockKind.PARAGRAPH and text[units[place].end - 1] in ":：")
    if following is BlockKind.TABLE_ROW:
        first_row = kind is BlockKind.TABLE_ROW and (place == 0 or units[place - 1].kind is not BlockKind.TABLE_ROW)
        return first_row or kind in (BlockKind.CAPTION, BlockKind.PARAGRAPH, BlockKind.HEADING)
    return kind is BlockKind.HEADING


def _covering(page: Page) -> Iterator[Block]:
    """The page's blocks, and a PARAGRAPH for every stretch with letters or digits that no block covers."""
    position = 0
    path: tuple[str, ...] = ()
    for block in (*sorted(page.blocks, key=lambda block: (block.start, block.end)), None):
        start = len(page.text) if block is None else block.start
        if start > position and _ALNUM.search(page.text, position, start):
            yield Block(start=position, end=start, kind=BlockKind.PARAGRAPH, heading_path=path)
        if block is not None and block.end > position:
            yield block if block.start >= position else replace(block, start=position)
            position = block.end
            path = block.heading_path


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end and _ALNUM.search(text, start, end) else None


def _block_units(text: str, block: Block, island: int, head: int) -> Iterator[Unit]:
    if block.kind is BlockKind.PARAGRAPH:
        spans: Sequence[tuple[int, int]] = sentence_spans(text, line_ends=False, start=block.start, end=block.end)
    else:
        trimmed = _trimmed(text, block.start, block.end)
        spans = (trimmed,) if trimmed else ()
    first = True
    while head < block.start and text[head].isspace():
        head += 1
    for start, end in spans:
        if _ALNUM.search(text, start, end):
            yield Unit(
                start=start,
                end=end,
                path=block.heading_path,
                island=island,
                head=head if first and head < block.start else start,
                kind=block.kind,
            )
            first = False
