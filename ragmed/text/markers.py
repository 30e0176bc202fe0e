"""Markers: ``[1]``, ``[2, 3]``, ``[1-3]``, and their Chinese form ``【1】``, in what a model writes.

Laws of this room: one pattern for all who look for them; what stands in brackets and is no number is no marker.
"""

from __future__ import annotations

import re

_NUMBERS = r"\d{1,3}(?:\s*[,，、–-]\s*\d{1,3})*"
BRACKETED = re.compile(rf"[\[【]({_NUMBERS})[\]】]")
"""A marker by itself; group 1 is what stands in the brackets."""
MARKER = re.compile(rf"\s*{BRACKETED.pattern}")
"""A marker with the spaces before it."""
BEGUN = re.compile(r"\s*[\[【][\d,，、–\s-]*(?:[\]】]|$)")
"""A marker with the spaces before it, also one that is still being written at the end of a text."""
_RANGE = re.compile(r"(\d{1,3})\s*[–-]\s*(\d{1,3})")
_LONGEST_RANGE = 20


def numbers_of(inside: str) -> list[int]:
    """The numbers that the inside of a marker names, in order; a range of more than 20 is its two ends."""
    numbers: list[int] = []
    for part in re.split(r"\s*[,，、]\s*", inside):
        span = _RANGE.fullmatch(part)
        if span and 0 <= int(span[2]) - int(span[1]) <= _LONGEST_RANGE:
            numbers.extend(range(int(span[1]), int(span[2]) + 1))
        else:
            numbers.extend(int(number) for number in re.findall(r"\d+", part))
    return numbers
