"""The dense half by itself: exact where it is small, measured where it is coarse, filters right in both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ragmed.canonical import sha256_file
from ragmed.errors import IntegrityError
from ragmed.index.coarse import DEPTH, RECALL, nearest, recall_of
from ragmed.index.dense import DenseIndex, RowMask, facts_of, write_dense

DIMENSIONS = 32
ROWS = 6000


def vectors(count: int = ROWS, seed: int = 1) -> NDArray[np.float32]:
    """Unit vectors around a few hundred topics, as passages lie."""
    rng = np.random.default_rng(seed)
    topics = np.random.default_rng(0).standard_normal((300, DIMENSIONS))
    found = topics[rng.integers(300, size=count)] + 0.7 * rng.standard_normal((count, DIMENSIONS))
    unit: NDArray[np.float32] = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
    return unit


def written(path: Path, rows: NDArray[np.float32], *, exact_rows: int) -> DenseIndex:
    def parts() -> Iterator[NDArray[np.float32]]:
        yield from np.array_split(rows, 7)

    assert write_dense(path, parts, DIMENSIONS, exact_rows=exact_rows) == len(rows)
    return DenseIndex.open(path)


@pytest.fixture(scope="module")
def rows() -> NDArray[np.float32]:
    return vectors()


@pytest.fixture(scope="module")
def coarse(tmp_path_factory: pytest.TempPathFactory, rows: NDArray[np.float32]) -> DenseIndex:
    return written(tmp_path_factory.mktemp("coarse") / "dense.faiss", rows, exact_rows=1000)


def all_of(count: int = ROWS) -> RowMask:
    return RowMask(np.ones(count, dtype=np.bool_))


def test_the_size_chooses_the_kind(tmp_path: Path, rows: NDArray[np.float32], coarse: DenseIndex) -> None:
    exact = written(tmp_path / "dense.faiss", rows, exact_rows=ROWS)
    assert exact.lists == 0
    assert coarse.lists > 0
    assert json.loads(facts_of(tmp_path / "dense.faiss").read_bytes()) == {"kind": "exact", "rows": ROWS}


def test_exact_search_gives_the_nearest_rows_and_their_cosines(tmp_path: Path, rows: NDArray[np.float32]) -> None:
    exact = written(tmp_path / "dense.faiss", rows, exact_rows=ROWS)
    query = vectors(1, seed=9)[0]
    cosines = rows @ query
    found, scores = exact.search(query, 20, all_of())
    assert found.tolist() == np.argsort(-cosines)[:20].tolist()
    assert scores == pytest.approx(cosines[found], abs=1e-6)


def test_the_coarse_index_reaches_its_recall_on_questions_it_never_saw(
    coarse: DenseIndex, rows: NDArray[np.float32]
) -> None:
    queries = vectors(100, seed=5)
    truth = nearest([rows], queries, DEPTH)
    found = np.stack([coarse.search(query, DEPTH, all_of())[0] for query in queries])
    assert recall_of(found, truth) >= RECALL - 0.02
    _, scores = coarse.search(queries[0], DEPTH, all_of())
    assert scores == pytest.approx(np.sort(rows @ queries[0])[::-1][:DEPTH], abs=0.02), "eight bits a component"


@pytest.mark.parametrize("allowed", [0, 1, 3, 15, 100, 2500])
def test_as_many_rows_as_are_allowed_are_found(coarse: DenseIndex, rows: NDArray[np.float32], allowed: int) -> None:
    rng = np.random.default_rng(allowed)
    mask = np.zeros(ROWS, dtype=np.bool_)
    mask[rng.choice(ROWS, allowed, replace=False)] = True
    for query in vectors(10, seed=6):
        found, scores = coarse.search(query, 15, RowMask(mask))
        assert len(found) == len(set(found.tolist())) == min(15, allowed)
        assert mask[found].all()
        assert (np.diff(scores) <= 0).all()


def test_a_filter_does_not_cost_recall(coarse: DenseIndex, rows: NDArray[np.float32]) -> None:
    mask = np.zeros(ROWS, dtype=np.bool_)
    mask[::40] = True
    allowed = np.flatnonzero(mask)
    queries = vectors(60, seed=8)
    truth = allowed[nearest([rows[mask]], queries, DEPTH)]
    found = np.stack([coarse.search(query, DEPTH, RowMask(mask))[0] for query in queries])
    assert recall_of(found, truth) >= RECALL - 0.02


@pytest.mark.parametrize("exact_rows", [0, ROWS])
def test_equal_rows_come_in_row_order_also_at_the_cut(tmp_path: Path, exact_rows: int) -> None:
    """As many as would not fit into what is asked for at first."""
    rows = vectors(500)
    rows[100:400] = rows[7]
    index = written(tmp_path / "dense.faiss", rows, exact_rows=exact_rows)
    for _ in range(5):
        found, _ = index.search(rows[7], 10, all_of(500))
        assert found.tolist() == [7, *range(100, 109)]


@pytest.mark.parametrize("exact_rows", [0, ROWS])
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, exact_rows: int) -> None:
    rows = vectors(3000)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "dense.faiss", rows, exact_rows=exact_rows)
    for file in ("dense.faiss", "dense.json"):
        assert sha256_file(tmp_path / "one" / file) == sha256_file(tmp_path / "other" / file)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("exact_rows", [0, ROWS])
def test_empty_and_tiny_indexes_open_and_answer(tmp_path: Path, count: int, exact_rows: int) -> None:
    index = written(tmp_path / "dense.faiss", vectors(count), exact_rows=exact_rows)
    found, scores = index.search(vectors(1, seed=3)[0], 10, all_of(count))
    assert sorted(found.tolist()) == list(range(count))
    assert len(scores) == count


def test_the_measured_recall_is_written_down(tmp_path: Path) -> None:
    written(tmp_path / "dense.faiss", vectors(2000), exact_rows=0)
    facts = json.loads(facts_of(tmp_path / "dense.faiss").read_bytes())
    assert facts["kind"] == "coarse"
    assert facts["rows"] == 2000
    assert RECALL <= facts["recall"]["measured"] <= 1 or facts["probes"] == facts["lists"]


def test_a_file_that_is_no_index_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "dense.faiss"
    written(path, vectors(2000), exact_rows=0)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(IntegrityError, match=r"dense\.faiss"):
        DenseIndex.open(path)
