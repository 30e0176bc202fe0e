"""What a band with gutters is: columns of prose read one after the other, a table read row by row, or lines.

Laws of this room: prose needs full lines on both sides of its gutters or a first column that runs on evenly; ruled
lines across the gutters and base lines shared by the columns speak for a table; nothing is moved here.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragmed.corpus.bands import Band
    from ragmed.corpus.pieces import Pieces


def is_prose(pieces: Pieces, columns: list[list[int]], band: Band) -> bool:
    """Whether the sides of the gutters are text to be read one after the other."""
    if _crossed(pieces, columns, band) >= 2:
        return False
    if _runs_on(pieces, columns[0]):
        return True
    letters = pieces.fragments.letters
    aligned = _aligned(pieces, columns, band)
    for column in columns:
        texts = [i for i in column if i not in pieces.solid]
        if not texts:
            continue
        wide = max(pieces.right[i] for i in column) - min(pieces.left[i] for i in column)
        fill = median((pieces.right[i] - pieces.left[i]) / max(wide, 1.0) for i in texts)
        long = sum(letters[i] for i in texts) / len(texts)
        if len(texts) >= 3 and fill >= 0.66 and long >= 18:
            continue
        if aligned >= 0.5 * len(band.strips) or (len(texts) < 3 and aligned > 1):
            return False
    return True


def is_table(pieces: Pieces, columns: list[list[int]], band: Band) -> bool:
    """Whether the columns share enough base lines, or one and a ruled line, to be the columns of a table."""
    aligned = _aligned(pieces, columns, band)
    return aligned >= (2 if len(columns) > 2 else 3) or (aligned >= 1 and _crossed(pieces, columns, band) >= 1)


def column_numbers(columns: list[list[int]]) -> dict[int, int]:
    """For each piece, the number of its column."""
    return {item: number for number, column in enumerate(columns) for item in column}


def _aligned(pieces: Pieces, columns: list[list[int]], band: Band) -> int:
    """Strips with pieces of several columns on one base line, as in tables; text beside a box has few."""
    where = column_numbers(columns)
    count = 0
    for strip in band.strips:
        bases: dict[int, list[float]] = {}
        for item in strip:
            bases.setdefault(where[item], []).append(pieces.bottom[item])
        if len(bases) < 2:
            continue
        first, *others = bases.values()
        near = 0.15 * (pieces.bottom[strip[0]] - pieces.top[strip[0]])
        count += any(abs(a - b) <= near for a in first for other in others for b in other)
    return count


def _runs_on(pieces: Pieces, column: list[int]) -> bool:
    """Whether a first column is running text: full lines, many, evenly led. Row labels of tables are not."""
    if len(column) < 5 or not pieces.solid.isdisjoint(column):
        return False
    left, right = min(pieces.left[i] for i in column), max(pieces.right[i] for i in column)
    full = sum(1 for i in column if pieces.right[i] - pieces.left[i] > 0.8 * (right - left))
    tops = sorted(pieces.top[i] for i in column)
    leads = [b - a for a, b in pairwise(tops)]
    usual = median(leads)
    even = sum(1 for lead in leads if abs(lead - usual) < 0.2 * usual)
    long = sum(pieces.fragments.letters[i] for i in column) / len(column)
    return long >= 30 and full >= 0.7 * len(column) and even >= 0.8 * len(leads)


def _crossed(pieces: Pieces, columns: list[list[int]], band: Band) -> int:
    """Ruled lines that run across a gutter between the band's strips."""
    if not pieces.rules.across:
        return 0
    members = [i for column in columns for i in column]
    top, bottom = min(pieces.top[i] for i in members), max(pieces.bottom[i] for i in members)
    low, high = min(gutter[0] for gutter in band.gutters), max(gutter[1] for gutter in band.gutters)
    heights = {
        round(y) for y, left, right in pieces.rules.across if top + 2 < y < bottom - 2 and left < low and right > high
    }
    return len(heights)
