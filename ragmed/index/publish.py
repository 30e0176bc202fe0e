"""Segments → snapshot: written beside its place, verified by hash, published by one rename and one pointer.

The order is the law (law 3): every file of the snapshot is written and flushed in a ``.building-`` folder; the manifest
with the hash of each is written last; one rename gives the folder its name; then ``CURRENT`` is replaced by a rename.
A writer that dies before that last rename has published nothing: readers go on with the old snapshot, and the next
writer removes what was left. Callers hold the writer lock.

A finished snapshot folder that the history does not know was never published (``ragmed.index.history``).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ragmed.canonical import sha256_bytes, sha256_file
from ragmed.changes import QuarantinedPage
from ragmed.errors import BadInputError, IntegrityError
from ragmed.index.chunk_table import ChunkTableWriter
from ragmed.index.dense import EXACT_ROWS, VERSION, write_dense
from ragmed.index.disk import copy_file, new_building_folder, publish_folder, remove_leftovers, sync_tree, write_file
from ragmed.index.history import (
    SNAPSHOTS,
    Pointer,
    mend_history,
    next_number,
    publish_pointer,
    published_ids,
    read_pointer,
    trust_number,
)
from ragmed.index.lexical import ChunkWords, LexicalWriter, engine_version
from ragmed.index.manifest import (
    MANIFEST,
    EmbedderFacts,
    HeldFile,
    IndexedDocument,
    LexicalFacts,
    LibraryNote,
    Manifest,
    RefusedFile,
    inputs_hash,
    snapshot_id,
)
from ragmed.index.segment import SEGMENTS, FileEntry, Segment
from ragmed.index.snapshot import CHUNK_TABLE, DENSE, LEXICAL, manifest_before
from ragmed.interfaces import Progress, no_progress
from ragmed.records import Chunk, Document, Language
from ragmed.text.words import analysis_version, words

SOURCES = "sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPart:
    """One document of the snapshot to be: as it stands in the library now, with its segment and kept source."""

    document: Document
    segment: Segment
    source: FileEntry
    """Relative to the index folder."""
    kept: bool = False
    """No longer in the library folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotContent:
    """All that a snapshot is made of, but for its place in history."""

    parts: Sequence[SnapshotPart]
    refused: Sequence[RefusedFile] = ()
    library_notes: Sequence[LibraryNote] = ()
    held: Sequence[HeldFile] = ()
    quarantined: Sequence[QuarantinedPage] = ()
    embedder: EmbedderFacts
    chunker: Mapping[str, str | int]
    at: str
    """Of publication, UTC, ISO 8601."""
    by: str = ""
    """Who publishes: for the history; no byte of the snapshot depends on it."""
    exact_rows: int = EXACT_ROWS
    """Up to so many chunks the dense half is exact."""

    def parts_in_order(self) -> tuple[SnapshotPart, ...]:
        """In row order: by document id."""
        return tuple(sorted(self.parts, key=lambda part: part.document.document_id))

    def refused_in_order(self) -> tuple[RefusedFile, ...]:
        return tuple(sorted(self.refused, key=lambda file: file.source_path))

    def inputs_sha256(self) -> str:
        """Hash of it all but the time: equal hashes, equal answers."""
        return inputs_hash(
            [(part.document, part.segment.segment_id) for part in self.parts_in_order()],
            self.refused_in_order(),
            self.library_notes,
            self.held,
            self.quarantined,
            {
                "embedder": self.embedder,
                "chunker": dict(self.chunker),
                "lexical": _lexical_facts(),
                "dense": {"version": VERSION, "exact_rows": self.exact_rows},
            },
        )


def collect_orphans(index_folder: Path) -> int:
    """Put right what dead writers left: a history that lacks their last word, building folders, and finished snapshots
    that were never published."""
    mend_history(index_folder)
    removed = sum(remove_leftovers(index_folder / place) for place in ("", SNAPSHOTS, SEGMENTS, SOURCES))
    published = set(published_ids(index_folder))
    folder = index_folder / SNAPSHOTS
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name not in published:
            shutil.rmtree(path)
            removed += 1
    return removed


def keep_source(index_folder: Path, path: Path, sha256: str) -> FileEntry:
    """The file's bytes under their hash among the kept ones; copied unless they are there.

    Raises BadInputError where the file has another hash by now.
    """
    name = f"{SOURCES}/{sha256}{path.suffix.lower()}"
    place = index_folder / name
    if not place.is_file() or sha256_file(place) != sha256:
        copy_file(path, place)
        if sha256_file(place) != sha256:
            place.unlink()
            raise BadInputError(
                f"{path}: the file changed while it was being indexed", remedy="run `ragmed index` again"
            )
    return FileEntry(path=name, sha256=sha256, size=place.stat().st_size)


