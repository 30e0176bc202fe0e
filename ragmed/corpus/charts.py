"""Flow charts: boxes side by side, read along their arrows.

Laws of this room: a row for each box of the fullest column; an arrow stands before or after what it stands beside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.corpus.bands import strips_of

if TYPE_CHECKING:
    from ragmed.corpus.pieces import Pieces
    from ragmed.corpus.tables import Rows


def holds_chart(pieces: Pieces, strips: list[list[int]]) -> bool:
    """Whether boxes stand side by side in one of the strips."""
    return len(pieces.frames) > 1 and any(sum(1 for i in strip if i in pieces.frames) > 1 for strip in strips)


def chart_rows(pieces: Pieces, strip: list[int], where: dict[int, int], columns: int) -> Rows | None:
    """One strip of a chart as rows of cells of fragments; None where it is text between the boxes.

    ``where`` tells the column, of so many ``columns``, of each piece. Tables in the strip are left out.
    """
    boxes: list[list[int]] = [[] for _ in range(columns)]
    for item in strip:
        if item in pieces.frames:
            boxes[where[item]].append(item)
    fullest = max(boxes, key=len)
    if not fullest and len({where[item] for item in strip}) == 1:
        return None
    leads = sorted(fullest, key=lambda i: pieces.top[i])
    rows: list[list[list[int]]] = [[[] for _ in range(columns)] for _ in leads or [0]]
    for item in sorted(strip, key=lambda i: pieces.top[i]):
        if item not in pieces.tables:
            rows[_beside(pieces, item, leads)][where[item]].append(item)
    return [[_read_cell(pieces, cell) for cell in row] for row in rows]


def _beside(pieces: Pieces, item: int, leads: list[int]) -> int:
    """The row of an item: that of the first box it stands beside, or of the nearest."""
    top, bottom = pieces.top, pieces.bottom
    for row, lead in enumerate(leads):
        if min(bottom[item], bottom[lead]) - max(top[item], top[lead]) > 2:
            return row
    middle = top[item] + bottom[item]
    rows = range(len(leads))
    return min(rows, key=lambda row: abs(top[leads[row]] + bottom[leads[row]] - middle), default=0)


def _read_cell(pieces: Pieces, items: list[int]) -> list[int]:
    """Fragments of a cell in reading order, arrows before or after what they stand beside."""
    left = pieces.left
    members = [m for i in items for m in (pieces.frames[i].members if i in pieces.frames else (i,))]
    words = [i for i in members if i not in pieces.arrows]
    arrows = [i for i in members if i in pieces.arrows]
    read = [i for strip in strips_of(pieces, words) for i in sorted(strip, key=left.__getitem__)]
    edge = min((left[i] for i in words), default=0.0)
    return [*(i for i in arrows if left[i] < edge), *read, *(i for i in arrows if left[i] >= edge)]
