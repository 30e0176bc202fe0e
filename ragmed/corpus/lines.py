"""Fragments side by side → lines and table rows, with what stands between their runs.

Laws of this room: a line holds its fragments' runs in the order given, each once; what stands before a run is told by
a separator, never by a character put into the text; nothing is ordered here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.corpus.fragments import Fragments

NONE, SPACE, BREAK = 0, 1, 2
"""What stands before a run inside a line: nothing, a space, an end of line to be mended. ``Fragments.gaps`` are the
first two."""
CELL = 10
"""CELL + n: the border of a table cell, and n empty cells after it."""
LEADING = 100
"""LEADING + n: n empty cells before the first filled one of a row."""


@dataclass(slots=True, eq=False)
class Line:
    """One line, or one table row. ``separators[i]`` stands before ``runs[i]``. Points, y down, in layout space."""

    runs: Sequence[int]
    separators: Sequence[int]
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: float
    """Share of bold characters."""
    region: int
    column_left: float
    column_right: float
    row: bool = False
    turned: bool = False


def join_line(fragments: Fragments, members: Sequence[int]) -> tuple[list[int], list[int]]:
    """Runs and separators of fragments that stand side by side."""
    runs: list[int] = []
    separators: list[int] = []
    gaps = fragments.gaps
    for member in members:
        own = fragments.runs[member]
        runs.extend(own)
        separators.append(SPACE)
        if own[-1] - own[0] == len(own) - 1:
            separators.extend(gaps[own[0] + 1 : own[-1] + 1])
        else:
            separators.extend([gaps[run] for run in own[1:]])
    return runs, separators


def text_line(fragments: Fragments, members: Sequence[int], region: int, column: tuple[float, float]) -> Line:
    """One line of text from its fragments, left to right; ``column`` is the left and right edge of its column."""
    return _line(fragments, *join_line(fragments, members), members, region, column)


def row_line(fragments: Fragments, row: Sequence[Sequence[int]], region: int) -> Line | None:
    """A row of cells of fragments → a line with cell borders; None where every cell is empty."""
    runs: list[int] = []
    separators: list[int] = []
    empty = 0
    for cell in row:
        if not cell:
            empty += 1
            continue
        border = CELL + empty if runs else LEADING + empty
        empty = 0
        for position, member in enumerate(cell):
            more, marks = join_line(fragments, (member,))
            level = position and abs(fragments.top[member] - fragments.top[cell[position - 1]]) < 2
            marks[0] = border if not position else SPACE if level else BREAK
            runs.extend(more)
            separators.extend(marks)
    members = [member for cell in row for member in cell]
    if not members:
        return None
    return _line(fragments, runs, separators, members, region, None, row=len(row) > 1)


def _line(
    fragments: Fragments,
    runs: Sequence[int],
    separators: Sequence[int],
    members: Sequence[int],
    region: int,
    column: tuple[float, float] | None,
    *,
    row: bool = False,
) -> Line:
    first = members[0]
    letters = fragments.letters[first]
    left, right = fragments.left[first], fragments.right[first]
    top, bottom = fragments.top[first], fragments.bottom[first]
    size, bold = fragments.size[first] * letters, letters * fragments.bold[first]
    for member in members[1:]:
        count = fragments.letters[member]
        letters += count
        left, right = min(left, fragments.left[member]), max(right, fragments.right[member])
        top, bottom = min(top, fragments.top[member]), max(bottom, fragments.bottom[member])
        size += fragments.size[member] * count
        bold += count * fragments.bold[member]
    column_left, column_right = column or (left, right)
    return Line(
        runs,
        separators,
        left,
        top,
        right,
        bottom,
        size / max(letters, 1),
        bold / max(letters, 1),
        region,
        column_left,
        column_right,
        row,
        fragments.turned[first],
    )
