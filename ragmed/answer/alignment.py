"""Sentences of a claim that are sentences of the page but for a few words: which words stand for which.

Laws of this room: a pure function of two texts. Two sentences are aligned only where nearly all of their words stand in
the same order, so that what stands at one place in both can be compared; a sentence in another order is left to the
checks that know no places. A number with its unit is one word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from ragmed.answer.polarity import sentences
from ragmed.text.language import HAN
from ragmed.text.numbers import Quantity, quantities

_TOKEN = re.compile(rf"\x00|[{HAN}]|[^\W_{HAN}]+")
_NEAR = 0.8
"""Share of words in the same order from which two sentences are one with a few words changed."""
_LONGEST = 160
"""Words of a sentence that are compared at most: time grows with the square."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands in the claim, and what stands at the same place on the page."""

    claim: str
    page: str
    claim_numbers: tuple[Quantity, ...]
    page_numbers: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    tokens: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    numbers: dict[int, Quantity]
    """By the place of their token."""


def replacements(claim: str, page: str) -> Iterator[Replacement]:
    """Every stretch of the claim that stands for another one of the page, sentence by sentence."""
    there = [_read(one) for one in sentences(page, semicolons=False)]
    for sentence in sentences(claim, semicolons=False):
        mine = _read(sentence)
        best, most = None, _NEAR
        for other in there:
            likeness = _likeness(mine, other)
            if likeness >= most:
                best, most = other, likeness
        if best is not None and best.tokens != mine.tokens:
            yield from _differences(mine, best)


@lru_cache(maxsize=4096)
def _read(sentence: str) -> _Sentence:
    found = quantities(sentence)
    plain = list(sentence.lower()) if len(sentence.lower()) == len(sentence) else list(sentence)
    for one in found:
        plain[one.start : one.end] = "\x00" + " " * (one.end - one.start - 1)
    tokens: list[str] = []
    spans: list[tuple[int, int]] = []
    numbers: dict[int, Quantity] = {}
    by_start = {one.start: one for one in found}
    for match in _TOKEN.finditer("".join(plain)):
        if len(tokens) == _LONGEST:
            break
        if match.group() == "\x00":
            one = by_start[match.start()]
            numbers[len(tokens)] = one
            tokens.append(f"\x00{one.key}")
            spans.append((one.start, one.end))
        else:
            tokens.append(match.group())
            spans.append(match.span())
    return _Sentence(sentence, tuple(tokens), tuple(spans), numbers)


def _likeness(mine: _Sentence, other: _Sentence) -> float:
    matcher = SequenceMatcher(None, mine.tokens, other.tokens, autojunk=False)
    return 0.0 if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < _NEAR else matcher.ratio()


def _differences(mine: _Sentence, other: _Sentence) -> Iterator[Replacement]:
    moved = SequenceMatcher(None, mine.tokens, other.tokens, autojunk=False)
    opcodes: Sequence[tuple[str, int, int, int, int]] = _by_place(mine, other) or moved.get_opcodes()
    for kind, a, b, c, d in opcodes:
        if kind == "replace":
            yield Replacement(
                mine.text[mine.spans[a][0] : mine.spans[b - 1][1]],
                other.text[other.spans[c][0] : other.spans[d - 1][1]],
                tuple(mine.numbers[place] for place in range(a, b) if place in mine.numbers),
                tuple(other.numbers[place] for place in range(c, d) if place in other.numbers),
            )


def _by_place(mine: _Sentence, other: _Sentence) -> list[tuple[str, int, int, int, int]] | None:
    """Word by word where the two are equally long: "T3 into T4" for "T4 into T3" is two words changed, none moved."""
    if len(mine.tokens) != len(other.tokens):
        return None
    places = [place for place, pair in enumerate(zip(mine.tokens, other.tokens, strict=True)) if pair[0] != pair[1]]
    if len(places) > (1 - _NEAR) * len(mine.tokens):
        return None
    return [("replace", place, place + 1, place, place + 1) for place in places]
