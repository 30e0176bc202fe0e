"""The dense half: the rows nearest to a question's vector, over a FAISS file that stays on disk.

The laws of the room:

* Row ``i`` of the index is row ``i`` of the snapshot's chunks; FAISS never makes up ids of its own.
* Up to ``EXACT_ROWS`` rows the search is exact. Beyond, ``coarse`` writes an index that looks at the nearest lists
  only; how many, and what recall that measured when it was built, stands in ``dense.json`` beside the file.
* The file is never changed after it is written; FAISS maps it into memory (``IO_FLAG_MMAP_IFC``: the plain
  ``IO_FLAG_MMAP`` reads a flat index into private memory), so several processes share its pages.
* Filters are row masks handed to FAISS: a hit that the filters forbid does not take the place of one that they allow,
  and where ``k`` rows are allowed, ``k`` are found.
* Best first, equal scores in row order, also at the cut (law 8): threads do not decide between equals.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ragmed.canonical import canonical_json
from ragmed.errors import IntegrityError

EXACT_ROWS: Final = 200_000
"""docs/adr/0008-search-at-scale.md: what exact search costs by size."""
SPARE: Final = 16
"""Rows asked for beyond ``k``, so that equals at the cut are seen; where they do not end there, twice as many."""

Parts = Callable[[], Iterable[NDArray[np.float32]]]
"""The vectors of the rows, part by part in row order; asked for anew for each pass over them."""


def write_dense(path: Path, parts: Parts, dimensions: int, *, exact_rows: int = EXACT_ROWS) -> int:
    """Write the index over the rows of ``parts`` and, beside it, what kind it is; gives the number of rows."""
    import faiss

    from ragmed.index.coarse import write_coarse

    rows = sum(len(part) for part in parts())
    if rows > exact_rows:
        facts = write_coarse(path, parts, rows, dimensions)
    else:
        index = faiss.IndexFlatIP(dimensions)
        for part in parts():
            if len(part):
                index.add(np.ascontiguousarray(part, dtype=np.float32))
        faiss.write_index(index, str(path))
        facts = {"kind": "exact"}
    facts_of(path).write_bytes(canonical_json({"rows": rows, **facts}))
    return rows


def facts_of(path: Path) -> Path:
    """Where the kind of the index at ``path`` is written."""
    return path.with_suffix(".json")


class RowMask:
    """Which rows may answer, in the two forms that the halves of the search need."""

    def __init__(self, allowed: NDArray[np.bool_]) -> None:
        self.allowed = allowed
        self.count = int(allowed.sum())
        self.bits: NDArray[np.uint8] = np.packbits(allowed, bitorder="little")


class DenseIndex:
    """An open FAISS index. Safe to share between threads: searching changes nothing."""

    def __init__(self, index: Any, *, lists: int = 0, probes: int = 0) -> None:
        """``lists`` of a coarse index (0: exact), of which the nearest ``probes`` are looked at."""
        self._index = index
        self.rows = int(index.ntotal)
        self.dimensions = int(index.d)
        self.lists = lists
        self.probes = probes

    @classmethod
    def open(cls, path: Path) -> DenseIndex:
        """Map the index at ``path``. Raises IntegrityError where FAISS cannot make sense of it."""
        import faiss

        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IntegrityError(f"{path}: not a FAISS index: {error}", remedy="build the index again") from None
        try:
            facts: dict[str, Any] = json.loads(facts_of(path).read_bytes())
        except FileNotFoundError:  # written before there was a choice
            facts = {"kind": "exact"}
        if facts["kind"] == "exact":
            return cls(index)
        index.parallel_mode = 1  # one question's lists on all cores; FAISS does not keep this in the file
        return cls(index, lists=int(facts["lists"]), probes=int(facts["probes"]))

    def search(
        self, vector: NDArray[np.float32], k: int, mask: RowMask
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` allowed rows nearest to the unit vector ``vector`` and their cosines, best first."""
        k = min(k, mask.count)
        if k <= 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        # the fewer rows may answer, the more lists it takes to meet as many of them
        probes = min(self.lists, math.ceil(self.probes * self.rows / mask.count))
        asked = min(k + SPARE, mask.count)
        while True:
            rows, scores = self._found(query, asked, probes, mask)
            if len(rows) < k and probes < self.lists:
                probes = self.lists
            elif len(rows) == asked < mask.count and scores[k - 1] == scores[-1]:
                asked = min(2 * asked, mask.count)
            else:
                return rows[:k], scores[:k]

    def _found(
        self, query: NDArray[np.float32], k: int, probes: int, mask: RowMask
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """What FAISS finds, best first."""
        import faiss

        # faiss' own stubs describe the C++ constructors, not the Python ones that replace them
        chosen: dict[str, Any] = {}
        if mask.count < self.rows:
            chosen["sel"] = faiss.IDSelectorBitmap(mask.bits)  # type: ignore[call-arg, arg-type]
        if self.lists:
            parameters = faiss.SearchParametersIVF(nprobe=probes, **chosen)  # type: ignore[call-arg]
        else:
            parameters = faiss.SearchParameters(**chosen)
        found_scores, found = self._index.search(query, k, params=parameters)
        held = found[0] >= 0
        rows, scores = found[0][held].astype(np.int64), found_scores[0][held]
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]
