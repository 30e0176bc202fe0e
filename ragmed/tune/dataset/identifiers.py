"""Patient identifiers taken out of what people wrote, and counted by kind.

Laws: a document's own words stay as they are, so that what stands in a fence of the prompt is not looked at, and what
an answer repeats from a passage is kept; nothing that was found is written anywhere. Where ``presidio-analyzer`` is
installed it looks too (``ragmed.tune.dataset.presidio``); the patterns look always.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ragmed.tune.dataset.patterns import Found, found_in
from ragmed.tune.dataset.presidio import installed_finder

_FENCE = re.compile(r"<passages>.*?</passages>", re.DOTALL)


def replacement(kind: str) -> str:
    """What stands in the place of an identifier; no brackets, which would pass for markers."""
    return f"‹{kind.upper()}›"


class Scrubber:
    """Takes identifiers out of texts and counts them."""

    def __init__(self, *, patterns_only: bool = False) -> None:
        self.removed: Counter[str] = Counter()
        """Kind → places."""
        self._other = None if patterns_only else installed_finder()

    @property
    def finder(self) -> str:
        """What looks beside the patterns, with its version; empty where nothing does."""
        return self._other.name if self._other else ""

    def clean(self, text: str, documents: Sequence[str] = ()) -> str:
        """The text without identifiers. What stands in one of ``documents`` word for word is that document's."""
        pieces: list[str] = []
        reached = 0
        for fence in _FENCE.finditer(text):  # a prompt that was made already: its passages are data
            pieces += [self._cleaned(text[reached : fence.start()], documents), fence[0]]
            reached = fence.end()
        pieces.append(self._cleaned(text[reached:], documents))
        return "".join(pieces)

    def find(self, text: str, documents: Sequence[str] = ()) -> list[Found]:
        """What ``clean`` would take out of a text without fences, in order and without overlaps; counts nothing."""
        found = [*found_in(text), *(self._other.find(text) if self._other else ())]
        return [
            one
            for one in _without_overlaps(found)
            if not any(text[one.start : one.end] in document for document in documents)
        ]

    def _cleaned(self, text: str, documents: Sequence[str]) -> str:
        pieces: list[str] = []
        reached = 0
        for one in self.find(text, documents):
            pieces += [text[reached : one.start], replacement(one.kind)]
            reached = one.end
            self.removed[one.kind] += 1
        pieces.append(text[reached:])
        return "".join(pieces)


def _without_overlaps(found: Iterable[Found]) -> list[Found]:
    """In order; where two overlap they are one, of the longer one's kind."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if kept and one.start < kept[-1].end:
            last = kept[-1]
            kind = last.kind if last.end - last.start >= one.end - one.start else one.kind
            kept[-1] = Found(last.start, max(last.end, one.end), kind)
        else:
            kept.append(one)
    return kept
