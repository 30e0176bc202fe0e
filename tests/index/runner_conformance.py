"""What every ``Runner`` has to keep: a test class for each inherits these and says how one is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ragmed.corpus.library import Scan, scan_library
from ragmed.index.runner import Runner


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    folder = tmp_path / "library"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.md").write_text(f"# Rule {number}\n\nGive {number + 1} mg now.\n", "utf-8")
    (folder / "3-broken.docx").write_bytes(b"no archive")
    return scan_library([folder])


@pytest.fixture
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    """The one that the test's class makes, closed again where it can be."""
    made = request.instance.make()
    yield made
    if hasattr(made, "close"):
        made.close()


class RunnerConformance:
    """One reading a file, in order; one unit vector a text, in order; the same again for the same."""

    def make(self) -> Runner:
        raise NotImplementedError

    def test_one_reading_a_file_in_order(self, runner: Runner, scan: Scan) -> None:
        readings = list(runner.read(scan.files))
        assert [reading.source_path for reading in readings] == [file.source_path for file in scan.files]
        assert [reading.sha256 for reading in readings] == [file.sha256 for file in scan.files]
        refused = [reading for reading in readings if reading.document is None]
        assert [reading.source_path for reading in refused] == ["3-broken.docx"]
        assert refused[0].notes

    def test_the_same_files_read_the_same(self, runner: Runner, scan: Scan) -> None:
        first, second = ([(one.document, one.pages, one.notes) for one in runner.read(scan.files)] for _ in range(2))
        assert first == second

    def test_nothing_to_read_is_read_at_once(self, runner: Runner) -> None:
        assert list(runner.read(())) == []

    def test_a_caller_may_stop_early(self, runner: Runner, scan: Scan) -> None:
        readings = runner.read(scan.files)
        assert next(readings).source_path == scan.files[0].source_path
        readings.close()  # type: ignore[attr-defined]
        assert len(list(runner.read(scan.files))) == len(scan.files)

    def test_progress_counts_to_the_end(self, runner: Runner, scan: Scan) -> None:
        told: list[tuple[int, int]] = []
        list(runner.read(scan.files, lambda what, done, total: told.append((done, total))))
        assert told[-1] == (len(scan.files), len(scan.files))
        assert [done for done, _ in told] == sorted(done for done, _ in told)

    def test_one_unit_vector_a_text_in_order(self, runner: Runner) -> None:
        texts = [f"Give {number} mg of adrenaline." for number in range(40)]
        vectors = runner.embed(texts)
        assert vectors.dtype == np.float32
        assert vectors.shape[0] == len(texts)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
        alone = np.concatenate([runner.embed([text]) for text in texts])
        # padding and batches leave their trace in the last digits
        assert float((vectors * alone).sum(axis=1).min()) > 0.999
        np.testing.assert_array_equal(vectors, runner.embed(texts))

    def test_no_text_no_vector(self, runner: Runner) -> None:
        assert runner.embed([]).shape[0] == 0
