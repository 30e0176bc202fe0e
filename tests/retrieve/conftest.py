"""A small real library, made without files: two languages, two editions, a repeated paragraph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ragmed.canonical import sha256_of
from ragmed.index.folder_store import FolderStore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.manifest import EmbedderFacts
from ragmed.index.pipeline import make_chunker, passage_text, window_texts
from ragmed.index.publish import SnapshotContent, SnapshotPart, publish_snapshot
from ragmed.index.segment import FileEntry, SegmentContent, write_segment
from ragmed.records import Block, BlockKind, Document, DocumentStatus, Page
from ragmed.retrieve.search import HybridRetriever
from ragmed.settings import RetrieveSettings, Settings
from ragmed.text.language import detect_language

NODULES = "Repeat chest CT after 6 months for a pure ground-glass nodule of 6 mm or more."
DKA = "In diabetic ketoacidosis start fluid resuscitation with isotonic saline and check potassium before insulin."
SEPSIS = "In septic shock norepinephrine is the first vasopressor, aiming at a mean arterial pressure of 65 mmHg."
ANAPHYLAXIS = "In anaphylaxis give adrenaline 0.5 mg into the thigh muscle and repeat after five minutes."
PNEUMONIA = "Community-acquired pneumonia: admit when the CURB-65 score is 2 or more; give amoxicillin."
HYPERKALAEMIA_ZH = "高钾血症伴心电图改变时，先静脉推注葡萄糖酸钙，再用胰岛素加葡萄糖。"
NODULES_ZH = "纯磨玻璃结节随访：胸部CT三个月后复查。"
OLD_STROKE = "Acute ischaemic stroke: alteplase within 3 hours of onset."
NEW_STROKE = "Acute ischaemic stroke: alteplase within 4.5 hours of onset."

LIBRARY: dict[str, tuple[str, ...]] = {
    "nodules": (NODULES, "Smoking history and family history raise the risk of cancer."),
    "dka": (DKA, "Look for the cause: infection, missed insulin, new diabetes."),
    "sepsis": (SEPSIS,),
    "anaphylaxis": (ANAPHYLAXIS,),
    "pneumonia": (PNEUMONIA, "Vaccination against influenza is offered every autumn."),
    "hyperkalaemia-zh": (HYPERKALAEMIA_ZH,),
    "nodules-zh": (NODULES_ZH,),
    "repeated": (SEPSIS,),
}


def make_document(series: str, pages: tuple[str, ...], **more: object) -> tuple[Document, tuple[Page, ...]]:
    sha256 = sha256_of([series, list(pages)])
    document_id = f"d-{sha256[:16]}"
    document = Document(
        document_id=document_id,
        series=series,
        title=series.replace("-", " ").title(),
        publisher="Test House",
        edition="",
        published_on="2026",
        language=detect_language(pages[0]),
        sha256=sha256,
        licence="",
        source_path=f"{series}.txt",
        media_type="text/plain",
        page_count=len(pages),
    )
    for key, value in more.items():
        document = _replaced(document, key, value)
    made = tuple(
        Page(
            document_id=document_id,
            number=number,
            label=f"{series[:2].upper()}-{number}",
            text=text,
            blocks=(Block(start=0, end=len(text), kind=BlockKind.PARAGRAPH),),
        )
        for number, text in enumerate(pages, 1)
    )
    return document, made


def _replaced(document: Document, key: str, value: object) -> Document:
    from dataclasses import replace

    return replace(document, **{key: value})  # type: ignore[arg-type]


def publish(folder: Path, documents: list[tuple[Document, tuple[Page, ...]]], embedder: HashEmbedder) -> FolderStore:
    chunker = make_chunker(Settings(), embedder)
    facts = EmbedderFacts(name=embedder.name, revision=embedder.revision, dimensions=embedder.dimensions)
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for document, pages in documents:
        chunks = chunker.chunk(document, pages)
        content = SegmentContent(
            document=document,
            pages=pages,
            chunks=chunks,
            notes=(),
            embedded_texts=[passage_text(chunk, document.title, multilingual=False) for chunk in chunks],
            windows=[window_texts(chunk, document.title, embedder.token_spans, multilingual=False) for chunk in chunks],
            embedder=facts,
        )
        source = FileEntry(path=f"sources/{document.sha256}.txt", sha256=document.sha256, size=1)
        parts.append(
            SnapshotPart(
                document=document, segment=write_segment(folder, content, embedder.embed_passages), source=source
            )
        )
    content = SnapshotContent(parts=parts, embedder=facts, chunker=chunker.configuration(), at="2026-01-01T00:00:00Z")
    publish_snapshot(folder, content)
    return FolderStore(folder)


@pytest.fixture(scope="session")
def embedder() -> HashEmbedder:
    return HashEmbedder(dimensions=512)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, embedder: HashEmbedder) -> FolderStore:
    documents = [make_document(series, pages) for series, pages in LIBRARY.items()]
    new = make_document("stroke", (NEW_STROKE,), edition="2026")
    old = make_document(
        "stroke", (OLD_STROKE,), edition="2020", status=DocumentStatus.SUPERSEDED, superseded_by=new[0].document_id
    )
    return publish(tmp_path_factory.mktemp("index"), [*documents, new, old], embedder)


@pytest.fixture(scope="session")
def retriever(store: FolderStore, embedder: HashEmbedder) -> HybridRetriever:
    return HybridRetriever(store, embedder, RetrieveSettings())


@pytest.fixture
def make_library(tmp_path: Path, embedder: HashEmbedder) -> Callable[[dict[str, tuple[str, ...]]], HybridRetriever]:
    def make(pages: dict[str, tuple[str, ...]]) -> HybridRetriever:
        documents = [make_document(series, texts) for series, texts in pages.items()]
        return HybridRetriever(publish(tmp_path / "index", documents, embedder), embedder, RetrieveSettings())

    return make
