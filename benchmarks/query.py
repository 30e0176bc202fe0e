"""How long a question waits for its evidence, and what an open snapshot weighs, as the library grows.

    python benchmarks/query.py FOLDER [--chunks 10000 100000 1000000] [--queries 200]

FOLDER is in the BEIR layout; its queries are the questions. ``scale_library`` says what the libraries are made of. A
size is measured in processes of their own:

* ``build``: write the segments and publish;
* ``ask``: open the snapshot (files in memory; at the end once more with the files dropped from memory); each step of
  a question by itself, without and with filters, to depth 100, over the words that the program itself asks for; then
  ``retrieve`` whole, from the question to eight passages with their coverage. Memory is read after all questions;
* ``recall``: the dense half against an exact search over the segments' unrounded vectors, without and with filters;
* ``bare`` (with ``--bare``): the same model, ``IndexFlatIP`` in memory, bm25s' own ``retrieve``, no store behind it.

Targets at 1,000,000 chunks on two cores: ``retrieve`` p95 at most 100 ms, open in 2 s, 1.2 GB resident, recall@10 0.98.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from lexical_engines import rows_of
from machine import RESULTS, machine, save
from numpy.typing import NDArray
from scale_library import CHUNKS_A_DOCUMENT, Vectors, build, piece_vectors, texts

from ragmed.canonical import canonical_json
from ragmed.index.dense import facts_of
from ragmed.index.embedder import MiniLmEmbedder
from ragmed.index.engines import INT8
from ragmed.index.folder_store import FolderStore
from ragmed.index.history import SNAPSHOTS
from ragmed.index.sketch import nearest
from ragmed.index.snapshot import DENSE, Snapshot
from ragmed.records import Filters, Language
from ragmed.retrieve.analyse import Analyser
from ragmed.retrieve.search import HybridRetriever, lexical_texts
from ragmed.settings import RetrieveSettings

DEPTH = 100
PASSAGES = 8
PIECES = 40_000
KEPT = RESULTS / "query.json"
TARGETS = {"retrieve_ms_p95": 100, "seconds_open": 2, "resident_mb": 1200, "recall@10": 0.98}
FILTERS = {
    "none": Filters(),
    "language": Filters(languages=(Language.CHINESE,)),
    "publisher": Filters(publishers=("Large",)),
    "date": Filters(published_after="2024-06", published_before="2026"),
    "edition of a publisher": Filters(publishers=("Small",), editions=("Version 2",)),
    "one document": Filters(series=("series-3",)),
}


def memory(kind: str) -> int:
    """MB (10⁶ bytes) of this process: ``VmRSS`` in all, ``RssAnon`` its own, ``RssFile`` mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return round(int(line.split()[1]) * 1024 / 1e6)
    return 0


