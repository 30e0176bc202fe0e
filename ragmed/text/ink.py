"""Whether words of a page can be seen: their boxes lie on the page and hold ink.

Laws of this room: a page without boxes (HTML, Markdown) has no geometry to contradict its text, so its words count as
seen. A box of zero size or with its centre off the page leaves no ink; a Latin word is seen when at least half of its
characters are, a Chinese character stands for itself.
"""

from __future__ import annotations

import re
from struct import iter_unpack
from typing import TYPE_CHECKING

from ragmed.text.language import HAN

if TYPE_CHECKING:
    from ragmed.records import Page

_WORD = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_SLACK = 10
"""Tenths of a point that a glyph may hang over the page's edge."""


def unseen(page: Page, start: int, end: int) -> str:
    """The first words in ``[start, end)`` that leave no visible ink, at most five of them; "" where all are seen."""
    if not page.boxes:
        return ""
    right, bottom = page.width * 10 + _SLACK, page.height * 10 + _SLACK
    inked = [
        x1 > x0 and y1 > y0 and (x0 + x1) / 2 <= right and (y0 + y1) / 2 <= bottom
        for x0, y0, x1, y1 in iter_unpack("<4H", page.boxes[8 * start : 8 * end])
    ]
    hidden = []
    for word in _WORD.finditer(page.text, start, end):
        seen = sum(inked[word.start() - start : word.end() - start])
        if 2 * seen < word.end() - word.start():
            hidden.append(word.group())
    joiner = "" if hidden and not hidden[0].isascii() else " "
    return joiner.join(hidden[:5])
