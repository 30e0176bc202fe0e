"""Search measured on a test collection: the whole of it, and each half alone in the same run.

Laws of this room: the documents go through the library's own chunker, embedder, lexical engine, query analysis
and fusion; a document scores as its best chunk; every judged query counts, found or not; the times are of the search
itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ragmed.canonical import write_atomic
from ragmed.evaluate.ablation import require_parts
from ragmed.evaluate.baselines import BASELINES, baseline_rows, require_baseline
from ragmed.evaluate.beir import Collection, read_collection
from ragmed.evaluate.library import IndexedCollection, index_collection
from ragmed.evaluate.measures import (
    Measures,
    Run,
    measure,
    ndcg_by_query,
    percentile,
    read_trec,
    trec_lines,
)
from ragmed.evaluate.resampling import Comparison, compare
from ragmed.interfaces import Embedder, Progress, no_progress
from ragmed.records import Filters
from ragmed.retrieve.search import HybridRetriever
from ragmed.settings import Settings

SYSTEMS = ("hybrid", *BASELINES)
"""The fused search, and plainer ways to rank the same candidates."""

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
    query_texts: Mapping[str, str]
    ndcg_by_query: Mapping[str, float]
    """nDCG@10 of the first system, every judged query."""
    baseline_by_query: Mapping[str, float]
    """The same of the baseline; empty without one."""
    comparison: Comparison | None = None
    without: tuple[str, ...] = ()
    snapshot_id: str = ""
    """Of the indexed collection; empty for a saved run."""
    run_files: tuple[str, ...] = ()

    def report(self) -> dict[str, Any]:
        """The stable names first, then each other system under its own name."""
        hybrid, *others = self.systems
        return {
            "collection": self.collection,
            **_rounded(hybrid.measures),
            "queries": self.queries,
            "documents": self.documents,
            "chunks": self.chunks,
            "seconds_index": _known(self.seconds_index),
            "ms_p50": _known(self.ms_p50),
            "ms_p95": _known(self.ms_p95),
            **{other.system: _rounded(other.measures) for other in others},
            **({"comparison": self.comparison.named()} if self.comparison else {}),
            **({"without": list(self.without)} if self.without else {}),
            "queries_unjudged": self.queries_unjudged,
            "judgments_unknown": self.judgments_unknown,
            "embedder": self.embedder,
            "snapshot_id": self.snapshot_id,
            "runs": list(self.run_files),
        }


def evaluate_retrieval(
    folder: Path,
    settings: Settings,
    embedder: Embedder,
    *,
    progress: Progress = no_progress,
    runs: Path | None = None,
    run: Path | None = None,
    cache: Path | None = None,
    baseline: str | None = None,
    without: Sequence[str] = (),
) -> RetrievalScores:
    """Index the collection in ``folder`` (BEIR layout), ask all its queries, score the rankings.

    ``runs``: a folder for the rankings in TREC form. ``run``: a file for that of the search itself. ``cache``: a folder
    that keeps the index between runs; without one a temporary folder is used and removed. ``baseline``: one of
    ``BASELINES`` or the file of a saved run, to compare nDCG@10 with query by query. ``without``: parts of the query
    analysis to leave out.

    Raises BadInputError for a folder that is not in the layout, an unknown baseline or part.
    """
    saved = require_baseline(baseline) if baseline else None
    left_out = require_parts(without)
    collection = read_collection(folder)
    with ExitStack() as stack:
        place = cache / collection.name if cache else Path(stack.enter_context(TemporaryDirectory(prefix="ragmed-")))
        began = time.perf_counter()
        indexed = index_collection(collection, place, settings, embedder, progress)
        seconds_index = time.perf_counter() - began
        retriever = HybridRetriever(
            indexed.store,
            embedder,
            settings.retrieve,
            multilingual=settings.embedder.multilingual,
            without=left_out,
        )
        embedder.embed_queries(["warm"])  # loading the weights is not part of a query
        snapshot_id = indexed.store.current().snapshot_id
        rankings, milliseconds = _ask(collection, indexed, retriever, settings.retrieve.depth, progress)
    files = list(_write_runs(runs, collection.name, rankings)) if runs else []
    if run:
        files.append(_write_run(run, "hybrid", rankings["hybrid"]))
    if baseline:
        rankings = {**rankings, "baseline": read_trec(saved) if saved else rankings[baseline]}
    return _scored(
        collection,
        rankings,
        SYSTEMS,
        baseline=baseline,
        chunks=len(indexed.document_of_row),
        seconds_index=seconds_index,
        milliseconds=milliseconds,
        embedder=embedder.name,
        without=tuple(without),
        snapshot_id=snapshot_id,
        files=tuple(files),
    )


def rescore(folder: Path, run: Path, baseline: Path | None = None) -> RetrievalScores:
    """A saved run against the judgments in ``folder``, without asking anything; times are not known then (NaN)."""
    collection = read_collection(folder)
    rankings: dict[str, Run] = {"saved run": read_trec(run)}
    if baseline:
        rankings["baseline"] = read_trec(baseline)
    return _scored(collection, rankings, ("saved run",), baseline=str(baseline) if baseline else None)


def _scored(
    collection: Collection,
    rankings: Mapping[str, Run],
    systems: Sequence[str],
    *,
    baseline: str | None,
    chunks: int = 0,
    seconds_index: float = math.nan,
    milliseconds: Sequence[float] = (),
    embedder: str = "",
    without: tuple[str, ...] = (),
    snapshot_id: str = "",
    files: tuple[str, ...] = (),
) -> RetrievalScores:
    ours = ndcg_by_query(collection.judgments, rankings[systems[0]])
    theirs = ndcg_by_query(collection.judgments, rankings["baseline"]) if baseline else {}
    return RetrievalScores(
        collection=collection.name,
        documents=len(collection.documents),
        chunks=chunks,
        queries=len(collection.queries),
        queries_unjudged=collection.queries_unjudged,
        judgments_unknown=collection.judgments_unknown,
        systems=tuple(
            SystemScores(system=system, measures=measure(collection.judgments, rankings[system])) for system in systems
        ),
        seconds_index=seconds_index,
        ms_p50=percentile(milliseconds, 0.50),
        ms_p95=percentile(milliseconds, 0.95),
        embedder=embedder,
        query_texts={query.query_id: query.text for query in collection.queries},
        ndcg_by_query=ours,
        baseline_by_query=theirs,
        comparison=compare(baseline, "ndcg@10", ours, theirs) if baseline else None,
        without=without,
        snapshot_id=snapshot_id,
        run_files=files,
    )


def _ask(
    collection: Collection,
    indexed: IndexedCollection,
    retriever: HybridRetriever,
    depth: int,
    progress: Progress,
) -> tuple[dict[str, Run], list[float]]:
    """Each system's ranking of documents, and the milliseconds that each query took."""
    snapshot = indexed.store.current()
    rankings: dict[str, dict[str, Sequence[str]]] = {system: {} for system in SYSTEMS}
    milliseconds: list[float] = []
    for done, query in enumerate(collection.queries, 1):
        began = time.perf_counter()
        found = retriever.rank(snapshot, retriever.analyse(query.text, None, Filters()))
        milliseconds.append((time.perf_counter() - began) * 1000)
        rows_by_system = {"hybrid": found.fused.rows.tolist()}
        rows_by_system |= {name: baseline_rows(name, found, depth) for name in BASELINES}
        for system, rows in rows_by_system.items():
            rankings[system][query.query_id] = _best_documents(rows, indexed.document_of_row)
        progress("ask", done, len(collection.queries))
    return dict(rankings), milliseconds


def _best_documents(rows: Iterable[int], document_of_row: Sequence[str]) -> tuple[str, ...]:
    """Documents in the order of their best chunk."""
    return tuple(dict.fromkeys(document_of_row[row] for row in rows))[:DEPTH]


def _write_runs(folder: Path, name: str, rankings: Mapping[str, Run]) -> tuple[str, ...]:
    return tuple(_write_run(folder / f"{name}.{system}.trec", system, run) for system, run in rankings.items())


def _write_run(path: Path, system: str, run: Run) -> str:
    write_atomic(path, trec_lines(run, f"ragmed-{system}").encode("utf-8"))
    return str(path)


def _rounded(measures: Measures) -> dict[str, float]:
    return {name: round(value, 4) for name, value in measures.named().items()}


def _known(value: float) -> float | None:
    """Rounded to two places; null for what was not measured."""
    return None if math.isnan(value) else round(value, 2)
