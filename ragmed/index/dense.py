"""The dense half: exact inner products over a FAISS file that stays on disk.

The laws of the room:

* Row ``i`` of the index is row ``i`` of the snapshot's chunks; FAISS never makes up ids of its own.
* The file is never changed after it is written; FAISS maps it into memory (``IO_FLAG_MMAP_IFC``: the plain
  ``IO_FLAG_MMAP`` reads a flat index into private memory), so several processes share its pages.
* Filters are row masks handed to FAISS: a hit that the filters forbid does not take the place of one that they allow.
* Best first, equal scores in row order (law 8).

``DenseIndex.open`` asks FAISS what kind of index the file holds; a coarser one (IVF, SQ8) can be written behind the
same two functions when exact search becomes too slow.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragmed.errors import IntegrityError


def write_dense(path: Path, parts: Iterable[NDArray[np.float32]], dimensions: int) -> int:
    """Write the exact index over the rows of ``parts``, one after another; gives the number of rows."""
    import faiss

    index = faiss.IndexFlatIP(dimensions)
    for part in parts:
        if len(part):
            index.add(np.ascontiguousarray(part, dtype=np.float32))
    faiss.write_index(index, str(path))
    return int(index.ntotal)


class RowMask:
    """Which rows may answer, in the two forms that the halves of the search need."""

    def __init__(self, allowed: NDArray[np.bool_]) -> None:
        self.allowed = allowed
        self.count = int(allowed.sum())
        self.bits: NDArray[np.uint8] = np.packbits(allowed, bitorder="little")


class DenseIndex:
    """An open FAISS index. Safe to share between threads: searching changes nothing."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.rows = int(index.ntotal)
        self.dimensions = int(index.d)

    @classmethod
    def open(cls, path: Path) -> DenseIndex:
        """Map the index at ``path``. Raises IntegrityError where FAISS cannot make sense of it."""
        import faiss

        try:
            return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))
        except RuntimeError as error:
            raise IntegrityError(f"{path}: not a FAISS index: {error}", remedy="build the index again") from None

    def search(
        self, vector: NDArray[np.float32], k: int, mask: RowMask
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` allowed rows nearest to the unit vector ``vector`` and their cosines, best first."""
        import faiss

        k = min(k, mask.count)
        if k <= 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        # faiss' own stubs describe the C++ constructors, not the Python ones that replace them
        selector = faiss.IDSelectorBitmap(mask.bits)  # type: ignore[call-arg, arg-type]
        parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, rows = self._index.search(query, k, params=parameters)
        found = rows[0] >= 0
        rows, scores = rows[0][found].astype(np.int64), scores[0][found]
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]
