"""The runner of this machine, and one that does all of its work in another process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ragmed.corpus.library import FileToRead
from ragmed.index.embedder import MiniLmEmbedder
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.runner import LocalRunner, Runner
from ragmed.interfaces import Progress, no_progress
from ragmed.records import Reading
from ragmed.settings import ReaderSettings
from tests.index.runner_conformance import RunnerConformance, runner, scan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["runner", "scan"]


def _serve(connection: multiprocessing.connection.Connection) -> None:
    """The far side: a local runner that answers one request after another."""
    local = LocalRunner(ReaderSettings(workers=1), HashEmbedder())
    while (request := connection.recv()) is not None:
        if request[0] == "embed":
            connection.send(local.embed(request[1]))
        else:
            for reading in local.read(request[1]):
                connection.send(reading)


class FarRunner:
    """A ``Runner`` over a pipe to another process, as a cluster's would be over a network."""

    def __init__(self) -> None:
        self._near, far = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(far,), daemon=True)
        self._process.start()

    def read(self, files: Sequence[FileToRead], progress: Progress = no_progress) -> Iterator[Reading]:
        self._near.send(("read", tuple(files)))
        left = len(files)
        try:
            while left:
                reading: Reading = self._near.recv()
                left -= 1
                progress("reading", len(files) - left, len(files))
                yield reading
        finally:
            for _ in range(left):
                self._near.recv()

    def embed(self, texts: Sequence[str], progress: Progress = no_progress) -> NDArray[np.float32]:
        self._near.send(("embed", tuple(texts)))
        vectors: NDArray[np.float32] = self._near.recv()
        return vectors

    def close(self) -> None:
        self._near.send(None)
        self._process.join()


class TestLocalRunner(RunnerConformance):
    def make(self) -> Runner:
        return LocalRunner(ReaderSettings(workers=2), HashEmbedder())


class TestLocalRunnerWithTheDefaultModel(RunnerConformance):
    def make(self) -> Runner:
        return LocalRunner(ReaderSettings(workers=2), MiniLmEmbedder())


class TestFarRunner(RunnerConformance):
    def make(self) -> Runner:
        return FarRunner()
