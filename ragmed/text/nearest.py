"""Which of many short texts is nearest to one: the same statement in other words, found without comparing all pairs.

Laws of this room: texts come in their normal form; likeness is 1 for the same words in the same order and 0 where no
word is shared; what is rare in the collection counts for more than what stands everywhere. Candidates share a
rare word, unless they are few: a text that shares only common ones is like nothing here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

from ragmed.text.normal import normal_words

MOST_CANDIDATES = 8
"""Texts compared word by word for each one asked about."""
_MOST_HOLDERS = 150
"""A word that more texts hold finds nobody (it still counts once somebody is found)."""

_FEW = 60
"""So few texts are all compared, without asking for a rare word."""


class Nearest:
    """Texts to be found again by likeness."""

    def __init__(self, forms: Sequence[str]) -> None:
        self._words = [normal_words(form) for form in forms]
        self._counts = [Counter(words) for words in self._words]
        self._holders: dict[str, list[int]] = {}
        for place, counts in enumerate(self._counts):
            for word in counts:
                self._holders.setdefault(word, []).append(place)
        self._size = max(len(forms), 1)
        self._weights = [self._weight_of(counts) for counts in self._counts]

    def _rarity(self, word: str) -> float:
        return math.log(1 + self._size / (1 + len(self._holders.get(word, ()))))

    def _weight_of(self, counts: Counter[str]) -> float:
        return sum(self._rarity(word) * count for word, count in counts.items())

    def like(self, form: str, *, floor: float, among: Collection[int] | None = None) -> list[tuple[float, int]]:
        """Likeness and place of the texts at least ``floor`` like ``form``, most alike first; of equals the first."""
        words = normal_words(form)
        counts = Counter(words)
        own = self._weight_of(counts)
        shared = self._shared(counts, among)
        best = sorted(
            ((2 * weight / ((own + self._weights[place]) or 1.0), place) for place, weight in shared.items()),
            key=lambda one: (-round(one[0], 9), one[1]),
        )[:MOST_CANDIDATES]
        found = []
        matcher: SequenceMatcher[str] = SequenceMatcher(None, (), words, autojunk=False)
        for dice, place in best:
            matcher.set_seq1(self._words[place])
            if (dice + matcher.quick_ratio()) / 2 >= floor:
                likeness = (dice + matcher.ratio()) / 2
                if likeness >= floor:
                    found.append((likeness, place))
        return sorted(found, key=lambda one: (-round(one[0], 9), one[1]))

    def _shared(self, counts: Counter[str], among: Collection[int] | None) -> dict[int, float]:
        """The weight of the words that texts share with ``counts``, by place."""
        shared: dict[int, float] = {}
        if among is not None and len(among) <= _FEW:
            for place in among:
                theirs = self._counts[place]
                weight = sum(self._rarity(word) * min(count, theirs[word]) for word, count in counts.items())
                if weight:
                    shared[place] = weight
            return shared
        for word, count in counts.items():
            holders = self._holders.get(word, ())
            if len(holders) <= _MOST_HOLDERS:
                rarity = self._rarity(word)
                for place in holders:
                    if among is None or place in among:
                        shared[place] = shared.get(place, 0.0) + rarity * min(count, self._counts[place][word])
        return shared
