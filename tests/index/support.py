"""A small index made without the sandbox: readings written by hand, the hash embedder, the real rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ragmed.canonical import sha256_bytes
from ragmed.corpus.chunker import SentenceChunker
from ragmed.index.dense import EXACT_ROWS
from ragmed.index.editions import settle
from ragmed.index.folder_store import FolderStore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.manifest import EmbedderFacts, LibraryNote
from ragmed.index.pipeline import passage_text, window_texts
from ragmed.index.publish import SnapshotContent, SnapshotPart
from ragmed.index.register import Register
from ragmed.index.segment import FileEntry, SegmentContent
from ragmed.index.store import SnapshotStore, SnapshotWriter
from ragmed.records import Document, Language, NoteKind, Page, Reading, ReadNote

NONE = Register()
AT = "2026-11-24T00:00:00Z"
EMBEDDER = HashEmbedder()
CHUNKER = SentenceChunker(EMBEDDER.token_spans, 64, 4)
FACTS = EmbedderFacts(name=EMBEDDER.name, revision=EMBEDDER.revision, dimensions=EMBEDDER.dimensions)

SEPSIS = ("Give broad-spectrum antibiotics within one hour of recognising septic shock.", "Measure lactate. Repeat it.")
ANAPHYLAXIS = ("Give intramuscular adrenaline 0.5 mg into the outer thigh at once.",)
NODULE_1 = ("Follow a ground-glass nodule of 6 mm with a CT scan after twelve months.",)
NODULE_2 = ("Follow a ground-glass nodule of 6 mm with a CT scan after six months.",)
PNEUMONIA_ZH = ("社区获得性肺炎患者应尽早使用抗菌药物。", "重症患者应查降钙素原与血培养。")


def reading(
    name: str,
    pages: Sequence[str],
    *,
    title: str = "",
    series: str = "",
    edition: str = "",
    published_on: str = "",
    publisher: str = "House",
    language: Language = Language.ENGLISH,
    notes: tuple[ReadNote, ...] = (),
) -> Reading:
    source = "\f".join(pages).encode()
    digest = sha256_bytes(source)
    document = Document(
        document_id=f"d-{digest[:16]}",
        series=series or name.partition(".")[0],
        title=title or name.partition(".")[0].replace("-", " ").capitalize(),
        publisher=publisher,
        edition=edition,
        published_on=published_on,
        language=language,
        sha256=digest,
        licence="",
        source_path=name,
        media_type="text/plain",
        page_count=len(pages),
    )
    made = tuple(
        Page(
            document_id=document.document_id,
            number=number,
            label=f"{document.series.upper()}-{number}",
            text=text,
            boxes=bytes(range(8)) * len(text),
            width=595.0,
            height=842.0,
        )
        for number, text in enumerate(pages, start=1)
    )
    return Reading(document=document, pages=made, notes=notes, source_path=name, sha256=digest)


def library() -> tuple[Reading, ...]:
    """Two guidelines, one in two editions, one in Chinese, and something to note."""
    note = ReadNote(kind=NoteKind.NO_TEXT, message="page 2 holds a picture only", page_number=2)
    return (
        reading("sepsis.txt", SEPSIS, notes=(note,)),
        reading("anaphylaxis.txt", ANAPHYLAXIS, publisher="Ward"),
        reading("nodules-1.txt", NODULE_1, series="nodules", edition="Version 1.2026"),
        reading("nodules-2.txt", NODULE_2, series="nodules", edition="Version 2.2026"),
        reading("feiyan.txt", PNEUMONIA_ZH, title="社区获得性肺炎", language=Language.CHINESE),
    )


def publish(
    index: Path,
    readings: Sequence[Reading],
    *,
    at: str = AT,
    by: str = "",
    register: Register = NONE,
    exact_rows: int = EXACT_ROWS,
) -> str | None:
    """Segments, kept sources and a snapshot of ``readings`` in a folder."""
    return publish_in(
        FolderStore(index),
        readings,
        index.with_name(f"incoming-{index.name}.txt"),
        at=at,
        register=register,
        rows=exact_rows,
    )


def publish_in(
    store: SnapshotStore,
    readings: Sequence[Reading],
    beside: Path,
    *,
    at: str = AT,
    by: str = "",
    register: Register = NONE,
    rows: int = EXACT_ROWS,
) -> str | None:
    """The same in any store; source files are made at ``beside``, one after the other."""
    with store.writer() as writer:
        return writer.publish(content_of(writer, readings, beside, at=at, by=by, register=register, rows=rows))


def content_of(
    writer: SnapshotWriter,
    readings: Sequence[Reading],
    beside: Path,
    *,
    at: str = AT,
    by: str = "",
    register: Register = NONE,
    rows: int = EXACT_ROWS,
) -> SnapshotContent:
    """All of a snapshot that a writer has before it publishes."""
    segments = {item.source_path: writer.write_segment(segment_of(item), EMBEDDER.embed_passages) for item in readings}
    standing = settle([item.document for item in readings if item.document], register)
    sources = {item.source_path: _source(writer, item, beside) for item in readings}
    return SnapshotContent(
        parts=[
            SnapshotPart(
                document=document, segment=segments[document.source_path], source=sources[document.source_path]
            )
            for document in standing.documents
        ],
        library_notes=[LibraryNote(source_path=path, note=note) for path, note in standing.notes],
        embedder=FACTS,
        chunker=CHUNKER.configuration(),
        at=at,
        by=by,
        exact_rows=rows,
    )


def segment_of(item: Reading) -> SegmentContent:
    """A reading, cut."""
    assert item.document is not None
    chunks = CHUNKER.chunk(item.document, item.pages)
    title, spans = item.document.title, EMBEDDER.token_spans
    return SegmentContent(
        document=item.document,
        pages=item.pages,
        chunks=chunks,
        notes=item.notes,
        embedded_texts=[passage_text(chunk, title, multilingual=False) for chunk in chunks],
        windows=[window_texts(chunk, title, spans, multilingual=False) for chunk in chunks],
        embedder=FACTS,
    )


def _source(writer: SnapshotWriter, item: Reading, beside: Path) -> FileEntry:
    beside.write_bytes("\f".join(page.text for page in item.pages).encode())
    try:
        return writer.keep_source(beside, item.sha256)
    finally:
        beside.unlink()
