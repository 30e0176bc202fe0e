"""Who reads the files and embeds the texts: the work of a build that can be done elsewhere.

The laws of the room, which ``tests/index/runner_conformance.py`` asks of every implementation:

* ``read`` gives one Reading a file, in the order of the files, whatever becomes of a file (law 6); a caller that stops
  early leaves nothing at work.
* ``embed`` gives one unit vector a text, in the order of the texts; the same texts give the same vectors (law 8).
* Nothing is kept between calls that a result depends on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from ragmed.corpus.library import FileToRead
from ragmed.corpus.sandbox import Sandbox
from ragmed.interfaces import Embedder, Progress, no_progress
from ragmed.records import Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragmed.settings import ReaderSettings


class Runner(Protocol):
    """Files → readings, texts → vectors."""

    def read(self, files: Sequence[FileToRead], progress: Progress = no_progress) -> Iterator[Reading]:
        """One Reading a file, each as soon as it and those before it are there. Raises NotPossibleError."""
        ...

    def embed(self, texts: Sequence[str], progress: Progress = no_progress) -> NDArray[np.float32]:
        """Shape (len(texts), dimensions), float32, L2 norm 1."""
        ...


class LocalRunner:
    """A ``Runner`` on this machine: readers in the sandbox's processes, the embedder in this one."""

    def __init__(self, reader: ReaderSettings, embedder: Embedder) -> None:
        self._reader = reader
        self._embedder = embedder

    def read(self, files: Sequence[FileToRead], progress: Progress = no_progress) -> Iterator[Reading]:
        if not files:
            return
        with Sandbox(self._reader) as sandbox:
            yield from sandbox.read_all(files, progress)

    def embed(self, texts: Sequence[str], progress: Progress = no_progress) -> NDArray[np.float32]:
        return self._embedder.embed_passages(texts, progress)
