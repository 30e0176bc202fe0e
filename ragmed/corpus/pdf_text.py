"""PDFium's characters of a page as arrays: code points, boxes as displayed, and runs with their style.

Laws of this room: nothing is reordered, dropped or mended here; boxes are points from the top left corner of the page
as it is displayed (CropBox and /Rotate applied); PDFium is not thread-safe, so whoever calls it holds PDFIUM_LOCK.

Speed decides the shape. A call into PDFium costs about 0.4 us from Python, one for every character would double the
time of a page. A run (characters between spaces) is therefore measured at its first and last character, and the ones
between are laid out by relative glyph widths; the run's edges, which is what a highlight shows, are exact. Runs that
are not one straight horizontal stretch of one size (superscripts, rotated words) are measured character by character.
"""

from __future__ import annotations

import ctypes
import math
import re
import threading
from collections import deque
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PDFIUM_LOCK = threading.RLock()

INVISIBLE_MODES = (3, 7)
"""Text render modes that leave no ink: 3 invisible, 7 clip only (ISO 32000-1, table 106)."""

LINE_END_HYPHEN = 0xFFFE
"""What PDFium gives for a hyphen that it takes for a break of a word at the end of a line."""

_BOLD_NAME = re.compile(rb"bold|black|heavy|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600
_UPRIGHT = 0.95
"""Cosine of the angle, 18 degrees, beyond which text is set askew."""
_NARROW = "ijlIt.,;:!'|()[]{}/\\fr-"
_WIDE = "mwMWQOGD@%&"


@dataclass(frozen=True, slots=True, eq=False)
class PageGlyphs:
    """One page's characters in PDFium's order. A run is ``[starts[i], ends[i])`` and holds no space."""

    codes: NDArray[np.uint32]
    boxes: NDArray[np.float32]
    """Shape (characters, 4): left, top, right, bottom in points, displayed; zero for spaces."""
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    run_boxes: NDArray[np.float32]
    """Shape (runs, 4)."""
    bold: NDArray[np.bool_]
    faint: NDArray[np.bool_]
    """Filled almost white or almost transparent: visible only on a dark ground."""
    inkless: NDArray[np.bool_]
    """Drawn with a render mode that leaves no ink."""
    upright: NDArray[np.bool_]
    width: float
    height: float

    @property
    def text(self) -> str:
        """All characters as PDFium gave them."""
        return self.codes.tobytes().decode("utf-32-le", "replace")


class GlyphSource:
    """The few PDFium calls that read a text page, bound once for speed.

    The prototypes keep the GIL (no release and retake for 100 ns of work) and take addresses as plain integers.
    """

    def __init__(self) -> None:
        from pypdfium2 import raw  # heavy, only in the process that reads PDFs

        address, number = ctypes.c_void_p, ctypes.c_int
        self.raw: Any = raw
        self.loose_box = bind(raw.FPDFText_GetLooseCharBox, None, address, number, address)
        self.code_point = bind(raw.FPDFText_GetUnicode, ctypes.c_uint, address, number)
        self.char_angle = bind(raw.FPDFText_GetCharAngle, ctypes.c_float, address, number)
        self.text_object = bind(raw.FPDFText_GetTextObject, address, address, number)
        self.render_mode = bind(raw.FPDFTextObj_GetTextRenderMode, number, address)
        self.font_of = bind(raw.FPDFTextObj_GetFont, address, address)
        self.fill_colour = bind(raw.FPDFPageObj_GetFillColor, number, address, address, address, address, address)
        self.font_name = bind(raw.FPDFFont_GetBaseFontName, ctypes.c_size_t, address, address, ctypes.c_size_t)
        self.font_weight = bind(raw.FPDFFont_GetWeight, number, address)

    def read(self, page: Any) -> PageGlyphs:
        """The characters of a loaded page (an FPDF_PAGE). Raises ValueError where PDFium has no text page for it."""
        frame = PageFrame.of(self.raw, page)
        text_page = self.raw.FPDFText_LoadPage(page)
        if not text_page:
            raise ValueError("PDFium could not load the text of this page")
        try:
            handle = address_of(text_page)
            codes = self._codes(text_page, handle)
            return self._measured(handle, codes, frame)
        finally:
            self.raw.FPDFText_ClosePage(text_page)

    def _codes(self, text_page: Any, handle: int) -> NDArray[np.uint32]:
        count = max(self.raw.FPDFText_CountChars(text_page), 0)
        units = np.zeros(count + 1, np.uint16)
        pointer = units.ctypes.data_as(ctypes.POINTER(ctypes.c_ushort))
        written = self.raw.FPDFText_GetText(text_page, 0, count, pointer) if count else 1
        codes = units[:count].astype(np.uint32)
        if written != count + 1 or bool(((codes & 0xF800) == 0xD800).any()):
            # characters without Unicode, or beyond the BMP: text units and character indices no longer agree
            codes = np.fromiter(map(self.code_point, repeat(handle, count), range(count)), np.uint32, count)
            codes[((codes & 0xFFFFF800) == 0xD800) | (codes > 0x10FFFF)] = 0xFFFD
        return codes

    def _measured(self, handle: int, codes: NDArray[np.uint32], frame: PageFrame) -> PageGlyphs:
        starts, ends = _runs(codes)
        boxes = np.zeros((len(codes), 4), np.float32)
        first, last = self._ends(handle, starts, ends, frame)
        straight = _straight(first, last, ends - starts)
        _lay_out(boxes, codes, starts, ends, first, last)
        crooked = ~straight
        if crooked.any():
            each = _members(starts[crooked], (ends - starts)[crooked])
            exact = np.zeros((len(each), 4), np.float32)
            self._probe(handle, each.tolist(), exact)
            boxes[each] = frame.displayed(exact)
            starts, ends, straight = _torn(boxes, starts, ends, straight)
        bold, faint, inkless = self._styles(handle, starts)
        return PageGlyphs(
            codes=codes,
            boxes=boxes,
            starts=starts,
            ends=ends,
            run_boxes=_bounds(boxes, starts),
            bold=bold,
            faint=faint,
            inkless=inkless,
            upright=straight | self._upright(handle, starts, ends, straight, frame),
            width=frame.width,
            height=frame.height,
        )

    def _ends(
        self, handle: int, starts: NDArray[np.int64], ends: NDArray[np.int64], frame: PageFrame
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The boxes of the first and the last character of each run, displayed."""
        long = np.flatnonzero(ends - starts > 1)
        rects = np.zeros((len(starts) + len(long), 4), np.float32)
        self._probe(handle, np.concatenate([starts, ends[long] - 1]).tolist(), rects)
        rects = frame.displayed(rects)
        first = rects[: len(starts)]
        last = first.copy()
        last[long] = rects[len(starts) :]
        return first, last

    def _upright(
        self,
        handle: int,
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        straight: NDArray[np.bool_],
        frame: PageFrame,
    ) -> NDArray[np.bool_]:
        """Whether crooked runs (superscripts, turned words, watermarks) are set across the page as it is displayed."""
        upright = np.ones(len(starts), np.bool_)
        for i in np.flatnonzero(~straight).tolist():
            angle = float(self.char_angle(handle, int(starts[i]))) + frame.turn * np.pi / 2
            upright[i] = math.cos(angle) > _UPRIGHT
        return upright

    def _probe(self, handle: int, characters: list[int], into: NDArray[np.float32]) -> None:
        count = len(characters)
        base = into.ctypes.data
        # FS_RECTF is left, top, right, bottom as floats; a failed call leaves the zeros
        deque(map(self.loose_box, repeat(handle, count), characters, range(base, base + 16 * count, 16)), maxlen=0)

    def _styles(
        self, handle: int, starts: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        objects = list(map(self.text_object, repeat(handle, len(starts)), starts.tolist()))
        known: dict[int | None, int] = {None: 0}
        fonts: dict[int, bool] = {}
        colour = (ctypes.c_uint * 4)()
        base = ctypes.addressof(colour)
        for item in dict.fromkeys(objects):
            if item is None:
                continue
            font = self.font_of(item) or 0
            if font not in fonts:
                fonts[font] = self._is_bold(font)
            colour[:] = [0, 0, 0, 255]
            self.fill_colour(item, base, base + 4, base + 8, base + 12)
            red, green, blue, alpha = colour
            faint = alpha < 16 or min(red, green, blue) > 238
            known[item] = fonts[font] | faint << 1 | (self.render_mode(item) in INVISIBLE_MODES) << 2
        styles = np.fromiter(map(known.__getitem__, objects), np.uint8, len(objects))
        return (styles & 1) != 0, (styles & 2) != 0, (styles & 4) != 0

    def _is_bold(self, font: int) -> bool:
        if not font:
            return False
        name = ctypes.create_string_buffer(128)
        self.font_name(font, ctypes.addressof(name), 128)
        return bool(_BOLD_NAME.search(name.value)) or int(self.font_weight(font)) >= _BOLD_WEIGHT


@dataclass(frozen=True, slots=True)
class PageFrame:
    """How user space becomes the displayed page: the box shown, and the turn (ISO 32000-1, 14.11.2)."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int
    """Quarter turns clockwise."""

    @classmethod
    def of(cls, raw: Any, page: Any) -> PageFrame:
        """The frame of a loaded page; US Letter where the file's box is no box."""
        rect = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(page, ctypes.byref(rect))
        finite = all(map(math.isfinite, (rect.left, rect.bottom, rect.right, rect.top)))
        if not finite or rect.right - rect.left < 1 or rect.top - rect.bottom < 1:
            return cls(0.0, 0.0, 612.0, 792.0, 0)
        return cls(rect.left, rect.bottom, rect.right, rect.top, raw.FPDFPage_GetRotation(page) % 4)

    @property
    def width(self) -> float:
        return float(self.top - self.bottom if self.turn % 2 else self.right - self.left)

    @property
    def height(self) -> float:
        return float(self.right - self.left if self.turn % 2 else self.top - self.bottom)

    def displayed(self, rects: NDArray[np.float32]) -> NDArray[np.float32]:
        """(left, top, right, bottom) in user space, y up → the same on the displayed page, y down. NaN becomes 0."""
        if not np.isfinite(rects).all():
            rects = np.nan_to_num(rects, nan=0.0, posinf=0.0, neginf=0.0)
        left, top, right, bottom = rects.T
        blank = (left == 0) & (top == 0) & (right == 0) & (bottom == 0)
        if self.turn == 0:
            across, down = (left - self.left, right - self.left), (self.top - top, self.top - bottom)
        elif self.turn == 1:
            across, down = (bottom - self.bottom, top - self.bottom), (left - self.left, right - self.left)
        elif self.turn == 2:
            across, down = (self.right - right, self.right - left), (bottom - self.bottom, top - self.bottom)
        else:
            across, down = (self.top - top, self.top - bottom), (self.right - right, self.right - left)
        shown = np.empty((len(rects), 4), np.float32)
        shown[:, 0], shown[:, 1] = np.minimum(*across), np.minimum(*down)
        shown[:, 2], shown[:, 3] = np.maximum(*across), np.maximum(*down)
        shown[blank] = 0
        return shown


def bind(function: Any, result: Any, *arguments: Any) -> Any:
    """One of pypdfium2's raw functions with a leaner prototype."""
    return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)


def address_of(pointer: Any) -> int:
    """The address that one of pypdfium2's pointers holds, as ``bind``'s prototypes take it."""
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


def _width_table() -> NDArray[np.float64]:
    """Relative advance of the 256 first code points, close enough to any proportional Latin face; then the others'."""
    widths = np.full(257, 0.55, np.float32)
    widths[256] = 1.0
    for letters, width in ((_NARROW, 0.3), (_WIDE, 0.83), ("ABCEFHKNPRSTUVXYZ", 0.68)):
        widths[[ord(letter) for letter in letters]] = width
    return widths.astype(np.float64)


_WIDTHS = _width_table()


def is_han(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Characters set in full-width squares: Han, kana, CJK punctuation, full-width forms."""
    found: NDArray[np.bool_] = (
        ((codes >= 0x2E80) & (codes <= 0x9FFF))
        | ((codes >= 0xF900) & (codes <= 0xFAFF))
        | ((codes >= 0xFE30) & (codes <= 0xFE4F))
        | ((codes >= 0xFF00) & (codes <= 0xFFEF))
        | ((codes >= 0x20000) & (codes <= 0x3FFFF))
    )
    return found


def is_space(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Spaces, and the line breaks that PDFium puts in."""
    found: NDArray[np.bool_] = (
        (codes == 0x20)
        | ((codes >= 0x09) & (codes <= 0x0D))
        | (codes == 0xA0)
        | (codes == 0x3000)
        | ((codes >= 0x2000) & (codes <= 0x200B))
        | (codes == 0x202F)
        | (codes == 0xFEFF)
    )
    return found


def _runs(codes: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where runs start and end: at spaces, between full-width and other characters, after a line-end hyphen."""
    kind = np.zeros(len(codes) + 2, np.int8)
    kind[1:-1] = _KINDS[np.minimum(codes, 0xFFFF)]
    beyond = codes > 0xFFFF
    if beyond.any():
        kind[1:-1][beyond] = _kinds(codes[beyond])
    change = kind[1:] != kind[:-1]
    change[1:] |= (codes == LINE_END_HYPHEN) | (codes == 2)
    edges = np.flatnonzero(change)
    starts, ends = edges[:-1], edges[1:]
    keep = kind[starts + 1] != 0
    return starts[keep].astype(np.int64, copy=False), ends[keep].astype(np.int64, copy=False)


def _kinds(codes: NDArray[np.uint32]) -> NDArray[np.int8]:
    """0 for spaces, 2 for full-width characters, 1 for all others."""
    return np.where(is_space(codes), 0, np.where(is_han(codes), 2, 1)).astype(np.int8)


_KINDS = _kinds(np.arange(0x10000, dtype=np.uint32))


def _members(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The indices of the characters of runs, one run after the other."""
    firsts = np.cumsum(lengths) - lengths
    indices: NDArray[np.int64] = np.arange(int(lengths.sum())) + np.repeat(starts - firsts, lengths)
    return indices


def _straight(first: NDArray[np.float32], last: NDArray[np.float32], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether two end boxes bound one horizontal stretch of one size and a believable width."""
    height = np.maximum(first[:, 3] - first[:, 1], 0.01)
    level = np.abs(first[:, 1] - last[:, 1]) < 0.1 * height
    same_size = np.abs((last[:, 3] - last[:, 1]) - height) < 0.1 * height
    pitch = (last[:, 2] - first[:, 0]) / (lengths * height)
    straight: NDArray[np.bool_] = level & same_size & (((pitch > 0.12) & (pitch < 1.3)) | (lengths == 1))
    return straight


def _lay_out(
    boxes: NDArray[np.float32],
    codes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    first: NDArray[np.float32],
    last: NDArray[np.float32],
) -> None:
    """Fill ``boxes`` of every run between its two measured ends."""
    if not len(starts):
        return
    lengths = ends - starts
    offsets = np.cumsum(lengths) - lengths
    where = _members(starts, lengths)
    widths = _WIDTHS[np.minimum(codes[where], 256)]
    upto = np.cumsum(widths)
    before = upto - widths
    origin = before[offsets]
    total = upto[offsets + lengths - 1] - origin
    span = (last[:, 2] - first[:, 0]).astype(np.float64) / total
    begin, origin, span = (np.repeat(values, lengths) for values in (first[:, 0], origin, span))
    laid = np.empty((len(where), 4), np.float32)
    laid[:, 0] = begin + (before - origin) * span
    laid[:, 1] = np.repeat(np.minimum(first[:, 1], last[:, 1]), lengths)
    laid[:, 2] = begin + (upto - origin) * span
    laid[:, 3] = np.repeat(np.maximum(first[:, 3], last[:, 3]), lengths)
    boxes[where] = laid


def _bounds(boxes: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The box around each run. Spaces between runs hold zeros, so they are kept from the reduction by the sign."""
    if not len(starts):
        return np.zeros((0, 4), np.float32)
    sides = boxes.T.copy()
    blank = ~(
        sides[0].astype(np.bool_) | sides[1].astype(np.bool_) | sides[2].astype(np.bool_) | sides[3].astype(np.bool_)
    )
    sides[:2, blank] = np.inf
    sides[2:, blank] = -np.inf
    bounds = np.empty((len(starts), 4), np.float32)
    for side, bound in enumerate((np.minimum, np.minimum, np.maximum, np.maximum)):
        bounds[:, side] = bound.reduceat(sides[side], starts)
    bounds[~np.isfinite(bounds[:, 0])] = 0
    return bounds


def _torn(
    boxes: NDArray[np.float32], starts: NDArray[np.int64], ends: NDArray[np.int64], straight: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Split crooked runs where two characters stand apart: PDFium sees no space between words of turned text."""
    crooked = np.flatnonzero(~straight & (ends - starts > 1))
    if not len(crooked):
        return starts, ends, straight
    lengths = (ends - starts)[crooked]
    each = _members(starts[crooked], lengths)
    own = boxes[each]
    apart = np.maximum(own[1:, :2] - own[:-1, 2:], own[:-1, :2] - own[1:, 2:]).max(axis=1)
    wide, high = own[:, 2] - own[:, 0], own[:, 3] - own[:, 1]
    size, large = np.minimum(wide, high), np.maximum(wide, high)
    along = np.abs(boxes[ends[crooked] - 1, :2] - boxes[starts[crooked], :2])
    upright = np.repeat(along[:, 0] >= along[:, 1], lengths)
    limit = np.where(upright, np.float32(0.6) * large, np.float32(0.2) * np.maximum(size, np.float32(0.5) * large))
    within = np.repeat(np.arange(len(crooked)), lengths)
    cut = (apart > np.maximum(limit[1:], limit[:-1])) & (within[1:] == within[:-1])
    new = each[1:][cut]
    if not len(new):
        return starts, ends, straight
    owner = np.searchsorted(starts, new, side="right") - 1
    every = np.concatenate([starts, new])
    order = np.argsort(every, kind="stable")
    stops = np.concatenate([ends, ends[owner]])[order]
    begins = every[order]
    stops[:-1] = np.minimum(stops[:-1], begins[1:])
    return begins, stops, np.concatenate([straight, straight[owner]])[order]
