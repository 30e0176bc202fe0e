"""A library of a few hand-made pages behind the real protocols: small implementations, no patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from struct import pack

import numpy as np
from numpy.typing import NDArray

from ragmed.errors import NotFoundError
from ragmed.interfaces import WeightedText
from ragmed.records import (
    Block,
    BlockKind,
    Chunk,
    Citation,
    Document,
    DocumentStatus,
    Filters,
    Hit,
    Language,
    Page,
    Passage,
    Query,
    Retrieval,
)
from ragmed.text.language import detect_language
from ragmed.text.words import words


def document(
    name: str, *, title: str = "", language: Language = Language.ENGLISH, pages: int = 1, **more: object
) -> Document:
    made = Document(
        document_id=f"d-{name}",
        series=name,
        title=title or name.title(),
        publisher="Test",
        edition="Version 1.2026",
        published_on="2026",
        language=language,
        sha256="0" * 64,
        licence="",
        source_path=f"{name}.pdf",
        media_type="application/pdf",
        page_count=pages,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def boxes(text: str, *, hidden: tuple[int, int] = (0, 0), off_page: tuple[int, int] = (0, 0)) -> bytes:
    """A box for each character: one row of small squares; ``hidden`` ones hold no ink, others lie off the page."""
    packed = b""
    for number, character in enumerate(text):
        left = 100 + number % 50 * 80
        if character.isspace() or hidden[0] <= number < hidden[1]:
            packed += pack("<4H", 0, 0, 0, 0)
        elif off_page[0] <= number < off_page[1]:
            packed += pack("<4H", 60000, 100, 60060, 200)
        else:
            packed += pack("<4H", left, 100, left + 60, 200)
    return packed


class SmallSnapshot:
    """A ``SnapshotReader`` in memory; each block of a page is a chunk unless chunks are given."""

    snapshot_id = "000001-00000000"
    published_at = "2026-11-23T00:00:00Z"
    embedder_name = "none"
    embedder_engine = "none"
    embedder_revision = ""

    def __init__(self, documents: Sequence[Document], pages: Sequence[Page], chunks: Sequence[Chunk] = ()) -> None:
        self._documents = {one.document_id: one for one in documents}
        self._pages = {(one.document_id, one.number): one for one in pages}
        self._chunks = tuple(chunks) or tuple(chunk for page in pages for chunk in whole_page_chunks(page))
        self._by_id = {one.chunk_id: one for one in self._chunks}

    def documents(self) -> tuple[Document, ...]:
        return tuple(self._documents.values())

    def document(self, document_id: str) -> Document:
        if document_id not in self._documents:
            raise NotFoundError(document_id)
        return self._documents[document_id]

    def page(self, document_id: str, number: int) -> Page:
        if (document_id, number) not in self._pages:
            raise NotFoundError(f"{document_id} {number}")
        return self._pages[document_id, number]

    def page_label(self, document_id: str, number: int) -> str:
        return self.page(document_id, number).label

    def chunk(self, chunk_id: str) -> Chunk:
        if chunk_id not in self._by_id:
            raise NotFoundError(chunk_id)
        return self._by_id[chunk_id]

    def chunks(self, rows: Sequence[int]) -> tuple[Chunk, ...]:
        return tuple(self._chunks[row] for row in rows)

    def chunk_count(self) -> int:
        return len(self._chunks)

    def source(self, document_id: str) -> Path:
        raise NotFoundError(document_id)

    def dense(
        self, vector: NDArray[np.float32], k: int, filters: Filters
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        raise NotImplementedError

    def lexical(
        self, texts: Sequence[WeightedText], k: int, filters: Filters
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        wanted = {word for text in texts for word in words(text.text)}
        scored = [
            (len(wanted & set(words(chunk.text))), -row)
            for row, chunk in enumerate(self._chunks)
            if not filters.document_ids or chunk.document_id in filters.document_ids
        ]
        best = sorted((one for one in scored if one[0]), reverse=True)[:k]
        return np.array([-row for _, row in best], np.int64), np.array([score for score, _ in best], np.float32)

    def document_frequency(self, word: str) -> int:
        return sum(word in words(chunk.text) for chunk in self._chunks)


def page(owner: Document, *blocks: tuple[BlockKind, str], number: int = 1, **more: object) -> Page:
    """A page whose text is its blocks, one a line, headings carried along."""
    text, made, path = "", [], ()
    for kind, words_of_block in blocks:
        start = len(text)
        text += words_of_block + "\n"
        level = 2 if kind is BlockKind.HEADING else 1
        made.append(Block(start=start, end=start + len(words_of_block), kind=kind, level=level, heading_path=path))
        if kind is BlockKind.HEADING:
            path = (words_of_block,)
    text = text.rstrip("\n")
    built = Page(document_id=owner.document_id, number=number, label=f"T-{number}", text=text, blocks=tuple(made))
    return replace(built, **more)  # type: ignore[arg-type]


def plain_page(owner: Document, text: str, *, number: int = 1, **more: object) -> Page:
    """A page that is one paragraph."""
    return page(owner, (BlockKind.PARAGRAPH, text), number=number, **more)


def whole_page_chunks(page: Page) -> tuple[Chunk, ...]:
    """The page's text between headings, one chunk each; headings stay outside."""
    spans: list[tuple[int, int, tuple[str, ...]]] = []
    for block in page.blocks:
        if block.kind is BlockKind.HEADING:
            continue
        if spans and spans[-1][2] == block.heading_path:
            spans[-1] = (spans[-1][0], block.end, block.heading_path)
        else:
            spans.append((block.start, block.end, block.heading_path))
    return tuple(
        Chunk(
            chunk_id=f"{page.document_id}-p{page.number}-{start}-{end}",
            document_id=page.document_id,
            page_number=page.number,
            start=start,
            end=end,
            text=page.text[start:end],
            heading_path=path,
            language=detect_language(page.text[start:end]),
        )
        for start, end, path in spans
    )