def publish_snapshot(
    index_folder: Path, content: SnapshotContent, *, trust: Path | None = None, progress: Progress = no_progress
) -> str | None:
    """Publish a snapshot in a folder; None where the current one is made of the same.

    ``trust`` is the folder that remembers the highest number, the index folder by default. The caller holds the lock.
    """
    pointer = read_pointer(index_folder)
    parent_id = pointer.snapshot_id if pointer else ""
    parent = manifest_before(index_folder, parent_id)
    if parent is not None and parent.inputs_sha256 == content.inputs_sha256():
        return None
    building = new_building_folder(index_folder / SNAPSHOTS)
    try:
        number = next_number(index_folder, trust or index_folder)
        manifest = write_snapshot(building, content, number=number, parent_id=parent_id, progress=progress)
        sync_tree(building)
        name = snapshot_id(number, manifest)
        publish_folder(building, index_folder / SNAPSHOTS / name)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    pointer = Pointer(snapshot_id=name, manifest_sha256=sha256_bytes(manifest))
    publish_pointer(index_folder, pointer, at=content.at, by=content.by)
    trust_number(trust or index_folder, pointer.number)
    return name


def write_snapshot(
    building: Path, content: SnapshotContent, *, number: int, parent_id: str, progress: Progress = no_progress
) -> bytes:
    """Write every file of a snapshot into an empty folder, the manifest last; gives the manifest's bytes."""
    parts = content.parts_in_order()
    documents, page_count = _write_files(building, parts, content.embedder.dimensions, content.exact_rows, progress)
    files = tuple(_entry(path, building) for path in sorted(building.rglob("*")) if path.is_file())
    refused = content.refused_in_order()
    manifest = Manifest(
        number=number,
        parent=parent_id,
        created_at=content.at,
        embedder=content.embedder,
        chunker=tuple((name, str(value)) for name, value in sorted(content.chunker.items())),
        lexical=_lexical_facts(),
        documents=documents,
        refused=refused,
        library_notes=tuple(content.library_notes),
        held=tuple(content.held),
        quarantined=tuple(content.quarantined),
        note_counts=_note_counts(parts, refused, content.library_notes),
        chunk_count=sum(item.rows for item in documents),
        page_count=page_count,
        files=files,
        shared_files=tuple(entry for part in parts for entry in (*part.segment.entries, part.source)),
        inputs_sha256=content.inputs_sha256(),
    ).to_json()
    write_file(building / MANIFEST, manifest)
    return manifest


def _lexical_facts() -> LexicalFacts:
    return LexicalFacts(engine=engine_version(), words=analysis_version())


def _write_files(
    building: Path, parts: Sequence[SnapshotPart], dimensions: int, exact_rows: int, progress: Progress
) -> tuple[tuple[IndexedDocument, ...], int]:
    """Chunk table, lexical and dense half; gives the documents with their rows, and the number of pages."""
    table = ChunkTableWriter(building / CHUNK_TABLE)
    lexical = LexicalWriter()
    documents: list[IndexedDocument] = []
    row = pages = 0
    try:
        for ordinal, part in enumerate(parts):
            chunks = part.segment.chunks()
            labels = part.segment.page_labels()
            table.add(ordinal, chunks, labels)
            for chunk_words in _words_of(part.document, chunks):
                lexical.add(chunk_words)
            documents.append(
                IndexedDocument(
                    document=part.document,
                    segment_id=part.segment.segment_id,
                    source=part.source.path,
                    first_row=row,
                    rows=len(chunks),
                    kept=part.kept,
                )
            )
            row += len(chunks)
            pages += len(labels)
            progress("index", ordinal + 1, len(parts))
        table.finish()
    finally:
        table.close()
    lexical.write(building / LEXICAL)
    rows = write_dense(
        building / DENSE, lambda: (part.segment.vectors() for part in parts), dimensions, exact_rows=exact_rows
    )
    if rows != row:
        raise IntegrityError(f"{building}: {rows} vectors for {row} chunks", remedy="build the index again")
    return tuple(documents), pages


def _words_of(document: Document, chunks: Sequence[Chunk]) -> list[ChunkWords]:
    """What the lexical half knows of a document's chunks."""
    headings: dict[tuple[str, ...], list[str]] = {}
    found: list[ChunkWords] = []
    for chunk in chunks:
        if chunk.heading_path not in headings:
            headings[chunk.heading_path] = words("\n".join((document.title, *chunk.heading_path)))
        text = words(chunk.text)
        gloss: list[str] = []
        if chunk.language is Language.CHINESE:
            from ragmed.terms import gloss_to_english

            # numbers and Roman words stand in both: they count once
            held = set(text)
            gloss = [word for word in words(gloss_to_english(chunk.text)) if word not in held]
        found.append(ChunkWords(text=text, heading=headings[chunk.heading_path], gloss=gloss))
    return found


def _note_counts(
    parts: Sequence[SnapshotPart], refused: Sequence[RefusedFile], library_notes: Sequence[LibraryNote]
) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    of_library = [item.note for item in library_notes]
    for notes in (*(part.segment.notes() for part in parts), *(file.notes for file in refused), of_library):
        for note in notes:
            counts[note.kind.value] = counts.get(note.kind.value, 0) + 1
    return tuple(sorted(counts.items()))


def _entry(path: Path, folder: Path) -> FileEntry:
    return FileEntry(path=path.relative_to(folder).as_posix(), sha256=sha256_file(path), size=path.stat().st_size)
