"""Lines → the text of a page that may be quoted, and the box of every character of it.

Laws of this room: each code point of the text is either a character of the file with its box or one that was put in
with a zero box; ``len(boxes) == 8 * len(text)``. A hyphen at the end of a line goes only where the word is written
without it; ligatures, soft hyphens and compatibility forms (Kangxi radicals, Symbol's private codes) become plain
characters; nothing else of the wording changes, so that what is quoted is what is printed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ragmed.corpus.lines import BREAK, CELL, LEADING, NONE, SPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ragmed.corpus.pdf_text import PageGlyphs

NEWLINE = 3
"""Before a run: a new block begins."""

HYPHENS = "-\u2010\u00ad\ufffe\x02"
_KEEPS_HYPHEN = frozenset(
    [
        "all",
        "alpha",
        "anti",
        "beta",
        "cross",
        "double",
        "ex",
        "extra",
        "gamma",
        "half",
        "high",
        "intra",
        "inter",
        "large",
        "life",
        "long",
        "low",
        "mid",
        "mini",
        "multi",
        "near",
        "non",
        "one",
        "over",
        "part",
        "post",
        "pre",
        "quasi",
        "self",
        "semi",
        "short",
        "single",
        "small",
        "so",
        "state",
        "sub",
        "t",
        "third",
        "two",
        "ultra",
        "vice",
        "well",
        "x",
        "year",
        "first",
        "second",
        "evidence",
        "follow",
        "decision",
        "blood",
        "health",
        "patient",
        "risk",
        "dose",
        "time",
        "drug",
        "age",
        "fat",
        "cost",
        "fast",
        "half-life",
        "co",
        "three",
        "four",
        "five",
        "six",
    ]
)
"""First halves after which English keeps its hyphen, when the document itself does not show the word."""

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_FULL_WIDTH = re.compile("[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
_FULL_WIDTH_SIGN = re.compile(
    "[\u3001-\u3003\u3008-\u3011\u3014-\u301f\u30fb\ufe30-\ufe4f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
)
"""Chinese stops, brackets and full-width signs; not the full-width digits and letters, which are words."""
_SHARED_SIGNS = "\u2014\u2018\u2019\u201c\u201d\u2026\u00b7"
"""Dash, quotation marks, ellipsis and dot that Chinese and English write alike: their neighbour tells which it is."""
_RANGE = "~\u2013\u223c"
"""Between two numbers these signs stand without spaces."""
_DIVISION = re.compile("(?:[\ufffe\x02]|[-\u2010\u00ad] ?\\r?\\n)")
"""What divides a word at a line's end."""
_TAIL = re.compile(r"[^\W\d_]+\Z")
_LONGEST_WORD = 100
_HEAD = re.compile(r"[^\W\d_]+")

_SYMBOL_FONT = {
    0xF0A3: "≤", 0xF0B3: "≥", 0xF0B1: "±", 0xF0B4: "×", 0xF0B0: "°", 0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "➢", 0xF0FC: "✓",
    0xF061: "α", 0xF062: "β", 0xF067: "γ", 0xF064: "δ", 0xF06D: "μ", 0xF044: "Δ", 0xF0AE: "→", 0xF0AD: "↑", 0xF0AF: "↓",
    0xF0BB: "≈", 0xF0B9: "≠", 0xF02D: "−", 0xF03D: "=", 0xF03C: "<", 0xF03E: ">", 0xF02B: "+", 0xF025: "%", 0xF0D2: "®",
    0xF0D4: "™", 0xF0D3: "©", 0xF0E4: "™", 0xF0E2: "®", 0xF0E3: "©", 0xF0A8: "□", 0xF06F: "□", 0xF071: "❑", 0xF076: "❖",
}  # fmt: skip
"""Adobe's Symbol encoding (PDF reference, annex D.5) at U+F000, and the bullets of Wingdings."""


