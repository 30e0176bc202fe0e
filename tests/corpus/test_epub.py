"""EPUB: spine order, pages, metadata, locked and damaged books."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed.corpus.epub import EpubReader
from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import NoteKind
from tests.corpus.small_files import DOCUMENT_ID, LIMITS, shown, write_epub

XHTML = "<?xml version='1.0' encoding='utf-8'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title>t</title></head><body>{}</body></html>"


def read(path: Path):
    return EpubReader().read(path, DOCUMENT_ID, LIMITS)


def test_each_chapter_of_the_spine_begins_a_page(tmp_path: Path) -> None:
    path = write_epub(
        tmp_path / "book.epub",
        {
            "b.xhtml": XHTML.format("<h1>Second name, first read</h1><p>One.</p>"),
            "a.xhtml": XHTML.format("<h1>After</h1><p>Two.</p>"),
        },
    )
    raw = read(path)
    assert [(page.number, page.label) for page in raw.pages] == [(1, "1"), (2, "2")]
    assert shown(raw.pages)[0] == ("heading", "Second name, first read")
    assert (raw.metadata.title, raw.metadata.language, raw.metadata.published_on) == (
        "Pain in adults",
        "en",
        "2025-03-01",
    )


def test_chinese_chapters_keep_their_characters(tmp_path: Path) -> None:
    raw = read(write_epub(tmp_path / "zh.epub", {"a.xhtml": XHTML.format("<p>肺结节的随访</p>")}))
    assert raw.pages[0].text == "肺结节的随访"


def test_a_chapter_that_is_missing_is_reported(tmp_path: Path) -> None:
    path = write_epub(tmp_path / "missing.epub", {"a.xhtml": XHTML.format("<p>One.</p>")})
    import zipfile

    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["OEBPS/book.opf"] = parts["OEBPS/book.opf"].replace(b"</spine>", b"<itemref idref='ghost'/></spine>")
    from tests.corpus.small_files import write_zip

    raw = read(write_zip(path, parts))
    assert [note.kind for note in raw.notes] == [NoteKind.REPAIRED]
    assert "ghost" in raw.notes[0].message


def test_a_locked_book_is_refused_and_locked_fonts_are_not(tmp_path: Path) -> None:
    def locked(name: str) -> dict[str, str | bytes]:
        return {
            "META-INF/encryption.xml": "<encryption xmlns='urn:oasis:names:tc:opendocument:xmlns:container' "
            "xmlns:enc='http://www.w3.org/2001/04/xmlenc#'><enc:EncryptedData><enc:CipherData>"
            f"<enc:CipherReference URI='{name}'/></enc:CipherData></enc:EncryptedData></encryption>"
        }

    chapters = {"a.xhtml": XHTML.format("<p>One.</p>")}
    assert read(write_epub(tmp_path / "font.epub", chapters, extra=locked("OEBPS/fonts/a.ttf"))).pages
    with pytest.raises(UnreadableFileError, match="locked"):
        read(write_epub(tmp_path / "drm.epub", chapters, extra=locked("OEBPS/a.xhtml")))


def test_a_book_without_text_or_container_is_refused(tmp_path: Path) -> None:
    from tests.corpus.small_files import write_zip

    with pytest.raises(UnreadableFileError, match="names no text"):
        read(write_epub(tmp_path / "empty_spine.epub", {}))
    with pytest.raises(UnreadableFileError, match="container"):
        read(write_zip(tmp_path / "no_container.epub", {"mimetype": "application/epub+zip"}))


def test_a_bomb_in_a_chapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitExceededError):
        read(write_epub(tmp_path / "bomb.epub", {"a.xhtml": XHTML.format("<p>" + "a" * 40_000_000 + "</p>")}))
