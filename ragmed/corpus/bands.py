"""Pieces → strips (what overlaps in height) → bands (strips that share free vertical gutters) → columns.

Laws of this room: every piece lies in one strip, every strip in one band, every piece in one column; only where the
pieces lie counts, neither their words nor their order in the file.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from operator import itemgetter
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragmed.corpus.pieces import Pieces

_CORE = 0.3
"""Share of a line's height cut from its top and bottom before asking whether lines overlap."""
_GUTTER = 5.0
"""Points: the least width of a gutter that is left free."""

Gutters = list[tuple[float, float]]
"""(left, right) of free vertical stretches."""


@dataclass(slots=True)
class Band:
    """Strips one under the other, and the gutters that run through all of them."""

    strips: list[list[int]] = field(default_factory=list)
    gutters: Gutters = field(default_factory=list)


def strips_of(pieces: Pieces, items: list[int]) -> list[list[int]]:
    """Pieces whose heights overlap; an initial letter over several lines joins the first of them."""
    top, bottom, solid = pieces.top, pieces.bottom, pieces.solid
    heights = [bottom[i] - top[i] for i in items if i not in solid]
    limit = 1.8 * median(heights) if heights else 0.0
    giants = [i for i in items if i not in solid and bottom[i] - top[i] > limit]
    rest = [i for i in items if i in solid or bottom[i] - top[i] <= limit] if giants else items
    strips: list[list[int]] = []
    edge = float("-inf")
    for high, _, low, item in sorted([_key(pieces, item) for item in rest], key=itemgetter(0, 1)):
        if high < edge:
            strips[-1].append(item)
            edge = max(edge, low)
        else:
            strips.append([item])
            edge = low
    for item in giants:
        _insert(pieces, strips, item)
    return strips


def _key(pieces: Pieces, item: int) -> tuple[float, float, float, int]:
    high, low = _core(pieces, item)
    return high, pieces.left[item], low, item


def _core(pieces: Pieces, item: int) -> tuple[float, float]:
    top, bottom = pieces.top[item], pieces.bottom[item]
    if item in pieces.solid:
        return top, bottom
    cut = _CORE * min(bottom - top, 40.0)
    return top + cut, bottom - cut


def _insert(pieces: Pieces, strips: list[list[int]], item: int) -> None:
    top, bottom = _core(pieces, item)
    for position, strip in enumerate(strips):
        first = min(_core(pieces, i)[0] for i in strip)
        last = max(_core(pieces, i)[1] for i in strip)
        if first < bottom and last > top:
            strip.append(item)
            return
        if first >= bottom:
            strips.insert(position, [item])
            return
    strips.append([item])


def bands_of(pieces: Pieces, strips: list[list[int]]) -> list[Band]:
    """Bands from top to bottom; those without gutters are plain lines."""
    bands: list[Band] = []
    plain: list[list[int]] = []
    current: Band | None = None
    for strip in strips:
        if current is not None:
            left_over = _still_free(pieces, current.gutters, strip)
            if left_over:
                current.gutters = left_over
                current.strips.append(strip)
                continue
            current = None
        gaps = _gaps(pieces, strip)
        if gaps:
            current = Band([], gaps)
            while plain and _fits(pieces, gaps, plain[-1]):
                current.gutters = _still_free(pieces, current.gutters, plain[-1]) or gaps
                current.strips.insert(0, plain.pop())
            if plain:
                bands.append(Band(plain))
                plain = []
            current.strips.append(strip)
            bands.append(current)
        else:
            plain.append(strip)
            if bands and bands[-1].gutters == []:
                bands[-1].strips.extend(plain)
                plain = []
    if plain:
        bands.append(Band(plain))
    return bands


def _gaps(pieces: Pieces, strip: list[int]) -> Gutters:
    """Free stretches between the pieces of a strip, wide enough for a gutter."""
    if len(strip) == 1:
        return []
    spans = sorted((pieces.left[i], pieces.right[i]) for i in strip if i not in pieces.arrows)
    if not spans:
        return []
    least = 0.8 * min(max(median(pieces.bottom[i] - pieces.top[i] for i in strip), 4.0), 16.0)
    gaps = []
    edge = spans[0][1]
    for left, right in spans[1:]:
        if left - edge >= least:
            gaps.append((edge, left))
        edge = max(edge, right)
    return gaps


def _still_free(pieces: Pieces, gutters: Gutters, strip: list[int]) -> Gutters:
    """What the strip leaves of each gutter: its widest free part of at least ``_GUTTER``."""
    kept = []
    spans = sorted((pieces.left[i], pieces.right[i]) for i in strip if i not in pieces.arrows)
    for low, high in gutters:
        edge, best = low, (low, low)
        for left, right in spans:
            if right <= low or left >= high:
                continue
            if left - edge > best[1] - best[0]:
                best = (edge, left)
            edge = max(edge, right)
        if high - edge > best[1] - best[0]:
            best = (edge, high)
        if best[1] - best[0] >= _GUTTER:
            kept.append(best)
    return kept


def _fits(pieces: Pieces, gutters: Gutters, strip: list[int]) -> bool:
    """Whether a strip above a band may stand at the top of its columns: it covers no gutter by half."""
    left = _still_free(pieces, gutters, strip)
    return all(any(low <= a and b <= high and 2 * (b - a) >= high - low for a, b in left) for low, high in gutters)


def columns_of(pieces: Pieces, members: list[int], gutters: Gutters) -> list[list[int]]:
    """The members between the middles of the gutters, from left to right; empty columns are left out."""
    if not gutters:
        return [members] if members else []
    borders = sorted((low + high) / 2 for low, high in gutters)
    columns: list[list[int]] = [[] for _ in range(len(borders) + 1)]
    for item in members:
        columns[bisect_left(borders, (pieces.left[item] + pieces.right[item]) / 2)].append(item)
    return [column for column in columns if column]
