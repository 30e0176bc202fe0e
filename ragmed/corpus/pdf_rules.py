"""Ruled lines and boxes of a page, and how much of it pictures cover, from PDFium's page objects.

Laws of this room: only straight lines along the page's axes count; a filled rectangle counts by its four edges; pages
with thousands of drawn objects (maps, plots) give none rather than cost seconds. Caller holds PDFIUM_LOCK.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from ragmed.corpus.pdf_text import PageFrame, address_of, bind

_TEXT, _PATH, _IMAGE, _SHADING, _FORM = 1, 2, 3, 4, 5
_MAX_OBJECTS = 3000
_MAX_SEGMENTS = 3000
_THIN = 4.0
"""Points: a path at most this thick is a line."""
_SHORT = 8.0
"""Points: shorter lines are ticks, underlines of one letter, bullets."""


_NOTHING: list[ctypes.c_float | float] = [0.0] * 4
_Map = tuple[float, float, float, float, float, float]
"""An affine map, a to f as in ISO 32000-1, 8.3.3."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Lines on the displayed page, points from its top left corner."""

    across: tuple[tuple[float, float, float], ...] = ()
    """(y, left, right) of horizontal lines."""
    down: tuple[tuple[float, float, float], ...] = ()
    """(x, top, bottom) of vertical lines."""
    drawn: int = 0
    """Objects on the page, text or not; 0 is a blank page."""
    picture_share: float = 0.0
    """Part of the page's area under its largest picture, 0 to 1."""


