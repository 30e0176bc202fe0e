"""Typing slips in clinical words: ``metfomin`` is ``metformin``.

Laws of this room: a word is mended only where the library does not hold it and the word list does not know it, and only
into a word of the list; the user's own word is searched too. Drug names that differ by a letter or two are different
drugs, so a word of the list is never touched, and two equally near words leave the slip alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from ragmed.terms import all_senses, all_terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHORTEST = 6
"""Shorter words have too many neighbours: ``gout`` is one letter from ``gut``."""
_LONG = 8
"""From this length on a second slip is allowed."""
_WORD = re.compile(r"[a-z]+")
_A = ord("a")


class Speller:
    """Nearest words of a fixed vocabulary, by the optimal string alignment distance."""

    def __init__(self, vocabulary: tuple[str, ...]) -> None:
        import numpy as np

        self._words = tuple(sorted({word for word in vocabulary if len(word) >= _SHORTEST and _WORD.fullmatch(word)}))
        self._known = frozenset(vocabulary)
        self._counts = (
            np.stack([_letters(word) for word in self._words]) if self._words else np.zeros((0, 26), dtype=np.int16)
        )

    def knows(self, word: str) -> bool:
        return word in self._known

    def mend(self, word: str, frequency: Callable[[str], int]) -> str:
        """The one word that ``word`` (lower case) was most likely meant to be, or an empty string.

        One slip is allowed, two from eight letters on; the first letter must stand. ``frequency`` breaks ties: the word
        that the library holds in more chunks wins, an exact tie mends nothing.
        """
        import numpy as np

        if len(word) < _SHORTEST - 1 or not _WORD.fullmatch(word) or word in self._known:
            return ""
        allowed = 2 if len(word) >= _LONG else 1
        # a slip changes at most two letter counts by one: a cheap bound that leaves a handful to compare
        near = np.flatnonzero(np.abs(self._counts - _letters(word)).sum(axis=1) <= 2 * allowed)
        found: dict[int, list[str]] = {}
        for other in (self._words[row] for row in near):
            if other[0] == word[0] and (distance := alignment_distance(word, other, allowed)) <= allowed:
                found.setdefault(distance, []).append(other)
        if not found:
            return ""
        ranked = sorted(((frequency(other), other) for other in found[min(found)]), reverse=True)
        return "" if len(ranked) > 1 and ranked[0][0] == ranked[1][0] else ranked[0][1]


def _letters(word: str) -> NDArray[np.int16]:
    import numpy as np

    codes = np.frombuffer(word.encode("ascii"), dtype=np.uint8) - _A
    return np.bincount(codes, minlength=26).astype(np.int16)


def alignment_distance(first: str, second: str, limit: int) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours, each letter touched once; ``limit + 1`` if more.

    Optimal string alignment (Damerau 1964, restricted).
    """
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        older, before, row = before, row, [i, *[0] * len(second)]
        for j, other in enumerate(second, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


@lru_cache(maxsize=1)
def clinical_speller() -> Speller:
    """Over every English word of the term and abbreviation tables."""
    forms = [form for term in all_terms() for form in term.english]
    forms += [sense.expansion for sense in all_senses()]
    return Speller(tuple({word for form in forms for word in _WORD.findall(form.lower())}))
