"""tantivy or bm25s for the lexical half? Both over the same words of the same documents, each in its own process.

``python benchmarks/lexical_engines.py FOLDER`` with FOLDER in the BEIR layout (``corpus.jsonl[.gz]``,
``queries.jsonl``, ``qrels.tsv``). For each engine: nDCG@10, seconds to index (words apart), milliseconds a query
(median, 95th percentile; k = 100, one question at a time), memory of the process that only searches (MiB over an
interpreter that has cut the same queries into words), bytes on disk, whether two runs write the same bytes, seconds to
open, and the nDCG@10 and time with a row mask that forbids every other document.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from machine import machine, save

from ragmed.text.words import words

K = 100
ENGINES = ("bm25s", "tantivy")
Search = Callable[[list[str], bool], Sequence[int]]


def rows_of(file: Path) -> list[dict[str, str]]:
    packed = file.with_name(file.name + ".gz")
    with gzip.open(packed, "rt", encoding="utf-8") if packed.exists() else file.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def index_bm25s(documents: list[list[str]], folder: Path) -> None:
    from ragmed.index.lexical import ChunkWords, LexicalWriter

    writer = LexicalWriter()
    for found in documents:
        writer.add(ChunkWords(text=found, heading=()))
    writer.write(folder)


def open_bm25s(folder: Path, count: int) -> Search:
    import bm25s

    from ragmed.index.ranking import best_rows

    engine = bm25s.BM25.load(str(folder / "text"), mmap=True, show_progress=False, verbosity=0)
    places = np.load(folder / "text" / "rows.npy")

    def search(found: list[str], masked: bool) -> Sequence[int]:
        ids = engine.get_tokens_ids(found)
        scores = np.zeros(count, dtype=np.float32)
        if ids:
            scores[places] = engine.get_scores_from_ids(ids)
        if masked:
            scores[1::2] = 0
        return best_rows(scores, K).tolist()

    return search


def index_tantivy(documents: list[list[str]], folder: Path) -> None:
    import tantivy

    folder.mkdir()
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", stored=False, tokenizer_name="whitespace", index_option="freq")
    schema.add_integer_field("row", stored=True, indexed=True, fast=True)
    schema.add_integer_field("allowed", stored=False, indexed=True, fast=True)
    index = tantivy.Index(schema.build(), path=str(folder))
    # one thread and one segment: the most that can be done for reproducible bytes
    writer = index.writer(heap_size=512_000_000, num_threads=1)
    for row, found in enumerate(documents):
        writer.add_document(tantivy.Document(text=" ".join(found), row=row, allowed=1 - row % 2))
    writer.commit()
    writer.wait_merging_threads()


def open_tantivy(folder: Path, count: int) -> Search:
    import tantivy

    del count
    index = tantivy.Index.open(str(folder))
    schema = index.schema
    index.reload()
    searcher = index.searcher()
    allowed = tantivy.Query.term_query(schema, "allowed", 1)

    def search(found: list[str], masked: bool) -> Sequence[int]:
        terms = [
            (tantivy.Occur.Should, tantivy.Query.term_query(schema, "text", word, index_option="freq"))
            for word in found
        ]
        query = tantivy.Query.boolean_query(terms)
        if masked:
            nothing = tantivy.Query.boost_query(allowed, 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, nothing)])
        hits = searcher.search(query, K).hits
        found_rows = [(score, searcher.doc(address)["row"][0]) for score, address in hits]
        return [row for _, row in sorted(found_rows, key=lambda item: (-item[0], item[1]))]

    return search


def ndcg(runs: list[Sequence[int]], relevant: list[set[int]]) -> float:
    """nDCG@10 for binary judgments; a query without a result scores 0."""
    gains = []
    for run, wanted in zip(runs, relevant, strict=True):
        got = sum(1 / math.log2(place + 2) for place, row in enumerate(run[:10]) if row in wanted)
        best = sum(1 / math.log2(place + 2) for place in range(min(10, len(wanted))))
        gains.append(got / best if best else 0.0)
    return statistics.fmean(gains)


def tree_hash(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".tantivy"))
    parts = [f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def measure_index(engine: str, data: Path, folder: Path) -> dict[str, object]:
    documents = [words(f"{row['title']}\n{row['text']}") for row in rows_of(data / "corpus.jsonl")]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    (index_bm25s if engine == "bm25s" else index_tantivy)(documents, folder)
    return {
        "seconds_index": round(time.perf_counter() - started, 2),
        "index_memory_mib": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024),
        "tree": tree_hash(folder),
        "disk_mib": round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20, 1),
    }


def measure_search(engine: str, data: Path, folder: Path) -> dict[str, object]:
    numbers = {row["_id"]: place for place, row in enumerate(rows_of(data / "corpus.jsonl"))}
    queries = rows_of(data / "queries.jsonl")
    wanted: dict[str, set[int]] = {row["_id"]: set() for row in queries}
    for line in (data / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        if int(score) > 0 and query in wanted:
            wanted[query].add(numbers[document])
    questions = [words(row["text"]) for row in queries]
    before = _resident()
    started = time.perf_counter()
    search = (open_bm25s if engine == "bm25s" else open_tantivy)(folder, len(numbers))
    opened = time.perf_counter() - started
    result: dict[str, object] = {"seconds_open": round(opened, 3)}
    for masked in (False, True):
        times, runs = [], []
        for found in questions:
            started = time.perf_counter()
            runs.append(search(found, masked))
            times.append(1000 * (time.perf_counter() - started))
        kept = [place for place, row in enumerate(queries) if not masked or any(x % 2 == 0 for x in wanted[row["_id"]])]
        name = "_masked" if masked else ""
        result[f"ndcg@10{name}"] = round(ndcg([runs[i] for i in kept], [wanted[queries[i]["_id"]] for i in kept]), 4)
        result[f"ms_p50{name}"] = round(statistics.median(times), 2)
        result[f"ms_p95{name}"] = round(sorted(times)[int(0.95 * len(times))], 2)
        assert not masked or all(row % 2 == 0 for run in runs for row in run)
    result["search_memory_mib"] = round(_resident() - before)
    return result


def _resident() -> float:
    """Private memory of this process, MiB (pages of mapped files are shared and left out)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


def own_process(*arguments: str) -> dict[str, object]:
    ended = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True)
    value: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        kind, engine, folder = chosen.step
        step = measure_index if kind == "index" else measure_search
        print(json.dumps(step(engine, chosen.folder, Path(folder))))
        return
    result: dict[str, object] = {
        "machine": machine(),
        "load_average": os.getloadavg(),
        "data": chosen.folder.name,
        "versions": {name: version(name) for name in ENGINES},
    }
    with tempfile.TemporaryDirectory() as scratch:
        for engine in ENGINES:
            first, second = (
                own_process(str(chosen.folder), "--step", "index", engine, f"{scratch}/{engine}{run}") for run in (1, 2)
            )
            found = own_process(str(chosen.folder), "--step", "search", engine, f"{scratch}/{engine}1")
            same = first.pop("tree") == second.pop("tree")
            result[engine] = {**first, **found, "same_bytes_twice": same}
    save("lexical_engines", result)


if __name__ == "__main__":
    main()
