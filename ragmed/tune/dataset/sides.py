"""Which side of the split something is on: whole series, whole documents, whole texts.

A *key* is a series, a document id or the hash of a passage's text. Keys that stand together in a row are on one side.
The library's series are placed first, by a hash of seed and name within each language, so that a language with two
series or more is also asked about; what comes from elsewhere follows the library where they share a key, and else goes
by the hash of its own group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ragmed.canonical import sha256_bytes
from ragmed.tune.dataset.rows import Split

TEST, VALIDATION = 0.2, 0.1
"""Shares of the series; the first is the embedder's too (``ragmed.tune.embedder.split``)."""


class CrossingError(Exception):
    """Things that stand on different sides would meet in one row."""


class Sides:
    """Keys and their sides. ``join`` keeps together what has met."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._above: dict[str, str] = {}
        self._placed: dict[str, Split] = {}

    def place(self, keys: Iterable[str], split: Split) -> None:
        """Put the group of these keys on a side. Raises CrossingError."""
        root = self.join(keys)
        if self._placed.setdefault(root, split) is not split:
            raise CrossingError

    def known(self, key: str) -> Split | None:
        """The side of a key, None where it has none yet."""
        return self._placed.get(self._root(key))

    def join(self, keys: Iterable[str]) -> str:
        """Keep these keys together; the name of their group. Raises CrossingError, and joins nothing then."""
        roots = sorted({self._root(key) for key in keys})
        sides = {self._placed[root] for root in roots if root in self._placed}
        if len(sides) > 1:
            raise CrossingError
        first = roots[0]  # the smallest name, whatever came first
        for root in roots[1:]:
            self._above[root] = first
            self._placed.pop(root, None)
        for side in sides:
            self._placed[first] = side
        return first

    def side(self, key: str) -> Split:
        """The side of the key's group, by its name where nothing else has chosen. Ask when all has been joined."""
        root = self._root(key)
        if root not in self._placed:
            part = int(sha256_bytes(f"{self._seed}:{root}".encode())[:8], 16) / 0x1_0000_0000
            self._placed[root] = (
                Split.TEST if part < TEST else Split.VALIDATION if part < TEST + VALIDATION else Split.TRAIN
            )
        return self._placed[root]

    def _root(self, key: str) -> str:
        while (above := self._above.get(key)) is not None:
            key = above
        return key


def library_sides(series: Mapping[str, str], seed: int) -> dict[str, Split]:
    """Series → side, of series → language. A language with one series has it among what is trained on."""
    found: dict[str, Split] = {}
    for language in sorted(set(series.values())):
        names = sorted(
            (name for name, spoken in series.items() if spoken == language),
            key=lambda name: sha256_bytes(f"{seed}:{name}".encode()),
        )
        test = max(1, round(TEST * len(names))) if len(names) > 1 else 0
        validation = max(1, round(VALIDATION * len(names))) if len(names) > 2 else 0
        for place, name in enumerate(names):
            found[name] = Split.TEST if place < test else Split.VALIDATION if place < test + validation else Split.TRAIN
    return found


def series_key(series: str) -> str:
    """Of a guideline across its editions."""
    return f"series {series}"


def document_key(document_id: str) -> str:
    """Of one edition."""
    return f"document {document_id}"


def text_key(text: str) -> str:
    """Of a passage's words, whatever the white space and the capitals."""
    return f"text {sha256_bytes(' '.join(text.split()).casefold().encode())[:24]}"
