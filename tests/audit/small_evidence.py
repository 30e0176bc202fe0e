"""One real PDF with three pages, read by the real reader, behind ``Evidence``; and an answer that quotes its second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ragmed.canonical import sha256_file
from ragmed.errors import NotFoundError
from ragmed.page_evidence import SnapshotEvidence
from ragmed.records import AnswerRecord, Chunk, Document, Hit, Language, Passage
from ragmed.settings import ReaderSettings
from tests.answer.records import a_record
from tests.answer.small_library import SmallSnapshot, cite
from tests.corpus.sheets import column, read, sheet

QUOTE = "Give oxygen at 2 litres a minute."
SECRET = "Nobody cited this page."


class KeptSnapshot(SmallSnapshot):
    """With the source file beside it."""

    def __init__(self, path: Path, document: Document, pages: tuple[object, ...]) -> None:
        super().__init__([document], pages)  # type: ignore[arg-type]
        self._path = path

    def source(self, document_id: str) -> Path:
        self.document(document_id)
        return self._path


class KeptSnapshots:
    """``Snapshots`` of one that may be collected."""

    def __init__(self, snapshot: KeptSnapshot) -> None:
        self._snapshot: KeptSnapshot | None = snapshot

    def current(self) -> KeptSnapshot:
        return self.get("")

    def get(self, snapshot_id: str) -> KeptSnapshot:
        if self._snapshot is None:
            raise NotFoundError("collected")
        return self._snapshot

    def collect(self) -> None:
        self._snapshot = None


def small_library(folder: Path, **more: object) -> tuple[KeptSnapshots, AnswerRecord]:
    """Three printed pages, and an answer that quotes the second twice."""
    path = sheet(
        folder / "oxygen.pdf",
        lambda canvas: column(canvas, 100, 700, [SECRET], size=14),
        lambda canvas: column(canvas, 100, 700, [QUOTE, "Observe for 12 hours."], size=14),
        lambda canvas: column(canvas, 100, 700, [SECRET], size=14),
    )
    digest = sha256_file(path)
    document = Document(
        document_id=f"d-{digest[:16]}",
        series="oxygen",
        title="Oxygen",
        publisher="Test",
        edition="Version 1.2026",
        published_on="2026",
        language=Language.ENGLISH,
        sha256=digest,
        licence="CC-BY-4.0",
        source_path="oxygen.pdf",
        media_type="application/pdf",
        page_count=3,
    )
    document = replace(document, **more)  # type: ignore[arg-type]
    pages = tuple(replace(page, document_id=document.document_id) for page in read(path).pages)
    snapshot = KeptSnapshot(path, document, pages)
    page = pages[1]
    chunk = Chunk(
        chunk_id=f"{document.document_id}-p2-0-{len(page.text)}",
        document_id=document.document_id,
        page_number=2,
        start=0,
        end=len(page.text),
        text=page.text,
        heading_path=(),
        language=Language.ENGLISH,
    )
    record = a_record("0123456789abcdef0123456789abcdef")
    first, second = record.checks
    passage = Passage(
        marker=1, hit=Hit(chunk_id=chunk.chunk_id, rank=1, score=1.0), chunk=chunk, document=document, page_label="2"
    )
    record = replace(
        record,
        user="ward 3",
        documents=(document,),
        retrieval=replace(record.retrieval, passages=(passage,)),
        checks=(
            replace(first, citation=cite(page, QUOTE, chunk=chunk)),
            replace(second, citation=cite(page, "Observe for 12 hours.", chunk=chunk, claim=-1)),
        ),
    )
    return KeptSnapshots(snapshot), record


def small_evidence(snapshots: KeptSnapshots) -> SnapshotEvidence:
    return SnapshotEvidence(snapshots, ReaderSettings())  # type: ignore[arg-type]
