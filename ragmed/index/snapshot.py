"""A published snapshot, open for reading.

The laws of the room:

* Opening compares every file of the snapshot's folder with the manifest, and the manifest with the snapshot's id; a
  difference is an IntegrityError that names the file (law 3). Segments and sources are compared when first read.
* An open snapshot is held (``ragmed.index.leases``): it is not collected while anybody has it.
* Nothing here writes. Everything is safe to share between threads, and an open snapshot stays readable while newer
  ones are published.
* A superseded or withdrawn document answers only where the filters ask for it; its pages can always be shown (law 4).
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ragmed.canonical import sha256_bytes
from ragmed.errors import IntegrityError, NotFoundError, OutdatedIndexError
from ragmed.index.chunk_table import ChunkTable
from ragmed.index.dense import DenseIndex
from ragmed.index.filters import passes
from ragmed.index.history import SNAPSHOTS
from ragmed.index.leases import lease
from ragmed.index.lexical import LexicalIndex
from ragmed.index.manifest import MANIFEST, IndexedDocument, Manifest, parse_manifest
from ragmed.index.row_mask import RowMask
from ragmed.index.segment import SEGMENTS, FileEntry, Segment, check_file, check_files
from ragmed.interfaces import WeightedText
from ragmed.records import Chunk, Document, Filters, Page

CHUNK_TABLE, DENSE, LEXICAL = "chunks.sqlite", "dense.faiss", "lexical"
_MASKS_KEPT = 32


class Snapshot:
    """A ``SnapshotReader`` over a folder."""

    def __init__(self, index_folder: Path, snapshot_id: str) -> None:
        """Open and verify. Raises NotFoundError, IntegrityError."""
        self.snapshot_id = snapshot_id
        self._index_folder = index_folder
        self._folder = index_folder / SNAPSHOTS / snapshot_id
        # held before anything is read, and for as long as anybody has this object
        self._let_go = weakref.finalize(self, os.close, lease(self._folder))
        self.manifest = read_manifest(self._folder)
        check_files((self._folder / entry.path, entry) for entry in self.manifest.files)
        _check_nothing_added(self._folder, self.manifest)
        self.published_at = self.manifest.created_at
        self.embedder_name = self.manifest.embedder.name
        self.embedder_revision = self.manifest.embedder.revision
        self.embedder_engine = self.manifest.embedder.engine
        self._by_id = {item.document.document_id: item for item in self.manifest.documents}
        self._documents = tuple(item.document for item in self.manifest.documents)
        self._first_rows = np.array([item.first_row for item in self.manifest.documents], dtype=np.int64)
        self._chunks = ChunkTable(self._folder / CHUNK_TABLE, [item.document_id for item in self._documents])
        self._dense = DenseIndex.open(self._folder / DENSE)
        self._lexical = LexicalIndex.open(self._folder / LEXICAL)
        self._segments: dict[str, Segment] = {}
        self._sources_checked: set[str] = set()
        self._shared = {entry.path: entry for entry in self.manifest.shared_files}
        self._masks: OrderedDict[Filters, RowMask] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the files; the snapshot cannot be asked afterwards."""
        self._chunks.close()
        self._let_go()

    def documents(self) -> tuple[Document, ...]:
        return self._documents

    def document(self, document_id: str) -> Document:
        return self._indexed(document_id).document

    def page(self, document_id: str, number: int) -> Page:
        return self.segment(document_id).page(number)

    def page_label(self, document_id: str, number: int) -> str:
        return self._chunks.page_label(document_id, number)

    def chunk(self, chunk_id: str) -> Chunk:
        return self._chunks.by_id(chunk_id)

    def chunks(self, rows: Sequence[int]) -> tuple[Chunk, ...]:
        return self._chunks.by_rows(rows)

    def chunk_count(self) -> int:
        return self.manifest.chunk_count

    def segment(self, document_id: str) -> Segment:
        """The document's segment; its files are checked when first read."""
        indexed = self._indexed(document_id)
        with self._lock:
            if document_id not in self._segments:
                prefix = f"{SEGMENTS}/{indexed.segment_id}/"
                entries = {
                    path.removeprefix(prefix): entry for path, entry in self._shared.items() if path.startswith(prefix)
                }
                self._segments[document_id] = Segment(self._index_folder, indexed.segment_id, entries)
            return self._segments[document_id]

    def source(self, document_id: str) -> Path:
        indexed = self._indexed(document_id)
        path = self._index_folder / indexed.source
        if indexed.source not in self._sources_checked:
            check_file(path, self._shared[indexed.source])
            self._sources_checked.add(indexed.source)
        return path

    def dense(
        self, vector: NDArray[np.float32], k: int, filters: Filters
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self._dense.search(vector, k, self.mask(filters))

    def nearness(
        self, vector: NDArray[np.float32], rows: Sequence[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        whole, best = np.zeros(len(rows), dtype=np.float32), np.zeros(len(rows), dtype=np.float32)
        wanted = np.asarray(rows, dtype=np.int64)
        numbers = self.document_numbers(rows)
        for number in np.unique(numbers):
            places = np.flatnonzero(numbers == number)
            item = self.manifest.documents[number]
            own = (wanted[places] - item.first_row).tolist()
            whole[places], best[places] = self.segment(item.document.document_id).nearness(own, vector)
        return whole, best

    def document_numbers(self, rows: Sequence[int]) -> NDArray[np.int64]:
        return np.searchsorted(self._first_rows, np.asarray(rows, dtype=np.int64), side="right") - 1

    def lexical(
        self, texts: Sequence[WeightedText], k: int, filters: Filters
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self._lexical.search(texts, k, self.mask(filters))

    def document_frequency(self, word: str) -> int:
        return self._lexical.document_frequency(word)

    def mask(self, filters: Filters) -> RowMask:
        """The rows whose documents pass the filters; kept for the next question with the same ones."""
        with self._lock:
            if filters in self._masks:
                self._masks.move_to_end(filters)
                return self._masks[filters]
        allowed = np.zeros(self.manifest.chunk_count, dtype=np.bool_)
        for item in self.manifest.documents:
            if passes(item.document, filters):
                allowed[item.first_row : item.first_row + item.rows] = True
        mask = RowMask(allowed)
        with self._lock:
            self._masks[filters] = mask
            if len(self._masks) > _MASKS_KEPT:
                self._masks.popitem(last=False)
        return mask

    def shared_entries(self) -> tuple[FileEntry, ...]:
        """The files outside the snapshot's folder that it needs: segments and sources."""
        return self.manifest.shared_files

    def _indexed(self, document_id: str) -> IndexedDocument:
        try:
            return self._by_id[document_id]
        except KeyError:
            raise NotFoundError(
                f"no document {document_id} in snapshot {self.snapshot_id}",
                remedy="list the documents with `ragmed snapshots show`",
            ) from None


def manifest_before(index_folder: Path, snapshot_id: str) -> Manifest | None:
    """The manifest that a new snapshot is compared with; none where there is none or an older program wrote it."""
    if not snapshot_id:
        return None
    try:
        return read_manifest(index_folder / SNAPSHOTS / snapshot_id)
    except OutdatedIndexError:
        return None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot folder, compared with the folder's name.

    Raises NotFoundError, OutdatedIndexError, IntegrityError.
    """
    path = folder / MANIFEST
    remedy = "restore the index folder from a backup, or delete it and run `ragmed index` again"
    if not folder.is_dir():
        raise NotFoundError(f"no snapshot {folder.name}", remedy="list them with `ragmed snapshots list`")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise IntegrityError(f"{path}: missing", remedy=remedy) from None
    number, _, digest = folder.name.partition("-")
    if sha256_bytes(content)[:8] != digest:
        raise IntegrityError(
            f"{path}: SHA-256 begins {sha256_bytes(content)[:8]}, the snapshot's id says {digest}", remedy=remedy
        )
    manifest = parse_manifest(content, str(path))
    if f"{manifest.number:06}" != number or manifest.content_hash() != manifest.content_sha256:
        raise IntegrityError(f"{path}: number or content hash do not fit", remedy=remedy)
    return manifest


def _check_nothing_added(folder: Path, manifest: Manifest) -> None:
    """A file that the manifest does not answer for has no business in a snapshot."""
    stated = {entry.path for entry in manifest.files} | {MANIFEST}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if found - stated:
        raise IntegrityError(
            f"{folder / sorted(found - stated)[0]}: not part of the snapshot",
            remedy="remove the file, and ask who put it",
        )
