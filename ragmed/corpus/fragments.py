"""Runs → fragments: stretches of one line without a wide gap. The unit of all layout.

Laws of this room: every kept run lies in exactly one fragment; a fragment's runs follow each other in the file; a
ruled vertical line, a gap of more than one line height, or a turn of the text ends a fragment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ragmed.corpus.pdf_text import is_han

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragmed.corpus.pdf_rules import Rules
    from ragmed.corpus.pdf_text import PageGlyphs

BULLETS = "•●○◦▪■□▫◆◇➢➤►▶‣⁃∙·✓✔❖–—*\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf0a8\uf071"
_IS_BULLET = np.zeros(0x10000, np.bool_)
_IS_BULLET[[ord(sign) for sign in BULLETS]] = True
"""Indexed by code points of the basic plane; U+FFFF stands for all beyond it."""
_WIDE_GAP = 1.0
"""Line heights: word gaps of justified text stay below, column gutters above."""
_MARKER_GAP = 4.0
"""Line heights between a bullet and its text."""
ENUMERATOR = re.compile(
    r"\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]|\(?[A-Z]\)|[（(][一二三四五六七八九十\d]{1,2}[)）]|[一二三四五六七八九十]{1,3}、|[①-⑳]"
)


@dataclass(frozen=True, slots=True, eq=False)
class Fragments:
    """All fragments of one page. Boxes are in layout space: displayed, but turned upright where most text is turned."""

    left: list[float]
    top: list[float]
    right: list[float]
    bottom: list[float]
    runs: list[tuple[int, ...]]
    gaps: list[bool]
    """For each run of the page: whether a space stands before it."""
    size: list[float]
    """Mean line height in points, weighted by characters."""
    bold: list[float]
    """Share of the characters set in a bold face."""
    turned: list[bool]
    letters: list[int]
    """Characters in the fragment."""
    text: str
    """The page's characters as PDFium gave them."""
    spaced: list[str]
    """For each run of the page, its characters, behind a space where one stands before it."""
    width: float
    """Of the layout space."""
    height: float
    turn: int
    """0: layout space is the displayed page; 1: text runs upwards; 2: it stands on its head; 3: it runs downwards."""

    def __len__(self) -> int:
        return len(self.left)

    def words(self, fragment: int) -> str:
        """The fragment's text, unmended."""
        return self.line_text(self.runs[fragment])

    def line_text(self, runs: Sequence[int]) -> str:
        """The text of any runs, a space between those that are apart."""
        spaced = self.spaced
        text = "".join([spaced[run] for run in runs])
        return text[1:] if self.gaps[runs[0]] else text


def fragments_of(glyphs: PageGlyphs, keep: NDArray[np.bool_], rules: Rules) -> Fragments:
    """The fragments of the runs that ``keep`` names; shape (runs,)."""
    boxes, turn, width, height = _layout_space(glyphs, keep)
    spaces = _spaces(glyphs, boxes)
    upright = glyphs.upright if turn == 0 else ~glyphs.upright
    chosen = np.flatnonzero(keep & upright)
    groups = _grouped(glyphs, boxes, chosen, rules if turn == 0 else None)
    groups += _turned(boxes, np.flatnonzero(keep & ~upright))
    text, starts, ends = glyphs.text, glyphs.starts.tolist(), glyphs.ends.tolist()
    spaced = [f" {text[a:b]}" if gap else text[a:b] for a, b, gap in zip(starts, ends, spaces, strict=True)]
    left, top, right, bottom, size, bold, letters, turned = _measures(glyphs, boxes, upright, groups)
    return Fragments(
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        runs=groups,
        gaps=spaces,
        size=size,
        bold=bold,
        turned=turned,
        letters=letters,
        text=text,
        spaced=spaced,
        width=width,
        height=height,
        turn=turn,
    )


def _measures(
    glyphs: PageGlyphs, boxes: NDArray[np.float32], upright: NDArray[np.bool_], groups: list[tuple[int, ...]]
) -> tuple[list[Any], ...]:
    """Of each group of runs: left, top, right, bottom, mean height, share of bold, characters, turned or not."""
    if not groups:
        return ([], [], [], [], [], [], [], [])
    order = np.fromiter(chain.from_iterable(groups), np.int64)
    counts = np.fromiter(map(len, groups), np.int64, len(groups))
    firsts = np.cumsum(counts) - counts
    left, top, right, bottom = (np.ascontiguousarray(side) for side in boxes[order].T)
    lengths = (glyphs.ends - glyphs.starts)[order]
    letters = np.add.reduceat(lengths, firsts)
    # a run by itself keeps its height; in a group, products of 24-bit heights and short lengths add up exactly
    heights = (bottom - top).astype(np.float64)
    size = np.where(counts == 1, heights[firsts], np.add.reduceat(heights * lengths, firsts) / letters)
    bold = np.add.reduceat(np.where(glyphs.bold[order], lengths, 0), firsts) / letters
    return (
        np.minimum.reduceat(left, firsts).tolist(),
        np.minimum.reduceat(top, firsts).tolist(),
        np.maximum.reduceat(right, firsts).tolist(),
        np.maximum.reduceat(bottom, firsts).tolist(),
        size.tolist(),
        bold.tolist(),
        letters.tolist(),
        (~upright[order[firsts]]).tolist(),
    )


