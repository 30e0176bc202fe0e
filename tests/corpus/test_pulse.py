"""Signs of progress and the time that they earn."""

from __future__ import annotations

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from ragmed.corpus.pulse import Pulse, processor_seconds
from ragmed.settings import ReaderSettings
from tests.corpus.sheets import column, read, sheet


def test_time_grows_with_pages_that_came_out_and_no_further_than_the_page_limit() -> None:
    settings = ReaderSettings(seconds=30, seconds_per_page=0.05, pages=2000)
    assert processor_seconds(0, settings) == 30
    assert processor_seconds(300, settings) == 45
    assert processor_seconds(2000, settings) == processor_seconds(10**9, settings) == 130
    assert processor_seconds(-5, settings) == 30


def test_without_pages_the_time_for_pictures_ends_before_the_file_s() -> None:
    pulse = Pulse()
    assert 0 < pulse.picture_seconds(1000.0) <= 750
    assert pulse.picture_seconds(0.0) == 0


def test_pictures_are_passed_over_and_said_so_once_their_time_is_up(tmp_path: Path) -> None:
    def picture(canvas: Canvas) -> None:
        canvas.rect(100, 100, 200, 200, fill=1)

    path = sheet(tmp_path / "pictures.pdf", lambda canvas: column(canvas, 60, 700, ["Give 5 mg"]), picture, picture)
    reading = read(path, ReaderSettings(seconds=1e-9))
    assert [page.text for page in reading.pages] == ["Give 5 mg", "", ""]
    assert [note.page_number for note in reading.notes] == [2, 3]
    assert "no more pages without it are looked at" in reading.notes[0].message
    assert "was not looked at" in reading.notes[1].message
