"""The dense index of a large library: one bit a component to find candidates, sixteen to order them.

Every allowed row's sketch (FAISS ``IndexRaBitQ``: Gao and Long 2024, "RaBitQ") is compared with the question; the best
candidates are read from the rows as they were embedded, rounded to half precision, and ordered by their cosines. The
laws of the room:

* All rows are looked at: there are no lists to miss, a filter cannot hide a row, and where no more rows are allowed
  than candidates are taken, the answer is that of an exact search.
* How many candidates are taken for each row that is wanted is measured, not guessed: the fewest, by doubling, with
  which sample questions find ``RECALL`` of the rows that an exact search over the unrounded vectors gives. What was
  measured is written down with the index. Vectors that cannot be sketched so well are not: ``write_sketch`` says no.
* A sample question is the middle of two rows: questions lie between passages rather than on them.
* Nothing here is random and nothing depends on threads: the same rows give the same bytes (law 8).
* Sketches are memory-mapped. Rows are read one by one and not mapped, for a map of them would sooner or later count
  as memory of the program, some hundreds of megabytes for a million rows.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ragmed.errors import IntegrityError

if TYPE_CHECKING:
    from ragmed.index.row_mask import RowMask

Parts = Callable[[], Iterable[NDArray[np.float32]]]
"""The vectors of the rows, part by part in row order; asked for anew for each pass over them."""

DEPTH: Final = 100
RECALL: Final = 0.99
"""Share of the ten and of the hundred nearest rows that is found at least (docs/adr/0008-search-at-scale.md)."""
FEWEST, MOST = 8, 64
"""Candidates for each row that is wanted, where ``DEPTH`` are; for fewer no fewer are taken."""
SAMPLES: Final = 128
_QUERY_BITS: Final = 4
"""Bits that a component of the question keeps: with 2, 1000 candidates hold 0.971 of the 100 nearest, with 3 they hold
0.991, with 4 and with 8 0.993."""
_TRAINING_ROWS: Final = 100_000
"""Of which the centre is taken that sketches are made around."""


def write_sketch(path: Path, parts: Parts, rows: int, dimensions: int) -> dict[str, Any] | None:
    """Write sketches to ``path`` and rows beside it; gives what to note of them, None where recall is not reached."""
    import faiss

    index = faiss.IndexRaBitQ(dimensions, faiss.METRIC_INNER_PRODUCT)
    index.train(_every(parts(), max(1, rows // _TRAINING_ROWS)))
    kept = np.lib.format.open_memmap(
        rows_of(path), mode="w+", dtype=np.dtype("<f2"), shape=(rows, dimensions), version=(1, 0)
    )
    first = 0
    for part in parts():
        if len(part):
            index.add(np.ascontiguousarray(part, dtype=np.float32))
            kept[first : first + len(part)] = part
            first += len(part)
    kept.flush()
    del kept
    faiss.write_index(index, str(path))
    measured = _measured(path, parts, rows)
    if measured is None:
        rows_of(path).unlink()
    return measured


def _measured(path: Path, parts: Parts, rows: int) -> dict[str, Any] | None:
    """The candidates that it takes, and the recall that they give; None where ``MOST`` do not reach ``RECALL``."""
    from ragmed.index.row_mask import RowMask

    samples = _samples(parts, rows)
    depth = min(DEPTH, rows)
    truth = nearest(parts(), samples, depth)
    mask = RowMask(np.ones(rows, dtype=np.bool_))
    candidates = FEWEST
    while candidates <= MOST:
        sketch = Sketch(path, candidates)
        found = np.stack([sketch.search(sample, depth, mask)[0] for sample in samples])
        recall = recall_of(found, truth)
        shallow = recall_of(found[:, :10], truth[:, :10])
        if min(recall, shallow) >= RECALL:
            return {
                "candidates": candidates,
                "samples": len(samples),
                "recall": {"10": round(shallow, 4), str(DEPTH): round(recall, 4)},
            }
        candidates *= 2
    return None


def rows_of(path: Path) -> Path:
    """Where the rows of the sketches at ``path`` are kept."""
    return path.with_suffix(".rows.npy")


class Sketch:
    """Open sketches and rows. Safe to share between threads: searching changes nothing."""

    def __init__(self, path: Path, candidates: int) -> None:
        """``candidates`` are compared in full for each row that is wanted. Raises IntegrityError."""
        import faiss

        try:
            self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
            rows = np.load(rows_of(path), mmap_mode="r", allow_pickle=False)
        except (RuntimeError, ValueError) as error:
            raise IntegrityError(f"{path}: not an index: {error}", remedy="build the index again") from None
        self._candidates = candidates
        self._first_byte = int(rows.offset)
        self.rows, self.dimensions = (int(size) for size in rows.shape)
        self._path = rows_of(path)
        self._descriptor = os.open(self._path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def search(
        self, vector: NDArray[np.float32], k: int, mask: RowMask
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` allowed rows nearest to ``vector`` and their cosines, best first, equal ones in row order."""
        import faiss

        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        parameters = faiss.RaBitQSearchParameters(sel=mask.selector(), qb=_QUERY_BITS)  # type: ignore[call-arg]
        candidates = min(self._candidates * max(k, DEPTH), mask.count)
        _, found = self._index.search(query, candidates, params=parameters)
        rows = np.sort(found[0][found[0] >= 0]).astype(np.int64)
        scores = self._read(rows).astype(np.float32) @ query[0]
        order = np.lexsort((rows, -scores))[:k]
        return rows[order], scores[order]

    def _read(self, rows: NDArray[np.int64]) -> NDArray[np.float16]:
        """Rows from the file, shape (len(rows), dimensions)."""
        read = np.empty((len(rows), self.dimensions), dtype=np.dtype("<f2"))
        width = self.dimensions * read.itemsize
        place = read.data.cast("B") if len(rows) else memoryview(b"")
        for number, row in enumerate(rows.tolist()):
            wanted = place[number * width : (number + 1) * width]
            if os.preadv(self._descriptor, [wanted], self._first_byte + row * width) != width:
                raise IntegrityError(f"{self._path}: ends before row {row}", remedy="build the index again")
        return read


