"""Text that may be quoted, and the box of every character of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from ragmed.corpus.lines import BREAK, NONE, SPACE
from ragmed.corpus.mending import NEWLINE, Vocabulary, mend_page
from ragmed.corpus.ocr import glyphs_of_words
from tests.corpus.sheets import chinese_font, column, flowing, read, sheet


def _boxes(text: str, boxes: bytes, word: str) -> np.ndarray:  # type: ignore[type-arg]
    at = text.index(word)
    return np.frombuffer(boxes, "<u2").reshape(-1, 4)[at : at + len(word)]


@pytest.mark.parametrize(
    ("before", "after", "known", "keeps"),
    [
        ("indica", "tions", "", False),
        ("beta", "blocker", "", True),
        ("beta", "blocker", "betablocker", False),
        ("com", "monly", "monly", False),
        ("phosphodiesterase", "5", "", True),
        ("MERIT", "HF", "", True),
        ("thiazide", "type", "a thiazide-type diuretic", True),
        ("non", "small", "non-small", True),
        ("pharma", "cologic", "pharmacologic", False),
        ("calcium-chan", "nel", "", False),
    ],
)
def test_hyphen_goes_only_where_the_word_is_written_without_it(
    before: str, after: str, known: str, keeps: bool
) -> None:
    assert Vocabulary.of([known]).keeps_hyphen(before, after) is keeps


def test_the_halves_of_a_divided_word_are_no_words_of_the_document() -> None:
    texts = ["Give thera-\r\npeutic doses of non-\nsmall", "up-\nto-\ndate, well\ufffeknown; 3-\nfold", "non-small"]
    assert Vocabulary.of(texts).words == {"give", "doses", "of", "non-small", "date", "fold"}


def test_hyphenation_is_mended_with_boxes_of_both_lines(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        column(
            canvas,
            60,
            700,
            ["There are compelling indica-", "tions for a beta-", "blocker, and for non-", "small doses of it."],
        )

    page = read(sheet(tmp_path / "hyphenated.pdf", draw)).pages[0]
    assert page.text == "There are compelling indications for a beta-blocker, and for non-small doses of it."
    word = _boxes(page.text, page.boxes, "indications")
    assert word.any(axis=1).all()
    assert word[5, 1] < word[6, 1] - 80, "the halves stand on two lines"
    assert word[6, 0] == pytest.approx(600, abs=15)


def test_ligatures_become_letters_that_share_their_box(tmp_path: Path) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not font.is_file():
        pytest.skip("DejaVu Sans, a font with ligatures, is not installed")
    pdfmetrics.registerFont(TTFont("Ligatures", str(font)))

    def draw(canvas: Canvas) -> None:
        column(
            canvas, 60, 700, ["The e\ufb03cacy of \ufb02uids in a speci\ufb01c case; so\u00adlution"], font="Ligatures"
        )

    page = read(sheet(tmp_path / "ligatures.pdf", draw)).pages[0]
    assert page.text == "The efficacy of fluids in a specific case; solution"
    assert _boxes(page.text, page.boxes, "efficacy").any(axis=1).all()


def test_chinese_lines_join_without_a_space(tmp_path: Path) -> None:
    name = chinese_font()

    def draw(canvas: Canvas) -> None:
        column(
            canvas,
            60,
            700,
            ["多发磨玻璃结节伴长期吸烟史的患者应优先考虑早期", "肺腺癌谱系病变、感染和炎症性病变。"],
            font=name,
            size=12,
            lead=18,
        )

    page = read(sheet(tmp_path / "chinese_lines.pdf", draw)).pages[0]
    assert page.text == "多发磨玻璃结节伴长期吸烟史的患者应优先考虑早期肺腺癌谱系病变、感染和炎症性病变。"
    signs = np.frombuffer(page.boxes, "<u2").reshape(-1, 4)
    assert (signs[:10, 2] > signs[:10, 0]).all()
    assert np.diff(signs[:20, 0].astype(int)) == pytest.approx(120, abs=3)


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("6～", "12周", "6～12周"),
        ("6", "～12周", "6～12周"),
        ("剂量：", "5", "剂量：5"),
        ("CT，", "MRI", "CT，MRI"),
        ("阿司匹林（", "300", "阿司匹林（300"),
        ("300", "）口服", "300）口服"),
        ("所谓“", "磨玻璃", "所谓“磨玻璃"),
        ("早期”", "肺癌", "早期”肺癌"),
        ("结节——", "肺癌", "结节——肺癌"),
        ("6–", "12", "6–12"),
        ("6~", "12周", "6~12周"),
        ("aspirin –", "300", "aspirin – 300"),
        ("said “", "take", "said “ take"),
        ("服用", "aspirin", "服用 aspirin"),
        ("the dose:", "5", "the dose: 5"),
    ],
)
def test_no_space_is_put_beside_a_full_width_sign_or_within_a_range(before: str, after: str, joined: str) -> None:
    boxes = [(10.0, 10.0, 50.0, 20.0), (10.0, 40.0, 50.0, 50.0)]
    glyphs = glyphs_of_words([before, f" {after}"], boxes, 500.0, 100.0)
    count = len(glyphs.starts)
    at = next(place for place, start in enumerate(glyphs.starts) if start > len(before))
    separators = [NEWLINE, *(SPACE if glyphs.text[start - 1] == " " else NONE for start in glyphs.starts[1:])]
    separators[at] = BREAK
    page = mend_page(glyphs, glyphs.text, list(range(count)), separators, [0], Vocabulary(frozenset()))
    assert page.text == joined
    assert len(page.boxes) == 8 * len(page.text)


def test_paragraphs_are_parted_by_a_line_break(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        column(canvas, 60, 700, ["The first paragraph has two lines of text", "and ends here."])
        column(canvas, 60, 655, ["The second one starts after a gap."])

    page = read(sheet(tmp_path / "paragraphs.pdf", draw)).pages[0]
    assert page.text == "The first paragraph has two lines of text and ends here.\nThe second one starts after a gap."
    gap = page.text.index("\n")
    assert page.boxes[8 * gap : 8 * gap + 8] == bytes(8)


def test_boxes_are_tight_to_the_words(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        column(canvas, 100, 700, ["aspirin 300 mg"], size=20)
        width["aspirin"] = canvas.stringWidth("aspirin", "Helvetica", 20)
        width["300"] = canvas.stringWidth("aspirin ", "Helvetica", 20)

    width: dict[str, float] = {}
    page = read(sheet(tmp_path / "word_boxes.pdf", draw)).pages[0]
    word = _boxes(page.text, page.boxes, "aspirin") / 10
    assert word[0, 0] == pytest.approx(100, abs=1)
    assert word[-1, 2] == pytest.approx(100 + width["aspirin"], abs=1)
    assert _boxes(page.text, page.boxes, "300")[0, 0] / 10 == pytest.approx(100 + width["300"], abs=1.5)
    base = page.height - 700
    assert word[:, 1].max() < base - 10 and word[:, 3].min() >= base - 1


WORDS = st.lists(
    st.text(st.sampled_from("abcé多发～，—ﬁ\u00ad-\ufffe3.\x02\U0001d40a"), min_size=1, max_size=8),
    min_size=1,
    max_size=12,
)


@given(WORDS, st.data())
def test_offsets_boxes_and_spans_hold_for_any_text(words: list[str], data: st.DataObject) -> None:
    boxes = [(10.0 + 50 * n, 10.0, 50.0 + 50 * n, 20.0) for n in range(len(words))]
    glyphs = glyphs_of_words([word if not n else f" {word}" for n, word in enumerate(words)], boxes, 5000.0, 100.0)
    count = len(glyphs.starts)
    separators = [NEWLINE, *(data.draw(st.sampled_from([SPACE, BREAK, NEWLINE])) for _ in range(count - 1))]
    marks = [at for at, kind in enumerate(separators) if kind == NEWLINE]
    page = mend_page(glyphs, glyphs.text, list(range(count)), separators, marks, Vocabulary(frozenset()))
    assert len(page.boxes) == 8 * len(page.text)
    assert len(page.spans) == len(marks)
    edge = 0
    for start, end in page.spans:
        assert edge <= start <= end <= len(page.text)
        assert page.text[edge:start].strip("\n") == ""
        assert "\n" not in page.text[start:end]
        edge = end
    inked = np.frombuffer(page.boxes, "<u2").reshape(-1, 4).any(axis=1)
    for sign, ink in zip(page.text, inked, strict=True):
        assert ink != (sign in " \n")


def test_flowing_helper_sees_the_words(tmp_path: Path) -> None:
    page = read(sheet(tmp_path / "one_word.pdf", lambda canvas: column(canvas, 60, 700, ["Word"]))).pages[0]
    assert flowing(page) == "Word"
