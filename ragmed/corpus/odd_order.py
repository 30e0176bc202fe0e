"""Pages whose lines may stand in another order than a reader would follow.

Laws of this room: only geometry is looked at, and only where there is one. In good order the text goes down, and goes
up again only to the side, into the next column, or to a heading that spans it. To go up over one's own column is odd;
a few times it happens on any page with a box or a figure, so that a share of the lines must do so before it is said.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from ragmed.records import BlockKind, NoteKind, Page, ReadNote

ODD_ORDER_VERSION = "1"
FEWEST_LINES = 8
"""Lines with a place, under which nothing can be said."""
ODD_SHARE = 0.2
"""Share of the lines that go up over their own column from which the order is doubtful."""
FEWEST_ODD = 3
_OVERLAP = 0.5
"""Of the narrower of two lines, from which they are in one column."""

_Place = tuple[int, int, int, int]
"""Left, top, right, bottom, in tenths of a point."""


def odd_order_notes(pages: Sequence[Page]) -> tuple[ReadNote, ...]:
    """A note for each page whose order is doubtful."""
    found = []
    for page in pages:
        lines = list(_lines(page))
        odd = sum(_goes_up(lines[place - 1], lines[place]) for place in range(1, len(lines)))
        if len(lines) >= FEWEST_LINES and odd >= FEWEST_ODD and odd >= ODD_SHARE * len(lines):
            message = (
                f"page {page.number}: {odd} of {len(lines)} lines stand above the line that they follow; the order of "
                "the text may not be the page's"
            )
            found.append(ReadNote(kind=NoteKind.ODD_ORDER, message=message, page_number=page.number))
    return tuple(found)


def _goes_up(before: _Place, after: _Place) -> bool:
    """Whether a line lies wholly above the one before it, in the same column."""
    if after[3] > before[1]:
        return False
    shared = min(before[2], after[2]) - max(before[0], after[0])
    return shared >= _OVERLAP * min(before[2] - before[0], after[2] - after[0])


def _lines(page: Page) -> Iterator[_Place]:
    """Where the lines of the matter stand, in the order of the text; table rows, which are put together, left out."""
    if not page.boxes:
        return
    skipped = [(one.start, one.end) for one in page.blocks if one.kind in (BlockKind.FURNITURE, BlockKind.TABLE_ROW)]
    start = 0
    for line in page.text.split("\n"):
        end = start + len(line)
        if line.strip() and not any(first <= start < last for first, last in skipped):
            places = [
                place for place in struct.iter_unpack("<4H", page.boxes[8 * start : 8 * end]) if place[2] > place[0]
            ]
            if places:
                yield (
                    min(place[0] for place in places),
                    min(place[1] for place in places),
                    max(place[2] for place in places),
                    max(place[3] for place in places),
                )
        start = end + 1