def nearest(parts: Iterable[NDArray[np.float32]], queries: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The ``k`` rows with the greatest inner products, best first, exactly, a part at a time; shape (queries, k).

    There must be ``k`` rows.
    """
    best = np.empty((len(queries), 0), dtype=np.float32)
    rows = np.empty((len(queries), 0), dtype=np.int64)
    first = 0
    for part in parts:
        numbers = np.broadcast_to(np.arange(first, first + len(part)), (len(queries), len(part)))
        best = np.concatenate([best, queries @ np.asarray(part, dtype=np.float32).T], axis=1)
        rows = np.concatenate([rows, numbers], axis=1)
        if best.shape[1] > k:
            kept = np.argpartition(-best, k - 1, axis=1)[:, :k]
            best, rows = np.take_along_axis(best, kept, axis=1), np.take_along_axis(rows, kept, axis=1)
        first += len(part)
    order = np.lexsort((rows, -best), axis=1)
    return np.take_along_axis(rows, order, axis=1)


def recall_of(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Mean share of the true rows among those found; both of shape (queries, k)."""
    return float(np.mean([np.isin(true, one).mean() for one, true in zip(found, truth, strict=True)]))


def _samples(parts: Parts, rows: int) -> NDArray[np.float32]:
    """Unit vectors, each between two rows that stand far from each other in the library."""
    taken = _every(parts(), max(1, rows // (2 * SAMPLES)))[: 2 * SAMPLES]
    half = len(taken) // 2
    middle = taken[:half] + taken[half : 2 * half] if half else taken
    unit: NDArray[np.float32] = middle / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-12)
    return unit


def _every(parts: Iterable[NDArray[np.float32]], step: int) -> NDArray[np.float32]:
    """Every ``step``-th row of all."""
    taken, first = [], 0
    for part in parts:
        taken.append(np.asarray(part[-first % step :: step], dtype=np.float32))
        first += len(part)
    return np.concatenate(taken)
