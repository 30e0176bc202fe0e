"""One page of a source as a PDF of its own: that page, nothing else, the same bytes each time, under limits."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, TextStringObject

from ragmed.corpus import page_pdf
from ragmed.corpus.page_pdf import PagePdf
from ragmed.errors import IntegrityError, LimitExceededError, UnreadableFileError
from ragmed.records import Block, BlockKind, Page
from ragmed.settings import ReaderSettings
from tests.corpus.sheets import chinese_font, column, document_of, read, sheet


def book(path: Path, **options: object) -> Path:
    return sheet(
        path,
        *[lambda canvas, number=number: column(canvas, 100, 700, [f"Words of page {number}."]) for number in (1, 2, 3)],
        **options,
    )


def taken(path: Path, number: int) -> bytes:
    page = Page(document_id="d-0123456789abcdef", number=number, label=str(number), text="")
    return PagePdf(ReaderSettings()).page(path, document_of(path), page, 0, 0)


def words(content: bytes) -> list[str]:
    return [page.extract_text().strip() for page in PdfReader(BytesIO(content)).pages]


def everything(content: bytes) -> bytes:
    """Each object of the PDF, streams unpacked."""
    reader = PdfReader(BytesIO(content))
    found = b""
    for number in range(1, int(reader.trailer["/Size"])):
        one = reader.get_object(number)
        found += str(one).encode() + (one.get_data() if hasattr(one, "get_data") else b"")
    return found


def test_the_page_alone_the_same_each_time(tmp_path: Path) -> None:
    path = book(tmp_path / "book.pdf")
    for number in (1, 2, 3):
        content = taken(path, number)
        assert words(content) == [f"Words of page {number}."]
        assert content == taken(path, number)
        for other in {1, 2, 3} - {number}:
            assert b"Words of page %d" % other not in everything(content)
    assert read(path).pages[1].text == words(taken(path, 2))[0]


def test_an_encrypted_book_with_an_empty_password(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(book(tmp_path / "open.pdf")))
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(tmp_path / "encrypted.pdf")
    assert words(taken(tmp_path / "encrypted.pdf", 2)) == ["Words of page 2."]


def test_a_chinese_page(tmp_path: Path) -> None:
    path = sheet(tmp_path / "zh.pdf", lambda canvas: column(canvas, 100, 700, ["给氧每分钟2升"], font=chinese_font()))
    assert words(taken(path, 1)) == ["给氧每分钟2升"]


def test_links_attachments_and_scripts_stay_behind(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(book(tmp_path / "plain.pdf")))
    first, third = writer.pages[0], writer.pages[2]
    rect = ArrayObject([FloatObject(one) for one in (0, 0, 50, 50)])
    link = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Link"),
            NameObject("/Rect"): rect,
            NameObject("/Dest"): ArrayObject([third.indirect_reference, NameObject("/Fit")]),
        }
    )
    script = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    )
    first[NameObject("/Annots")] = ArrayObject([writer._add_object(link)])
    first[NameObject("/B")] = ArrayObject([third.indirect_reference])
    writer.root_object[NameObject("/OpenAction")] = script
    writer.add_attachment("other.txt", b"attached words")
    first[NameObject("/AA")] = DictionaryObject({NameObject("/O"): script})
    writer.write(tmp_path / "linked.pdf")
    content = everything(taken(tmp_path / "linked.pdf", 1))
    assert b"Words of page 1" in content
    assert b"Words of page 3" not in content and b"attached" not in content
    assert b"JavaScript" not in content and b"/Annot" not in content


def test_a_page_without_print_is_its_picture(tmp_path: Path) -> None:
    path = tmp_path / "plain.md"
    path.write_text("Give oxygen.")
    block = Block(start=0, end=12, kind=BlockKind.PARAGRAPH)
    page = Page(document_id="d-0123456789abcdef", number=1, label="1", text="Give oxygen.", blocks=(block,))
    pages = PagePdf(ReaderSettings())
    content = pages.page(path, document_of(path, "text/markdown"), page, 0, 4)
    assert len(PdfReader(BytesIO(content)).pages) == 1
    assert content == pages.page(path, document_of(path, "text/markdown"), page, 0, 4)


def test_an_exchanged_file_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "book.pdf")
    page = Page(document_id="d-0123456789abcdef", number=1, label="1", text="")
    with pytest.raises(IntegrityError):
        PagePdf(ReaderSettings()).page(path, replace(document_of(path), sha256="0" * 64), page, 0, 0)


def test_no_such_page_and_no_pdf(tmp_path: Path) -> None:
    path = book(tmp_path / "book.pdf")
    for number in (0, 4):
        with pytest.raises(UnreadableFileError, match="cannot be taken out"):
            taken(path, number)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4\n" + b"\x00" * 500)
    with pytest.raises(UnreadableFileError) as caught:
        taken(broken, 1)
    assert str(tmp_path) not in str(caught.value)


def test_it_is_stopped_when_it_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_pdf, "SECONDS", 0.001)
    with pytest.raises(LimitExceededError):
        taken(book(tmp_path / "book.pdf"), 1)


def test_a_page_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_pdf, "MOST_BYTES", 500)
    with pytest.raises(UnreadableFileError):
        taken(book(tmp_path / "book.pdf"), 1)


def test_too_little_memory_ends_that_process_alone(tmp_path: Path) -> None:
    path = book(tmp_path / "book.pdf")
    page = Page(document_id="d-0123456789abcdef", number=1, label="1", text="")
    tight = ReaderSettings(memory_mib=128)
    tight = tight.model_copy(update={"memory_mib": 16})
    with pytest.raises(UnreadableFileError):
        PagePdf(tight).page(path, document_of(path), page, 0, 0)
