"""Fragments → lines in reading order: columns, tables, everything between.

Laws of this room: every fragment comes out exactly once; columns are read one after the other, tables row by row;
nothing is decided by the order in which the file happens to draw.

The way: fragments and what is ruled around them are ``pieces``; pieces fall into strips and bands (``bands``); a band
of prose on both sides of a gutter is columns, each read by the same rules again; a band of short aligned pieces is a
table (``columns`` decides); boxes side by side are a flow chart (``charts``); the rest is lines (``lines``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.corpus.bands import Band, bands_of, columns_of, strips_of
from ragmed.corpus.charts import chart_rows, holds_chart
from ragmed.corpus.columns import column_numbers, is_prose, is_table
from ragmed.corpus.lines import Line, row_line, text_line
from ragmed.corpus.pieces import Pieces
from ragmed.corpus.tables import Rows, cell_rows

if TYPE_CHECKING:
    from ragmed.corpus.fragments import Fragments
    from ragmed.corpus.pdf_rules import Rules

_MAX_DEPTH = 6


def reading_order(fragments: Fragments, chosen: list[int], rules: Rules) -> list[Line]:
    """The lines of the chosen fragments as a person reads them."""
    return _Flow(Pieces.of(fragments, chosen, rules)).read()


class _Flow:
    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces
        self.lines: list[Line] = []
        self.regions = 0

    def read(self) -> list[Line]:
        self._flow(self.pieces.flowing, 0)
        self.regions += 1
        fragments = self.pieces.fragments
        for member in self.pieces.aside:
            self.lines.append(text_line(fragments, [member], self.regions, (0.0, fragments.width)))
        return self.lines

    def _flow(self, items: list[int], depth: int) -> None:
        if not items:
            return
        self.regions += 1
        region = self.regions
        pieces = self.pieces
        edges = (min([pieces.left[i] for i in items]), max([pieces.right[i] for i in items]))
        for band in bands_of(pieces, strips_of(pieces, items)):
            columns = columns_of(pieces, [i for strip in band.strips for i in strip], band.gutters)
            if len(columns) < 2 or depth >= _MAX_DEPTH:
                self._lines(band.strips, region, edges)
            elif holds_chart(pieces, band.strips):
                self._chart(columns, band)
            elif is_prose(pieces, columns, band):
                for column in columns:
                    self._flow(column, depth + 1)
            elif is_table(pieces, columns, band):
                self._table(columns, band)
            else:
                self._lines(band.strips, region, edges)

    def _lines(self, strips: list[list[int]], region: int, edges: tuple[float, float]) -> None:
        pieces = self.pieces
        for strip in strips:
            texts = [i for i in strip if i not in pieces.solid]
            if texts:
                texts.sort(key=pieces.left.__getitem__)
                self.lines.append(text_line(pieces.fragments, texts, region, edges))
            self._solids(strip)

    def _table(self, columns: list[list[int]], band: Band) -> None:
        self.regions += 1
        pieces = self.pieces
        plain = [[i for i in strip if i not in pieces.solid] for strip in band.strips]
        strips = [strip for strip in plain if strip]
        self._rows(cell_rows(pieces.fragments, strips, column_numbers(columns), len(columns), pieces.rules))
        for strip in band.strips:
            self._solids(strip)

    def _chart(self, columns: list[list[int]], band: Band) -> None:
        where = column_numbers(columns)
        self.regions += 1
        for strip in band.strips:
            rows = chart_rows(self.pieces, strip, where, len(columns))
            if rows is None:
                self._flow(strip, _MAX_DEPTH)
                self.regions += 1
                continue
            self._rows(rows)
            self._solids([item for item in strip if item in self.pieces.tables])

    def _solids(self, strip: list[int]) -> None:
        """The tables and frames of a strip, each a region of its own."""
        pieces = self.pieces
        if pieces.solid.isdisjoint(strip):
            return
        for item in strip:
            if item in pieces.tables:
                self.regions += 1
                self._rows(pieces.tables[item].rows)
            elif item in pieces.frames:
                self._flow(list(pieces.frames[item].members), _MAX_DEPTH - 2)

    def _rows(self, rows: Rows) -> None:
        for row in rows:
            line = row_line(self.pieces.fragments, row, self.regions)
            if line is not None:
                self.lines.append(line)
