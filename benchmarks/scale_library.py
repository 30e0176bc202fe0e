"""A library of any size for benchmarks/query.py, made of real text and real vectors.

* Vectors: ``pieces`` of the collection (sentences of 7 to 45 words) are embedded; beyond their number a vector is a
  random mean of a real one and two of its 20 nearest, moved by a quarter of its length along the difference of two
  other real vectors, so that new vectors lie where real ones do. (Uniform random vectors have no neighbourhoods: on
  them a coarse index says nothing.)
* Each chunk has three windows, its vector moved towards those of three other chunks.
* Text: the first words of documents, then words of four random documents; half of the resampled chunks hold a word
  that no other chunk has, because a vocabulary grows with its library.
* Headings and titles change every ten chunks and every document. A document is one of five publishers' (of unequal
  size), of one of four editions and of a day between 2015 and 2026; a tenth are marked Chinese.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from lexical_engines import rows_of
from numpy.typing import NDArray

from ragmed.canonical import sha256_file
from ragmed.index.embedder import MiniLmEmbedder
from ragmed.index.engines import INT8
from ragmed.index.manifest import EmbedderFacts
from ragmed.index.publish import SnapshotContent, SnapshotPart, publish_snapshot
from ragmed.index.segment import FileEntry, SegmentContent, write_segment
from ragmed.records import Chunk, Document, Language, Page

CHUNKS_A_DOCUMENT = 1000
CHUNKS_A_HEADING = 10
WINDOWS_A_CHUNK = 3
WORDS_A_CHUNK = 120
NEIGHBOURS = 20
MOVED = 0.25
PUBLISHERS = ("Large", "Large", "Large", "Large", "Middle", "Middle", "Second", "Second", "Third", "Small")
EDITIONS = ("Version 1", "Version 2", "Version 3", "Version 4")


def piece_vectors(data: Path, count: int, cache: Path | None) -> NDArray[np.float32]:
    """Vectors of ``count`` pieces of the collection in random order; kept in ``cache`` for the next run."""
    if cache is not None and cache.is_file():
        kept: NDArray[np.float32] = np.load(cache, allow_pickle=False)
        return kept
    found: dict[str, None] = {}
    for row in rows_of(data / "corpus.jsonl"):
        for piece in re.split(r"(?<=[.!?])\s+", row["text"]):
            if 7 <= len(piece.split()) <= 45:
                found[" ".join(piece.split())] = None
    texts = list(found)
    chosen = [texts[place] for place in np.random.default_rng(3).permutation(len(texts))[:count]]
    vectors = MiniLmEmbedder(engine=INT8).embed_passages(chosen)
    if cache is not None:
        np.save(cache, vectors)
    return vectors


class Vectors:
    """Rows of the grown collection, in any part and always the same."""

    def __init__(self, real: NDArray[np.float32]) -> None:
        import faiss

        self._real = real
        index = faiss.IndexFlatIP(real.shape[1])
        index.add(real)
        self._near = index.search(real, NEIGHBOURS + 1)[1][:, 1:]

    def part(self, first: int, count: int) -> NDArray[np.float32]:
        """Rows ``first`` to ``first + count``, unit vectors."""
        real = self._real
        own = real[first : first + count]
        rng = np.random.default_rng(first)
        size = count - len(own)
        rows = rng.integers(len(real), size=size)
        near = self._near[rows[:, None], rng.integers(NEIGHBOURS, size=(size, 2))]
        shares = rng.dirichlet((1, 1, 1), size=size)
        mixed = _unit(sum(shares[:, [n]] * real[those] for n, those in enumerate((rows, near[:, 0], near[:, 1]))))
        step = _unit(real[rng.integers(len(real), size=size)] - real[rng.integers(len(real), size=size)])
        return np.concatenate([own, _unit(mixed + MOVED * step)]).astype(np.float32)


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def texts(data: Path, count: int) -> Iterator[str]:
    """``count`` chunk texts."""
    rng = np.random.default_rng(7)
    corpus = [row["text"].split() for row in rows_of(data / "corpus.jsonl")]
    for number in range(count):
        if number < len(corpus):
            yield " ".join(corpus[number][:WORDS_A_CHUNK])
        else:
            parts = [corpus[place][: WORDS_A_CHUNK // 4] for place in rng.integers(len(corpus), size=4)]
            own = f"term{number}q " if number % 2 else ""
            yield own + " ".join(word for part in parts for word in part)


def build(index: Path, data: Path, count: int, pieces: NDArray[np.float32]) -> tuple[float, float]:
    """Publish a snapshot of ``count`` chunks; seconds for the segments, and seconds to publish them."""
    vectors, embedder = Vectors(pieces), MiniLmEmbedder(engine=INT8)
    facts = EmbedderFacts(name=embedder.name, revision=embedder.revision, engine=INT8, dimensions=embedder.dimensions)
    started = time.perf_counter()
    parts: list[SnapshotPart] = []
    waiting: list[str] = []
    for number, text in enumerate(texts(data, count), 1):
        waiting.append(text)
        if len(waiting) == CHUNKS_A_DOCUMENT or number == count:
            found = vectors.part(number - len(waiting), len(waiting))
            parts.append(_part(index, len(parts), waiting, found, facts))
            waiting = []
    middle = time.perf_counter()
    publish_snapshot(index, SnapshotContent(parts=parts, embedder=facts, chunker={}, at="2026-01-01T00:00:00Z"))
    return middle - started, time.perf_counter() - middle


def _part(
    index: Path, number: int, found: Sequence[str], vectors: NDArray[np.float32], facts: EmbedderFacts
) -> SnapshotPart:
    """A document whose chunks are the texts, each on a page of its own."""
    document = _document(number, found)
    pages = [
        Page(document_id=document.document_id, number=place, label=str(place), text=text)
        for place, text in enumerate(found, 1)
    ]
    chunks = [_chunk(document, page, found[(page.number - 1) // CHUNKS_A_HEADING]) for page in pages]
    names = [f"{number}-{place}" for place in range(len(chunks))]
    content = SegmentContent(
        document=document,
        pages=pages,
        chunks=chunks,
        notes=(),
        embedded_texts=names,
        windows=[[f"{name}-{window}" for window in range(WINDOWS_A_CHUNK)] for name in names],
        embedder=facts,
    )
    segment = write_segment(index, content, lambda _: np.concatenate([vectors, _windows(vectors)]))
    source = index / "sources" / f"{number}.txt"
    source.parent.mkdir(exist_ok=True)
    source.write_text(str(number))
    entry = FileEntry(path=f"sources/{number}.txt", sha256=sha256_file(source), size=source.stat().st_size)
    return SnapshotPart(document=document, segment=segment, source=entry)


def _windows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors of each chunk's windows, chunk by chunk."""
    moved = [_unit(vectors + 0.5 * np.roll(vectors, step, axis=0)) for step in range(1, WINDOWS_A_CHUNK + 1)]
    return np.stack(moved, axis=1).reshape(-1, vectors.shape[1]).astype(np.float32)


def _document(number: int, found: Sequence[str]) -> Document:
    return Document(
        document_id=f"d-{number:016x}",
        series=f"series-{number}",
        title=" ".join(found[0].split()[:6]),
        publisher=PUBLISHERS[number % len(PUBLISHERS)],
        edition=EDITIONS[number // 3 % len(EDITIONS)],
        published_on=f"{2015 + number % 12}-{1 + number % 7:02}-{1 + number % 28:02}",
        language=Language.CHINESE if number % 10 == 7 else Language.ENGLISH,
        sha256=f"{number:064x}",
        licence="",
        source_path=f"{number}.txt",
        media_type="text/plain",
        page_count=len(found),
    )


def _chunk(document: Document, page: Page, heading: str) -> Chunk:
    return Chunk(
        chunk_id=f"{document.document_id}-p{page.number}-0-{len(page.text)}",
        document_id=document.document_id,
        page_number=page.number,
        start=0,
        end=len(page.text),
        text=page.text,
        heading_path=(" ".join(heading.split()[:5]),),
        language=Language.ENGLISH,
    )
