"""Two wordings of one statement, word by word: what both say, what only the old one, what only the new one.

Laws of this room: the runs of BOTH and OLD, joined, are the old text and those of BOTH and NEW the new one, white space
apart. A number stays with its unit, so that 80 mg against 160 mg reads as one change; a Chinese text is cut into words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ragmed.changes import Side, WordRun
from ragmed.text.language import HAN
from ragmed.text.numbers import quantities
from ragmed.text.stop_words import ENGLISH_STOP_WORDS
from ragmed.text.words import han_words

_TOKEN = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:[-–'’‐‑./][^\W_{HAN}]+)*|\S")
_HAN_RUN = re.compile(rf"[{HAN}]")
_NUMBER_START = re.compile(r"[≥≤<>~±]\s?\d|\d")
_RANGE_SIGN = re.compile(r"[-–—~][^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    gap: str
    """The white space behind it, one blank at most."""


def word_runs(old: str, new: str) -> tuple[WordRun, ...]:
    """``old`` against ``new``; equal texts give one run of BOTH, two empty ones nothing."""
    mine, theirs = _tokens(old), _tokens(new)
    matcher = SequenceMatcher(None, [one.text for one in mine], [one.text for one in theirs], autojunk=False)
    runs: list[WordRun] = []
    for a, b, c, d, equal in _without_islands(matcher.get_opcodes(), theirs):
        # the white space before a difference is part of it where only one of the two texts has it
        lost, gained = (mine[a - 1].gap, theirs[c - 1].gap) if a and c and not equal else ("", "")
        if equal:
            gap = mine[b - 1].gap and theirs[d - 1].gap
            runs.append(WordRun(text=_join(theirs[c:d]).rstrip() + gap, side=Side.BOTH))
            continue
        if a < b:
            runs.append(WordRun(text=("" if gained else lost) + _join(mine[a:b]), side=Side.OLD))
        if c < d:
            runs.append(WordRun(text=("" if lost else gained) + _join(theirs[c:d]), side=Side.NEW))
    return tuple(runs)


_Step = tuple[int, int, int, int, bool]


def _without_islands(opcodes: Sequence[tuple[str, int, int, int, int]], theirs: list[_Token]) -> list[_Step]:
    """A lone "of" or comma between two changes joins them: nobody reads it as kept."""
    found: list[_Step] = []
    for place, (tag, a, b, c, d) in enumerate(opcodes):
        equal = tag == "equal"
        island = equal and 0 < place < len(opcodes) - 1 and d - c == 1 and _says_nothing(theirs[c].text)
        if (island or not equal) and found and not found[-1][4]:
            found[-1] = (found[-1][0], b, found[-1][2], d, False)
        else:
            found.append((a, b, c, d, equal))
    return found


def _says_nothing(text: str) -> bool:
    plain = text.lower()
    return plain in ENGLISH_STOP_WORDS or (len(plain) == 1 and not plain.isalnum())


def _join(tokens: list[_Token]) -> str:
    return "".join(token.text + token.gap for token in tokens)


def _tokens(text: str) -> list[_Token]:
    spans = tuple(_numbers(text))
    found: list[_Token] = []
    position = 0
    for start, end in (*spans, (len(text), len(text))):
        for part_start, part_end in _plain_spans(text, position, start):
            found.append(_token(text, part_start, part_end))
        if end > start:
            found.append(_token(text, start, end))
        position = max(position, end)
    return found


def _token(text: str, start: int, end: int) -> _Token:
    return _Token(" ".join(text[start:end].split()), " " if text[end : end + 1].isspace() else "")


def _plain_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in _TOKEN.finditer(text, start, end):
        if not _HAN_RUN.match(match.group()):
            yield match.span()
            continue
        position = match.start()
        for word in han_words(match.group()):
            yield position, position + len(word)
            position += len(word)


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """The numbers of ``text`` with their units; the words of a comparison ("at least") stay outside."""
    for quantity in quantities(text):
        start, end = quantity.start, quantity.end
        if _RANGE_SIGN.match(text, end):
            # "stage II" of "stage II–IIIA" is half a word
            continue
        if quantity.comparator and (first := _NUMBER_START.search(text, start, end)):
            start = first.start()
        yield start, end
