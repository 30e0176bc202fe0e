"""Pages without geometry (HTML, Markdown, DOCX, EPUB, TXT) as pictures: their text set on white, the quote marked.

Laws of this room: every character drawn stands in ``page.text``; a font that lacks the script is an error that names
the package to install, never a row of empty squares; a long chapter is shown around the quote, and says that it goes
on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ragmed.corpus.render import Rect, SourceCheck, mark, png
from ragmed.errors import MissingPartError
from ragmed.records import BlockKind, Document, Page

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_LATIN_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/Library/Fonts/Arial Unicode.ttf",
    "C:/Windows/Fonts/segoeui.ttf",
)
_CJK_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/droid/DroidSansFallback.ttf",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simsun.ttc",
)
_HAN = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_TOKEN = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|\\s+")
_LINES = 60
_LINES_ABOVE = 18
_INK, _GREY = (33, 37, 41), (110, 118, 126)


@dataclass(frozen=True, slots=True)
class _SetLine:
    start: int
    end: int
    heading: bool
    indent: float
    opens: bool
    """First line of its block: a little space stands above it."""


class TextPageRenderer:
    """PageRenderer for pages whose text has no place on paper."""

    def __init__(self, check: SourceCheck | None = None) -> None:
        self._check = check or SourceCheck()

    def render(self, source: Path, document: Document, page: Page, start: int, end: int, *, width: int) -> bytes:
        """See PageRenderer. Raises MissingPartError where Chinese text finds no font."""
        from PIL import Image, ImageDraw

        self._check.verify(source, document)
        width = min(max(width, 200), 4000)
        size = max(width / 46, 11.0)
        body, heading = _font(page.text, round(size)), _font(page.text, round(size * 1.25))
        margin = width * 0.07
        lines, before, after = _window(page, start, end, width - 2 * margin, body, heading)
        step = size * 1.5
        places: list[float] = []
        y = margin * 0.8 + (step if before else 0)
        for line in lines:
            y += (step * (0.75 if line.heading else 0.4)) if line.opens and places else 0
            places.append(y)
            y += step * (1.2 if line.heading else 1.0)
        height = int(y + margin * 0.8 + (step if after else 0))
        image = Image.new("RGB", (width, height), "white")
        draw = ImageDraw.Draw(image)
        rects = []
        for line, top in zip(lines, places, strict=True):
            font = heading if line.heading else body
            left = margin + line.indent
            # a stroke thickens headings where the font has no bold face beside it
            draw.text(
                (left, top), page.text[line.start : line.end], font=font, fill=_INK, stroke_width=int(line.heading)
            )
            low, high = max(start, line.start), min(end, line.end)
            if low < high:
                x0 = left + font.getlength(page.text[line.start : low])
                x1 = left + font.getlength(page.text[line.start : high])
                rects.append(Rect(x0, top - size * 0.1, x1, top + size * (1.5 if line.heading else 1.25)))
        if before:
            draw.text((margin, margin * 0.6), "…", font=body, fill=_GREY)
        if after:
            draw.text((margin, height - margin * 0.8 - step), "…", font=body, fill=_GREY)
        picture = np.dstack([np.asarray(image)[:, :, ::-1], np.zeros((height, width), np.uint8)])
        mark(picture, tuple(rects), 1.0)
        return png(picture)


def _font(text: str, size: int) -> FreeTypeFont:
    """A font that has the text's script. Raises MissingPartError."""
    chinese = _HAN.search(text) is not None
    found = _first_font(_CJK_FONTS if chinese else _LATIN_FONTS, size)
    if found is None and chinese:
        raise MissingPartError(
            "no font with Chinese characters was found for the picture of this page",
            remedy="install one (Debian: apt install fonts-noto-cjk; Fedora: google-noto-sans-cjk-fonts)",
        )
    if found is None:
        from PIL import ImageFont

        return ImageFont.load_default(size)  # type: ignore[return-value]  # a FreeTypeFont since Pillow 10.1
    return found


@lru_cache(maxsize=16)
def _first_font(paths: tuple[str, ...], size: int) -> FreeTypeFont | None:
    from PIL import ImageFont

    for path in paths:
        if Path(path).is_file():
            return ImageFont.truetype(path, size)
    return None


def _window(
    page: Page, start: int, end: int, room: float, body: FreeTypeFont, heading: FreeTypeFont
) -> tuple[list[_SetLine], bool, bool]:
    """The lines to show: all of a short page, else those around the quote; whether text was left out on each side."""
    spans = _spans(page)
    if not spans:
        return [], False, False
    at = next((n for n, (_, high, _, _) in enumerate(spans) if high > start), len(spans) - 1)
    lines: list[_SetLine] = []
    last = at
    while (
        last < len(spans) and (len(lines) < _LINES - _LINES_ABOVE or spans[last][0] < end) and len(lines) < 4 * _LINES
    ):
        lines.extend(_wrapped(page.text, spans[last], room, body, heading))
        last += 1
    first = at
    above: list[_SetLine] = []
    while first > 0 and len(lines) + len(above) < _LINES and (len(above) < _LINES_ABOVE or last == len(spans)):
        first -= 1
        above = _wrapped(page.text, spans[first], room, body, heading) + above
    while last < len(spans) and len(lines) + len(above) < _LINES:
        lines.extend(_wrapped(page.text, spans[last], room, body, heading))
        last += 1
    return above + lines, first > 0, last < len(spans)


def _spans(page: Page) -> list[tuple[int, int, bool, int]]:
    """(start, end, heading, list level) of each stretch between line breaks."""
    spans = []
    blocks = page.blocks or ()
    marks = [
        (
            block.start,
            block.end,
            block.kind is BlockKind.HEADING,
            block.level if block.kind is BlockKind.LIST_ITEM else 0,
        )
        for block in blocks
    ]
    if not marks:
        marks = [(0, len(page.text), False, 0)]
    for low, high, heading, level in marks:
        for match in re.finditer(r"[^\n]*\S[^\n]*", page.text[low:high]):
            spans.append((low + match.start(), low + match.end(), heading, level))
    return spans


def _wrapped(
    text: str, span: tuple[int, int, bool, int], room: float, body: FreeTypeFont, heading: FreeTypeFont
) -> list[_SetLine]:
    low, high, is_heading, level = span
    font = heading if is_heading else body
    indent = 1.2 * body.size * level
    lines: list[_SetLine] = []
    start, used = low, 0.0
    for match in _TOKEN.finditer(text, low, high):
        wide = font.getlength(match.group())
        if used and used + wide > room - indent and not match.group().isspace():
            lines.append(_SetLine(start, match.start(), is_heading, indent, not lines))
            start, used = match.start(), 0.0
        used += wide
    lines.append(_SetLine(start, high, is_heading, indent, not lines))
    return lines
