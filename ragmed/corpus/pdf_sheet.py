"""One page of a PDF on its way from characters to blocks.

Laws of this room: nothing here opens a file or notes anything; what a page is made of stays in the order in which
PDFium gave it, until ``segments_in_order`` puts it into that of a reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ragmed.corpus.blocks import HouseStyle, Segment, segments_of
from ragmed.corpus.fragments import Fragments, fragments_of
from ragmed.corpus.layout import reading_order
from ragmed.corpus.lines import BREAK, LEADING, Line, join_line
from ragmed.corpus.mending import NEWLINE, MendedPage, Vocabulary, mend_page
from ragmed.corpus.pdf_rules import Rules
from ragmed.corpus.pdf_text import PageFrame, PageGlyphs
from ragmed.records import BlockKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LARGEST = 200_000.0
"""Points; the largest page that Acrobat makes has 14,400, and a unit of its own may multiply that."""


@dataclass(slots=True, eq=False)
class Sheet:
    """One page on its way from characters to blocks."""

    glyphs: PageGlyphs
    keep: NDArray[np.bool_]
    rules: Rules
    fragments: Fragments


def no_glyphs(frame: PageFrame) -> PageGlyphs:
    """Those of a page without text."""
    none = np.zeros(0, np.bool_)
    return PageGlyphs(
        codes=np.zeros(0, np.uint32),
        boxes=np.zeros((0, 4), np.float32),
        starts=np.zeros(0, np.int64),
        ends=np.zeros(0, np.int64),
        run_boxes=np.zeros((0, 4), np.float32),
        bold=none,
        faint=none,
        inkless=none,
        upright=none,
        width=frame.width,
        height=frame.height,
    )


def blank_sheet(width: float, height: float) -> Sheet:
    """A page in points with nothing on it."""
    glyphs = no_glyphs(PageFrame(0.0, 0.0, width, height, 0))
    keep = np.zeros(0, np.bool_)
    return Sheet(glyphs, keep, Rules(), fragments_of(glyphs, keep, Rules()))


def is_a_sheet(width: float, height: float) -> bool:
    """Whether a page of ``width`` by ``height`` points can be; not a number is not."""
    return 1 <= width <= _LARGEST and 1 <= height <= _LARGEST


def garbled_share(glyphs: PageGlyphs, keep: NDArray[np.bool_]) -> float:
    """Share of the visible characters that mean nothing: controls, U+FFFD, private use apart from Symbol's."""
    starts, ends = glyphs.starts[keep], glyphs.ends[keep]
    total = int((ends - starts).sum())
    if total < 20:
        return 0.0
    upto = np.concatenate([[0], np.cumsum(_UNKNOWN[np.minimum(glyphs.codes, 0x10000)])])
    return float((upto[ends] - upto[starts]).sum() / total)


def _unknown_table() -> NDArray[np.bool_]:
    """For the code points of the basic plane, and one for all beyond it, whether they mean nothing."""
    codes = np.arange(0x10001)
    private = (codes >= 0xE000) & (codes <= 0xF8FF) & ~((codes >= 0xF020) & (codes <= 0xF0FF))
    unknown: NDArray[np.bool_] = (
        private | (codes == 0xFFFD) | ((codes < 0x20) & (codes != 2)) | ((codes >= 0x7F) & (codes < 0xA0))
    )
    return unknown


_UNKNOWN = _unknown_table()


def segments_in_order(sheet: Sheet, furniture: set[int], style: HouseStyle) -> list[Segment]:
    """The page's blocks in reading order: furniture of its upper half, the text, furniture of its lower half."""
    page = sheet.fragments
    flowing = [i for i in range(len(page)) if i not in furniture]
    segments = segments_of(page, reading_order(page, flowing, sheet.rules), style)
    around = sorted(furniture, key=lambda i: (round(page.top[i]), page.left[i]))
    middle = page.height / 2
    head = [_furniture(page, i) for i in around if page.top[i] < middle]
    foot = [_furniture(page, i) for i in around if page.top[i] >= middle]
    return [*head, *segments, *foot]


def _furniture(page: Fragments, fragment: int) -> Segment:
    runs, separators = join_line(page, [fragment])
    left, right = page.left[fragment], page.right[fragment]
    line = Line(
        runs=runs,
        separators=separators,
        left=left,
        top=page.top[fragment],
        right=right,
        bottom=page.bottom[fragment],
        size=page.size[fragment],
        bold=page.bold[fragment],
        region=-1,
        column_left=left,
        column_right=right,
    )
    return Segment([line], BlockKind.FURNITURE)


def mended_page(sheet: Sheet, segments: Sequence[Segment], vocabulary: Vocabulary) -> MendedPage:
    """The text of the segments, one after the other, with hyphens and ligatures resolved."""
    runs: list[int] = []
    separators: list[int] = []
    marks: list[int] = []
    for segment in segments:
        marks.append(len(runs))
        for at, line in enumerate(segment.lines):
            first = line.separators[0]
            opening = BREAK if at else first if first >= LEADING else NEWLINE
            runs.extend(line.runs)
            separators.append(opening)
            separators.extend(line.separators[1:])
    return mend_page(sheet.glyphs, sheet.fragments.text, runs, separators, marks, vocabulary)
