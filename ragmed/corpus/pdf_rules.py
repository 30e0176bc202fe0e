"""Ruled lines and boxes of a page, and how much of it pictures cover, from PDFium's page objects.

Laws of this room: only straight lines along the page's axes count; a filled rectangle counts by its four edges; pages
with thousands of drawn objects (maps, plots) give none rather than cost seconds. Caller holds PDFIUM_LOCK.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np

from ragmed.corpus.pdf_text import PageFrame

_TEXT, _PATH, _IMAGE, _SHADING, _FORM = 1, 2, 3, 4, 5
_MAX_OBJECTS = 3000
_MAX_SEGMENTS = 3000
_THIN = 4.0
"""Points: a path at most this thick is a line."""
_SHORT = 8.0
"""Points: shorter lines are ticks, underlines of one letter, bullets."""


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
        self._raw = raw

    def read(self, page: Any) -> Rules:
        raw = self._raw
        frame = PageFrame.of(raw, page)
        count = max(raw.FPDFPage_CountObjects(page), 0)
        if count > _MAX_OBJECTS:
            return Rules(drawn=count)
        rects: list[tuple[float, float, float, float]] = []
        pictures: list[tuple[float, float, float, float]] = []
        for index in range(count):
            self._collect(raw.FPDFPage_GetObject(page, index), None, rects, pictures, 0)
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
        item: Any,
        matrix: Any,
        rects: list[tuple[float, float, float, float]],
        pictures: list[tuple[float, float, float, float]],
        depth: int,
    ) -> None:
        """Append (left, top, right, bottom) in user space of the item's lines, boxes and pictures."""
        raw = self._raw
        kind = raw.FPDFPageObj_GetType(item)
        if kind == _FORM and depth < 2:
            inner = raw.FS_MATRIX()
            raw.FPDFPageObj_GetMatrix(item, ctypes.byref(inner))
            for index in range(min(max(raw.FPDFFormObj_CountObjects(item), 0), _MAX_OBJECTS)):
                self._collect(
                    raw.FPDFFormObj_GetObject(item, index), _joined(inner, matrix), rects, pictures, depth + 1
                )
            return
        if kind not in (_PATH, _IMAGE) or len(rects) > _MAX_SEGMENTS:
            return
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        raw.FPDFPageObj_GetBounds(
            item, ctypes.byref(left), ctypes.byref(bottom), ctypes.byref(right), ctypes.byref(top)
        )
        bounds = _moved((left.value, top.value, right.value, bottom.value), matrix)
        if kind == _IMAGE:
            pictures.append(bounds)
            return
        if not self._seen(item):
            return
        thin = min(bounds[2] - bounds[0], bounds[1] - bounds[3]) <= _THIN
        segments = 0 if thin else raw.FPDFPath_CountSegments(item)
        if thin or segments in (4, 5):
            rects.append(bounds)
        elif segments <= _MAX_SEGMENTS - len(rects):
            self._segments(item, segments, matrix, rects)

    def _seen(self, item: Any) -> bool:
        """False for paths without stroke and with no fill or a white one: text frames, masks, clips."""
        raw = self._raw
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(item, ctypes.byref(fill), ctypes.byref(stroke))
        if stroke.value or not fill.value:
            return bool(stroke.value)
        red, green, blue, alpha = (ctypes.c_uint(255) for _ in range(4))
        raw.FPDFPageObj_GetFillColor(
            item, ctypes.byref(red), ctypes.byref(green), ctypes.byref(blue), ctypes.byref(alpha)
        )
        return min(red.value, green.value, blue.value) < 252 and alpha.value > 8

    def _segments(self, item: Any, count: int, matrix: Any, rects: list[tuple[float, float, float, float]]) -> None:
        raw = self._raw
        own = raw.FS_MATRIX()
        raw.FPDFPageObj_GetMatrix(item, ctypes.byref(own))
        whole = _joined(own, matrix)
        x, y = ctypes.c_float(), ctypes.c_float()
        before = (0.0, 0.0)
        for index in range(count):
            segment = raw.FPDFPath_GetPathSegment(item, index)
            raw.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
            now = (x.value, y.value)
            straight = raw.FPDFPathSegment_GetType(segment) == 0  # FPDF_SEGMENT_LINETO
            if straight and (abs(now[0] - before[0]) < 0.5 or abs(now[1] - before[1]) < 0.5):
                sides = (min(now[0], before[0]), max(now[1], before[1]), max(now[0], before[0]), min(now[1], before[1]))
                rects.append(_moved(sides, whole))
            before = now


def _joined(inner: Any, outer: Any) -> tuple[float, float, float, float, float, float]:
    a, b, c, d, e, f = (inner.a, inner.b, inner.c, inner.d, inner.e, inner.f)
    if outer is None:
        return (a, b, c, d, e, f)
    p, q, r, s, t, u = outer
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _moved(sides: tuple[float, float, float, float], matrix: Any) -> tuple[float, float, float, float]:
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
