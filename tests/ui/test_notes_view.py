"""Reading notes: which page, why, what to do, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed.records import NoteKind, ReadNote
from ragmed.ui.notes_view import REASONS, FileNotes, notes_of, reason_and_remedy, remarks
from ragmed.ui.words import Words
from tests.ui.small_library import PNEUMONIA, SmallProgram


def of(*notes: ReadNote, title: str = "Oxygen") -> tuple[FileNotes, ...]:
    return (FileNotes("oxygen.pdf", title, notes),)


def test_refused_files_stand_first_and_every_document_with_notes_is_there(tmp_path: Path) -> None:
    files = notes_of(SmallProgram(tmp_path).snapshots.current())
    assert next((file.source_path, file.refused) for file in files) == ("scan.pdf", True)
    assert PNEUMONIA.title in {file.title for file in files}


def test_pages_of_a_kind_are_named_together_and_a_long_row_is_cut_short() -> None:
    notes = [ReadNote(kind=NoteKind.OCR, message=f"page {n} is a scan", page_number=n) for n in range(1, 31)]
    shown = remarks(of(*notes), Words("en"))
    assert "pages 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 18 more" in shown
    assert shown.count("is a scan") == 1
    assert "第 1、2、3、4、5、6、7、8、9、10、11、12 页 等，另有 18 页" in remarks(of(*notes), Words("zh"))


def test_a_reason_and_its_remedy_are_parted_also_with_brackets_in_both() -> None:
    message = "a (1).pdf: needs a key (AES) to open (ask its owner (or the publisher))"
    assert reason_and_remedy(message, "a (1).pdf") == ("needs a key (AES) to open", "ask its owner (or the publisher)")
    assert reason_and_remedy("damaged", "a.pdf") == ("damaged", "")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("x.pdf: needs a password to be opened (save a copy)", "password"),
        ("x.pdf: no text layer on its 3 pages (install tesseract)", "scan"),
        ("x.docx: unpacks to more than 100 times its size (…)", "limit"),
        ("x.doc: the file is an old Office file (save it)", "kind"),
        ("x.md: the file is empty (get it again)", "empty"),
        ("x.pdf: not a PDF that can be read (ValueError) (get it again)", None),
    ],
)
def test_a_chinese_page_says_in_chinese_why_and_keeps_the_readers_words(message: str, kind: str | None) -> None:
    found = next((name for name, pattern in REASONS if pattern.search(message)), None)
    assert found == kind
    refused = FileNotes(message.split(":", maxsplit=1)[0], "", (ReadNote(kind=NoteKind.REFUSED, message=message),))
    words = Words("zh")
    shown = remarks((refused,), words)
    assert words(f"refused.{kind or 'damaged'}") in shown
    assert message.partition(": ")[2] in shown


def test_what_a_document_says_stays_text() -> None:
    note = ReadNote(kind=NoteKind.HIDDEN_TEXT, message="<script>x</script>", page_number=1)
    assert "<script>" not in remarks(of(note, title="<b>t"), Words("en"))
