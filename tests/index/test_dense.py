"""The dense half by itself: exact where it is small, measured where it is sketched, filters right in both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ragmed.canonical import sha256_file
from ragmed.errors import IntegrityError
from ragmed.index.dense import DenseIndex, facts_of, write_dense
from ragmed.index.row_mask import RowMask
from ragmed.index.sketch import DEPTH, MOST, RECALL, nearest, recall_of, rows_of

DIMENSIONS = 128
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
def sketched(tmp_path_factory: pytest.TempPathFactory, rows: NDArray[np.float32]) -> DenseIndex:
    return written(tmp_path_factory.mktemp("sketched") / "dense.faiss", rows, exact_rows=1000)


def all_of(count: int = ROWS) -> RowMask:
    return RowMask(np.ones(count, dtype=np.bool_))


def test_the_size_chooses_the_kind(tmp_path: Path, rows: NDArray[np.float32], sketched: DenseIndex) -> None:
    exact = written(tmp_path / "dense.faiss", rows, exact_rows=ROWS)
    assert exact.exact
    assert not sketched.exact
    assert json.loads(facts_of(tmp_path / "dense.faiss").read_bytes()) == {"kind": "exact", "rows": ROWS}


def test_exact_search_gives_the_nearest_rows_and_their_cosines(tmp_path: Path, rows: NDArray[np.float32]) -> None:
    exact = written(tmp_path / "dense.faiss", rows, exact_rows=ROWS)
    query = vectors(1, seed=9)[0]
    cosines = rows @ query
    found, scores = exact.search(query, 20, all_of())
    assert found.tolist() == np.argsort(-cosines)[:20].tolist()
    assert scores == pytest.approx(cosines[found], abs=1e-6)


def test_sketches_reach_their_recall_on_questions_they_never_saw(
    sketched: DenseIndex, rows: NDArray[np.float32]
) -> None:
    queries = vectors(60, seed=5)
    truth = nearest([rows], queries, DEPTH)
    found = np.stack([sketched.search(query, DEPTH, all_of())[0] for query in queries])
    assert recall_of(found, truth) >= RECALL - 0.01
    _, scores = sketched.search(queries[0], 10, all_of())
    assert scores == pytest.approx(np.sort(rows @ queries[0])[::-1][:10], abs=1e-3), "half precision"


@pytest.mark.parametrize("allowed", [0, 1, 3, 15, 100, 2500])
def test_as_many_rows_as_are_allowed_are_found(sketched: DenseIndex, rows: NDArray[np.float32], allowed: int) -> None:
    rng = np.random.default_rng(allowed)
    mask = np.zeros(ROWS, dtype=np.bool_)
    mask[rng.choice(ROWS, allowed, replace=False)] = True
    for query in vectors(10, seed=6):
        found, scores = sketched.search(query, 15, RowMask(mask))
        assert len(found) == len(set(found.tolist())) == min(15, allowed)
        assert mask[found].all()
        assert (np.diff(scores) <= 0).all()


def test_a_narrow_filter_makes_the_search_exact(sketched: DenseIndex, rows: NDArray[np.float32]) -> None:
    mask = np.zeros(ROWS, dtype=np.bool_)
    mask[::40] = True
    allowed = np.flatnonzero(mask)
    queries = vectors(30, seed=8)
    truth = allowed[nearest([rows[mask]], queries, 20)]
    found = np.stack([sketched.search(query, 20, RowMask(mask))[0] for query in queries])
    assert recall_of(found, truth) >= 0.998, "half precision may swap two that are all but equal"


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
    assert facts["kind"] == "sketch"
    assert facts["rows"] == 2000
    assert facts["candidates"] <= MOST
    assert RECALL <= facts["recall"]["100"] <= 1


def test_vectors_that_cannot_be_sketched_are_searched_exactly(tmp_path: Path) -> None:
    """Three bits say next to nothing of vectors in three dimensions."""
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((30_000, 3), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    path = tmp_path / "dense.faiss"
    write_dense(path, lambda: [rows], 3, exact_rows=0)
    assert json.loads(facts_of(path).read_bytes()) == {"kind": "exact", "rows": 30_000}
    assert not rows_of(path).exists()
    found, _ = DenseIndex.open(path).search(rows[5], 1, all_of(30_000))
    assert found.tolist() == [5]


@pytest.mark.parametrize("name", ["dense.faiss", "dense.rows.npy"])
def test_a_file_that_is_no_index_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "dense.faiss"
    written(path, vectors(2000), exact_rows=0)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:1000])
    with pytest.raises(IntegrityError, match=r"dense"):
        DenseIndex.open(path).search(vectors(1)[0], 10, all_of(2000))


def test_threads_share_sketches(sketched: DenseIndex) -> None:
    queries = vectors(20, seed=4)
    expected = [sketched.search(query, 10, all_of())[0].tolist() for query in queries]
    with ThreadPoolExecutor(4) as pool:
        again = pool.map(lambda query: sketched.search(query, 10, all_of())[0].tolist(), queries)
    assert list(again) == expected
