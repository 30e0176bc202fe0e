"""Page pictures: the right bytes, the right place, marked."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ragmed.corpus import typeset
from ragmed.corpus.render import AnyPageRenderer, PdfPageRenderer, highlight_rectangles, renderer_for
from ragmed.corpus.typeset import TextPageRenderer
from ragmed.errors import IntegrityError, MissingPartError, UnreadableFileError
from ragmed.records import Block, BlockKind, Page
from tests.corpus.bombs import endless_picture
from tests.corpus.sheets import column, document_of, read, sheet

QUOTE = "aspirin 300 mg to every patient with an acute coronary"


@pytest.fixture
def printed(tmp_path: Path) -> tuple[Path, Page]:
    lines = ["Give aspirin 300 mg to every patient", "with an acute coronary syndrome."]
    path = sheet(
        tmp_path / "quote_over_two_lines.pdf", lambda canvas: column(canvas, 100, 700, lines, size=14, lead=20)
    )
    return path, read(path).pages[0]


def _pixels(png: bytes) -> NDArray[np.uint8]:
    with Image.open(BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def _marked(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels of the highlight: red and green high, blue low."""
    signed = picture.astype(int)
    return np.asarray((signed[:, :, 0] > 200) & (signed[:, :, 2] < 160))


def test_quote_over_two_lines_gives_two_rectangles(printed: tuple[Path, Page]) -> None:
    _, page = printed
    start = page.text.index(QUOTE)
    first, second = highlight_rectangles(page, start, start + len(QUOTE))
    assert first.left > 125 and second.left == pytest.approx(100, abs=2)
    assert first.bottom <= second.top + 3
    assert highlight_rectangles(page, 3, 3) == ()


def test_highlight_lies_on_the_words_and_a_bar_beside_them(printed: tuple[Path, Page]) -> None:
    path, page = printed
    start = page.text.index(QUOTE)
    renderer = PdfPageRenderer()
    plain = _pixels(renderer.render(path, document_of(path), page, 0, 0, width=1000))
    marked = _pixels(renderer.render(path, document_of(path), page, start, start + len(QUOTE), width=1000))
    renderer.close()
    assert marked.shape == plain.shape == (round(1000 * page.height / page.width), 1000, 3)
    assert not _marked(plain).any()
    rows, columns = np.nonzero(_marked(marked))
    scale = 1000 / page.width
    rects = highlight_rectangles(page, start, start + len(QUOTE))
    assert rows.min() / scale == pytest.approx(rects[0].top, abs=2)
    assert rows.max() / scale == pytest.approx(rects[1].bottom, abs=2)
    assert columns.max() / scale == pytest.approx(max(rect.right for rect in rects), abs=3)
    assert (marked[(plain < 60).all(axis=2)] < 70).all(), "the words stay black under the mark"
    changed = (marked != plain).any(axis=2)
    beside = np.nonzero(changed[:, : int(97 * scale)])
    assert len(beside[0]) > 100, "a bar stands left of the text"


def test_changed_file_is_refused(printed: tuple[Path, Page]) -> None:
    path, page = printed
    document = document_of(path)
    renderer = PdfPageRenderer()
    renderer.render(path, document, page, 0, 4, width=200)
    path.write_bytes(path.read_bytes() + b"\n% changed")
    with pytest.raises(IntegrityError, match="SHA-256"):
        renderer.render(path, document, page, 0, 4, width=200)


def test_a_page_that_takes_minutes_to_draw_is_given_up_and_the_next_is_drawn(
    tmp_path: Path, printed: tuple[Path, Page]
) -> None:
    path = endless_picture(tmp_path / "endless_picture.pdf")
    page = read(path).pages[0]
    renderer = PdfPageRenderer()
    with pytest.raises(UnreadableFileError, match="drawing page 1 took longer than 8 s"):
        renderer.render(path, document_of(path), page, 0, 4, width=1200)
    whole, sound = printed
    assert _pixels(renderer.render(whole, document_of(whole), sound, 0, 4, width=300)).shape[1] == 300
    renderer.close()


def test_missing_file_is_refused(printed: tuple[Path, Page]) -> None:
    path, page = printed
    document = document_of(path)
    path.unlink()
    with pytest.raises(UnreadableFileError, match="cannot be opened"):
        PdfPageRenderer().render(path, document, page, 0, 4, width=200)


def test_renderer_is_chosen_by_format(printed: tuple[Path, Page], tmp_path: Path) -> None:
    path, _ = printed
    other = tmp_path / "page.html"
    other.write_text("x")
    assert isinstance(renderer_for(document_of(path)), PdfPageRenderer)
    assert isinstance(renderer_for(document_of(other, "text/html")), TextPageRenderer)


def _chapter(paragraphs: list[str]) -> Page:
    text = "\n".join(paragraphs)
    blocks, at = [], 0
    for number, words in enumerate(paragraphs):
        kind = BlockKind.HEADING if number == 0 else BlockKind.PARAGRAPH
        blocks.append(Block(start=at, end=at + len(words), kind=kind, level=int(number == 0)))
        at += len(words) + 1
    return Page(document_id="d-0123456789abcdef", number=1, label="1", text=text, blocks=tuple(blocks))


def test_long_chapter_is_shown_around_its_quote(tmp_path: Path) -> None:
    path = tmp_path / "chapter.html"
    path.write_text("x")
    page = _chapter(
        [
            "A chapter",
            *(f"Paragraph {n} speaks at some length of things that nobody asked about." * 4 for n in range(300)),
        ]
    )
    start = page.text.index("Paragraph 200 speaks")
    picture = _pixels(
        AnyPageRenderer().render(path, document_of(path, "text/html"), page, start, start + 20, width=800)
    )
    assert picture.shape[1] == 800
    assert picture.shape[0] < 5000
    rows, _ = np.nonzero(_marked(picture))
    assert 0.1 * picture.shape[0] < rows.mean() < 0.7 * picture.shape[0]


def test_short_page_is_shown_whole_and_unmarked_without_a_quote(tmp_path: Path) -> None:
    path = tmp_path / "short.html"
    path.write_text("x")
    picture = _pixels(
        TextPageRenderer().render(
            path, document_of(path, "text/html"), _chapter(["Title", "One line."]), 0, 0, width=600
        )
    )
    assert not _marked(picture).any()
    assert (picture < 100).any()


def test_chinese_text_without_a_font_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "chinese.txt"
    path.write_text("x")
    monkeypatch.setattr(typeset, "_CJK_FONTS", (str(tmp_path / "absent.ttc"),))
    with pytest.raises(MissingPartError) as missing:
        TextPageRenderer().render(path, document_of(path, "text/plain"), _chapter(["肺结节"]), 0, 2, width=600)
    assert "fonts-noto-cjk" in missing.value.remedy
