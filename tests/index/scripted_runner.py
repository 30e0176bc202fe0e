"""A ``Runner`` that reads files as the local one does and has something to add about some of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ragmed.corpus.library import FileToRead
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.runner import LocalRunner
from ragmed.interfaces import Progress, no_progress
from ragmed.records import Reading, ReadNote
from ragmed.settings import ReaderSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ScriptedRunner:
    """Notes by source path, and a count of what was asked of it."""

    def __init__(self, notes: Mapping[str, Sequence[ReadNote]] | None = None) -> None:
        self.files_read: list[str] = []
        self.texts_embedded = 0
        self._notes = notes or {}
        self._local = LocalRunner(ReaderSettings(workers=1), HashEmbedder())

    def read(self, files: Sequence[FileToRead], progress: Progress = no_progress) -> Iterator[Reading]:
        for reading in self._local.read(files, progress):
            self.files_read.append(reading.source_path)
            yield replace(reading, notes=(*reading.notes, *self._notes.get(reading.source_path, ())))

    def embed(self, texts: Sequence[str], progress: Progress = no_progress) -> NDArray[np.float32]:
        self.texts_embedded += len(texts)
        return self._local.embed(texts, progress)
