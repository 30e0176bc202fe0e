"""Runs → fragments: stretches of one line without a wide gap. The unit of all layout.

Laws of this room: every kept run lies in exactly one fragment; a fragment's runs follow each other in the file; a
ruled vertical line, a gap of more than one line height, or a turn of the text ends a fragment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ragmed.corpus.pdf_text import is_han

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragmed.corpus.pdf_rules import Rules
    from ragmed.corpus.pdf_text import PageGlyphs

BULLETS = "•●○◦▪■□▫◆◇➢➤►▶‣⁃∙·✓✔❖–—*\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf0a8\uf071"
_BULLET_CODES = np.array([ord(sign) for sign in BULLETS], np.uint32)
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
    gaps: NDArray[np.bool_]
    """For each run of the page: whether a space stands before it."""
    size: list[float]
    """Mean line height in points, weighted by characters."""
    bold: list[float]
    """Share of the characters set in a bold face."""
    turned: list[bool]
    letters: list[int]
    """Characters in the fragment."""
    text: str
    """The page's characters as PDFium gave them; run i is ``text[starts[i]:ends[i]]``."""
    starts: list[int]
    ends: list[int]
    width: float
    """Of the layout space."""
    height: float
    turn: int
    """0: layout space is the displayed page; 1: text runs upwards; 2: it stands on its head; 3: it runs downwards."""

    def __len__(self) -> int:
        return len(self.left)

    def words(self, fragment: int) -> str:
        """The fragment's text, unmended."""
        pieces = []
        for position, run in enumerate(self.runs[fragment]):
            if position and self.gaps[run]:
                pieces.append(" ")
            pieces.append(self.text[self.starts[run] : self.ends[run]])
        return "".join(pieces)

    def line_text(self, runs: Sequence[int]) -> str:
        """The text of any runs, a space between those that are apart."""
        return "".join(
            (" " if position and self.gaps[run] else "") + self.text[self.starts[run] : self.ends[run]]
            for position, run in enumerate(runs)
        )


def fragments_of(glyphs: PageGlyphs, keep: NDArray[np.bool_], rules: Rules) -> Fragments:
    """The fragments of the runs that ``keep`` names; shape (runs,)."""
    boxes, turn, width, height = _layout_space(glyphs, keep)
    spaces = _spaces(glyphs, boxes)
    upright = glyphs.upright if turn == 0 else ~glyphs.upright
    chosen = np.flatnonzero(keep & upright)
    groups = _grouped(glyphs, boxes, chosen, rules if turn == 0 else None)
    groups += _turned(boxes, np.flatnonzero(keep & ~upright))
    lengths = (glyphs.ends - glyphs.starts).tolist()
    run_height = (boxes[:, 3] - boxes[:, 1]).tolist()
    rows = boxes.tolist()
    bold = glyphs.bold.tolist()
    flags = upright.tolist()
    left, top, right, bottom, size, heavy, letters = [], [], [], [], [], [], []
    for group in groups:
        if len(group) == 1:
            box = rows[group[0]]
            left.append(box[0])
            top.append(box[1])
            right.append(box[2])
            bottom.append(box[3])
            size.append(run_height[group[0]])
            heavy.append(float(bold[group[0]]))
            letters.append(lengths[group[0]])
            continue
        members = [rows[run] for run in group]
        left.append(min(box[0] for box in members))
        top.append(min(box[1] for box in members))
        right.append(max(box[2] for box in members))
        bottom.append(max(box[3] for box in members))
        count = sum(lengths[run] for run in group)
        size.append(sum(run_height[run] * lengths[run] for run in group) / count)
        heavy.append(sum(lengths[run] for run in group if bold[run]) / count)
        letters.append(count)
    return Fragments(
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        runs=groups,
        gaps=spaces,
        size=size,
        bold=heavy,
        turned=[not flags[group[0]] for group in groups],
        letters=letters,
        text=glyphs.text,
        starts=glyphs.starts.tolist(),
        ends=glyphs.ends.tolist(),
        width=width,
        height=height,
        turn=turn,
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


def _spaces(glyphs: PageGlyphs, boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether a space stands before each run, as far as its neighbour in the file tells."""
    count = len(glyphs.starts)
    before = np.ones(count, np.bool_)
    if count < 2:
        return before
    blank = np.concatenate([[0], np.cumsum(np.isin(glyphs.codes, (0x20, 0xA0, 0x09, 0x3000)))])
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
    before[1:] = np.where(left_han & right_han, han, np.where(left_han | right_han, mixed, latin))
    return before


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
    bullet = (lengths == 1) & np.isin(opening, _BULLET_CODES)
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