def drop_from_memory(folder: Path) -> None:
    """Ask the kernel to forget what it holds of the files, so that they are read from the disk again."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def summary(milliseconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {
        "p50": round(statistics.median(ordered), 2),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 2),
    }


def timed(questions: Sequence[str], ask: Callable[[str], dict[str, float]]) -> dict[str, dict[str, float]]:
    """Median and 95th percentile of each part, milliseconds, after a warm-up of ten questions."""
    for question in questions[:10]:
        ask(question)
    parts: dict[str, list[float]] = {}
    for question in questions:
        for name, seconds in ask(question).items():
            parts.setdefault(name, []).append(1000 * seconds)
    return {name: summary(values) for name, values in parts.items()}


def opening(index: Path) -> tuple[FolderStore, NDArray[np.float64]]:
    """The open store, and the clocks that it took."""
    started = clocks()
    store = FolderStore(index)
    store.current()
    return store, clocks() - started


def measure_asking(index: Path, questions: Sequence[str]) -> dict[str, object]:
    import faiss  # noqa: F401 - loaded before anything is timed

    embedder = MiniLmEmbedder(engine=INT8)
    embedder.embed_queries(["warm"])
    before = memory("VmRSS")
    store, opened = opening(index)
    after_opening = memory("VmRSS")
    snapshot = store.current()
    vectors: dict[str, NDArray[np.float32]] = {}
    steps = {
        name: timed(questions, steps_of(snapshot, embedder, filters, vectors)) for name, filters in FILTERS.items()
    }
    retrieve = timed(questions, whole(HybridRetriever(store, embedder, RetrieveSettings())))
    resident = {kind: memory(kind) for kind in ("VmRSS", "RssAnon", "RssFile")}
    snapshot.close()
    del snapshot, store
    gc.collect()
    drop_from_memory(index / SNAPSHOTS)
    return {
        "seconds_open": round(float(opened[0]), 2),
        "seconds_open_cpu": round(float(opened[1]), 2),
        "seconds_open_files_dropped": round(float(opening(index)[1][0]), 2),
        "ms_retrieve": retrieve["retrieve"],
        "ms_retrieve_cpu": retrieve["retrieve, cpu"],
        "ms_steps": steps,
        "mb_before": before,
        "mb_opened": after_opening,
        "mb": resident,
    }


def clocks() -> NDArray[np.float64]:
    """Wall clock and CPU time of all threads, seconds: the second tells what a busy machine adds."""
    return np.array([time.perf_counter(), time.process_time()])


def named(name: str, seconds: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(seconds[0]), f"{name}, cpu": float(seconds[1])}


def whole(retriever: HybridRetriever) -> Callable[[str], dict[str, float]]:
    def ask(question: str) -> dict[str, float]:
        started = clocks()
        retriever.retrieve(retriever.analyse(question, None, Filters()), PASSAGES)
        return named("retrieve", clocks() - started)

    return ask


def steps_of(
    snapshot: Snapshot, embedder: MiniLmEmbedder, filters: Filters, kept: dict[str, NDArray[np.float32]]
) -> Callable[[str], dict[str, float]]:
    """Each step of a question; embedding, which no filter touches, is timed without filters only."""

    def ask(question: str) -> dict[str, float]:
        moments = [clocks()]
        query = Analyser(snapshot.document_frequency).analyse(question, None, filters)
        moments.append(clocks())
        if filters == Filters() or question not in kept:
            kept[question] = embedder.embed_queries([query.english])[0]
        moments.append(clocks())
        near, _ = snapshot.dense(kept[question], DEPTH, filters)
        moments.append(clocks())
        worded, _ = snapshot.lexical(lexical_texts(query), DEPTH, filters)
        moments.append(clocks())
        snapshot.nearness(kept[question], np.union1d(near, worded).tolist())
        moments.append(clocks())
        found: dict[str, float] = {}
        names = ("analyse", "embed", "dense", "lexical", "windows")
        for name, seconds in zip(names, np.diff(moments, axis=0), strict=True):
            if filters == Filters() or name in ("dense", "lexical", "windows"):
                found |= named(name, seconds)
        return found

    return ask


def measure_recall(index: Path, questions: Sequence[str]) -> dict[str, object]:
    snapshot = FolderStore(index).current()
    queries = MiniLmEmbedder().embed_queries(list(questions))
    documents = [item.document_id for item in snapshot.documents()]
    found: dict[str, object] = {}
    for name, filters in FILTERS.items():
        mask = snapshot.mask(filters)
        allowed = np.flatnonzero(mask.allowed)
        kept = (
            snapshot.segment(item.document.document_id).vectors()
            for item in snapshot.manifest.documents
            if mask.allowed[item.first_row]
        )
        if not len(allowed):
            continue
        truth = allowed[nearest(kept, queries, min(DEPTH, len(allowed)))]
        hits = [snapshot.dense(query, DEPTH, filters)[0] for query in queries]
        found[name] = {
            "rows": mask.count,
            **{f"recall@{k}": round(statistics.mean(recalls(hits, truth, k)), 4) for k in (1, 10, DEPTH)},
            "queries below 8 of 10": sum(one < 0.8 for one in recalls(hits, truth, 10)),
        }
    facts = json.loads(facts_of(index / SNAPSHOTS / snapshot.snapshot_id / DENSE).read_bytes())
    return {"dense": facts, "documents": len(documents), "against exact": found}


def recalls(hits: Sequence[NDArray[np.int64]], truth: NDArray[np.int64], k: int) -> list[float]:
    """The share of the true ``k`` that was found, for each query."""
    return [
        len(set(one[:k].tolist()) & set(other[:k].tolist())) / len(other[:k])
        for one, other in zip(hits, truth, strict=True)
    ]


def measure_bare(data: Path, count: int, pieces: NDArray[np.float32], questions: Sequence[str]) -> dict[str, object]:
    """What one would write in ten lines: vectors and words in memory, no store, no filters, no checks."""
    import bm25s
    import faiss
    import Stemmer

    embedder = MiniLmEmbedder()
    embedder.embed_queries(["warm"])
    vectors = Vectors(pieces)
    before = memory("VmRSS")
    dense = faiss.IndexFlatIP(pieces.shape[1])
    for first in range(0, count, CHUNKS_A_DOCUMENT):
        dense.add(vectors.part(first, min(CHUNKS_A_DOCUMENT, count - first)))
    stemmer = Stemmer.Stemmer("english")
    kept = list(texts(data, count))
    lexical = bm25s.BM25()
    lexical.index(bm25s.tokenize(kept, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)

    def ask(question: str) -> dict[str, float]:
        started = time.perf_counter()
        dense.search(embedder.embed_queries([question]), DEPTH)
        tokens = bm25s.tokenize([question], stopwords="en", stemmer=stemmer, show_progress=False)
        lexical.retrieve(tokens, k=DEPTH, show_progress=False)
        return {"retrieve": time.perf_counter() - started}

    return {
        "ms_retrieve": timed(questions, ask)["retrieve"],
        "mb_before": before,
        "mb": {kind: memory(kind) for kind in ("VmRSS", "RssAnon", "RssFile")},
    }


def on_disk(index: Path) -> dict[str, float]:
    """MB of each part of the snapshot's folder."""
    folder = next((index / SNAPSHOTS).iterdir())
    sizes: dict[str, float] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            part = path.relative_to(folder).parts[0]
            sizes[part] = round(sizes.get(part, 0) + path.stat().st_size / 1e6, 1)
    return sizes


