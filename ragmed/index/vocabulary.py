"""The words of the lexical half, sorted, on disk: a word's number is found without reading the others.

A dictionary of half a million words takes a second to load and 100 MB to hold; a binary search over sorted bytes takes
some microseconds a word and holds nothing. ``words.npy`` has the UTF-8 bytes of all words one after another,
``word_ends.npy`` where each ends, ``holders.npy`` how many rows hold each, in any field.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WORDS, _ENDS, _HOLDERS = "words.npy", "word_ends.npy", "holders.npy"


def save_array(path: Path, values: NDArray[Any]) -> None:
    """Write an array in numpy's format, never pickled."""
    np.save(path, np.ascontiguousarray(values), allow_pickle=False)


def map_array(path: Path) -> NDArray[Any]:
    """The array of a file that ``save_array`` wrote, memory-mapped and read-only."""
    mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.asarray(mapped)  # a plain view of the map: slices of np.memmap itself cost microseconds each


def write_vocabulary(folder: Path, words: Iterable[str], holders: NDArray[np.uint32]) -> None:
    """``words`` in code point order; ``holders[i]`` rows hold the ``i``-th."""
    encoded = [word.encode() for word in words]
    save_array(folder / _WORDS, np.frombuffer(b"".join(encoded), dtype=np.uint8))
    save_array(folder / _ENDS, np.cumsum([len(word) for word in encoded], dtype=np.int64))
    save_array(folder / _HOLDERS, holders)


class Vocabulary:
    """Open words. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._bytes: NDArray[np.uint8] = map_array(folder / _WORDS)
        self._ends: NDArray[np.int64] = map_array(folder / _ENDS)
        self._holders: NDArray[np.uint32] = map_array(folder / _HOLDERS)

    def __len__(self) -> int:
        return len(self._ends)

    def number(self, word: str) -> int | None:
        """The word's number, or None for a word that no row holds."""
        wanted = word.encode()
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            found = self._word(middle)
            if found == wanted:
                return middle
            # UTF-8 sorts as its code points do
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        return None

    def holders(self, number: int) -> int:
        """How many rows hold the word, in any field."""
        return int(self._holders[number])

    def _word(self, number: int) -> bytes:
        start = int(self._ends[number - 1]) if number else 0
        return self._bytes[start : int(self._ends[number])].tobytes()
