"""Tables: from ruled lines where they are drawn, from alignment where they are not.

Laws of this room: each fragment of a table lies in exactly one cell; a row holds one cell for each column, empty or
not, so that a mark in a grid keeps its column; a grid with long prose in its cells is a page design, not a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ragmed.corpus.fragments import Fragments
    from ragmed.corpus.pdf_rules import Rules

_NEAR = 3.0
"""Points within which lines are one line, and ends touch."""
_MAX_PAIRS = 200_000
_PROSE_CELL = 350
"""Characters: more than this in a usual cell is a page design."""

Rows = list[list[list[int]]]
"""Rows of cells of fragments."""


@dataclass(frozen=True, slots=True)
class RuledTable:
    """A table found by its lines."""

    left: float
    top: float
    right: float
    bottom: float
    rows: Rows
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A box drawn around text: a call-out, a step of a flow chart."""

    left: float
    top: float
    right: float
    bottom: float
    members: tuple[int, ...]


def ruled_tables(fragments: Fragments, chosen: list[int], rules: Rules) -> tuple[list[RuledTable], list[Frame]]:
    """Tables with at least one ruled border between columns, and boxes around text without any."""
    if len(rules.down) < 1 or len(rules.across) < 2 or len(rules.down) * len(rules.across) > _MAX_PAIRS:
        return [], []
    across, down = np.array(rules.across), np.array(rules.down)
    tables: list[RuledTable] = []
    frames: list[Frame] = []
    free = [i for i in chosen if not _askew(fragments, i)]
    for flat, upright in _connected(across, down):
        table = _ruled(fragments, free, across[flat], down[upright])
        if table is not None:
            taken = set(table.members)
            free = [i for i in free if i not in taken]
            tables.append(table)
        elif len(upright) > 1:
            frames.append(_frame(across[flat], down[upright]))
    return tables, _filled(fragments, free, frames)


def _askew(fragments: Fragments, i: int) -> bool:
    """A watermark across the page: neither a line nor a turned line."""
    wide, high = fragments.right[i] - fragments.left[i], fragments.bottom[i] - fragments.top[i]
    return fragments.turned[i] and min(wide, high) > 40


def _frame(across: NDArray[np.float64], down: NDArray[np.float64]) -> Frame:
    return Frame(
        float(down[:, 0].min()),
        float(min(across[:, 0].min(), down[:, 1].min())),
        float(down[:, 0].max()),
        float(max(across[:, 0].max(), down[:, 2].max())),
        (),
    )


def _filled(fragments: Fragments, free: list[int], frames: list[Frame]) -> list[Frame]:
    """The frames that hold text of their own, the smallest first where they are nested; not one around a whole page."""
    kept: list[Frame] = []
    left_over = [i for i in free if not fragments.turned[i]]
    most = 0.6 * len(free)
    for frame in sorted(frames, key=lambda f: (f.right - f.left) * (f.bottom - f.top)):
        inside = [
            i
            for i in left_over
            if frame.left - 1 <= fragments.left[i]
            and fragments.right[i] <= frame.right + 1
            and frame.top <= (fragments.top[i] + fragments.bottom[i]) / 2 <= frame.bottom
        ]
        nested = any(
            f.left >= frame.left and f.right <= frame.right and f.top >= frame.top and f.bottom <= frame.bottom
            for f in kept
        )
        if inside and not nested and (len(inside) <= most or len(free) < 4):
            taken = set(inside)
            left_over = [i for i in left_over if i not in taken]
            kept.append(Frame(frame.left, frame.top, frame.right, frame.bottom, tuple(inside)))
    return kept


