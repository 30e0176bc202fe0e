"""One field of the lexical half: for each word the rows that hold it and how often; BM25 over them.

The laws of the room:

* BM25 as Lucene has it: ``idf * tf / (tf + K1 * (1 - B + B * length / mean length))`` with
  ``idf = log(1 + (N - df + 0.5) / (df + 0.5))``. ``N`` and the mean length are those of the rows that have words
  in this field: a field that few rows have would otherwise be punished for length.
* A search reads the postings of its own words and of no others; five bytes each, memory-mapped.
* Postings stand in word order, then in row order; the bytes follow from the rows alone (law 8).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ragmed.index.vocabulary import map_array, save_array

K1: Final = 1.2
B: Final = 0.75
"""Robertson's usual values; see docs/adr/0003-lexical-engine.md for what others gave."""
_STARTS, _ROWS, _COUNTS, _LENGTHS = "starts.npy", "rows.npy", "counts.npy", "lengths.npy"
_ROW_BITS = 32


@dataclass(frozen=True, slots=True)
class _Block:
    """The postings of a run of rows: ``words`` once each, and ``sizes`` postings of each in ``rows`` and ``counts``."""

    words: NDArray[np.int64]
    sizes: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint32]


class FieldPostings:
    """A field while it is being built. Words are numbered by the caller, as they first appear."""

    def __init__(self) -> None:
        self._waiting = array("i")
        self._lengths = array("I")
        self._settled = 0
        self._blocks: list[_Block] = []

    def add(self, words: Sequence[int]) -> None:
        """The words of the next row, repeats kept; none is fine."""
        self._waiting.extend(words)
        self._lengths.append(len(words))

    @property
    def empty(self) -> bool:
        return not self._blocks and not self._waiting

    def settle(self) -> NDArray[np.int64]:
        """Turn the waiting rows into postings; gives them as sorted keys ``word << 32 | row``."""
        lengths = np.asarray(self._lengths[self._settled :], dtype=np.int64)
        rows = np.repeat(np.arange(self._settled, self._settled + len(lengths), dtype=np.int64), lengths)
        keys, counts = np.unique(np.asarray(self._waiting, dtype=np.int64) << _ROW_BITS | rows, return_counts=True)
        self._settled += len(lengths)
        self._waiting = array("i")
        if len(keys):
            words, sizes = np.unique(keys >> _ROW_BITS, return_counts=True)
            held = (keys & (2**_ROW_BITS - 1)).astype(np.int32)
            self._blocks.append(_Block(words, sizes, held, _narrow(counts)))
        settled: NDArray[np.int64] = keys
        return settled

    def write(self, folder: Path, numbers: NDArray[np.int64]) -> None:
        """Write into ``folder``, which must be new; ``numbers[i]`` is the final number of the caller's word ``i``."""
        folder.mkdir()
        frequencies = np.zeros(len(numbers), dtype=np.int64)
        for block in self._blocks:
            frequencies[numbers[block.words]] += block.sizes
        starts = np.concatenate(([0], np.cumsum(frequencies)))
        highest = max((int(block.counts.max()) for block in self._blocks), default=0)
        rows = np.empty(int(starts[-1]), dtype=np.int32)
        counts = np.empty(int(starts[-1]), dtype=np.min_scalar_type(highest))
        following = starts[:-1].copy()
        for block in self._blocks:
            words = numbers[block.words]
            own = np.cumsum(block.sizes) - block.sizes
            places = np.repeat(following[words] - own, block.sizes) + np.arange(len(block.rows))
            rows[places] = block.rows
            counts[places] = block.counts
            following[words] += block.sizes
        save_array(folder / _STARTS, starts)
        save_array(folder / _ROWS, rows)
        save_array(folder / _COUNTS, counts)
        save_array(folder / _LENGTHS, _narrow(np.asarray(self._lengths, dtype=np.int64)))


def _narrow(values: NDArray[np.int64]) -> NDArray[Any]:
    """The same numbers in the narrowest unsigned type that holds them all."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))


class Field:
    """A field of an open index. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._starts: NDArray[np.int64] = map_array(folder / _STARTS)
        self._rows: NDArray[np.int32] = map_array(folder / _ROWS)
        self._counts: NDArray[Any] = map_array(folder / _COUNTS)
        lengths: NDArray[Any] = map_array(folder / _LENGTHS)
        self._filled = int(np.count_nonzero(lengths))
        mean = int(lengths.sum(dtype=np.int64)) / max(self._filled, 1)
        self._norms = (K1 * (1 - B + B * lengths / mean)).astype(np.float32)

    def add_scores(self, scores: NDArray[np.float32], word: int, weight: float) -> None:
        """Add the word's weighted BM25 scores to ``scores``, which has one place for each row of the snapshot."""
        start, end = int(self._starts[word]), int(self._starts[word + 1])
        if start == end:
            return
        rows = self._rows[start:end]
        counts = self._counts[start:end].astype(np.float32)
        idf = math.log(1 + (self._filled - (end - start) + 0.5) / (end - start + 0.5))
        below = self._norms[rows]
        below += counts
        counts /= below
        counts *= np.float32(weight * idf)
        np.add.at(scores, rows, counts)
