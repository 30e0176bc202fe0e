"""Fragments → lines in reading order: columns, tables, everything between.

Laws of this room: every fragment comes out exactly once; columns are read one after the other, tables row by row;
nothing is decided by the order in which the file happens to draw.

The way: fragments fall into strips (whatever overlaps in height); strips that share free vertical gutters form a
band; a band of prose on both sides of a gutter is columns, each read by the same rules again; a band of short aligned
pieces is a table; the rest is lines. Tables with ruled columns are taken out first (``tables``) and take part as one
piece.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from ragmed.corpus.tables import Frame, RuledTable, cell_rows, ruled_tables

if TYPE_CHECKING:
    from ragmed.corpus.fragments import Fragments
    from ragmed.corpus.pdf_rules import Rules

NONE, SPACE, BREAK = 0, 1, 2
"""What stands before a run inside a line: nothing, a space, an end of line to be mended."""
CELL = 10
"""CELL + n: the border of a table cell, and n empty cells after it."""
LEADING = 100
"""LEADING + n: n empty cells before the first filled one of a row."""

_ARROWS = frozenset("→←↑↓➔➜▶▼►⇒⟶\uf0e0\uf0ae ")
_MAX_DEPTH = 6
_CORE = 0.3
"""Share of a line's height cut from its top and bottom before asking whether lines overlap."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or one table row. ``separators[i]`` stands before ``runs[i]``."""

    runs: tuple[int, ...]
    separators: tuple[int, ...]
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


@dataclass(slots=True)
class _Band:
    strips: list[list[int]] = field(default_factory=list)
    gutters: list[tuple[float, float]] = field(default_factory=list)


def reading_order(fragments: Fragments, chosen: list[int], rules: Rules) -> list[Line]:
    """The lines of the chosen fragments as a person reads them."""
    return _Flow(fragments, rules).read(chosen)