def _connected(
    across: NDArray[np.float64], down: NDArray[np.float64]
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Groups of lines that touch: index arrays into ``across`` and ``down``."""
    touch = (
        (down[None, :, 0] >= across[:, None, 1] - _NEAR)
        & (down[None, :, 0] <= across[:, None, 2] + _NEAR)
        & (across[:, None, 0] >= down[None, :, 1] - _NEAR)
        & (across[:, None, 0] <= down[None, :, 2] + _NEAR)
    )
    groups = []
    free = np.ones(len(across), bool)
    while free.any():
        flat = np.zeros(len(across), bool)
        flat[np.flatnonzero(free)[0]] = True
        while True:
            upright = touch[flat].any(axis=0)
            wider = flat | touch[:, upright].any(axis=1)
            if (wider == flat).all():
                break
            flat = wider
        free &= ~flat
        if upright.any() and flat.sum() > 1:
            groups.append((np.flatnonzero(flat), np.flatnonzero(upright)))
    return groups


def _ruled(
    fragments: Fragments,
    chosen: list[int],
    across: NDArray[np.float64],
    down: NDArray[np.float64],
) -> RuledTable | None:
    left, right = float(min(across[:, 1].min(), down[:, 0].min())), float(max(across[:, 2].max(), down[:, 0].max()))
    top, bottom = float(min(across[:, 0].min(), down[:, 1].min())), float(max(across[:, 0].max(), down[:, 2].max()))
    borders = [x for x in _distinct(down[:, 0]) if left + _NEAR < x < right - _NEAR]
    if not borders:
        return None
    members = [
        i
        for i in chosen
        if left - 2 <= (fragments.left[i] + fragments.right[i]) / 2 <= right + 2
        and top - 2 <= (fragments.top[i] + fragments.bottom[i]) / 2 <= bottom + 2
    ]
    used = [
        [i for i in members if low <= (fragments.left[i] + fragments.right[i]) / 2 < high]
        for low, high in zip([left - 9, *borders], [*borders, right + 9], strict=True)
    ]
    borders = [x for x, column in zip(borders, used[1:], strict=True) if column]
    wide = across[(across[:, 2] - across[:, 1]) >= 0.5 * (right - left)]
    cuts = [y for y in _distinct(_covered(across, wide, left, right)) if top + _NEAR < y < bottom - _NEAR]
    rows: Rows = []
    for low, high in zip([top - 9, *cuts], [*cuts, bottom + 9], strict=True):
        inside = [i for i in members if low <= (fragments.top[i] + fragments.bottom[i]) / 2 < high]
        rows.extend(_split_row(fragments, inside, borders))
    if not _looks_like_table(fragments, rows):
        return None
    return RuledTable(left, top, right, bottom, rows, tuple(members))


def _covered(across: NDArray[np.float64], wide: NDArray[np.float64], left: float, right: float) -> NDArray[np.float64]:
    """Heights at which lines, in one piece or cell by cell, cover half of the table's width."""
    heights = list(wide[:, 0])
    by_height: dict[int, float] = {}
    for y, low, high in across.tolist():
        by_height[round(y)] = by_height.get(round(y), 0.0) + high - low
    heights += [float(y) for y, covered in by_height.items() if covered >= 0.5 * (right - left)]
    return np.array(heights)


def _distinct(values: NDArray[np.float64]) -> list[float]:
    kept: list[float] = []
    for value in sorted(values.tolist()):
        if not kept or value - kept[-1] > _NEAR:
            kept.append(value)
    return kept


def _split_row(fragments: Fragments, members: list[int], borders: list[float]) -> Rows:
    """One row between two ruled lines, or many where the table is ruled at its head and foot only."""
    if not members:
        return []
    where = {i: sum(1 for x in borders if x < (fragments.left[i] + fragments.right[i]) / 2) for i in members}
    # a heading over several columns belongs to the first of them
    for i in members:
        crossed = [n for n, x in enumerate(borders) if fragments.left[i] < x - 2 and fragments.right[i] > x + 2]
        if crossed:
            where[i] = crossed[0]
    strips = _strips(fragments, [i for i in members if not fragments.turned[i]])
    full = sum(1 for strip in strips if {where[i] for i in strip} >= {0} and len({where[i] for i in strip}) > 1)
    columns = len(borders) + 1
    if full >= 4 and full >= 0.6 * len(strips):
        labels = [fragments.letters[i] for i in members if where[i] == 0]
        if sum(labels) > 30 * len(labels):
            # running text beside running text, in a frame for each
            return [_cells(fragments, members, dict.fromkeys(members, 0), columns)]
        turned = [i for i in members if fragments.turned[i]]
        head = [_cells(fragments, turned, where, columns)] if turned else []
        return head + _rows_of_strips(fragments, strips, where, columns)
    return [_cells(fragments, members, where, columns)]


def _strips(fragments: Fragments, members: list[int]) -> list[list[int]]:
    strips: list[list[int]] = []
    edge = float("-inf")
    for i in sorted(members, key=lambda i: fragments.top[i]):
        cut = 0.3 * (fragments.bottom[i] - fragments.top[i])
        if strips and fragments.top[i] + cut < edge:
            strips[-1].append(i)
            edge = max(edge, fragments.bottom[i] - cut)
        else:
            strips.append([i])
            edge = fragments.bottom[i] - cut
    return strips


def _cells(fragments: Fragments, members: list[int], where: dict[int, int], columns: int) -> list[list[int]]:
    row: list[list[int]] = [[] for _ in range(columns)]
    for strip in _strips(fragments, members):
        for i in sorted(strip, key=lambda i: fragments.left[i]):
            row[where[i]].append(i)
    return row


def _looks_like_table(fragments: Fragments, rows: Rows) -> bool:
    filled = [cell for row in rows for cell in row if cell]
    if sum(1 for row in rows if sum(1 for cell in row if cell) > 1) < 2 or len(filled) < 4:
        return False
    return median(sum(fragments.letters[i] for i in cell) for cell in filled) <= _PROSE_CELL


def cell_rows(fragments: Fragments, strips: list[list[int]], where: dict[int, int], columns: int, rules: Rules) -> Rows:
    """Rows of a table without ruled columns, from its strips and the column of each fragment.

    Ruled lines between the strips part rows where there are enough of them; otherwise spacing and the first column do.
    """
    members = [i for strip in strips for i in strip]
    left, right = min(fragments.left[i] for i in members), max(fragments.right[i] for i in members)
    top, bottom = min(fragments.top[i] for i in members), max(fragments.bottom[i] for i in members)
    cuts = [
        y
        for y in _distinct(
            np.array([y for y, low, high in rules.across if high - low >= 0.6 * (right - left)] or [0.0])
        )
        if top + 2 < y < bottom - 2
    ]
    if len(cuts) >= 2 and len(strips) <= 4 * (len(cuts) + 1):
        rows: Rows = []
        for low, high in zip([top - 9, *cuts], [*cuts, bottom + 9], strict=True):
            inside = [s for s in strips if low <= (fragments.top[s[0]] + fragments.bottom[s[0]]) / 2 < high]
            both = sum(1 for s in inside if len({where[i] for i in s}) == columns)
            if both >= 3:
                rows.extend(_rows_of_strips(fragments, inside, where, columns))
            elif inside:
                rows.append(_cells(fragments, [i for s in inside for i in s], where, columns))
        return rows
    return _rows_of_strips(fragments, strips, where, columns)


def _rows_of_strips(fragments: Fragments, strips: list[list[int]], where: dict[int, int], columns: int) -> Rows:
    """A strip continues the row above where it stands close and leaves the first column empty, or stays in it."""
    groups: list[list[list[int]]] = []
    tops = [min(fragments.top[i] for i in strip) for strip in strips]
    ends = [max(fragments.bottom[i] for i in strip) for strip in strips]
    used = [{where[i] for i in strip} for strip in strips]
    full = [tops[n] - ends[n - 1] for n in range(1, len(strips)) if 0 in used[n] and len(used[n]) > 1]
    usual = median(full) if full else 0.0
    for n, strip in enumerate(strips):
        height = median(fragments.bottom[i] - fragments.top[i] for i in strip)
        gap = tops[n] - ends[n - 1] if n else 0.0
        hanging = 0 not in used[n] and gap < 0.45 * height
        wrapped = used[n] == {0} and gap < min(usual - 1.0, 0.45 * height) and fragments.words(strip[0])[:1].islower()
        if groups and columns > 1 and (hanging or wrapped):
            groups[-1].append(strip)
        else:
            groups.append([strip])
    return [_cells(fragments, [i for strip in group for i in strip], where, columns) for group in groups]