def _layout_space(glyphs: PageGlyphs, keep: NDArray[np.bool_]) -> tuple[NDArray[np.float32], int, float, float]:
    """Run boxes as they lie when the page is held so that most of its text is upright."""
    boxes = glyphs.run_boxes
    long = keep & (glyphs.ends - glyphs.starts > 1)
    turned = long & ~glyphs.upright
    if 2 * int(turned.sum()) <= int(long.sum()):
        return boxes, 0, glyphs.width, glyphs.height
    heads = glyphs.boxes[glyphs.starts[turned]]
    tails = glyphs.boxes[glyphs.ends[turned] - 1]
    left, top, right, bottom = boxes.T
    wide, high = np.float32(glyphs.width), np.float32(glyphs.height)
    across = float((tails[:, 0] - heads[:, 0]).sum())
    down = float((tails[:, 1] - heads[:, 1]).sum())
    if abs(across) > abs(down):
        return np.stack([wide - right, high - bottom, wide - left, high - top], axis=1), 2, glyphs.width, glyphs.height
    if down < 0:
        return np.stack([high - bottom, left, high - top, right], axis=1), 1, glyphs.height, glyphs.width
    return np.stack([top, wide - right, bottom, wide - left], axis=1), 3, glyphs.height, glyphs.width


def _spaces(glyphs: PageGlyphs, boxes: NDArray[np.float32]) -> list[bool]:
    """Whether a space stands before each run, as far as its neighbour in the file tells."""
    count = len(glyphs.starts)
    if count < 2:
        return [True] * count
    codes = glyphs.codes
    blank = np.zeros(len(codes) + 1, np.int32)
    np.cumsum((codes == 0x20) | (codes == 0xA0) | (codes == 0x09) | (codes == 0x3000), out=blank[1:])
    written = blank[glyphs.starts[1:]] > blank[glyphs.ends[:-1]]
    height = np.maximum(boxes[1:, 3] - boxes[1:, 1], boxes[:-1, 3] - boxes[:-1, 1])
    gap = boxes[1:, 0] - boxes[:-1, 2]
    left_han = is_han(glyphs.codes[glyphs.ends[:-1] - 1])
    right_han = is_han(glyphs.codes[glyphs.starts[1:]])
    latin = written | (gap > 0.15 * height)
    mixed = written & (gap > 0.12 * height)
    han = written & (gap > 0.6 * height)
    # turned runs are parted only where a space stands
    latin |= ~(glyphs.upright[1:] & glyphs.upright[:-1])
    before: list[bool] = np.where(left_han & right_han, han, np.where(left_han | right_han, mixed, latin)).tolist()
    return [True, *before]


def _grouped(
    glyphs: PageGlyphs, boxes: NDArray[np.float32], chosen: NDArray[np.int64], rules: Rules | None
) -> list[tuple[int, ...]]:
    if not len(chosen):
        return []
    own = boxes[chosen]
    height = np.maximum(own[:, 3] - own[:, 1], 0.5)
    shared = np.minimum(own[1:, 3], own[:-1, 3]) - np.maximum(own[1:, 1], own[:-1, 1])
    same = shared > 0.45 * np.minimum(height[1:], height[:-1])
    gap = own[1:, 0] - own[:-1, 2]
    tall = np.maximum(height[1:], height[:-1])
    lengths = (glyphs.ends - glyphs.starts)[chosen]
    opening = glyphs.codes[glyphs.starts[chosen]]
    closing = glyphs.codes[glyphs.ends[chosen] - 1]
    bullet = (lengths == 1) & _IS_BULLET[np.minimum(opening, 0xFFFF)]
    counted = (lengths <= 3) & ((closing == ord(".")) | (closing == ord(")")))
    marker = (bullet | counted)[:-1] & ~bullet[1:]
    limit = np.where(marker, _MARKER_GAP, _WIDE_GAP) * tall
    joined = same & (gap > -0.4 * tall) & (gap < limit)
    if rules is not None:
        for x, top, bottom in rules.down:
            joined &= ~((own[:-1, 2] <= x + 1.5) & (own[1:, 0] >= x - 1.5) & (own[1:, 1] < bottom) & (own[1:, 3] > top))
    edges = [0, *(np.flatnonzero(~joined) + 1).tolist(), len(chosen)]
    runs = chosen.tolist()
    return [tuple(runs[a:b]) for a, b in pairwise(edges)]


def _turned(boxes: NDArray[np.float32], chosen: NDArray[np.int64]) -> list[tuple[int, ...]]:
    """Runs that go up or down, joined to columns of words."""
    groups: list[list[int]] = []
    for run in chosen.tolist():
        if groups:
            left, top, right, bottom = boxes[run].tolist()
            before = boxes[groups[-1][-1]].tolist()
            thick = max(right - left, before[2] - before[0])
            alike = 2 * min(right - left, before[2] - before[0]) > thick
            beside = alike and abs(left - before[0]) < 0.4 * thick
            apart = max(top - before[3], before[1] - bottom)
            if beside and apart < thick:
                groups[-1].append(run)
                continue
        groups.append([run])
    return [tuple(group) for group in groups]
