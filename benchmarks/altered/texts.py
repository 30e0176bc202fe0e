"""The sentences that are edited: of guideline PDFs, of the demonstration library, of textbooks."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ragmed.answer.verbatim import shown
from ragmed.corpus.reading import file_to_read, read_file
from ragmed.records import BlockKind
from ragmed.settings import ReaderSettings
from ragmed.text.sentences import sentence_spans

from .edits import is_chinese

ROOT = Path(__file__).resolve().parent.parent.parent
RESTATEMENTS = ROOT / "tests" / "answer" / "restatements.tsv"
PARAPHRASES = ROOT / "benchmarks" / "paraphrases.tsv"
_ENTRY = re.compile(r"\b[A-Z][\w'’-]+ [A-Z]{1,3}(?:,| et al)|\bet al\b.*\d{4}")
"""An entry of a list of literature: no statement."""
_LABEL = re.compile(r"^(?:[•▪–o-]|[a-z0-9]{1,2}\.)\s+")
"""What stands before the item of a list."""
Pages = list[list[str]]
"""The sentences of each page."""


def pages_of(files: Iterable[Path]) -> Iterator[list[str]]:
    """The sentences of each page through the project's own readers; furniture, headings, table rows and entries of
    the literature left out."""
    for file in files:
        for page in read_file(file_to_read(file), ReaderSettings()).pages:
            found = []
            for block in page.blocks:
                if block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM):
                    for start, end in sentence_spans(page.text, start=block.start, end=block.end):
                        text = shown(page.text[start:end])
                        if _ENTRY.search(text):
                            continue
                        if (15 if is_chinese(text) else 40) <= len(text) <= 400 and text[-1] in ".。;；":
                            found.append(text)
            if found:
                yield found


def demonstration(*, chinese: bool) -> Pages:
    """The demonstration library, one language."""
    kinds = (".pdf", ".md", ".html", ".docx")
    files = sorted(
        path
        for path in (ROOT / "guidelines").iterdir()
        if path.suffix in kinds and path.name != "README.md" and ("-zh" in path.name) is chinese
    )
    return [kept for page in pages_of(files) if (kept := [text for text in page if is_chinese(text) is chinese])]


def guidelines(data: Path) -> Pages:
    """The guideline PDFs of the test data (English)."""
    return list(pages_of(sorted((data / "guidelines").rglob("*.pdf"))))


def textbook(data: Path, name: str) -> Pages:
    """One OpenStax nursing textbook, by the first word of its folder."""
    (folder,) = (data / "textbooks" / "openstax_nursing").glob(f"{name}-*")
    return list(pages_of(sorted(folder.glob("*.html"))))


def restatements() -> list[dict[str, str]]:
    """The rows written by hand: batch, document, sentence, same, other, mistake."""
    return _rows(RESTATEMENTS)


def paraphrases(data: Path) -> list[dict[str, str]]:
    """The freer rows written by hand, half of the documents held out from the rules: as ``restatements``.

    Sentences of documents that are not the project's are known by the hash of their words and looked up in the test
    data; without it their rows are left out.
    """
    rows = _rows(PARAPHRASES)
    kept = {row["document"] for row in rows if not row["sentence"]}
    found = {
        hashlib.sha256(_LABEL.sub("", sentence).encode("utf-8")).hexdigest()[:16]: sentence
        for page in pages_of(sorted(file for file in (data / "guidelines").rglob("*.pdf") if file.name in kept))
        for sentence in page
    }
    for row in rows:
        row["sentence"] = row["sentence"] or found.get(row["sha256"], "")
    return [row for row in rows if row["sentence"]]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