def _plain_forms() -> dict[int, str]:
    """Code point → what is written instead: one place for all that mending changes in a character."""
    forms = dict(_SYMBOL_FONT)
    compatible = (range(0xFB00, 0xFB07), range(0x2E80, 0x2FE0), range(0xF900, 0xFB00), range(0x1D400, 0x1D800))
    for block in compatible:
        for code in block:
            plain = unicodedata.normalize("NFKC", chr(code))
            if plain != chr(code):
                forms[code] = plain
    for code in (0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x200E, 0x200F):
        forms[code] = ""
    for code in (0x2, 0x2010, 0x2011, 0xFFFE):
        forms[code] = "-"
    for code in [*range(1, 0x2), *range(0x3, 0x9), *range(0xE, 0x20), *range(0x7F, 0xA0)]:
        forms[code] = "\ufffd"
    forms[0] = "\ufffd"
    return forms


_FORMS = _plain_forms()
_CHANGED = frozenset(chr(code) for code in _FORMS)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a document, lower case, compounds with their hyphens: how it writes when no line ends."""

    words: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Vocabulary:
        """From the unmended text of all pages."""
        words: set[str] = set()
        for text in texts:
            words.update(_WORD.findall(_without_divided(text.lower())))
        return cls(frozenset(words))

    def keeps_hyphen(self, before: str, after: str) -> bool:
        """Whether ``before-`` at a line's end and ``after`` on the next are a compound rather than one divided word."""
        tail, head = _TAIL.search(before), _HEAD.match(after)
        if tail is None or head is None or not head.group()[0].islower():
            return True
        first, second = tail.group().lower(), head.group().lower()
        if "-" in before:
            # already a compound: "calcium-channel-" is not divided at a second hyphen, "beta-block-er" is
            return first in _KEEPS_HYPHEN or second in self.words
        if f"{first}-{second}" in self.words:
            return f"{first}{second}" not in self.words
        if f"{first}{second}" in self.words:
            return False
        return first in _KEEPS_HYPHEN or (len(first) > 3 and first in self.words and second in self.words)


def _without_divided(text: str) -> str:
    """``text`` with a space for each word divided at a line's end: neither half is a word of the document."""
    kept = []
    end = 0
    for division in _DIVISION.finditer(text):
        # the division is looked for, as it is rare, and the halves around it from there
        tail = _TAIL.search(text, max(end, division.start() - _LONGEST_WORD), division.start())
        head = _HEAD.match(text, division.end())
        if tail is not None and head is not None and division.start() >= end:
            kept.append(text[end : tail.start()])
            end = head.end()
    return " ".join([*kept, text[end:]])


@dataclass(frozen=True, slots=True, eq=False)
class MendedPage:
    """A page's text, its boxes, and where each block of it lies."""

    text: str
    boxes: bytes
    spans: tuple[tuple[int, int], ...]


def mend_page(
    glyphs: PageGlyphs,
    source: str,
    runs: Sequence[int],
    separators: Sequence[int],
    marks: Sequence[int],
    vocabulary: Vocabulary,
) -> MendedPage:
    """Write out ``runs`` in this order, ``separators[i]`` before ``runs[i]``.

    ``source`` is ``glyphs.text``. ``marks`` are the positions in ``runs`` at which blocks begin, rising from 0.
    """
    chosen = np.asarray(runs, np.int64)
    starts = glyphs.starts[chosen].tolist()
    ends = glyphs.ends[chosen].tolist()
    leads = [_LEADS.get(kind, "") for kind in separators]
    for position, kind in enumerate(separators):
        if kind >= CELL:
            leads[position] = _border(kind)
        elif kind == BREAK and position:
            leads[position] = _mended_break(source, starts, ends, position, vocabulary)
    if leads:
        leads[0] = "| " * (separators[0] - LEADING)
    pieces = [""] * (2 * len(runs))
    pieces[0::2] = leads
    pieces[1::2] = [source[start:end] for start, end in zip(starts, ends, strict=True)]
    lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    offsets = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    text = "".join(pieces)
    origin = np.full(len(text), -1, np.int64)
    sizes = lengths[1::2]
    within = _counted(sizes)
    origin[np.repeat(offsets[1:-1:2], sizes) + within] = np.repeat(np.asarray(starts, np.int64), sizes) + within
    # offsets[2 * i] is where what stands before run i begins: a block ends there, the next begins behind the line break
    edges = np.asarray([offsets[2 * mark] for mark in marks] + [len(text)], np.int64)
    begins = edges[:-1] + [int(pieces[2 * mark].startswith("\n")) for mark in marks]
    if not _CHANGED.isdisjoint(text):
        text, origin, moved = _plain(text, origin)
        edges, begins = moved[edges], moved[begins]
    spans = tuple(zip(begins.tolist(), edges[1:].tolist(), strict=True))
    return MendedPage(text=text, boxes=pack_boxes(glyphs, origin), spans=spans)


