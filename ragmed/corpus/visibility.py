"""What a person does not see on a page must not be quoted from it (law 2).

Laws of this room: text outside the page, in a render mode without ink, smaller than one point, or as light as what
lies under it is hidden. Only suspicious runs cost a picture of the page; the picture decides, not the file's word:
white text on a dark bar is seen, an invisible text layer over a scan is seen because the scan shows the same words.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ragmed.corpus.pdf_text import PageGlyphs
    from ragmed.records import Page

_SMALLEST = 1.0
"""Points of line height under which text cannot be read in print."""
_CONTRAST = 24
"""Of 255: the least difference between the darkest and lightest pixel of a word that a person sees."""
_SCAN_SHARE = 0.4
"""Part of the page a picture must cover before inkless text counts as its text layer."""
_MAX_SIDE = 2400


def out_of_page(glyphs: PageGlyphs) -> NDArray[np.bool_]:
    """Runs of which less than half lies on the displayed page; shape (runs,)."""
    left, top, right, bottom = glyphs.run_boxes.T
    area = np.maximum(right - left, 1e-3) * np.maximum(bottom - top, 1e-3)
    wide = np.minimum(right, glyphs.width) - np.maximum(left, 0)
    high = np.minimum(bottom, glyphs.height) - np.maximum(top, 0)
    return np.asarray(np.maximum(wide, 0) * np.maximum(high, 0) < 0.5 * area)


def too_small(glyphs: PageGlyphs) -> NDArray[np.bool_]:
    """Runs with a line height under one point."""
    wide = glyphs.run_boxes[:, 2] - glyphs.run_boxes[:, 0]
    high = glyphs.run_boxes[:, 3] - glyphs.run_boxes[:, 1]
    return np.asarray(np.where(glyphs.upright, high, wide) < _SMALLEST)


def hidden_runs(glyphs: PageGlyphs, raw: Any, page: Any, picture_share: float) -> NDArray[np.bool_]:
    """Runs that nobody sees. ``picture_share`` is the part of the page under its largest picture."""
    hidden = out_of_page(glyphs) | too_small(glyphs)
    # runs whose file says little or no ink
    doubtful = (glyphs.faint | glyphs.inkless) & ~hidden
    if not doubtful.any():
        return hidden
    scan = picture_share >= _SCAN_SHARE
    if not scan:
        hidden |= doubtful & glyphs.inkless
        doubtful &= ~glyphs.inkless
    if doubtful.any():
        hidden |= doubtful & without_contrast(glyphs, raw, page, doubtful)
    return hidden


def without_contrast(glyphs: PageGlyphs, raw: Any, page: Any, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the asked runs show less than ``_CONTRAST`` inside their box on a picture of the page."""
    scale = min(1.2, _MAX_SIDE / max(glyphs.width, glyphs.height, 1.0))
    boxes = glyphs.run_boxes[asked]
    frame = (float(boxes[:, 0].min()), float(boxes[:, 1].min()), float(boxes[:, 2].max()), float(boxes[:, 3].max()))
    picture = picture_of(raw, page, glyphs.width, glyphs.height, scale, frame)
    origin = np.array([max(frame[0], 0), max(frame[1], 0)] * 2, np.float32)
    blank = np.zeros(len(asked), np.bool_)
    for run in np.flatnonzero(asked).tolist():
        left, top, right, bottom = ((glyphs.run_boxes[run] - origin) * scale).tolist()
        patch = picture[max(int(top), 0) : int(bottom) + 2, max(int(left), 0) : int(right) + 2]
        blank[run] = patch.size == 0 or int(patch.max()) - int(patch.min()) < _CONTRAST
    return blank


def picture_of(
    raw: Any,
    page: Any,
    width: float,
    height: float,
    scale: float,
    frame: tuple[float, float, float, float] | None = None,
) -> NDArray[np.uint8]:
    """A loaded page in grey, ``scale`` pixels to the point; white where PDFium has no memory for it.

    ``frame`` (left, top, right, bottom in points) cuts a part out of it; a small part costs a fraction of the page.
    """
    left, top, right, bottom = frame or (0.0, 0.0, width, height)
    left, top, right, bottom = max(left, 0.0), max(top, 0.0), min(right, width), min(bottom, height)
    wide, high = max(int((right - left) * scale) + 1, 1), max(int((bottom - top) * scale) + 1, 1)
    bitmap = raw.FPDFBitmap_CreateEx(wide, high, raw.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        return np.full((high, wide), 255, np.uint8)
    try:
        raw.FPDFBitmap_FillRect(bitmap, 0, 0, wide, high, 0xFFFFFFFF)
        whole = (max(int(width * scale), 1), max(int(height * scale), 1))
        shift = (-round(left * scale), -round(top * scale))
        raw.FPDF_RenderPageBitmap(bitmap, page, *shift, *whole, 0, raw.FPDF_ANNOT)
        stride = raw.FPDFBitmap_GetStride(bitmap)
        content = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), stride * high)
        return np.frombuffer(content, np.uint8).reshape(high, stride)[:, :wide].copy()
    finally:
        raw.FPDFBitmap_Destroy(bitmap)


def has_ink(raw: Any, page: Any, width: float, height: float) -> bool:
    """Whether a loaded page shows anything at all, seen at a low resolution."""
    scale = min(0.8, _MAX_SIDE / max(width, height, 1.0))
    picture = picture_of(raw, page, width, height, scale)
    return int(picture.max()) - int(picture.min()) >= _CONTRAST


def quote_is_visible(page: Page, start: int, end: int) -> bool:
    """Whether ``page.text[start:end]`` stands on the displayed page where a person can see it (law 2).

    True for formats without geometry. Hidden text never enters ``page.text``, so what is asked here is that the offsets
    lie in the text and that every word of the quote has ink inside the page.
    """
    if not 0 <= start < end <= len(page.text) or not page.text[start:end].strip():
        return False
    if not page.boxes:
        return True
    boxes = np.frombuffer(page.boxes, "<u2").reshape(-1, 4)[start:end]
    signs = np.array([not sign.isspace() and sign != "|" for sign in page.text[start:end]])
    boxed = boxes[signs]
    if not len(boxed):
        return False
    real = (boxed[:, 2] > boxed[:, 0]) & (boxed[:, 3] > boxed[:, 1])
    inside = (boxed[:, 0] < round(page.width * 10)) & (boxed[:, 1] < round(page.height * 10))
    return bool((real & inside).mean() >= 0.9)
