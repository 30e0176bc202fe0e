"""When two texts are the same words: what "verbatim" lets go, and nothing else.

Let go are white space (and any beside Chinese characters), the shape of quotation marks and dashes, full-width forms, a
list bullet or item number in front, punctuation at the end. Letters, their case, digits and signs in between count.
"""

from __future__ import annotations

import re

from ragmed.text.denials import denials
from ragmed.text.language import HAN

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SHAPES = _FULL_WIDTH | str.maketrans(
    {
        **dict.fromkeys("“”„‟«»「」『』＂", '"'),
        **dict.fromkeys("‘’‚‛", "'"),
        **dict.fromkeys("‐‑‒–—−～〜", "-"),
        "。": ".",
        "\u00ad": None,
        "\u200b": None,
        "…": "...",
    }
)
_BESIDE_HAN = re.compile(rf"(?<=[{HAN}，。；：、（）《》“”]) | (?=[{HAN}，。；：、（）《》“”])")
_BULLET = re.compile(r"^(?:[•·▪◦■□●○*►-]\s*|\(?(?:\d{1,2}|[a-zA-Z])[.)]\s+|\d{1,2}、\s*)+")
_END = re.compile(r"[\s.,;:!?、]+$")
_MARKERS = re.compile(r"\s*\[\d{1,3}(?:\s*[,，–-]\s*\d{1,3})*\]\s*$")
_EXCEPTS = re.compile(r"\b(?:unless|except|only|if)\b|除非|除外|仅|只")
ELLIPSIS = re.compile(r"\s*(?:\.\.\.|\[\.\.\.\]|\(\.\.\.\))\s*")


def plain(text: str) -> str:
    """``text`` with all that "verbatim" lets go brought to one form."""
    folded = " ".join(text.split())
    folded = _BESIDE_HAN.sub("", folded).translate(_SHAPES)
    return _END.sub("", _BULLET.sub("", folded.strip('" ')).strip('" '))


def shown(text: str) -> str:
    """Page words as one line of an answer: line breaks become spaces, or nothing between Chinese characters."""
    return _BESIDE_HAN.sub("", " ".join(text.split()))


def without_bullet(text: str) -> str:
    """``text`` as one line without the bullet or item number in front."""
    return _BULLET.sub("", shown(text))


def without_markers(text: str) -> str:
    """``text`` without citation markers at its end."""
    while match := _MARKERS.search(text):
        text = text[: match.start()]
    return text


def identical(claim: str, quote: str) -> bool:
    """Whether the claim is the quoted words."""
    mine = plain(claim)
    return bool(mine) and mine == plain(quote)


def harmless(left_out: str) -> bool:
    """Whether words may be left out by an ellipsis: they deny nothing and make no exception."""
    return not denials(left_out) and _EXCEPTS.search(left_out) is None


def omissions(claim: str, quote: str) -> tuple[str, ...] | None:
    """What the marked ellipses of the claim leave out of the quote; None where the rest is not verbatim either."""
    parts = [part for part in ELLIPSIS.split(plain(claim)) if part]
    whole = plain(quote)
    if len(parts) < 2:
        return None
    left_out: list[str] = []
    position = 0
    for number, part in enumerate(parts):
        found = whole.find(part, position)
        if found < 0 or (number == 0 and found != 0):
            return None
        if number:
            left_out.append(whole[position:found])
        position = found + len(part)
    return tuple(left_out) if position == len(whole) else None
