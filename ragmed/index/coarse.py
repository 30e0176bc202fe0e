"""The coarse dense index, for libraries too large to compare a question with every row.

Rows are sorted into lists around centres (FAISS ``IndexIVFScalarQuantizer``); each component of a vector is kept in
eight bits. A question is compared with the rows of the nearest lists. The laws of the room:

* How many lists are looked at is measured, not guessed: the fewest, by doubling, with which the rows nearest to
  ``SAMPLES`` sample vectors are found again with at least ``RECALL`` of those that an exact search over the
  unrounded vectors gives. What it measured is written down with the index.
* A sample is the middle between two rows that are no neighbours of each other's list: questions lie between passages
  rather than on them.
* Seeds are fixed and rows are taken at even steps: the same rows give the same bytes on the same machine (law 8).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ragmed.index.dense import Parts

RECALL: Final = 0.985
SAMPLES: Final = 256
DEPTH: Final = 10
_ROWS_A_LIST: Final = 512
"""Rows of one list on average."""
_TRAINING_ROWS_A_LIST: Final = 64
_ROUNDS: Final = 10
_FIRST_PROBES: Final = 8
_SEED: Final = 20_261_125


def write_coarse(path: Path, parts: Parts, rows: int, dimensions: int) -> dict[str, Any]:
    """Write the index of ``rows`` vectors; gives what to write beside it: kind, lists, probes, recall."""
    import faiss

    lists = max(1, rows // _ROWS_A_LIST)
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimensions),
        dimensions,
        lists,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
        False,
    )
    index.cp.seed = _SEED
    index.cp.niter = _ROUNDS
    index.cp.spherical = True
    index.cp.min_points_per_centroid = 1  # or FAISS complains on stderr about a tiny library
    index.cp.max_points_per_centroid = _TRAINING_ROWS_A_LIST
    index.train(_every(parts(), max(1, rows // (lists * _TRAINING_ROWS_A_LIST))))
    for part in parts():
        if len(part):
            index.add(np.ascontiguousarray(part, dtype=np.float32))
    probes, recall = _probes(index, parts, rows)
    faiss.write_index(index, str(path))
    return {
        "kind": "coarse",
        "lists": lists,
        "probes": probes,
        "bits": 8,
        "recall": {"at": DEPTH, "measured": round(recall, 4), "samples": SAMPLES},
    }


def _every(parts: Iterable[NDArray[np.float32]], step: int) -> NDArray[np.float32]:
    """Every ``step``-th row of all."""
    taken, first = [], 0
    for part in parts:
        taken.append(np.asarray(part[(-first) % step :: step], dtype=np.float32))
        first += len(part)
    return np.concatenate(taken)


def _probes(index: Any, parts: Parts, rows: int) -> tuple[int, float]:
    """The fewest lists, by doubling, that reach ``RECALL``, and what they reach; all of them where none do."""
    samples = _samples(parts, rows)
    truth = nearest(parts(), samples, DEPTH)
    probes = min(_FIRST_PROBES, index.nlist)
    while True:
        index.nprobe = probes
        _, found = index.search(samples, DEPTH)
        recall = recall_of(found, truth)
        if recall >= RECALL or probes == index.nlist:
            return probes, recall
        probes = min(2 * probes, index.nlist)


def _samples(parts: Parts, rows: int) -> NDArray[np.float32]:
    """Unit vectors between two rows each."""
    taken = _every(parts(), max(1, rows // (2 * SAMPLES)))[: 2 * SAMPLES]
    half = len(taken) // 2
    if not half:
        return taken
    middle = taken[:half] + taken[half : 2 * half]
    unit: NDArray[np.float32] = middle / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-12)
    return unit


def nearest(parts: Iterable[NDArray[np.float32]], queries: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The ``k`` rows with the greatest inner products, exactly, a part at a time; shape (queries, k), -1 for none."""
    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    rows = np.full((len(queries), k), -1, dtype=np.int64)
    first = 0
    for part in parts:
        scores = np.concatenate([best, queries @ np.asarray(part, dtype=np.float32).T], axis=1)
        numbers = np.concatenate(
            [rows, np.broadcast_to(np.arange(first, first + len(part)), (len(queries), len(part)))], axis=1
        )
        kept = (
            np.argpartition(-scores, k - 1, axis=1)[:, :k] if scores.shape[1] > k else np.arange(scores.shape[1])[None]
        )
        best = np.take_along_axis(scores, kept, axis=1)
        rows = np.take_along_axis(numbers, kept, axis=1)
        first += len(part)
    return rows


def recall_of(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Mean share of the true rows among those found; both of shape (queries, k)."""
    shares = [
        len(set(one.tolist()) & set(other.tolist())) / len(other) for one, other in zip(found, truth, strict=True)
    ]
    return float(np.mean(shares))
