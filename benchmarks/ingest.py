"""How fast files become an index: RagMed against a plain llama-index pipeline, on the same PDFs in one run.

    python benchmarks/ingest.py [FOLDER] [--whole-way-files 4]

* ``text``: pages a second from file to text. Ours gives reading order, blocks, notes and a box for every character, in
  the sandbox, with one child process and with one a core; the plain pipeline is ``SimpleDirectoryReader`` with pypdf.
* ``whole_way``: files to a searchable index. Ours publishes a verified snapshot (boxes, words, sources, hashes); the
  plain pipeline splits with ``SentenceSplitter``, embeds with the same model and adds to ``IndexFlatIP``, in memory.

Target: text with character boxes at least 8 times the plain pipeline's pages a second.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import machine, save

from ragmed.corpus.library import scan_library
from ragmed.corpus.sandbox import Sandbox
from ragmed.index.build import build
from ragmed.index.embedder import MiniLmEmbedder
from ragmed.settings import ReaderSettings, Settings

TARGET_RATIO = 8
READER = ReaderSettings(ocr="never")


def pypdf_reader() -> Any:
    """The reader that llama-index ships in a package of its own, in its plainest form: one Document a page."""
    import pypdf
    from llama_index.core.readers.base import BaseReader
    from llama_index.core.schema import Document

    class PypdfReader(BaseReader):
        def load_data(self, file: Path, extra_info: dict[str, Any] | None = None) -> list[Document]:
            return [
                Document(text=page.extract_text(), metadata={**(extra_info or {}), "page": number})
                for number, page in enumerate(pypdf.PdfReader(file).pages, 1)
            ]

    return PypdfReader()


def plain_documents(folder: Path) -> list[Any]:
    from llama_index.core import SimpleDirectoryReader

    reader = SimpleDirectoryReader(
        str(folder),
        recursive=True,
        required_exts=[".pdf"],
        file_extractor={".pdf": pypdf_reader()},
        raise_on_error=True,
    )
    found: list[Any] = reader.load_data()
    return found


def timed(work: Callable[[], int]) -> tuple[float, int]:
    started = time.perf_counter()
    pages = work()
    return time.perf_counter() - started, pages


def rate(seconds: float, pages: int) -> dict[str, float | int]:
    return {"seconds": round(seconds, 2), "pages": pages, "pages_per_second": round(pages / seconds, 1)}


def text(folder: Path) -> dict[str, Any]:
    def ours(workers: int) -> int:
        files = scan_library([folder]).files
        with Sandbox(READER.model_copy(update={"workers": workers})) as sandbox:
            readings = list(sandbox.read_all(files))
        refused = [reading.source_path for reading in readings if reading.document is None]
        assert not refused, refused
        assert all(len(page.boxes) == 8 * len(page.text) for reading in readings for page in reading.pages)
        return sum(len(reading.pages) for reading in readings)

    plain_documents_first = timed(lambda: len(plain_documents(folder)))
    figures = {
        "ragmed, one child": rate(*timed(lambda: ours(1))),
        f"ragmed, {os.cpu_count()} children": rate(*timed(lambda: ours(0))),
        "plain": rate(*plain_documents_first),
    }
    best = max(figures[name]["pages_per_second"] for name in figures if name != "plain")
    ratio = round(best / figures["plain"]["pages_per_second"], 1)
    return {**figures, "ratio": ratio, "reaches_target": ratio >= TARGET_RATIO}


def whole_way(folder: Path) -> dict[str, Any]:
    embedder = MiniLmEmbedder()
    embedder.warm_up()
    chunks = {"plain": 0, "ragmed": 0}

    def plain() -> int:
        import faiss
        from llama_index.core.node_parser import SentenceSplitter

        documents = plain_documents(folder)
        splitter = SentenceSplitter(
            chunk_size=254, chunk_overlap=0, tokenizer=embedder.token_spans, include_metadata=False
        )
        nodes = splitter.get_nodes_from_documents(documents)
        index = faiss.IndexFlatIP(embedder.dimensions)
        index.add(embedder.embed_passages([node.get_content() for node in nodes]))
        chunks["plain"] = len(nodes)
        return len(documents)

    def ours() -> int:
        with tempfile.TemporaryDirectory() as index:
            report = build(Settings(library=folder, index=Path(index), reader=READER), embedder=embedder)
        chunks["ragmed"] = report.chunks
        return report.pages

    figures: dict[str, Any] = {}
    for name, work in (("plain", plain), ("ragmed", ours)):
        seconds, pages = timed(work)
        figures[name] = {
            **rate(seconds, pages),
            "chunks": chunks[name],
            "chunks_per_second": round(chunks[name] / seconds, 1),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "guidelines"
    parser.add_argument("folder", type=Path, nargs="?", default=beside)
    parser.add_argument("--whole-way-files", type=int, default=0, help="only so many files, smallest first; 0: all")
    chosen = parser.parse_args()
    pdfs = sorted(chosen.folder.rglob("*.pdf"), key=lambda path: (path.stat().st_size, path.name))
    result: dict[str, Any] = {"machine": machine(), "load_average": os.getloadavg(), "files": len(pdfs)}
    with tempfile.TemporaryDirectory() as scratch:
        everything, some = Path(scratch) / "all", Path(scratch) / "some"
        for folder, files in ((everything, pdfs), (some, pdfs[: chosen.whole_way_files or None])):
            folder.mkdir()
            for number, path in enumerate(files):
                shutil.copyfile(path, folder / f"{number:03}-{path.name}")
        result["text"] = text(everything)
        result["whole_way"] = {"files": chosen.whole_way_files or len(pdfs), **whole_way(some)}
    save("ingest", result)


if __name__ == "__main__":
    main()
