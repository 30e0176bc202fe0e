"""Pages as pictures, the cited words marked.

Laws of this room: a picture is made only from the very bytes that were indexed (SHA-256, IntegrityError otherwise);
the mark lies on the stored boxes of the quoted characters, never on a fresh search; it is colour and a bar beside it,
so that it does not rest on colour alone; PDFium runs under PDFIUM_LOCK, keeps few documents open, and no page is drawn
for longer than a limit.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from ragmed.canonical import sha256_file
from ragmed.corpus.pdf_text import PDFIUM_LOCK
from ragmed.errors import IntegrityError, UnreadableFileError
from ragmed.records import Document, Page

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ragmed.interfaces import PageRenderer

MARK = (255, 214, 102)
"""Highlight, multiplied with the page: black text on it keeps a contrast above 14:1."""
BAR = (176, 86, 0)
"""The bar beside the highlight: 5.2:1 on white."""

_OPEN_DOCUMENTS = 4
_MAX_PIXELS = 40_000_000
_MAX_WIDTH = 4000
_SECONDS = 8.0
"""For the drawing of one page: real ones take up to 0.15 s, and all other pictures wait for it."""


@dataclass(frozen=True, slots=True)
class Rect:
    """Points from the top left corner of the displayed page."""

    left: float
    top: float
    right: float
    bottom: float


def highlight_rectangles(page: Page, start: int, end: int) -> tuple[Rect, ...]:
    """The ink of ``page.text[start:end]`` as one rectangle a line (a cell, in tables); empty without geometry."""
    if not page.boxes or not 0 <= start < end <= len(page.text):
        return ()
    boxes = np.frombuffer(page.boxes, "<u2").reshape(-1, 4)[start:end].astype(np.float32) / 10
    boxes = boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])]
    lines: list[list[float]] = []
    for left, top, right, bottom in boxes.tolist():
        if lines:
            line = lines[-1]
            shared = min(bottom, line[3]) - max(top, line[1])
            height = min(bottom - top, line[3] - line[1])
            if shared > 0.4 * height and -height < left - line[2] < 2.0 * max(height, 4.0):
                lines[-1] = [min(left, line[0]), min(top, line[1]), max(right, line[2]), max(bottom, line[3])]
                continue
        lines.append([left, top, right, bottom])
    return tuple(Rect(*line) for line in lines)


class SourceCheck:
    """Whether a file is still the one that was indexed; hashes it once for each size and time of change."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], str] = {}
        self._lock = threading.Lock()

    def verify(self, source: Path, document: Document) -> tuple[str, int, int]:
        """The file's key. Raises UnreadableFileError where it is gone, IntegrityError where it has changed."""
        try:
            state = source.stat()
            key = (str(source), state.st_mtime_ns, state.st_size)
            with self._lock:
                digest = self._known.get(key)
            if digest is None:
                digest = sha256_file(source)
                with self._lock:
                    self._known[key] = digest
        except OSError as error:
            raise UnreadableFileError(
                f"{source}: cannot be opened ({error.strerror})", remedy="put the document back into its place"
            ) from None
        if digest != document.sha256:
            raise IntegrityError(
                f"{source}: not the file that was indexed as {document.title!r} (SHA-256 differs)",
                remedy="restore the indexed file, or run `ragmed index` to take in the new one",
            )
        return key