def _counted(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … within each group."""
    total = int(sizes.sum())
    return np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)


_LEADS = {NONE: "", SPACE: " ", NEWLINE: "\n"}


def _border(kind: int) -> str:
    if kind >= LEADING:
        return "\n" + "| " * (kind - LEADING)
    return " | " + "| " * (kind - CELL)


def _mended_break(source: str, starts: list[int], ends: list[int], position: int, vocabulary: Vocabulary) -> str:
    """What a line's end becomes; may take the hyphen off the run before."""
    before, after = source[starts[position - 1] : ends[position - 1]], source[starts[position] : ends[position]]
    if before[-1] in HYPHENS and len(before) > 1 and (before[-2].isalnum() or before[-2] in "\u2019')"):
        if before[-1] == "\u00ad" or not vocabulary.keeps_hyphen(before[:-1], after):
            ends[position - 1] -= 1
            return ""
        return "" if after[0].isalnum() else " "
    if before[-1] in "/" and after[0].isalnum() and len(before) > 1:
        return ""
    if before[-1] in _RANGE and before[-2:-1].isdigit() and after[0].isdigit():
        return ""
    return "" if _joins(before[-1], after[0]) else " "


def _joins(last: str, first: str) -> bool:
    """Whether a line's end between these characters was no space: within Chinese, and beside a Chinese stop or sign.

    A full-width stop or sign carries its space within, so that nothing is put between it and a digit or letter
    (``6～ | 12周``, ``剂量： | 5 mg``); between a Chinese character and a Latin word the document's own habit is not
    known, and a space does no harm there.
    """
    if _FULL_WIDTH_SIGN.match(last) or _FULL_WIDTH_SIGN.match(first):
        return True
    if _is_full_width(last):
        return _is_full_width(first) or first in _SHARED_SIGNS
    return _is_full_width(first) and last in _SHARED_SIGNS


def _is_full_width(sign: str) -> bool:
    return bool(_FULL_WIDTH.match(sign))


def _plain(text: str, origin: NDArray[np.int64]) -> tuple[str, NDArray[np.int64], NDArray[np.int64]]:
    """The text in plain forms, the origin of its characters, and the new offset of each old one."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    counts = np.ones(len(text), np.int64)
    for sign in _CHANGED.intersection(text):
        form = _FORMS[ord(sign)]
        if len(form) != 1:
            counts[codes == ord(sign)] = len(form)
        # no form holds a sign that has one itself
        text = text.replace(sign, form)
    moved = np.concatenate([[0], np.cumsum(counts)])
    return text, np.repeat(origin, counts), moved


def pack_boxes(glyphs: PageGlyphs, origin: NDArray[np.int64]) -> bytes:
    """The boxes of the characters named by ``origin`` (-1: put in, no box), as ``Page.boxes`` stores them.

    Clipped to the page: ink outside is not seen. A character whose whole box is outside gets a zero box.
    """
    edge = np.array([glyphs.width, glyphs.height, glyphs.width, glyphs.height], np.float32)
    boxes = np.minimum(np.maximum(glyphs.boxes, 0), edge) * 10
    packed = np.minimum(np.rint(boxes, out=boxes), 65535, out=boxes).astype("<u2")
    flat = (packed[:, 2] <= packed[:, 0]) | (packed[:, 3] <= packed[:, 1])
    whole = packed.view("<u8")[:, 0]
    whole[flat] = 0
    # -1 takes the zero behind the last character
    return np.concatenate([whole, np.zeros(1, "<u8")])[origin].tobytes()