def join_line(fragments: Fragments, members: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Runs and separators of fragments that stand side by side."""
    runs: list[int] = []
    separators: list[int] = []
    for member in members:
        for position, run in enumerate(fragments.runs[member]):
            apart = bool(fragments.gaps[run]) if position else True
            separators.append(SPACE if apart else NONE)
            runs.append(run)
    return tuple(runs), tuple(separators)


class _Flow:
    def __init__(self, fragments: Fragments, rules: Rules) -> None:
        self.fragments = fragments
        self.rules = rules
        self.left = list(fragments.left)
        self.top = list(fragments.top)
        self.right = list(fragments.right)
        self.bottom = list(fragments.bottom)
        self.tables: dict[int, RuledTable] = {}
        self.frames: dict[int, Frame] = {}
        self.solid: set[int] = set()
        """Pieces that stand for a table or a frame."""
        self.arrows: set[int] = set()
        """Arrows between boxes: they stand in the gutters of a flow chart and do not close them."""
        self.lines: list[Line] = []
        self.regions = 0

    def read(self, chosen: list[int]) -> list[Line]:
        fragments = self.fragments
        tables, frames = ruled_tables(fragments, chosen, self.rules) if fragments.turn == 0 else ([], [])
        taken = {member for table in tables for member in table.members}
        taken |= {member for frame in frames for member in frame.members}
        # a long turned line is a note in the margin, not part of the flow
        aside = [i for i in chosen if i not in taken and fragments.turned[i]]
        flowing = [i for i in chosen if i not in taken and not fragments.turned[i]]
        pieces: list[RuledTable | Frame] = [*tables, *frames]
        for piece in pieces:
            number = len(self.left)
            if isinstance(piece, RuledTable):
                self.tables[number] = piece
            else:
                self.frames[number] = piece
            self.left.append(piece.left)
            self.top.append(piece.top)
            self.right.append(piece.right)
            self.bottom.append(piece.bottom)
            flowing.append(number)
        self.solid = {*self.tables, *self.frames}
        if len(self.frames) > 1:
            self.arrows = {i for i in chosen if fragments.letters[i] <= 2 and not set(fragments.words(i)) - _ARROWS}
        self._flow(flowing, 0)
        self.regions += 1
        for member in aside:
            self._line([member], (0.0, fragments.width))
        return self.lines

    def _flow(self, items: list[int], depth: int) -> None:
        if not items:
            return
        self.regions += 1
        region = self.regions
        left = min(self.left[i] for i in items)
        right = max(self.right[i] for i in items)
        for band in self._bands(self._strips(items)):
            members = [i for strip in band.strips for i in strip]
            columns = self._columns(members, band.gutters)
            if len(columns) < 2 or depth >= _MAX_DEPTH:
                self._lines(band.strips, region, (left, right))
            elif any(sum(1 for i in strip if i in self.frames) > 1 for strip in band.strips):
                self._chart(columns, band)
            elif self._is_prose(columns, band):
                for column in columns:
                    self._flow(column, depth + 1)
            elif self._is_table(columns, band):
                self._table(columns, band)
            else:
                self._lines(band.strips, region, (left, right))

    def _strips(self, items: list[int]) -> list[list[int]]:
        """Pieces whose heights overlap; an initial letter over several lines joins the first of them."""
        heights = [self.bottom[i] - self.top[i] for i in items if i not in self.solid]
        usual = median(heights) if heights else 0.0
        tall = [i for i in items if i not in self.solid and self.bottom[i] - self.top[i] > 1.8 * usual]
        giants = set(tall)
        strips: list[list[int]] = []
        edge = float("-inf")
        for item in sorted((i for i in items if i not in giants), key=lambda i: (self._core(i)[0], self.left[i])):
            top, bottom = self._core(item)
            if strips and top < edge:
                strips[-1].append(item)
                edge = max(edge, bottom)
            else:
                strips.append([item])
                edge = bottom
        for item in tall:
            self._insert(strips, item)
        return strips

    def _insert(self, strips: list[list[int]], item: int) -> None:
        top, bottom = self._core(item)
        for position, strip in enumerate(strips):
            first = min(self._core(i)[0] for i in strip)
            last = max(self._core(i)[1] for i in strip)
            if first < bottom and last > top:
                strip.append(item)
                return
            if first >= bottom:
                strips.insert(position, [item])
                return
        strips.append([item])

    def _core(self, item: int) -> tuple[float, float]:
        if item in self.solid:
            return self.top[item], self.bottom[item]
        cut = _CORE * min(self.bottom[item] - self.top[item], 40.0)
        return self.top[item] + cut, self.bottom[item] - cut

    def _bands(self, strips: list[list[int]]) -> list[_Band]:
        bands: list[_Band] = []
        plain: list[list[int]] = []
        current: _Band | None = None
        for strip in strips:
            gaps = self._gaps(strip)
            if current is not None:
                left_over = self._still_free(current.gutters, strip)
                if left_over:
                    current.gutters = left_over
                    current.strips.append(strip)
                    continue
                current = None
            if gaps:
                current = _Band([], gaps)
                while plain and self._fits(gaps, plain[-1]):
                    current.gutters = self._still_free(current.gutters, plain[-1]) or gaps
                    current.strips.insert(0, plain.pop())
                if plain:
                    bands.append(_Band(plain))
                    plain = []
                current.strips.append(strip)
                bands.append(current)
            else:
                plain.append(strip)
                if bands and bands[-1].gutters == []:
                    bands[-1].strips.extend(plain)
                    plain = []
        if plain:
            bands.append(_Band(plain))
        return bands

    def _gaps(self, strip: list[int]) -> list[tuple[float, float]]:
        """Free stretches between the pieces of a strip, wide enough for a gutter."""
        spans = sorted((self.left[i], self.right[i]) for i in strip if i not in self.arrows)
        if not spans:
            return []
        least = 0.8 * min(max(median(self.bottom[i] - self.top[i] for i in strip), 4.0), 16.0)
        gaps = []
        edge = spans[0][1]
        for left, right in spans[1:]:
            if left - edge >= least:
                gaps.append((edge, left))
            edge = max(edge, right)
        return gaps

    def _still_free(self, gutters: list[tuple[float, float]], strip: list[int]) -> list[tuple[float, float]]:
        """What the strip leaves of each gutter: its widest free part of at least 5 points."""
        kept = []
        for low, high in gutters:
            cuts = sorted(
                (self.left[i], self.right[i])
                for i in strip
                if self.right[i] > low and self.left[i] < high and i not in self.arrows
            )
            edge, best = low, (low, low)
            for left, right in cuts:
                if left - edge > best[1] - best[0]:
                    best = (edge, left)
                edge = max(edge, right)
            if high - edge > best[1] - best[0]:
                best = (edge, high)
            if best[1] - best[0] >= 5.0:
                kept.append(best)
        return kept

    def _fits(self, gutters: list[tuple[float, float]], strip: list[int]) -> bool:
        """Whether a strip above a band may stand at the top of its columns: it covers no gutter by half."""
        left = self._still_free(gutters, strip)
        kept = [any(low <= a and b <= high and 2 * (b - a) >= high - low for a, b in left) for low, high in gutters]
        return all(kept)

    def _columns(self, members: list[int], gutters: list[tuple[float, float]]) -> list[list[int]]:
        borders = sorted((low + high) / 2 for low, high in gutters)
        columns: list[list[int]] = [[] for _ in range(len(borders) + 1)]
        for item in members:
            middle = (self.left[item] + self.right[item]) / 2
            columns[sum(1 for border in borders if border < middle)].append(item)
        return [column for column in columns if column]

    def _is_prose(self, columns: list[list[int]], band: _Band) -> bool:
        """Whether the sides of the gutters are text to be read one after the other."""
        if self._crossed(columns, band) >= 2:
            return False
        letters = self.fragments.letters
        aligned = self._aligned(columns, band)
        if self._runs_on(columns[0]):
            return True
        for column in columns:
            texts = [i for i in column if i not in self.solid]
            if not texts:
                continue
            wide = max(self.right[i] for i in column) - min(self.left[i] for i in column)
            fill = median((self.right[i] - self.left[i]) / max(wide, 1.0) for i in texts)
            long = sum(letters[i] for i in texts) / len(texts)
            if len(texts) >= 3 and fill >= 0.66 and long >= 18:
                continue
            if aligned >= 0.5 * len(band.strips) or (len(texts) < 3 and aligned > 1):
                return False
        return True

    def _aligned(self, columns: list[list[int]], band: _Band) -> int:
        """Strips with pieces of several columns on one base line, as in tables; text beside a box has few."""
        where = {item: number for number, column in enumerate(columns) for item in column}
        count = 0
        for strip in band.strips:
            bases: dict[int, list[float]] = {}
            for item in strip:
                bases.setdefault(where[item], []).append(self.bottom[item])
            if len(bases) < 2:
                continue
            first, *others = bases.values()
            near = 0.15 * (self.bottom[strip[0]] - self.top[strip[0]])
            count += any(abs(a - b) <= near for a in first for other in others for b in other)
        return count

    def _runs_on(self, column: list[int]) -> bool:
        """Whether a first column is running text: full lines, many, evenly led. Row labels of tables are not."""
        texts = [i for i in column if i not in self.solid]
        if len(texts) < 5 or len(texts) != len(column):
            return False
        left, right = min(self.left[i] for i in texts), max(self.right[i] for i in texts)
        full = sum(1 for i in texts if self.right[i] - self.left[i] > 0.8 * (right - left))
        tops = sorted(self.top[i] for i in texts)
        leads = [b - a for a, b in pairwise(tops)]
        usual = median(leads)
        even = sum(1 for lead in leads if abs(lead - usual) < 0.2 * usual)
        long = sum(self.fragments.letters[i] for i in texts) / len(texts)
        return long >= 30 and full >= 0.7 * len(texts) and even >= 0.8 * len(leads)

    def _crossed(self, columns: list[list[int]], band: _Band) -> int:
        """Ruled lines that run across a gutter between the band's strips."""
        members = [i for column in columns for i in column]
        top, bottom = min(self.top[i] for i in members), max(self.bottom[i] for i in members)
        low, high = min(gutter[0] for gutter in band.gutters), max(gutter[1] for gutter in band.gutters)
        heights = {
            round(y) for y, left, right in self.rules.across if top + 2 < y < bottom - 2 and left < low and right > high
        }
        return len(heights)

    def _is_table(self, columns: list[list[int]], band: _Band) -> bool:
        aligned = self._aligned(columns, band)
        return aligned >= (2 if len(columns) > 2 else 3) or (aligned >= 1 and self._crossed(columns, band) >= 1)

    def _table(self, columns: list[list[int]], band: _Band) -> None:
        self.regions += 1
        where = {item: number for number, column in enumerate(columns) for item in column}
        plain = [[i for i in strip if i not in self.solid] for strip in band.strips]
        rows = cell_rows(self.fragments, [strip for strip in plain if strip], where, len(columns), self.rules)
        self._rows(rows)
        for strip in band.strips:
            self._solids(strip)

    def _solids(self, strip: list[int]) -> None:
        """The tables and frames of a strip, each a region of its own."""
        for item in strip:
            if item in self.tables:
                self.regions += 1
                self._rows(self.tables[item].rows)
            elif item in self.frames:
                self._flow(list(self.frames[item].members), _MAX_DEPTH - 2)

    def _chart(self, columns: list[list[int]], band: _Band) -> None:
        """Boxes side by side, as in a flow chart, read along its arrows: a row for each box of the fullest column."""
        where = {item: number for number, column in enumerate(columns) for item in column}
        self.regions += 1
        for strip in band.strips:
            boxes: list[list[int]] = [[] for _ in columns]
            for item in strip:
                if item in self.frames:
                    boxes[where[item]].append(item)
            fullest = max(range(len(boxes)), key=lambda column: len(boxes[column]))
            if not boxes[fullest] and len({where[item] for item in strip}) == 1:
                self._flow(strip, _MAX_DEPTH)
                self.regions += 1
                continue
            leads = sorted(boxes[fullest], key=lambda i: self.top[i])
            rows: list[list[list[int]]] = [[[] for _ in columns] for _ in leads or [0]]
            for item in sorted(strip, key=lambda i: self.top[i]):
                if item not in self.tables:
                    rows[self._beside(item, leads)][where[item]].append(item)
            self._rows([[self._read_cell(cell) for cell in row] for row in rows])
            self._solids([item for item in strip if item in self.tables])

    def _beside(self, item: int, leads: list[int]) -> int:
        """The row of an item: that of the first box it stands beside, or of the nearest."""
        for row, lead in enumerate(leads):
            if min(self.bottom[item], self.bottom[lead]) - max(self.top[item], self.top[lead]) > 2:
                return row
        middle = self.top[item] + self.bottom[item]
        rows = range(len(leads))
        return min(rows, key=lambda row: abs(self.top[leads[row]] + self.bottom[leads[row]] - middle), default=0)

    def _read_cell(self, items: list[int]) -> list[int]:
        """Fragments of a cell in reading order, arrows before or after what they stand beside."""
        members = [m for i in items for m in (self.frames[i].members if i in self.frames else (i,))]
        words = [i for i in members if i not in self.arrows]
        arrows = [i for i in members if i in self.arrows]
        read = [i for strip in self._strips(words) for i in sorted(strip, key=lambda i: self.left[i])]
        edge = min((self.left[i] for i in words), default=0.0)
        return [*(i for i in arrows if self.left[i] < edge), *read, *(i for i in arrows if self.left[i] >= edge)]

    def _rows(self, rows: list[list[list[int]]]) -> None:
        """Rows of cells of fragments → lines with cell borders."""
        fragments = self.fragments
        for row in rows:
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
                    more, marks = join_line(fragments, [member])
                    runs.extend(more)
                    level = position and abs(fragments.top[member] - fragments.top[cell[position - 1]]) < 2
                    separators.append(border if not position else SPACE if level else BREAK)
                    separators.extend(marks[1:])
            members = [member for cell in row for member in cell]
            if members:
                self._append(runs, separators, members, self.regions, None, row=len(row) > 1)

    def _lines(self, strips: list[list[int]], region: int, column: tuple[float, float]) -> None:
        for strip in strips:
            texts = [i for i in strip if i not in self.solid]
            if texts:
                self._line(sorted(texts, key=lambda i: self.left[i]), column, region)
            self._solids(strip)

    def _line(self, members: list[int], column: tuple[float, float], region: int | None = None) -> None:
        runs, separators = join_line(self.fragments, members)
        self._append(list(runs), list(separators), members, self.regions if region is None else region, column)

    def _append(
        self,
        runs: list[int],
        separators: list[int],
        members: list[int],
        region: int,
        column: tuple[float, float] | None,
        *,
        row: bool = False,
    ) -> None:
        fragments = self.fragments
        letters = sum(fragments.letters[i] for i in members)
        left, right = min(self.left[i] for i in members), max(self.right[i] for i in members)
        self.lines.append(
            Line(
                runs=tuple(runs),
                separators=tuple(separators),
                left=left,
                top=min(self.top[i] for i in members),
                right=right,
                bottom=max(self.bottom[i] for i in members),
                size=sum(fragments.size[i] * fragments.letters[i] for i in members) / max(letters, 1),
                bold=sum(fragments.letters[i] * fragments.bold[i] for i in members) / max(letters, 1),
                region=region,
                column_left=column[0] if column else left,
                column_right=column[1] if column else right,
                row=row,
                turned=fragments.turned[members[0]],
            )
        )
