"""A snapshot held for the length of one answer, its pages and chunks read once.

Checking a differential card looks at the same few pages a hundred times; this keeps them. The snapshot is immutable, so
what is kept cannot grow stale, and it is let go with the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragmed.interfaces import SnapshotReader, WeightedText
    from ragmed.records import Chunk, Document, Filters, Page


class HeldSnapshot:
    """A ``SnapshotReader`` over another one. For one thread."""

    def __init__(self, snapshot: SnapshotReader) -> None:
        self._snapshot = snapshot
        self._pages: dict[tuple[str, int], Page] = {}
        self._chunks: dict[str, Chunk] = {}
        self.snapshot_id = snapshot.snapshot_id
        self.published_at = snapshot.published_at
        self.embedder_name = snapshot.embedder_name
        self.embedder_engine = snapshot.embedder_engine
        self.embedder_revision = snapshot.embedder_revision

    def documents(self) -> tuple[Document, ...]:
        return self._snapshot.documents()

    def document(self, document_id: str) -> Document:
        return self._snapshot.document(document_id)

    def page(self, document_id: str, number: int) -> Page:
        found = self._pages.get((document_id, number))
        if found is None:
            found = self._pages[document_id, number] = self._snapshot.page(document_id, number)
        return found

    def page_label(self, document_id: str, number: int) -> str:
        return self._snapshot.page_label(document_id, number)

    def chunk(self, chunk_id: str) -> Chunk:
        found = self._chunks.get(chunk_id)
        if found is None:
            found = self._chunks[chunk_id] = self._snapshot.chunk(chunk_id)
        return found

    def chunks(self, rows: Sequence[int]) -> tuple[Chunk, ...]:
        return self._snapshot.chunks(rows)

    def chunk_count(self) -> int:
        return self._snapshot.chunk_count()

    def source(self, document_id: str) -> Path:
        return self._snapshot.source(document_id)

    def dense(
        self, vector: NDArray[np.float32], k: int, filters: Filters
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self._snapshot.dense(vector, k, filters)

    def lexical(
        self, texts: Sequence[WeightedText], k: int, filters: Filters
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self._snapshot.lexical(texts, k, filters)

    def nearness(
        self, vector: NDArray[np.float32], rows: Sequence[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self._snapshot.nearness(vector, rows)

    def document_numbers(self, rows: Sequence[int]) -> NDArray[np.int64]:
        return self._snapshot.document_numbers(rows)

    def document_frequency(self, word: str) -> int:
        return self._snapshot.document_frequency(word)
