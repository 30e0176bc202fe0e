"""A test collection as a library: the same chunker, embedder, lexical engine and files as for guidelines.

Each collection document becomes a page, and some hundred pages one RagMed document, so that the embedder works on full
batches. Segments are named by their content (text, chunking, embedder), which makes the index folder a cache: an
unchanged part of a collection is never embedded twice, and a changed setting can never find the old vectors.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ragmed.canonical import canonical_json, sha256_bytes, sha256_of
from ragmed.evaluate.beir import BeirDocument, Collection
from ragmed.index.disk import write_file
from ragmed.index.folder_store import FolderStore
from ragmed.index.history import HISTORY, POINTER, SNAPSHOTS, TRUSTED
from ragmed.index.lock import writer_lock
from ragmed.index.pipeline import embedder_facts, facts_of_passages, make_chunker, passage_text, window_texts
from ragmed.index.publish import SOURCES, SnapshotContent, SnapshotPart, publish_snapshot
from ragmed.index.segment import FileEntry, SegmentContent, write_segment
from ragmed.interfaces import Embedder, Progress, no_progress
from ragmed.records import Block, BlockKind, Document, Language, Page
from ragmed.settings import Settings
from ragmed.text.language import detect_language

PAGES = 256
"""Collection documents in one RagMed document: enough for full batches, few enough to see progress."""

_AT = "1970-01-01T00:00:00.000Z"
"""Published "at": the same collection gives the same snapshot, whenever it is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedCollection:
    """Where the collection was indexed, and which collection document each chunk row belongs to."""

    store: FolderStore
    document_of_row: tuple[str, ...]


def index_collection(
    collection: Collection, folder: Path, settings: Settings, embedder: Embedder, progress: Progress = no_progress
) -> IndexedCollection:
    """Index ``collection`` in ``folder`` and publish it there; what an earlier run embedded is taken up."""
    chunker = make_chunker(settings, embedder)
    facts = embedder_facts(embedder, settings.embedder)
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[SnapshotPart] = []
    names: dict[tuple[str, int], str] = {}
    with writer_lock(folder):
        _forget_snapshots(folder)
        for start in range(0, len(collection.documents), PAGES):
            shard = collection.documents[start : start + PAGES]
            document, pages = _as_pages(collection.name, start, shard)
            names |= {
                (document.document_id, page.number): one.document_id for page, one in zip(pages, shard, strict=True)
            }
            chunks = chunker.chunk(document, pages)
            content = SegmentContent(
                document=document,
                pages=pages,
                chunks=chunks,
                notes=(),
                embedded_texts=[
                    passage_text(chunk, document.title, multilingual=facts.multilingual) for chunk in chunks
                ],
                windows=[
                    window_texts(chunk, document.title, embedder.token_spans, multilingual=facts.multilingual)
                    for chunk in chunks
                ],
                embedder=facts_of_passages(facts),
            )
            segment = write_segment(folder, content, embedder.embed_passages)
            parts.append(SnapshotPart(document=document, segment=segment, source=_source(folder, shard)))
            progress("index", min(start + PAGES, len(collection.documents)), len(collection.documents))
        published = SnapshotContent(parts=parts, embedder=facts, chunker=chunker.configuration(), at=_AT)
        publish_snapshot(folder, published)
    store = FolderStore(folder)
    snapshot = store.current()
    rows = snapshot.chunks(range(snapshot.chunk_count()))
    return IndexedCollection(
        store=store, document_of_row=tuple(names[chunk.document_id, chunk.page_number] for chunk in rows)
    )


def _forget_snapshots(folder: Path) -> None:
    """Of an earlier run only the segments are worth keeping: a snapshot is made in seconds, and measured anew."""
    shutil.rmtree(folder / SNAPSHOTS, ignore_errors=True)
    for name in (POINTER, HISTORY, TRUSTED):
        (folder / name).unlink(missing_ok=True)


def _as_pages(name: str, start: int, shard: Sequence[BeirDocument]) -> tuple[Document, tuple[Page, ...]]:
    """A run of collection documents as one document, a page each, its title as the heading above it."""
    sha256 = sha256_of([[one.document_id, one.title, one.text] for one in shard])
    document_id = f"d-{sha256[:16]}"
    pages = tuple(
        Page(
            document_id=document_id,
            number=number,
            label=str(number),
            text=one.text,
            blocks=_blocks(one),
        )
        for number, one in enumerate(shard, 1)
    )
    document = Document(
        document_id=document_id,
        series=f"{name}-{start}",
        title="",
        publisher="",
        edition="",
        published_on="",
        language=detect_language(shard[0].text) if shard else Language.OTHER,
        sha256=sha256,
        licence="",
        source_path=f"{name}/{start}",
        media_type="application/jsonl",
        page_count=len(pages),
    )
    return document, pages


def _blocks(one: BeirDocument) -> tuple[Block, ...]:
    """A paragraph for each line that holds anything."""
    blocks: list[Block] = []
    start = 0
    path = (one.title,) if one.title else ()
    for line in one.text.splitlines(keepends=True):
        if line.strip():
            blocks.append(
                Block(start=start, end=start + len(line.rstrip()), kind=BlockKind.PARAGRAPH, heading_path=path)
            )
        start += len(line)
    return tuple(blocks)


def _source(folder: Path, shard: Sequence[BeirDocument]) -> FileEntry:
    """The shard as it was read, kept so that the snapshot can be verified like any other."""
    content = canonical_json([{"_id": one.document_id, "title": one.title, "text": one.text} for one in shard])
    sha256 = sha256_bytes(content)
    path = f"{SOURCES}/{sha256}.json"
    if not (folder / path).is_file():
        (folder / SOURCES).mkdir(exist_ok=True)
        write_file(folder / path, content)
    return FileEntry(path=path, sha256=sha256, size=len(content))
