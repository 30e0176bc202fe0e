"""Plain text: paragraphs, headings, lists, encodings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed.corpus.plain import PlainTextReader
from ragmed.errors import UnreadableFileError
from ragmed.records import NoteKind
from tests.corpus.small_files import DOCUMENT_ID, LIMITS, shown


def read(tmp_path: Path, text: str | bytes):
    path = tmp_path / "note.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return PlainTextReader().read(path, DOCUMENT_ID, LIMITS)


def test_wrapped_lines_are_joined_and_lists_kept_apart(tmp_path: Path) -> None:
    raw = read(
        tmp_path,
        "DOSES\n\nGive 5 mg of the drug\nevery day.\n\n- one\n- two\n  goes on\n\n1) first\n2.5 mg is a dose\n",
    )
    assert shown(raw.pages) == [
        ("heading", "DOSES"),
        ("paragraph", "Give 5 mg of the drug every day."),
        ("list_item", "one"),
        ("list_item", "two goes on"),
        ("list_item", "1) first 2.5 mg is a dose"),
    ]


def test_chinese_lines_are_joined_without_a_space(tmp_path: Path) -> None:
    raw = read(tmp_path, "第一章 随访\n\n一、影像学检查\n\n患者应在三个月后\n复查CT。\n")
    assert shown(raw.pages) == [
        ("heading", "第一章 随访"),
        ("heading", "一、影像学检查"),
        ("paragraph", "患者应在三个月后复查CT。"),
    ]
    assert raw.pages[0].blocks[-1].heading_path == ("第一章 随访", "一、影像学检查")


def test_numbered_and_underlined_headings_nest(tmp_path: Path) -> None:
    raw = read(
        tmp_path, "Guide\n=====\n\n1 Diagnosis\n\nText one.\n\n1.1 Imaging\n\nText two.\n\n2 Treatment\n\nText three.\n"
    )
    assert [block.heading_path for block in raw.pages[0].blocks if block.kind.value == "paragraph"] == [
        ("1 Diagnosis",),
        ("1 Diagnosis", "1.1 Imaging"),
        ("2 Treatment",),
    ]


def test_form_feeds_begin_pages(tmp_path: Path) -> None:
    raw = read(tmp_path, "One.\fTwo.\f\fThree.")
    assert [(page.number, page.label, page.text) for page in raw.pages] == [
        (1, "1", "One."),
        (2, "2", "Two."),
        (3, "3", "Three."),
    ]


def test_a_giant_line_is_cut_at_sentences(tmp_path: Path) -> None:
    raw = read(tmp_path, "Pain is common in adults. " * 3000)
    assert len(raw.pages) > 5
    assert all(page.text.endswith(".") and len(page.text) <= 12_000 for page in raw.pages)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_chinese_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    text = "Guideline: 患者应在三个月后复查胸部CT,这是常用的方法。"
    assert read(tmp_path, text.encode(encoding)).pages[0].text == text


def test_one_broken_byte_does_not_change_the_encoding(tmp_path: Path) -> None:
    raw = read(tmp_path, "患者应在三个月后复查胸部影像检查。".encode() * 3 + b"\xff end")
    assert raw.pages[0].text.startswith("患者应在")
    assert [note.kind for note in raw.notes] == [NoteKind.GARBLED]


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\x00\x01\x02\x00binary\x00\x00\x00" * 50])
def test_empty_and_binary_files_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        read(tmp_path, content)
