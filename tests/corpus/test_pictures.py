"""Pictures of files that nobody has accepted: of the very bytes asked for, under limits, in another process."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.corpus.pictures import GuardedPageRenderer
from ragmed.corpus.render import PdfPageRenderer
from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import Page
from ragmed.settings import ReaderSettings
from tests.corpus.bombs import endless_picture
from tests.corpus.sheets import column, document_of, read, sheet

LINE = "Give aspirin 300 mg at once."


@pytest.fixture
def printed(tmp_path: Path) -> tuple[Path, Page]:
    path = sheet(tmp_path / "dose.pdf", lambda canvas: column(canvas, 72, 700, [LINE]))
    return path, read(path).pages[0]


def test_a_page_is_drawn_and_marked_as_in_this_process(printed: tuple[Path, Page]) -> None:
    path, page = printed
    start = page.text.index("aspirin")
    for end in (start, start + 14):
        ours = PdfPageRenderer().render(path, document_of(path), page, start, end, width=320)
        assert (
            GuardedPageRenderer(ReaderSettings()).render(path, document_of(path), page, start, end, width=320) == ours
        )


def test_a_text_is_drawn_too(tmp_path: Path) -> None:
    path = tmp_path / "house.txt"
    path.write_text(LINE, "utf-8")
    page = Page(document_id="d-0123456789abcdef", number=1, label="", text=LINE)
    picture = GuardedPageRenderer(ReaderSettings()).render(path, document_of(path, "text/plain"), page, 0, 0, width=320)
    assert picture.startswith(b"\x89PNG")


def test_other_bytes_than_those_asked_for_are_refused(printed: tuple[Path, Page]) -> None:
    path, page = printed
    with pytest.raises(UnreadableFileError, match="not the file that was indexed"):
        GuardedPageRenderer(ReaderSettings()).render(
            path, replace(document_of(path), sha256="0" * 64), page, 0, 0, width=320
        )


def test_a_page_that_is_not_there_is_told(printed: tuple[Path, Page]) -> None:
    path, page = printed
    with pytest.raises(UnreadableFileError, match="page 9"):
        GuardedPageRenderer(ReaderSettings()).render(path, document_of(path), replace(page, number=9), 0, 0, width=320)


def test_a_page_that_is_drawn_for_ever_is_stopped_with_its_process(tmp_path: Path) -> None:
    """Stopped from outside, whatever PDFium is doing: its own limit of 8 s lies beyond this one."""
    path = endless_picture(tmp_path / "endless_picture.pdf")
    page = read(path).pages[0]
    with pytest.raises(LimitExceededError, match="took longer than 2 s"):
        GuardedPageRenderer(ReaderSettings(seconds=2)).render(path, document_of(path), page, 0, 4, width=1200)
    assert not list(_children())


def test_a_page_that_needs_more_memory_than_a_reader_has_is_a_refusal(printed: tuple[Path, Page]) -> None:
    path, page = printed
    with pytest.raises(UnreadableFileError, match="cannot be drawn"):
        GuardedPageRenderer(ReaderSettings(memory_mib=128)).render(path, document_of(path), page, 0, 0, width=320)


def _children() -> list[int]:
    """Picture children of this process that are still there."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"ragmed.corpus.picture_child" in command and str(os.getpid()).encode() in command:
            found.append(int(entry.name))
    return found