class PdfPageRenderer:
    """PageRenderer for PDF. Safe to share between threads; they take turns."""

    def __init__(self, check: SourceCheck | None = None) -> None:
        self._check = check or SourceCheck()
        self._open: OrderedDict[tuple[str, int, int], Any] = OrderedDict()

    def render(self, source: Path, document: Document, page: Page, start: int, end: int, *, width: int) -> bytes:
        """See PageRenderer."""
        key = self._check.verify(source, document)
        with PDFIUM_LOCK:
            picture = self._picture(key, source, page, min(max(width, 50), _MAX_WIDTH))
        scale = picture.shape[1] / max(page.width, 1.0)
        mark(picture, highlight_rectangles(page, start, end), scale)
        return png(picture)

    def close(self) -> None:
        """Close all documents; the renderer stays usable."""
        from pypdfium2 import raw

        with PDFIUM_LOCK:
            while self._open:
                raw.FPDF_CloseDocument(self._open.popitem()[1])

    def _document(self, key: tuple[str, int, int], source: Path) -> Any:
        import pypdfium2  # noqa: F401
        from pypdfium2 import raw

        if key in self._open:
            self._open.move_to_end(key)
            return self._open[key]
        document = raw.FPDF_LoadDocument(str(source).encode("utf-8", "surrogateescape"), None)
        if not document:
            raise UnreadableFileError(f"{source}: PDFium cannot open it, so there is no picture of its pages")
        self._open[key] = document
        while len(self._open) > _OPEN_DOCUMENTS:
            raw.FPDF_CloseDocument(self._open.popitem(last=False)[1])
        return document

    def _picture(self, key: tuple[str, int, int], source: Path, page: Page, width: int) -> NDArray[np.uint8]:
        """Shape (height, width, 4), blue green red unused."""
        import ctypes

        from pypdfium2 import raw

        loaded = raw.FPDF_LoadPage(self._document(key, source), page.number - 1)
        if not loaded:
            raise UnreadableFileError(f"{source}: page {page.number} cannot be opened, so there is no picture of it")
        bitmap = None
        try:
            wide, high = raw.FPDF_GetPageWidthF(loaded), raw.FPDF_GetPageHeightF(loaded)
            ratio = high / wide if wide > 0 and high > 0 else 1.0
            width = max(min(width, int((_MAX_PIXELS / ratio) ** 0.5)), 1)
            height = max(round(width * ratio), 1)
            bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_BGRx, None, 0)
            if not bitmap:
                raise UnreadableFileError(f"{source}: no memory for a picture of page {page.number}")
            raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
            if not _drawn(raw, bitmap, loaded, width, height):
                raise UnreadableFileError(
                    f"{source}: drawing page {page.number} took longer than {_SECONDS:.0f} s, so it has no picture"
                )
            stride = raw.FPDFBitmap_GetStride(bitmap)
            content = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), stride * height)
            return np.frombuffer(content, np.uint8).reshape(height, stride // 4, 4)[:, :width].copy()
        finally:
            if bitmap:
                raw.FPDFBitmap_Destroy(bitmap)
            raw.FPDF_ClosePage(loaded)


def _drawn(raw: Any, bitmap: Any, page: Any, width: int, height: int) -> bool:
    """Whether the page was drawn in time; PDFium asks between two of its objects whether to go on."""
    end = time.monotonic() + _SECONDS
    asks = raw.IFSDK_PAUSE()
    # kept in a name of its own: PDFium holds no reference to it
    answer = type(asks.NeedToPauseNow)(lambda _: time.monotonic() > end)
    asks.version, asks.NeedToPauseNow = 1, answer
    try:
        done: int = raw.FPDF_RenderPageBitmap_Start(bitmap, page, 0, 0, width, height, 0, raw.FPDF_ANNOT, asks)
    finally:
        raw.FPDF_RenderPage_Close(page)
    return bool(done != raw.FPDF_RENDER_TOBECONTINUED)


class AnyPageRenderer:
    """PageRenderer for every format: PDFs as printed, everything else typeset from its text."""

    def __init__(self) -> None:
        from ragmed.corpus.typeset import TextPageRenderer  # brings Pillow's fonts

        check = SourceCheck()
        self._pdf = PdfPageRenderer(check)
        self._text = TextPageRenderer(check)

    def render(self, source: Path, document: Document, page: Page, start: int, end: int, *, width: int) -> bytes:
        """See PageRenderer."""
        chosen: PageRenderer = self._pdf if document.media_type == "application/pdf" else self._text
        return chosen.render(source, document, page, start, end, width=width)


def renderer_for(document: Document) -> PageRenderer:
    """A renderer for the document's format. Keep it: it holds open files and checked hashes."""
    if document.media_type == "application/pdf":
        return PdfPageRenderer()
    from ragmed.corpus.typeset import TextPageRenderer

    return TextPageRenderer()


def mark(picture: NDArray[np.uint8], rects: tuple[Rect, ...], scale: float) -> None:
    """Lay the highlight over ``rects`` (points; ``scale`` pixels to the point), a bar beside each stretch of lines."""
    high, wide = picture.shape[:2]
    tint = np.array(MARK[::-1], np.uint16)
    for rect in rects:
        top, bottom = max(int((rect.top - 0.6) * scale), 0), min(int((rect.bottom + 0.6) * scale) + 1, high)
        left, right = max(int((rect.left - 1) * scale), 0), min(int((rect.right + 1) * scale) + 1, wide)
        patch = picture[top:bottom, left:right, :3]
        patch[:] = (patch.astype(np.uint16) * tint // 255).astype(np.uint8)
    thick, apart = max(round(3 * scale / 1.6), 3), max(round(3 * scale), 3)
    for left_point, top_point, bottom_point in _bars(rects):
        right = max(int(left_point * scale) - apart, thick)
        top, bottom = max(int(top_point * scale), 0), min(int(bottom_point * scale) + 1, high)
        picture[top:bottom, max(right - thick, 0) : right, :3] = BAR[::-1]


def _bars(rects: tuple[Rect, ...]) -> list[tuple[float, float, float]]:
    """(left, top, bottom) beside each stretch of lines that stand under one another."""
    bars: list[tuple[float, float, float]] = []
    for rect in rects:
        if bars:
            left, top, bottom = bars[-1]
            height = rect.bottom - rect.top
            if rect.top < bottom + 1.2 * height and rect.bottom > top and abs(rect.left - left) < 40 * height:
                below = rect.top > bottom - 0.6 * height
                same_line = not below and rect.left > left
                if same_line or (below and rect.left < left + 12 * height):
                    bars[-1] = (min(left, rect.left), min(top, rect.top), max(bottom, rect.bottom))
                    continue
        bars.append((rect.left, rect.top, rect.bottom))
    return bars


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture (height, width, 4; blue green red unused) as PNG, packed for speed rather than size."""
    from PIL import Image

    height, width = picture.shape[:2]
    image = Image.frombuffer("RGB", (width, height), np.ascontiguousarray(picture), "raw", "BGRX", 0, 1)
    stream = BytesIO()
    image.save(stream, "PNG", compress_level=1)
    return stream.getvalue()
