"""Pages that are pictures: read where tesseract is installed, reported page by page where it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ragmed.corpus.ocr import Tesseract, glyphs_of_words
from ragmed.errors import UnreadableFileError
from ragmed.records import NoteKind
from ragmed.settings import ReaderSettings
from tests.corpus.sheets import column, read, scanned, sheet

needs_tesseract = pytest.mark.skipif(Tesseract.found() is None, reason="the tesseract program is not installed")
LINES = ["Start antibiotics within one hour", "of recognition of septic shock."]


@needs_tesseract
def test_scan_is_read_with_boxes_and_noted(tmp_path: Path) -> None:
    reading = read(scanned(tmp_path / "scan.pdf", LINES, ["Another page"]), ReaderSettings())
    assert [(note.kind, note.page_number) for note in reading.notes] == [(NoteKind.OCR, 1), (NoteKind.OCR, 2)]
    page = reading.pages[0]
    assert page.text == "Start antibiotics within one hour of recognition of septic shock."
    at = page.text.index("antibiotics")
    box = np.frombuffer(page.boxes, "<u2").reshape(-1, 4)[at] / 10
    assert box[0] == pytest.approx(60 + 36, abs=6)
    assert box[1] == pytest.approx(842 - 760 - 11, abs=6)


@needs_tesseract
def test_page_that_takes_too_long_is_noted_as_cut_short(tmp_path: Path) -> None:
    path = scanned(tmp_path / "slow_scan.pdf", LINES)
    with pytest.raises(UnreadableFileError, match="OCR took over"):
        read(path, ReaderSettings(ocr_seconds_per_page=0.001))


@needs_tesseract
def test_a_file_has_one_budget_for_all_its_scans(tmp_path: Path) -> None:
    path = scanned(tmp_path / "many_scans.pdf", LINES, LINES, LINES)
    with pytest.raises(UnreadableFileError, match=r"OCR took over.*page 2 .* OCR stops after .* reader\.ocr_seconds"):
        read(path, ReaderSettings(ocr_seconds=0.001))


def test_scan_without_the_program_is_refused_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnreadableFileError, match="no text layer on its 2 pages") as refused:
        read(scanned(tmp_path / "scan.pdf", LINES, LINES), ReaderSettings())
    assert "tesseract" in refused.value.remedy


def test_scanned_page_among_others_is_noted_when_the_program_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pypdf

    writer = pypdf.PdfWriter()
    writer.append(sheet(tmp_path / "text.pdf", lambda canvas: column(canvas, 60, 700, LINES)))
    writer.append(scanned(tmp_path / "scan.pdf", LINES))
    path = tmp_path / "scanned_second_page.pdf"
    with path.open("wb") as stream:
        writer.write(stream)
    monkeypatch.setenv("PATH", str(tmp_path))
    reading = read(path, ReaderSettings())
    assert [(note.kind, note.page_number) for note in reading.notes] == [(NoteKind.OCR_MISSING, 2)]
    assert reading.pages[1].text == ""


def test_ocr_switched_off_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="switched off"):
        read(scanned(tmp_path / "scan.pdf", LINES), ReaderSettings(ocr="never"))


def test_words_become_runs_and_scripts_part() -> None:
    glyphs = glyphs_of_words(["CT显示", " 6mm"], [(0, 0, 40, 10), (50, 0, 80, 10)], 100, 100)
    assert [glyphs.text[a:b] for a, b in zip(glyphs.starts, glyphs.ends, strict=True)] == ["CT", "显示", "6mm"]
    assert glyphs.run_boxes[1].tolist() == [20, 0, 40, 10]


@needs_tesseract
def test_chinese_scan_is_read_without_spaces(tmp_path: Path) -> None:
    tesseract = Tesseract.found()
    if tesseract is None or "chi_sim" not in tesseract.languages:
        pytest.skip("tesseract has no simplified Chinese data")
    from tests.corpus.sheets import chinese_lines

    text = (
        read(chinese_lines(tmp_path / "chinese_scan.pdf", ["长期吸烟史的患者", "老年男性应当复查"]), ReaderSettings())
        .pages[0]
        .text
    )
    assert "长期吸烟史" in text
    assert "老年男性" in text
