"""What it costs to replace one of a thousand documents: RagMed against llama-index's docstore upserts.

    python benchmarks/reindex.py [--data ../shared/data] [--documents 1000] [--words 400]

Both sides get the same files (plain text made of answers of the `medquad` set, about ``--words`` words each), the same
embedder in the same engine, and run one after the other in this process. RagMed reads the files in its sandbox, hashes
everything, and publishes a snapshot with a dense, a lexical and a page part; llama-index runs `IngestionPipeline` with
`DocstoreStrategy.UPSERTS` over `SimpleVectorStore` (its FAISS stores cannot replace a document) and persists it.

Steps: the full build; the same again with no change; one document replaced; one removed (which reads and embeds
nothing: the price of publishing by itself); and, in a folder of its own, that one document alone. The demand: replacing
costs no more than twice the one alone and the publish.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from machine import machine, save

from ragmed.index.build import build
from ragmed.index.embedder import measured_embedder
from ragmed.interfaces import Embedder
from ragmed.settings import Settings


def texts(data: Path, documents: int, words: int) -> Iterator[str]:
    """So many different texts of at least ``words`` words."""
    made = 0
    parts: list[str] = []
    with gzip.open(data / "retrieval" / "medquad" / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            parts.extend(json.loads(line)["text"].split())
            if len(parts) >= words:
                yield " ".join(parts)
                parts = []
                made += 1
                if made == documents:
                    return
    raise SystemExit(f"the corpus gives {made} texts only")


def timed(step: str, run: Any) -> dict[str, Any]:
    """Wall seconds of one step, with what it says of itself."""
    begin = time.perf_counter()
    said = run() or {}
    taken = {"step": step, "seconds": round(time.perf_counter() - begin, 3), **said}
    print(json.dumps(taken), flush=True)
    return taken


def ours(settings: Settings, embedder: Embedder) -> dict[str, Any]:
    """One build, and what it did."""
    report = build(settings, embedder=embedder)
    return {
        "documents": report.documents,
        "chunks": report.chunks,
        "pages_read": report.pages_read,
        "chunks_embedded": report.chunks_embedded,
        "published": report.snapshot_id is not None,
    }


def ragmed_steps(library: Path, scratch: Path, embedder: Embedder, new: str) -> list[dict[str, Any]]:
    """RagMed's side."""
    settings = Settings(library=library, index=scratch / "index")
    one = Settings(library=scratch / "one", index=scratch / "one-index")
    one.library.mkdir()
    first = sorted(library.iterdir())[0]
    steps = [timed("full build", lambda: ours(settings, embedder))]
    steps.append(timed("no change", lambda: ours(settings, embedder)))
    first.write_text(new, "utf-8")
    steps.append(timed("replace one", lambda: ours(settings, embedder)))
    (one.library / first.name).write_text(new + " Again.", "utf-8")
    steps.append(timed("that one alone", lambda: ours(one, embedder)))
    sorted(library.iterdir())[-1].unlink()
    steps.append(timed("remove one: publish only", lambda: ours(settings, embedder)))
    return steps


def llama_steps(library: Path, scratch: Path, embedder: Embedder, new: str) -> list[dict[str, Any]]:
    """llama-index's side: the same embedder, a splitter of the same size, everything persisted after each run."""
    from llama_index.core import Document as LlamaDocument
    from llama_index.core import Settings as LlamaSettings
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.storage.docstore import SimpleDocumentStore
    from llama_index.core.vector_stores import SimpleVectorStore

    def count(text: str) -> list[Any]:
        return list(embedder.token_spans(text))

    LlamaSettings.tokenizer = count

    class Adapter(BaseEmbedding):
        """The same embedder behind llama-index's interface."""

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return [[float(x) for x in row] for row in embedder.embed_passages(texts)]

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_query_embedding(self, query: str) -> list[float]:
            return [float(x) for x in embedder.embed_queries([query])[0]]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

    store = SimpleVectorStore()
    docstore = SimpleDocumentStore()
    pipeline = IngestionPipeline(
        transformations=[
            SentenceSplitter(chunk_size=250, chunk_overlap=0, tokenizer=count),
            Adapter(embed_batch_size=64),
        ],
        docstore=docstore,
        vector_store=store,
        docstore_strategy=DocstoreStrategy.UPSERTS,
    )

    def ingest(files: Sequence[Path]) -> dict[str, Any]:
        documents = [LlamaDocument(text=path.read_text("utf-8"), id_=path.name) for path in files]
        nodes = pipeline.run(documents=documents)
        pipeline.persist(str(scratch / "llama"))
        store.persist(str(scratch / "llama" / "vectors.json"))
        return {"documents": len(documents), "chunks_embedded": len(nodes)}

    files = sorted(library.iterdir())
    steps = [timed("llama-index: full build", lambda: ingest(files))]
    steps.append(timed("llama-index: no change", lambda: ingest(files)))
    files[0].write_text(new, "utf-8")
    steps.append(timed("llama-index: replace one", lambda: ingest(files)))
    return steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--words", type=int, default=400)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        made = [*texts(asked.data, asked.documents + 1, asked.words)]
        new = made.pop()
        library, other = scratch / "library", scratch / "other"
        library.mkdir()
        for number, text in enumerate(made):
            (library / f"{number:05}.txt").write_text(f"Answer {number}\n\n{text}\n", "utf-8")
        shutil.copytree(library, other)
        embedder = measured_embedder(Settings().embedder, scratch / "index")
        embedder.embed_passages(["warm"])
        steps = [
            *ragmed_steps(library, scratch, embedder, f"Answer 0\n\n{new}\n"),
            *llama_steps(other, scratch, embedder, f"Answer 0\n\n{new}\n"),
        ]
    seconds = {step["step"]: step["seconds"] for step in steps}
    allowed = 2 * seconds["that one alone"] + seconds["remove one: publish only"]
    save(
        "reindex",
        {
            "machine": machine(),
            "documents": asked.documents,
            "words_each": asked.words,
            "engine": embedder.engine,
            "steps": steps,
            "replace_s": seconds["replace one"],
            "allowed_s": round(allowed, 3),
            "within": seconds["replace one"] <= allowed,
            "full_build_over_replace": round(seconds["full build"] / seconds["replace one"], 1),
        },
    )


if __name__ == "__main__":
    main()
