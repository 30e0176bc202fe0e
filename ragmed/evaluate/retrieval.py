"""Search measured on a test collection: the whole of it, and each half alone in the same run.

Laws of this room: the documents go through the library's own chunker, embedder, lexical engine, query analysis
and fusion; a document scores as its best chunk; every judged query counts, found or not; the times are of the search
itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ragmed.canonical import write_atomic
from ragmed.evaluate.beir import Collection, read_collection
from ragmed.evaluate.library import IndexedCollection, index_collection
from ragmed.evaluate.measures import Measures, Run, measure, percentile, trec_lines
from ragmed.interfaces import Embedder, Progress, no_progress
from ragmed.records import Filters
from ragmed.retrieve.search import HybridRetriever
from ragmed.settings import Settings

SYSTEMS = ("hybrid", "dense", "bm25")
"""The fused search, and its halves as they are asked within it (query analysis included)."""

DEPTH = 100
"""Documents kept of each ranking: as deep as recall@100 looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemScores:
    """One ranking's measures."""

    system: str
    measures: Measures


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalScores:
    """What ``ragmed eval retrieval`` prints."""

    collection: str
    documents: int
    chunks: int
    queries: int
    queries_unjudged: int
    judgments_unknown: int
    systems: tuple[SystemScores, ...]
    """Of ``SYSTEMS``, in that order."""
    seconds_index: float
    """Reading apart: chunking, embedding (unless cached), writing and opening the index."""
    ms_p50: float
    ms_p95: float
    """Milliseconds of one query, analysis, embedding and search, without reading the passages."""
    embedder: str
    run_files: tuple[str, ...] = ()

    def report(self) -> dict[str, Any]:
        """The stable names first, then each half under its own name."""
        hybrid, *halves = self.systems
        return {
            "collection": self.collection,
            **_rounded(hybrid.measures),
            "queries": self.queries,
            "documents": self.documents,
            "chunks": self.chunks,
            "seconds_index": round(self.seconds_index, 2),
            "ms_p50": round(self.ms_p50, 2),
            "ms_p95": round(self.ms_p95, 2),
            **{half.system: _rounded(half.measures) for half in halves},
            "queries_unjudged": self.queries_unjudged,
            "judgments_unknown": self.judgments_unknown,
            "embedder": self.embedder,
            "runs": list(self.run_files),
        }


def evaluate_retrieval(
    folder: Path,
    settings: Settings,
    embedder: Embedder,
    *,
    progress: Progress = no_progress,
    runs: Path | None = None,
    cache: Path | None = None,
) -> RetrievalScores:
    """Index the collection in ``folder`` (BEIR layout), ask all its queries, score the rankings.

    ``runs``: a folder for the rankings in TREC form. ``cache``: a folder that keeps the index between runs; without
    one a temporary folder is used and removed.

    Raises BadInputError for a folder that is not in the layout.
    """
    collection = read_collection(folder)
    with ExitStack() as stack:
        place = cache / collection.name if cache else Path(stack.enter_context(TemporaryDirectory(prefix="ragmed-")))
        began = time.perf_counter()
        indexed = index_collection(collection, place, settings, embedder, progress)
        seconds_index = time.perf_counter() - began
        rankings, milliseconds = _ask(collection, indexed, settings, embedder, progress)
    return RetrievalScores(
        collection=collection.name,
        documents=len(collection.documents),
        chunks=len(indexed.document_of_row),
        queries=len(collection.queries),
        queries_unjudged=collection.queries_unjudged,
        judgments_unknown=collection.judgments_unknown,
        systems=tuple(
            SystemScores(system=system, measures=measure(collection.judgments, rankings[system])) for system in SYSTEMS
        ),
        seconds_index=seconds_index,
        ms_p50=percentile(milliseconds, 0.50),
        ms_p95=percentile(milliseconds, 0.95),
        embedder=embedder.name,
        run_files=_write_runs(runs, collection.name, rankings) if runs else (),
    )


def _ask(
    collection: Collection,
    indexed: IndexedCollection,
    settings: Settings,
    embedder: Embedder,
    progress: Progress,
) -> tuple[dict[str, Run], list[float]]:
    """Each system's ranking of documents, and the milliseconds that each query took."""
    retriever = HybridRetriever(indexed.store, embedder, settings.retrieve, multilingual=settings.embedder.multilingual)
    snapshot = indexed.store.current()
    embedder.embed_queries(["warm"])  # loading the weights is not part of a query
    rankings: dict[str, dict[str, Sequence[str]]] = {system: {} for system in SYSTEMS}
    milliseconds: list[float] = []
    for done, query in enumerate(collection.queries, 1):
        began = time.perf_counter()
        found = retriever.rank(snapshot, retriever.analyse(query.text, None, Filters()))
        milliseconds.append((time.perf_counter() - began) * 1000)
        rows_by_system = zip(SYSTEMS, (found.fused.rows, found.dense[0], found.lexical[0]), strict=True)
        for system, rows in rows_by_system:
            rankings[system][query.query_id] = _best_documents(rows.tolist(), indexed.document_of_row)
        progress("ask", done, len(collection.queries))
    return dict(rankings), milliseconds


def _best_documents(rows: Iterable[int], document_of_row: Sequence[str]) -> tuple[str, ...]:
    """Documents in the order of their best chunk."""
    return tuple(dict.fromkeys(document_of_row[row] for row in rows))[:DEPTH]


def _write_runs(folder: Path, name: str, rankings: dict[str, Run]) -> tuple[str, ...]:
    written: list[str] = []
    for system, run in rankings.items():
        path = folder / f"{name}.{system}.trec"
        write_atomic(path, trec_lines(run, f"ragmed-{system}").encode("utf-8"))
        written.append(str(path))
    return tuple(written)


def _rounded(measures: Measures) -> dict[str, float]:
    return {name: round(value, 4) for name, value in measures.named().items()}
