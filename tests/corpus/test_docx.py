"""DOCX: paragraphs, pages, tables, what was deleted or hidden, and hostile archives."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ragmed.corpus.archive import Archive
from ragmed.corpus.docx import DocxReader
from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import NoteKind
from ragmed.settings import ReaderSettings
from tests.corpus.small_files import DOCUMENT_ID, LIMITS, W, body, shown, write_docx, write_zip

STYLES = (
    f"<w:styles xmlns:w='{W}'>"
    "<w:style w:type='paragraph' w:styleId='1'><w:name w:val='heading 1'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Own'><w:name w:val='My head'/><w:basedOn w:val='1'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='LB'><w:name w:val='List Bullet'/></w:style></w:styles>"
)


def p(text: str, style: str = "", run: str = "") -> str:
    properties = f"<w:pPr><w:pStyle w:val='{style}'/></w:pPr>" if style else ""
    return f"<w:p>{properties}<w:r>{run}<w:t>{text}</w:t></w:r></w:p>"


def read(path: Path, limits: ReaderSettings = LIMITS):
    return DocxReader().read(path, DOCUMENT_ID, limits)


def test_a_document_written_by_a_word_processor_library(tmp_path: Path) -> None:
    import docx

    made = docx.Document()
    made.add_heading("Pain in adults", 0)
    made.add_heading("Drugs", 1)
    made.add_paragraph("Give 5 mg.")
    made.add_paragraph("one", style="List Bullet")
    table = made.add_table(2, 2)
    for row, cells in enumerate((("Drug", "Dose"), ("Morphine", "5 mg"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    made.add_page_break()
    made.add_paragraph("On page two.")
    made.core_properties.title = "Pain in adults"
    path = tmp_path / "pain.docx"
    made.save(str(path))
    raw = read(path)
    assert shown(raw.pages) == [
        ("heading", "Pain in adults"),
        ("heading", "Drugs"),
        ("paragraph", "Give 5 mg."),
        ("list_item", "one"),
        ("table_row", "Drug | Dose"),
        ("table_row", "Morphine | 5 mg"),
        ("paragraph", "On page two."),
    ]
    assert [page.text for page in raw.pages][1] == "On page two."
    assert raw.metadata.title == "Pain in adults"


def test_styles_based_on_headings_are_headings(tmp_path: Path) -> None:
    raw = read(write_docx(tmp_path / "a.docx", p("Head", "Own") + p("Text") + p("item", "LB"), styles=STYLES))
    assert [kind for kind, _ in shown(raw.pages)] == ["heading", "paragraph", "list_item"]


def test_deleted_and_hidden_words_are_left_out(tmp_path: Path) -> None:
    paragraphs = (
        "<w:p><w:r><w:t xml:space='preserve'>Give </w:t></w:r><w:del><w:r><w:delText>50</w:delText><w:t>50</w:t></w:r></w:del>"
        "<w:ins><w:r><w:t>5</w:t></w:r></w:ins><w:r><w:t xml:space='preserve'> mg</w:t></w:r></w:p>"
        + p("GHOST", run="<w:rPr><w:vanish/></w:rPr>")
        + "<w:p><w:r><w:t>10</w:t></w:r><w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>9</w:t></w:r></w:p>"
    )
    raw = read(write_docx(tmp_path / "a.docx", paragraphs))
    assert body(raw.pages) == "Give 5 mg\n10⁹"
    assert [note.kind for note in raw.notes] == [NoteKind.HIDDEN_TEXT]


def test_page_breaks_inside_a_paragraph_split_it(tmp_path: Path) -> None:
    raw = read(
        write_docx(
            tmp_path / "a.docx",
            "<w:p><w:r><w:t>One.</w:t><w:lastRenderedPageBreak/><w:t>Two.</w:t></w:r></w:p>"
            "<w:p><w:r><w:br w:type='page'/></w:r></w:p>" + p("Three."),
        )
    )
    assert [(page.number, page.text) for page in raw.pages] == [(1, "One."), (2, "Two."), (3, "Three.")]


def test_text_boxes_are_read_once_and_running_heads_are_furniture(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{p('In a box.')}</w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    drawing = f"<mc:AlternateContent xmlns:mc='{mc}'><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    header = f"<w:hdr xmlns:w='{W}'>{p('Version 2.2026')}</w:hdr>"
    raw = read(
        write_docx(tmp_path / "a.docx", f"<w:p><w:r><w:t>Text.</w:t></w:r><w:r>{drawing}</w:r></w:p>", header1=header)
    )
    assert shown(raw.pages) == [("furniture", "Version 2.2026"), ("paragraph", "Text."), ("paragraph", "In a box.")]


def test_footnotes_are_read(tmp_path: Path) -> None:
    notes = f"<w:footnotes xmlns:w='{W}'><w:footnote w:type='separator'>{p('---')}</w:footnote><w:footnote>{p('Not in children.')}</w:footnote></w:footnotes>"
    raw = read(write_docx(tmp_path / "a.docx", p("Text."), footnotes=notes))
    assert body(raw.pages) == "Text.\nNot in children."


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "bomb.docx", p("x") + " " * 30_000_000)
    with pytest.raises(LimitExceededError, match="200 times"):
        read(path)
    with pytest.raises(LimitExceededError, match="1 MiB"):
        read(path, ReaderSettings(archive_mib=1))


def test_a_size_that_lies_is_counted_while_unpacking(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "lying_size.docx", p("x") + " " * 30_000_000)
    content = path.read_bytes()
    true = (30_000_000 + len(f"<w:document xmlns:w='{W}'><w:body>{p('x')}</w:body></w:document>")).to_bytes(4, "little")
    assert content.count(true) == 2  # local header and central directory
    path.write_bytes(content.replace(true, (1000).to_bytes(4, "little")))
    with pytest.raises(UnreadableFileError):
        read(path)


def test_parts_read_again_count_again(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "read_twice.docx", {"a": bytes(700_000)})
    with Archive(path, ReaderSettings(archive_mib=1, archive_ratio=1e9)) as archive:
        assert len(archive.read("a")) == 700_000
        with pytest.raises(LimitExceededError):
            archive.read("a")


def test_names_that_lead_out_of_the_archive_are_refused(tmp_path: Path) -> None:
    for number, name in enumerate(("../../etc/passwd", "/etc/passwd", "C:/windows/x", "a/../../b")):
        path = write_docx(tmp_path / f"traversal{number}.docx", p("x"))
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(name, "x")
        with pytest.raises(UnreadableFileError, match="outside the archive"):
            read(path)


def test_xml_entities_are_refused(tmp_path: Path) -> None:
    bomb = "<!DOCTYPE x [" + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(9)) + "<!ENTITY a0 'ha'>]>"
    outside = f"<!DOCTYPE x [<!ENTITY f SYSTEM 'file://{tmp_path}/secret.txt'>]>"
    (tmp_path / "secret.txt").write_text("SECRET")
    for name, doctype, entity in (("billion_laughs", bomb, "&a9;"), ("external_entity", outside, "&f;")):
        xml = f"{doctype}<w:document xmlns:w='{W}'><w:body>{p(entity)}</w:body></w:document>"
        for encoding in ("utf-8", "utf-16"):
            path = write_zip(tmp_path / f"{name}_{encoding}.docx", {"word/document.xml": xml.encode(encoding)})
            with pytest.raises(UnreadableFileError, match="entities"):
                read(path)


def test_damaged_archives_are_refused_in_words(tmp_path: Path) -> None:
    whole = write_docx(tmp_path / "whole.docx", p("Text. " * 500)).read_bytes()
    for cut in (30, len(whole) // 2, len(whole) - 10):
        path = tmp_path / f"truncated_{cut}.docx"
        path.write_bytes(whole[:cut])
        with pytest.raises(UnreadableFileError, match="damaged archive"):
            read(path)
    flipped = bytearray(whole)
    place = whole.index(b"word/document.xml") + 60
    flipped[place] ^= 0xFF
    (tmp_path / "flipped_byte.docx").write_bytes(flipped)
    with pytest.raises(UnreadableFileError):
        read(tmp_path / "flipped_byte.docx")


def test_embedded_files_stay_closed_and_are_reported(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", p("Text."))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("word/embeddings/inner.zip", b"PK\x03\x04")
    assert [note.kind for note in read(path).notes] == [NoteKind.ATTACHMENT]


def test_tables_in_tables_without_end_are_refused(tmp_path: Path) -> None:
    nested = "<w:tbl><w:tr><w:tc>" * 100 + p("x") + "</w:tc></w:tr></w:tbl>" * 100
    with pytest.raises(UnreadableFileError):
        read(write_docx(tmp_path / "deep_tables.docx", nested))
