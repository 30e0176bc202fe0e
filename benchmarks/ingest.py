"""How fast files become an index: RagMed against a plain llama-index pipeline, on the same PDFs in one run.

    python benchmarks/ingest.py [FOLDER] [--whole-way-files 4] [--rounds 3]

* ``text``: pages a second from file to text, each way with one process and with one a core, all processes warm.
  ``plain`` is ``SimpleDirectoryReader`` with pypdf, page texts and nothing else. ``characters_and_boxes`` is PDFium's
  text with a box for every character and its runs, in plain processes, no layout. ``whole_reading`` is what an index is
  built from: reading order, tables, furniture, blocks, mended text with boxes, hidden text left out, structure, title,
  notes, through the sandbox with its checks. ``times_plain_with_N`` is the ratio to plain with N processes; the one to
  as many processes as ours compares like with like.
* ``whole_way``: files to a searchable index. Ours publishes a verified snapshot (boxes, words, windows, sources,
  hashes), with the embedder in 8 bits, as it runs where that is faster, and in float32; the plain pipeline splits with
  ``SentenceSplitter``, embeds with the same model in float32 and adds to ``IndexFlatIP``, in memory.

Target: text with character boxes at least 8 times the pages a second of the plain pipeline, which runs in one process.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from machine import machine, save

from ragmed.corpus.library import scan_library
from ragmed.corpus.sandbox import Sandbox
from ragmed.index.build import build
from ragmed.index.embedder import MiniLmEmbedder
from ragmed.index.engines import INT8
from ragmed.records import Reading
from ragmed.settings import ReaderSettings, Settings

TARGET_RATIO = 8
READER = ReaderSettings(ocr="never")


def pypdf_reader() -> Any:
    """The reader that llama-index ships in a package of its own, in its plainest form: one Document a page."""
    import pypdf
    from llama_index.core.readers.base import BaseReader
    from llama_index.core.schema import Document

    # thousands of warnings on a terminal would count as its time
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)

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


def plain_texts(path: Path) -> list[str]:
    """The plain pipeline on one file; what it gives is its pages' texts."""
    from llama_index.core import SimpleDirectoryReader

    reader = SimpleDirectoryReader(
        input_files=[str(path)], file_extractor={".pdf": pypdf_reader()}, raise_on_error=True
    )
    return [document.text for document in reader.load_data()]


def pages_with_boxes(path: Path) -> list[tuple[str, bytes, float]]:
    """Text, a box for every character (four float32), and seconds of each page: PDFium's characters and runs only."""
    from pypdfium2 import raw

    from ragmed.corpus.pdf_text import PDFIUM_LOCK, GlyphSource

    pages = []
    with PDFIUM_LOCK:
        document = raw.FPDF_LoadDocument(str(path).encode(), None)
        source = GlyphSource()
        for index in range(raw.FPDF_GetPageCount(document)):
            started = time.perf_counter()
            page = raw.FPDF_LoadPage(document, index)
            glyphs = source.read(page)
            raw.FPDF_ClosePage(page)
            assert len(glyphs.boxes) == len(glyphs.text)
            pages.append((glyphs.text, glyphs.boxes.tobytes(), time.perf_counter() - started))
        raw.FPDF_CloseDocument(document)
    return pages


def by_pool(work: Callable[[Path], list[Any]], files: list[Path], processes: int) -> tuple[float, list[list[Any]]]:
    """Seconds, and what ``work`` gave for each file, largest files first. The processes are warm when time starts."""
    largest_first = sorted(files, key=lambda path: -path.stat().st_size)
    warm = [min(files, key=lambda path: path.stat().st_size)] * (4 * processes)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(work, warm))
        started = time.perf_counter()
        given = list(pool.map(work, largest_first))
        return time.perf_counter() - started, given


def by_sandbox(folder: Path, children: int) -> tuple[float, float, list[Reading]]:
    """Seconds from no process to the first file's reading, seconds for all files by warm children, the readings."""
    files = scan_library([folder]).files
    smallest = min(files, key=lambda file: file.path.stat().st_size)
    with Sandbox(READER.model_copy(update={"workers": children})) as sandbox:
        cold = time.perf_counter()
        next(iter(sandbox.read_all([smallest])))
        cold = time.perf_counter() - cold
        # one file wakes one child only
        list(sandbox.read_all([smallest] * (4 * children)))
        started = time.perf_counter()
        readings = list(sandbox.read_all(files))
        return cold, time.perf_counter() - started, readings