def step(kind: str, index: Path, count: int, chosen: argparse.Namespace) -> dict[str, object]:
    questions = [row["text"] for row in rows_of(chosen.folder / "queries.jsonl")][: chosen.queries]
    if kind == "ask":
        return measure_asking(index, questions)
    if kind == "recall":
        return measure_recall(index, questions)
    pieces = piece_vectors(chosen.folder, PIECES, chosen.vectors)
    if kind == "bare":
        return measure_bare(chosen.folder, count, pieces, questions)
    segments, publish = build(index, chosen.folder, count, pieces)
    return {
        "seconds_segments": round(segments, 1),
        "seconds_publish": round(publish, 1),
        "mb_highest": memory("VmHWM"),
        "mb_on_disk": on_disk(index),
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
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--scratch", type=Path, help="where the indexes are made; 8 GB for a million chunks")
    parser.add_argument("--vectors", type=Path, help="keep the embedded pieces in this file (.npy)")
    parser.add_argument("--bare", action="store_true", help="measure the ten-line program too")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        kind, folder, count = chosen.step
        print(canonical_json(step(kind, Path(folder), int(count), chosen)).decode())
        return
    result = json.loads(KEPT.read_bytes()) if KEPT.is_file() else {}  # sizes that are not measured now stay
    result["targets"] = TARGETS
    for count in chosen.chunks:
        with tempfile.TemporaryDirectory(dir=chosen.scratch) as scratch:
            common = [str(chosen.folder), "--queries", str(chosen.queries)]
            common += ["--vectors", str(chosen.vectors)] if chosen.vectors else []
            load = os.getloadavg()
            kinds = ("build", "ask", "recall", *(("bare",) if chosen.bare else ()))
            result[f"{count} chunks"] = {
                **{kind: own_process(*common, "--step", kind, scratch, str(count)) for kind in kinds},
                "load_average": [load, os.getloadavg()],
                "machine": machine(),
                "queries": chosen.queries,
            }
            save("query", result)


if __name__ == "__main__":
    main()
