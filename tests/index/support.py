"""A small index made without the sandbox: readings written by hand, the hash embedder, the real rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ragmed.canonical import sha256_bytes
from ragmed.corpus.chunker import SentenceChunker
from ragmed.index.dense import EXACT_ROWS
from ragmed.index.disk import copy_file
from ragmed.index.editions import settle
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.lock import writer_lock
from ragmed.index.manifest import EmbedderFacts, LibraryNote
from ragmed.index.pipeline import passage_text, window_texts
from ragmed.index.publish import SOURCES, SnapshotPart, collect_orphans, publish_snapshot
from ragmed.index.register import Register
from ragmed.index.segment import FileEntry, SegmentContent, write_segment
from ragmed.records import Document, Language, NoteKind, Page, Reading, ReadNote

NONE = Register()
AT = "2026-11-24T00:00:00Z"
EMBEDDER = HashEmbedder()
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
    register: Register = NONE,
    exact_rows: int = EXACT_ROWS,
) -> str | None:
    """Segments, kept sources and a snapshot of ``readings``."""
    with writer_lock(index):
        collect_orphans(index)
        chunker = SentenceChunker(EMBEDDER.token_spans, 64, 4)
        segments = {}
        for item in readings:
            assert item.document is not None
            chunks = chunker.chunk(item.document, item.pages)
            content = SegmentContent(
                document=item.document,
                pages=item.pages,
                chunks=chunks,
                notes=item.notes,
                embedded_texts=[passage_text(chunk, item.document.title, multilingual=False) for chunk in chunks],
                windows=[
                    window_texts(chunk, item.document.title, EMBEDDER.token_spans, multilingual=False)
                    for chunk in chunks
                ],
                embedder=FACTS,
            )
            segments[item.source_path] = write_segment(index, content, EMBEDDER.embed_passages)
        standing = settle([item.document for item in readings if item.document], register)
        sources = {item.source_path: _source(index, item) for item in readings}
        return publish_snapshot(
            index,
            [
                SnapshotPart(
                    document=document, segment=segments[document.source_path], source=sources[document.source_path]
                )
                for document in standing.documents
            ],
            library_notes=[LibraryNote(source_path=path, note=note) for path, note in standing.notes],
            embedder=FACTS,
            chunker=chunker.configuration(),
            at=at,
            exact_rows=exact_rows,
        )


def _source(index: Path, item: Reading) -> FileEntry:
    content = "\f".join(page.text for page in item.pages).encode()
    path = f"{SOURCES}/{item.sha256}.txt"
    if not (index / path).is_file():
        beside = index / "incoming.txt"
        beside.write_bytes(content)
        copy_file(beside, index / path)
        beside.unlink()
    return FileEntry(path=path, sha256=item.sha256, size=len(content))