def milliseconds(seconds: list[float]) -> dict[str, float]:
    parts = quantiles(seconds, n=100)
    return {"p50_ms": round(1000 * median(seconds), 2), "p95_ms": round(1000 * parts[94], 2)}


def text(folder: Path, rounds: int) -> dict[str, Any]:
    """Each way ``rounds`` times, in turns; the figures are those of the median round."""
    files = sorted(folder.rglob("*.pdf"))
    numbers = sorted({1, os.cpu_count() or 1})
    taken: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for _ in range(rounds):
        for processes in numbers:
            seconds, texts = by_pool(plain_texts, files, processes)
            pages = sum(map(len, texts))
            taken.setdefault(("plain", processes), []).append(rate(seconds, pages))
            seconds, boxed = by_pool(pages_with_boxes, files, processes)
            assert sum(map(len, boxed)) == pages
            each = milliseconds([page[2] for file in boxed for page in file])
            taken.setdefault(("characters_and_boxes", processes), []).append({**rate(seconds, pages), "page": each})
            cold, seconds, readings = by_sandbox(folder, processes)
            refused = [reading.source_path for reading in readings if reading.document is None]
            assert not refused, refused
            assert all(len(page.boxes) == 8 * len(page.text) for reading in readings for page in reading.pages)
            assert sum(len(reading.pages) for reading in readings) == pages
            # steps over the whole document have no page of their own: a file's seconds, shared among its pages
            each = milliseconds([reading.seconds / len(reading.pages) for reading in readings for _ in reading.pages])
            taken.setdefault(("whole_reading", processes), []).append(
                {**rate(seconds, pages), "page_in_its_file": each, "first_file_from_nothing_seconds": round(cold, 2)}
            )
    middle = {key: sorted(found, key=lambda figure: figure["seconds"])[len(found) // 2] for key, found in taken.items()}
    figures: dict[str, Any] = {"rounds": rounds}
    for (name, processes), figure in middle.items():
        ratios = {
            f"times_plain_with_{other}": round(
                figure["pages_per_second"] / middle["plain", other]["pages_per_second"], 1
            )
            for other in sorted({1, processes})
        }
        figures.setdefault(name, {})[f"processes_{processes}"] = figure if name == "plain" else {**figure, **ratios}
    most = f"processes_{numbers[-1]}"
    for name in ("characters_and_boxes", "whole_reading"):
        figures[name]["reaches_target"] = figures[name][most]["times_plain_with_1"] >= TARGET_RATIO
    return figures


def whole_way(folder: Path) -> dict[str, Any]:
    embedder, small = MiniLmEmbedder(), MiniLmEmbedder(engine=INT8)
    embedder.warm_up()
    small.warm_up()
    chunks: dict[str, int] = {}

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

    def ours(name: str, embedder: MiniLmEmbedder) -> int:
        with tempfile.TemporaryDirectory() as index:
            report = build(Settings(library=folder, index=Path(index), reader=READER), embedder=embedder)
        chunks[name] = report.chunks
        return report.pages

    figures: dict[str, Any] = {}
    ways: dict[str, Callable[[], int]] = {
        "plain": plain,
        "ragmed": lambda: ours("ragmed", small),
        "ragmed, float32": lambda: ours("ragmed, float32", embedder),
    }
    for name, work in ways.items():
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
    parser.add_argument("--rounds", type=int, default=3, help="of reading; the median counts")
    chosen = parser.parse_args()
    pdfs = sorted(chosen.folder.rglob("*.pdf"), key=lambda path: (path.stat().st_size, path.name))
    result: dict[str, Any] = {"machine": machine(), "load_average": os.getloadavg(), "files": len(pdfs)}
    with tempfile.TemporaryDirectory() as scratch:
        everything, some = Path(scratch) / "all", Path(scratch) / "some"
        for folder, files in ((everything, pdfs), (some, pdfs[: chosen.whole_way_files or None])):
            folder.mkdir()
            for number, path in enumerate(files):
                shutil.copyfile(path, folder / f"{number:03}-{path.name}")
        result["text"] = text(everything, chosen.rounds)
        result["whole_way"] = {"files": chosen.whole_way_files or len(pdfs), **whole_way(some)}
    save("ingest", result)


if __name__ == "__main__":
    main()