class RuleSource:
    """Reads Rules of loaded pages."""

    def __init__(self, raw: Any) -> None:
        address, number = ctypes.c_void_p, ctypes.c_int
        self._raw = raw
        self._object = bind(raw.FPDFPage_GetObject, address, address, number)
        self._form_object = bind(raw.FPDFFormObj_GetObject, address, address, ctypes.c_ulong)
        self._form_count = bind(raw.FPDFFormObj_CountObjects, number, address)
        self._kind = bind(raw.FPDFPageObj_GetType, number, address)
        self._matrix = bind(raw.FPDFPageObj_GetMatrix, number, address, address)
        self._bounds = bind(raw.FPDFPageObj_GetBounds, number, *[address] * 5)
        self._draw_mode = bind(raw.FPDFPath_GetDrawMode, number, *[address] * 3)
        self._fill_colour = bind(raw.FPDFPageObj_GetFillColor, number, *[address] * 5)
        self._segment_count = bind(raw.FPDFPath_CountSegments, number, address)
        self._segment = bind(raw.FPDFPath_GetPathSegment, address, address, number)
        self._point = bind(raw.FPDFPathSegment_GetPoint, number, *[address] * 3)
        self._segment_kind = bind(raw.FPDFPathSegment_GetType, number, address)
        # four numbers that PDFium writes to
        self._sides, self._modes, self._colour = (ctypes.c_float * 4)(), (ctypes.c_int * 2)(), (ctypes.c_uint * 4)()
        self._at_sides, self._at_modes, self._at_colour = (
            [ctypes.addressof(numbers) + 4 * place for place in range(len(numbers))]
            for numbers in (self._sides, self._modes, self._colour)
        )

    def read(self, page: Any) -> Rules:
        """The rules of a loaded page (an FPDF_PAGE)."""
        raw = self._raw
        frame = PageFrame.of(raw, page)
        count = max(raw.FPDFPage_CountObjects(page), 0)
        if count > _MAX_OBJECTS:
            return Rules(drawn=count)
        rects: list[tuple[float, float, float, float]] = []
        pictures: list[tuple[float, float, float, float]] = []
        items = list(map(self._object, repeat(address_of(page), count), range(count)))
        for item, kind in zip(items, map(self._kind, items), strict=True):
            if kind != _TEXT:
                self._collect(item, kind, None, rects, pictures, 0)
        share = 0.0
        if pictures:
            shown = frame.displayed(np.array(pictures, np.float32))
            wide = np.minimum(shown[:, 2], frame.width) - np.maximum(shown[:, 0], 0)
            high = np.minimum(shown[:, 3], frame.height) - np.maximum(shown[:, 1], 0)
            share = float((np.maximum(wide, 0) * np.maximum(high, 0)).max() / (frame.width * frame.height))
        if not rects:
            return Rules(drawn=count, picture_share=share)
        across: set[tuple[float, float, float]] = set()
        down: set[tuple[float, float, float]] = set()
        for left, top, right, bottom in frame.displayed(np.array(rects, np.float32)).round(1).tolist():
            _edges(left, top, right, bottom, across, down)
        return Rules(tuple(sorted(across)), tuple(sorted(down)), count, share)

    def _collect(
        self,
        item: int,
        kind: int,
        matrix: _Map | None,
        rects: list[tuple[float, float, float, float]],
        pictures: list[tuple[float, float, float, float]],
        depth: int,
    ) -> None:
        """Append (left, top, right, bottom) in user space of the item's lines, boxes and pictures."""
        if kind == _FORM and depth < 2:
            whole = self._joined(item, matrix)
            for index in range(min(max(self._form_count(item), 0), _MAX_OBJECTS)):
                inner = self._form_object(item, index)
                self._collect(inner, self._kind(inner), whole, rects, pictures, depth + 1)
            return
        if kind not in (_PATH, _IMAGE) or len(rects) > _MAX_SEGMENTS:
            return
        self._sides[:] = _NOTHING
        self._bounds(item, *self._at_sides)
        left, bottom, right, top = self._sides
        bounds = _moved((left, top, right, bottom), matrix)
        if kind == _IMAGE:
            pictures.append(bounds)
            return
        if not self._seen(item):
            return
        thin = min(bounds[2] - bounds[0], bounds[1] - bounds[3]) <= _THIN
        segments = 0 if thin else self._segment_count(item)
        if thin or segments in (4, 5):
            rects.append(bounds)
        elif segments <= _MAX_SEGMENTS - len(rects):
            self._segments(item, segments, matrix, rects)

    def _seen(self, item: int) -> bool:
        """False for paths without stroke and with no fill or a white one: text frames, masks, clips."""
        self._modes[:] = [0, 0]
        self._draw_mode(item, *self._at_modes)
        fill, stroke = self._modes
        if stroke or not fill:
            return bool(stroke)
        self._colour[:] = [255] * 4
        self._fill_colour(item, *self._at_colour)
        red, green, blue, alpha = self._colour
        return min(red, green, blue) < 252 and alpha > 8

    def _segments(
        self, item: int, count: int, matrix: _Map | None, rects: list[tuple[float, float, float, float]]
    ) -> None:
        whole = self._joined(item, matrix)
        at_x, at_y, *_ = self._at_sides
        sides = self._sides
        sides[:] = _NOTHING
        before = (0.0, 0.0)
        for index in range(count):
            segment = self._segment(item, index)
            self._point(segment, at_x, at_y)
            now = (sides[0], sides[1])
            straight = self._segment_kind(segment) == 0  # FPDF_SEGMENT_LINETO
            if straight and (abs(now[0] - before[0]) < 0.5 or abs(now[1] - before[1]) < 0.5):
                line = (min(now[0], before[0]), max(now[1], before[1]), max(now[0], before[0]), min(now[1], before[1]))
                rects.append(_moved(line, whole))
            before = now

    def _joined(self, item: int, outer: Any) -> _Map:
        """The item's own map, then the outer one."""
        inner = self._raw.FS_MATRIX()
        self._matrix(item, ctypes.addressof(inner))
        return _joined(inner, outer)


def _joined(inner: Any, outer: _Map | None) -> _Map:
    a, b, c, d, e, f = (inner.a, inner.b, inner.c, inner.d, inner.e, inner.f)
    if outer is None:
        return (a, b, c, d, e, f)
    p, q, r, s, t, u = outer
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _moved(sides: tuple[float, float, float, float], matrix: _Map | None) -> tuple[float, float, float, float]:
    """A rectangle (left, top, right, bottom; y up) under an affine map, as the box around its corners."""
    if matrix is None:
        return sides
    a, b, c, d, e, f = matrix
    left, top, right, bottom = sides
    xs = [a * x + c * y + e for x in (left, right) for y in (top, bottom)]
    ys = [b * x + d * y + f for x in (left, right) for y in (top, bottom)]
    return (min(xs), max(ys), max(xs), min(ys))


def _edges(
    left: float,
    top: float,
    right: float,
    bottom: float,
    across: set[tuple[float, float, float]],
    down: set[tuple[float, float, float]],
) -> None:
    wide, high = right - left, bottom - top
    if high <= _THIN:
        if wide >= _SHORT:
            across.add(((top + bottom) / 2, left, right))
    elif wide <= _THIN:
        if high >= _SHORT:
            down.add(((left + right) / 2, top, bottom))
    elif wide >= _SHORT and high >= _SHORT:
        across.update(((top, left, right), (bottom, left, right)))
        down.update(((left, top, bottom), (right, top, bottom)))
