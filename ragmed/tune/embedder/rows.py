"""The rows of a snapshot that may answer, with what tuning asks of them.

A row that is superseded or withdrawn is left out, as in search. A row's ``section`` is its document with the headings
above it: rows of one section may answer each other's questions, and are never held against one another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ragmed.errors import SettingsError
from ragmed.index.pipeline import passage_text
from ragmed.records import Chunk, DocumentStatus

if TYPE_CHECKING:
    from ragmed.index.snapshot import Snapshot
    from ragmed.interfaces import Embedder


@dataclass(frozen=True, slots=True)
class LibraryRows:
    """Row ``i`` of each: a chunk, its document's title and series, its section's number, its vector."""

    chunks: Sequence[Chunk]
    titles: Sequence[str]
    series: Sequence[str]
    sections: NDArray[np.int64]
    vectors: NDArray[np.float32]
    """Shape (rows, dimensions), by the embedder that the snapshot was made with."""

    def __len__(self) -> int:
        return len(self.chunks)

    def texts(self) -> list[str]:
        """What an embedder reads of every row when the library is indexed."""
        return [
            passage_text(chunk, title, multilingual=False)
            for chunk, title in zip(self.chunks, self.titles, strict=True)
        ]


def library_rows(snapshot: Snapshot, embedder: Embedder) -> LibraryRows:
    """The current documents' rows, in row order. Raises SettingsError where another embedder made the snapshot."""
    if (snapshot.embedder_name, snapshot.embedder_revision) != (embedder.name, embedder.revision):
        raise SettingsError(
            f"the index was made with the embedder {snapshot.embedder_name!r} ({snapshot.embedder_revision[:12]}), "
            f"the settings name {embedder.name!r} ({embedder.revision[:12]})",
            remedy="run `ragmed index`, or set embedder.model back",
        )
    chunks: list[Chunk] = []
    titles: list[str] = []
    series: list[str] = []
    vectors: list[NDArray[np.float32]] = [np.zeros((0, embedder.dimensions), dtype=np.float32)]
    for document in snapshot.documents():
        if document.status is not DocumentStatus.CURRENT:
            continue
        segment = snapshot.segment(document.document_id)
        own = segment.chunks()
        chunks += own
        titles += [segment.document().title] * len(own)  # as it was embedded: a register may name it otherwise
        series += [document.series] * len(own)
        vectors.append(np.asarray(segment.vectors(), dtype=np.float32))
    numbers: dict[tuple[str, tuple[str, ...]], int] = defaultdict(lambda: len(numbers))
    sections = np.array([numbers[chunk.document_id, chunk.heading_path] for chunk in chunks], dtype=np.int64)
    return LibraryRows(chunks, titles, series, sections, np.concatenate(vectors))
