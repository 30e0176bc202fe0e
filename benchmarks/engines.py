"""Embedding on the CPU: 8 bits against float32, in one run.

    python benchmarks/engines.py [FOLDER] [--documents 512] [--rounds 3]

FOLDER is in the BEIR layout; the first documents' texts are embedded, cut to the model's 256 tokens, and its first 200
queries one by one. The engines take turns round by round; the figures are those of the median round.

* ``tokens_per_second``: of a whole call, tokenizer included; ``fp32`` is plain torch in the batches of a build,
  ``sentence_transformers`` the library's own ``encode`` at batch 32.
* ``query_ms``: one question embedded by itself.
* ``cosine``: between the vectors of 8 bits and of float32, mean and least.

What 8 bits cost in search is measured by ``ragmed eval retrieval`` with RAGMED_EMBEDDER__ENGINE set to either.
Target: at least 3 times torch's float32 on a CPU with VNNI; a query within 8 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from lexical_engines import rows_of
from machine import machine, save
from numpy.typing import NDArray

from ragmed.index.embedder import MiniLmEmbedder, SentenceTransformerEmbedder

TARGET_RATIO, TARGET_QUERY_MS = 3, 8


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def query_times(embedder: Any, queries: Sequence[str]) -> list[float]:
    return [1000 * seconds(lambda text=text: embedder.embed_queries([text])) for text in queries]  # type: ignore[misc]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "retrieval" / "medquad"
    parser.add_argument("folder", type=Path, nargs="?", default=beside)
    parser.add_argument("--documents", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    rows = rows_of(chosen.folder / "corpus.jsonl")
    texts = [row["text"] for row, _ in zip(rows, range(chosen.documents), strict=False)]
    queries = [row["text"] for row, _ in zip(rows_of(chosen.folder / "queries.jsonl"), range(200), strict=False)]
    exact, small = MiniLmEmbedder(engine="fp32"), MiniLmEmbedder(engine="int8")
    engines: dict[str, Any] = {
        "sentence_transformers": SentenceTransformerEmbedder(exact._folder, name="library"),
        "fp32": exact,
        "int8": small,
    }
    tokens = sum(min(256, len(exact.token_spans(text)) + 2) for text in texts)
    taken: dict[str, list[float]] = {name: [] for name in engines}
    single: dict[str, list[float]] = {name: [] for name in engines}
    vectors: dict[str, NDArray[np.float32]] = {}
    for name, engine in engines.items():
        engine.embed_passages(texts[:16])
        query_times(engine, queries[:5])
        vectors[name] = np.zeros(0, dtype=np.float32)
    for _ in range(chosen.rounds):
        for name, engine in engines.items():
            began = time.perf_counter()
            vectors[name] = engine.embed_passages(texts)
            taken[name].append(time.perf_counter() - began)
            single[name] += query_times(engine, queries)
    cosine = (vectors["fp32"] * vectors["int8"]).sum(axis=1)
    figures = {
        name: {
            "tokens_per_second": round(tokens / statistics.median(taken[name])),
            "passages_per_second": round(len(texts) / statistics.median(taken[name]), 1),
            "query_ms_p50": round(statistics.median(single[name]), 2),
            "query_ms_p95": round(sorted(single[name])[int(0.95 * (len(single[name]) - 1))], 2),
        }
        for name in engines
    }
    ratio = figures["int8"]["tokens_per_second"] / figures["fp32"]["tokens_per_second"]
    save(
        "engines",
        {
            "machine": machine(),
            "load_average": os.getloadavg(),
            "texts": len(texts),
            "tokens": tokens,
            "rounds": chosen.rounds,
            "engines": figures,
            "int8_times_fp32": round(ratio, 2),
            "cosine": {"mean": round(float(cosine.mean()), 4), "least": round(float(cosine.min()), 4)},
            "reaches_target": ratio >= TARGET_RATIO and figures["int8"]["query_ms_p95"] <= TARGET_QUERY_MS,
        },
    )


if __name__ == "__main__":
    main()
