"""The dense half: the rows nearest to a question's vector, over files that stay on disk.

The laws of the room:

* Row ``i`` of the index is row ``i`` of the snapshot's chunks; FAISS never makes up ids of its own.
* Up to ``EXACT_ROWS`` rows the search is exact. Beyond, candidates are found by their sketches and ordered by their
  rows (``sketch``). ``dense.json`` says which, and what recall was measured when it was built.
* The files are never changed after they are written; FAISS maps them into memory (``IO_FLAG_MMAP_IFC``: the plain
  ``IO_FLAG_MMAP`` reads a flat index into private memory), so several processes share their pages.
* Filters are row masks handed to FAISS: a hit that the filters forbid does not take the place of one that they allow,
  and where ``k`` rows are allowed, ``k`` are found.
* Best first, equal scores in row order (law 8).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ragmed.canonical import canonical_json
from ragmed.errors import IntegrityError
from ragmed.index.row_mask import RowMask
from ragmed.index.sketch import Parts, Sketch, write_sketch

EXACT_ROWS: Final = 100_000
"""11 ms of one core a question, 154 MB mapped (docs/adr/0008-search-at-scale.md)."""
VERSION: Final = "sketch-1"
"""Raised whenever the files of the same vectors may come out differently."""
SPARE: Final = 16
"""Rows asked for beyond ``k``, so that equals at the cut are seen; while they go on, twice as many."""


def write_dense(path: Path, parts: Parts, dimensions: int, *, exact_rows: int = EXACT_ROWS) -> int:
    """Write the index over the rows of ``parts`` and, beside it, what kind it is; gives the number of rows."""
    rows = sum(len(part) for part in parts())
    measured = write_sketch(path, parts, rows, dimensions) if rows > exact_rows else None
    if measured is None:
        _write_exact(path, parts, dimensions)
    kind = "exact" if measured is None else "sketch"
    facts_of(path).write_bytes(canonical_json({"kind": kind, "rows": rows, **(measured or {})}))
    return rows


def facts_of(path: Path) -> Path:
    """Where the kind of the index at ``path`` is written."""
    return path.with_suffix(".json")


def _write_exact(path: Path, parts: Parts, dimensions: int) -> None:
    import faiss

    index = faiss.IndexFlatIP(dimensions)
    for part in parts():
        if len(part):
            index.add(np.ascontiguousarray(part, dtype=np.float32))
    faiss.write_index(index, str(path))


class DenseIndex:
    """An open index of either kind. Safe to share between threads: searching changes nothing."""

    def __init__(self, index: _Exact | Sketch) -> None:
        self._index = index
        self.exact = isinstance(index, _Exact)
        self.rows = index.rows
        self.dimensions = index.dimensions

    @classmethod
    def open(cls, path: Path) -> DenseIndex:
        """Map the index at ``path``. Raises IntegrityError where FAISS cannot make sense of it."""
        facts: dict[str, Any] = json.loads(facts_of(path).read_bytes())
        return cls(_Exact(path) if facts["kind"] == "exact" else Sketch(path, int(facts["candidates"])))

    def search(
        self, vector: NDArray[np.float32], k: int, mask: RowMask
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` allowed rows nearest to the unit vector ``vector`` and their cosines, best first."""
        k = min(k, mask.count)
        if k <= 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return self._index.search(vector, k, mask)


class _Exact:
    """An ``IndexFlatIP``: every row in full."""

    def __init__(self, path: Path) -> None:
        import faiss

        try:
            self._index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IntegrityError(f"{path}: not a FAISS index: {error}", remedy="build the index again") from None
        self.rows = int(self._index.ntotal)
        self.dimensions = int(self._index.d)

    def search(
        self, vector: NDArray[np.float32], k: int, mask: RowMask
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        import faiss

        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        parameters = faiss.SearchParameters(sel=mask.selector())  # type: ignore[call-arg]
        asked = min(k + SPARE, mask.count)
        while True:
            found_scores, found = self._index.search(query, asked, params=parameters)
            held = found[0] >= 0
            rows, scores = found[0][held].astype(np.int64), found_scores[0][held]
            order = np.lexsort((rows, -scores))[:k]
            if len(rows) < asked or asked == mask.count or scores[order[-1]] > scores.min():
                return rows[order], scores[order]
            asked = min(2 * asked, mask.count)
