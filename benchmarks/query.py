"""How long a question waits for its evidence, and what an open snapshot weighs, as the library grows.

    python benchmarks/query.py FOLDER [--chunks 16407 100000 1000000] [--queries 200]

FOLDER is in the BEIR layout; its documents are the text of the chunks and its queries are the questions. Beyond its
size the text is resampled (words of random documents, so that word frequencies stay) and vectors are random unit
vectors; time does not depend on what a vector means. A size is measured in a process of its own:

* ``evidence``: embed the question, both halves to depth 100, reciprocal ranks, fetch 8 chunks with their documents;
* ``bare``: the same model, ``IndexFlatIP`` in memory, bm25s' own ``retrieve``, and no store behind it.

Targets: evidence p95 at most 100 ms at 100,000 chunks on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from lexical_engines import rows_of
from machine import machine, save
from numpy.typing import NDArray

from ragmed.canonical import canonical_json, sha256_file
from ragmed.index.embedder import MiniLmEmbedder
from ragmed.index.manifest import EmbedderFacts
from ragmed.index.publish import SnapshotPart, publish_snapshot
from ragmed.index.segment import FileEntry, Segment, SegmentContent, write_segment
from ragmed.index.store import SnapshotStore
from ragmed.interfaces import WeightedText
from ragmed.records import Chunk, Document, Filters, Language, Page

DIMENSIONS = 384
DEPTH = 100
PASSAGES = 8
CHUNKS_A_DOCUMENT = 2000
WORDS_A_CHUNK = 120
FACTS = EmbedderFacts(name="random", revision="0" * 64, dimensions=DIMENSIONS)
TARGET_P95_MS = 100


def texts(data: Path, count: int) -> Iterator[str]:
    """``count`` chunk texts: the documents' first words, then resampled ones."""
    rng = np.random.default_rng(7)
    corpus = [row["text"].split() for row in rows_of(data / "corpus.jsonl")]
    for number in range(count):
        if number < len(corpus):
            yield " ".join(corpus[number][:WORDS_A_CHUNK])
        else:
            parts = [corpus[place] for place in rng.integers(len(corpus), size=4)]
            yield " ".join(word for part in parts for word in part[: WORDS_A_CHUNK // 4])


def unit_vectors(count: int, seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSIONS), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def synthetic_part(index: Path, number: int, found: Sequence[str]) -> SnapshotPart:
    """A document whose chunks are the texts, each on a page of its own."""
    document_id = f"d-{number:016x}"
    document = Document(
        document_id=document_id,
        series=f"series-{number}",
        title=f"Document {number}",
        publisher="",
        edition="",
        published_on="",
        language=Language.ENGLISH,
        sha256=f"{number:064x}",
        licence="",
        source_path=f"{number}.txt",
        media_type="text/plain",
        page_count=len(found),
    )
    pages = [
        Page(document_id=document_id, number=place, label=str(place), text=text) for place, text in enumerate(found, 1)
    ]
    chunks = [
        Chunk(
            chunk_id=f"{document_id}-p{page.number}-0-{len(page.text)}",
            document_id=document_id,
            page_number=page.number,
            start=0,
            end=len(page.text),
            text=page.text,
            heading_path=(),
            language=Language.ENGLISH,
        )
        for page in pages
    ]
    content = SegmentContent(
        document=document, pages=pages, chunks=chunks, notes=(), embedded_texts=[str(number)], embedder=FACTS
    )
    segment: Segment = write_segment(index, content, lambda _: unit_vectors(len(chunks), number))
    source = index / "sources" / f"{number}.txt"
    source.parent.mkdir(exist_ok=True)
    source.write_text(str(number))
    entry = FileEntry(path=f"sources/{number}.txt", sha256=sha256_file(source), size=source.stat().st_size)
    return SnapshotPart(document=document, segment=segment, source=entry)


def build(index: Path, data: Path, count: int) -> float:
    """Publish a snapshot of ``count`` chunks; seconds that publishing took."""
    parts: list[SnapshotPart] = []
    waiting: list[str] = []
    for text in texts(data, count):
        waiting.append(text)
        if len(waiting) == CHUNKS_A_DOCUMENT:
            parts.append(synthetic_part(index, len(parts), waiting))
            waiting = []
    if waiting:
        parts.append(synthetic_part(index, len(parts), waiting))
    started = time.perf_counter()
    publish_snapshot(index, parts, embedder=FACTS, chunker={}, at="2026-01-01T00:00:00Z")
    return time.perf_counter() - started


def memory(kind: str) -> int:
    """MiB of this process: ``VmRSS`` in all, ``RssAnon`` its own, ``RssFile`` mapped files that others share."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) // 1024
    return 0


def timed(questions: Sequence[str], ask: Callable[[str], dict[str, float]]) -> dict[str, dict[str, float]]:
    """Median and 95th percentile of each part, milliseconds, after a warm-up of ten questions."""
    for question in questions[:10]:
        ask(question)
    parts: dict[str, list[float]] = {}
    for question in questions:
        for name, seconds in ask(question).items():
            parts.setdefault(name, []).append(1000 * seconds)
    return {
        name: {
            "p50": round(statistics.median(values), 2),
            "p95": round(sorted(values)[int(0.95 * (len(values) - 1))], 2),
        }
        for name, values in parts.items()
    }


def fuse(halves: Sequence[Sequence[int]]) -> list[int]:
    scores: dict[int, float] = {}
    for rows in halves:
        for rank, row in enumerate(rows, 1):
            scores[row] = scores.get(row, 0.0) + 1 / (60 + rank)
    return sorted(scores, key=lambda row: (-scores[row], row))[:PASSAGES]


def measure_evidence(index: Path, questions: Sequence[str]) -> dict[str, object]:
    embedder = MiniLmEmbedder()
    embedder.embed_queries(["warm"])
    before = memory("VmRSS")
    started = time.perf_counter()
    snapshot = SnapshotStore(index).current()
    opened = time.perf_counter() - started
    filters = Filters()

    def ask(question: str) -> dict[str, float]:
        moments = [time.perf_counter()]
        vector = embedder.embed_queries([question])[0]
        moments.append(time.perf_counter())
        dense, _ = snapshot.dense(vector, DEPTH, filters)
        moments.append(time.perf_counter())
        lexical, _ = snapshot.lexical([WeightedText(text=question)], DEPTH, filters)
        moments.append(time.perf_counter())
        for chunk in snapshot.chunks(fuse([dense.tolist(), lexical.tolist()])):
            snapshot.document(chunk.document_id)
            snapshot.page_label(chunk.document_id, chunk.page_number)
        moments.append(time.perf_counter())
        steps = dict(zip(("embed", "dense", "lexical", "fetch"), np.diff(moments).tolist(), strict=True))
        return {**steps, "evidence": moments[-1] - moments[0]}

    figures = timed(questions, ask)
    return {
        "seconds_open": round(opened, 2),
        "ms": figures,
        "memory_before_mib": before,
        "memory_mib": {kind: memory(kind) for kind in ("VmRSS", "RssAnon", "RssFile")},
        "reaches_target": figures["evidence"]["p95"] <= TARGET_P95_MS,
    }


def measure_bare(index: Path, data: Path, count: int, questions: Sequence[str]) -> dict[str, object]:
    """What one would write in ten lines: vectors and words in memory, no store, no filters, no checks."""
    import bm25s
    import faiss
    import Stemmer

    embedder = MiniLmEmbedder()
    embedder.embed_queries(["warm"])
    before = memory("VmRSS")
    dense = faiss.IndexFlatIP(DIMENSIONS)
    for number, start in enumerate(range(0, count, CHUNKS_A_DOCUMENT)):
        dense.add(unit_vectors(min(CHUNKS_A_DOCUMENT, count - start), number))
    stemmer = Stemmer.Stemmer("english")
    kept = list(texts(data, count))
    lexical = bm25s.BM25()
    lexical.index(bm25s.tokenize(kept, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)

    def ask(question: str) -> dict[str, float]:
        started = time.perf_counter()
        _, rows = dense.search(embedder.embed_queries([question]), DEPTH)
        tokens = bm25s.tokenize([question], stopwords="en", stemmer=stemmer, show_progress=False)
        found, _ = lexical.retrieve(tokens, k=DEPTH, show_progress=False)
        for row in fuse([rows[0].tolist(), found[0].tolist()]):
            assert kept[row]
        return {"evidence": time.perf_counter() - started}

    return {
        "ms": timed(questions, ask),
        "memory_before_mib": before,
        "memory_mib": {kind: memory(kind) for kind in ("VmRSS", "RssAnon", "RssFile")},
    }


def own_process(*arguments: str) -> dict[str, object]:
    ended = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    value: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "retrieval" / "medquad"
    parser.add_argument("folder", type=Path, nargs="?", default=beside)
    parser.add_argument("--chunks", type=int, nargs="+", default=[16_407, 100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--scratch", type=Path, help="where the indexes are made; 4 GB for a million chunks")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    questions = [row["text"] for row in rows_of(chosen.folder / "queries.jsonl")][: chosen.queries]
    if chosen.step:
        kind, folder, count = chosen.step[0], Path(chosen.step[1]), int(chosen.step[2])
        step: dict[str, object]
        if kind == "build":
            step = {"seconds_publish": round(build(folder, chosen.folder, count), 1), "memory_mib": memory("VmHWM")}
        elif kind == "evidence":
            step = measure_evidence(folder, questions)
        else:
            step = measure_bare(folder, chosen.folder, count, questions)
        print(canonical_json(step).decode())
        return
    result: dict[str, object] = {"machine": machine(), "load_average": os.getloadavg(), "queries": len(questions)}
    for count in chosen.chunks:
        with tempfile.TemporaryDirectory(dir=chosen.scratch) as scratch:
            common = (str(chosen.folder), "--queries", str(chosen.queries), "--step")
            result[f"{count} chunks"] = {
                kind: own_process(*common, kind, scratch, str(count)) for kind in ("build", "evidence", "bare")
            }
            save("query", result)


if __name__ == "__main__":
    main()