def cite(page: Page, quote: str, *, chunk: Chunk | None = None, **more: object) -> Citation:
    """A citation of the first place where ``quote`` stands on the page."""
    chunk = chunk or whole_page_chunks(page)[0]
    start = page.text.index(quote)
    made = Citation(
        claim=0,
        marker=1,
        chunk_id=chunk.chunk_id,
        document_id=page.document_id,
        page_number=page.number,
        start=start,
        end=start + len(quote),
        quote=quote,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def passages_of(snapshot: SmallSnapshot) -> tuple[Passage, ...]:
    """All chunks as passages, in order."""
    return tuple(
        Passage(
            marker=number,
            hit=Hit(chunk_id=chunk.chunk_id, rank=number, score=1.0 / number),
            chunk=chunk,
            document=snapshot.document(chunk.document_id),
            page_label=snapshot.page_label(chunk.document_id, chunk.page_number),
        )
        for number, chunk in enumerate(snapshot.chunks(range(snapshot.chunk_count())), 1)
    )


class SmallRetriever:
    """A ``Retriever`` that gives what it was made with."""

    def __init__(self, passages: Sequence[Passage], coverage: float = 0.9, missing: tuple[str, ...] = ()) -> None:
        self._passages, self._coverage, self._missing = tuple(passages), coverage, missing

    def analyse(self, question: str, language: Language | None, filters: Filters) -> Query:
        spoken = language or detect_language(question)
        return Query(text=question.strip(), language=spoken, english=question, chinese=question, filters=filters)

    def retrieve(self, query: Query, k: int) -> Retrieval:
        titles = tuple(dict.fromkeys(passage.document.title for passage in self._passages))
        return Retrieval(
            query=query,
            passages=self._passages,
            coverage=self._coverage,
            missing_terms=self._missing,
            nearest_titles=titles,
        )


class SmallSnapshots:
    """A ``Snapshots`` of one, or of several that are published one after the other while questions are asked."""

    def __init__(self, *snapshots: SmallSnapshot) -> None:
        self._waiting = list(snapshots)

    def current(self) -> SmallSnapshot:
        return self._waiting.pop(0) if len(self._waiting) > 1 else self._waiting[0]

    def get(self, snapshot_id: str) -> SmallSnapshot:
        return self._waiting[0]


SUPERSEDED = {"status": DocumentStatus.SUPERSEDED, "superseded_by": "d-newer"}
