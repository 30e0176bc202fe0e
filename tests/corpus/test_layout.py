"""Reading order, furniture, blocks, tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from reportlab.pdfgen.canvas import Canvas

from ragmed.records import BlockKind
from tests.corpus.sheets import column, flowing, kinds, read, sheet

LEFT = [
    "The left column of this page speaks of fluids",
    "and of electrolytes, and it goes on for many",
    "lines that fill the measure of the column so",
    "that nobody takes it for the cells of a table",
    "until it ends here with the word leftmost.",
]
RIGHT = [
    "The right column of this page speaks of drugs",
    "and of their doses, and it too goes on for as",
    "many lines as are needed to be seen as prose",
    "rather than as the second column of a table",
    "until it ends here with the word rightmost.",
]


def test_two_columns_under_a_title_read_one_after_the_other(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        # row by row, as some programs write: the file's order is the wrong one
        column(canvas, 60, 780, ["A title that runs across both columns of the page"], size=18, font="Helvetica-Bold")
        for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
            column(canvas, 60, 740 - 13 * number, [left])
            column(canvas, 320, 740 - 13 * number, [right])
        column(
            canvas,
            60,
            600,
            ["A line across the page closes it, below both of the columns, from margin to margin of the sheet."],
        )

    page = read(sheet(tmp_path / "two_column.pdf", draw)).pages[0]
    text = flowing(page)
    places = [
        text.index(word) for word in ("A title", "left column", "leftmost", "right column", "rightmost", "closes it")
    ]
    assert places == sorted(places)
    assert "electrolytes, and it goes on for many lines" in text
    assert not kinds(page, BlockKind.TABLE_ROW)


def test_columns_whose_base_lines_differ(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        column(canvas, 320, 737, RIGHT, lead=14.5)
        column(canvas, 60, 740, LEFT)

    text = flowing(read(sheet(tmp_path / "uneven_columns.pdf", draw)).pages[0])
    assert text.index("leftmost") < text.index("right column")


def test_three_columns(tmp_path: Path) -> None:
    words = ["oxygen", "fluids", "glucose"]

    def draw(canvas: Canvas) -> None:
        for number in range(6):
            for at, word in enumerate(words):
                column(canvas, 50 + 175 * at, 740 - 12 * number, [f"{word} line {number} of running prose"], size=9)

    text = flowing(read(sheet(tmp_path / "three_column.pdf", draw)).pages[0])
    assert (
        text.index("oxygen line 5")
        < text.index("fluids line 0")
        < text.index("fluids line 5")
        < text.index("glucose line 0")
    )


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("scanned_so", [False, True], ids=["turned_content", "text_on_its_side"])
def test_rotated_page_reads_in_order_with_boxes_as_displayed(tmp_path: Path, turn: int, scanned_so: bool) -> None:
    def draw(canvas: Canvas) -> None:
        if not scanned_so:
            # as landscape pages are made: drawn turned, so that /Rotate shows it upright
            canvas.translate(300, 300)
            canvas.rotate(turn)
            canvas.translate(-300, -300)
        column(canvas, 200, 350, ["First line of the page.", "Second line of the page."])
        canvas.setPageRotation(turn)

    page = read(sheet(tmp_path / f"rotated_{turn}.pdf", draw, size=(600, 600))).pages[0]
    assert page.text == "First line of the page. Second line of the page."
    boxes = np.frombuffer(page.boxes, "<u2").reshape(-1, 4).astype(int)
    first, second = boxes[0], boxes[page.text.index("Second")]
    if not scanned_so:
        assert second[1] > first[1] and abs(int(second[0]) - int(first[0])) < 20
        assert first[:2].tolist() == pytest.approx([2000, 2400], abs=30)
    elif turn == 180:
        assert second[1] < first[1]
    else:
        assert second[0] != first[0]


def test_landscape_table_printed_sideways_reads_along_its_lines(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rotate(90)
        column(
            canvas,
            80,
            -100,
            ["Sideways first line of text", "Sideways second line of text", "Sideways third line of text"],
        )

    text = flowing(read(sheet(tmp_path / "sideways.pdf", draw)).pages[0])
    assert text.index("first line") < text.index("second line") < text.index("third line")


def _page_with_furniture(number: int) -> object:
    def draw(canvas: Canvas) -> None:
        column(canvas, 60, 815, ["Hospital protocols Version 3.2026"], size=8)
        column(
            canvas,
            60,
            700,
            [
                f"Body text of page {'abcdef'[number]} stands here and is evidence.",
                f"Page {'abcdef'[number]} has a second line.",
            ],
        )
        column(canvas, 60, 30, ["Printed by A. Reader on 3/4/2026"], size=7)
        column(canvas, 500, 30, [f"{number + 17}"], size=8)

    return draw


def test_headers_stamps_and_page_numbers_are_furniture_and_give_labels(tmp_path: Path) -> None:
    pages = read(sheet(tmp_path / "running_header.pdf", *(_page_with_furniture(n) for n in range(4)))).pages  # type: ignore[arg-type]
    for number, page in enumerate(pages):
        assert sorted(kinds(page, BlockKind.FURNITURE)) == sorted(
            ["Hospital protocols Version 3.2026", "Printed by A. Reader on 3/4/2026", str(number + 17)]
        )
        assert "evidence" in flowing(page)
        assert page.label == str(number + 17)


def test_page_codes_are_labels(tmp_path: Path) -> None:
    codes = [["NSCL-4A"], ["DIAG-A", "1 OF 3"], ["MS-76"], ["UPDATES-1"], ["REFERENCES-12"]]

    def drawing(code: list[str]) -> object:
        def draw(canvas: Canvas) -> None:
            column(canvas, 40, 590, ["Guidelines Version 2.2026"], size=9)
            column(canvas, 700, 590, ["Index", "Table of Contents", "Discussion"], size=7, lead=9)
            column(canvas, 60, 400, [f"Text with the words of {code[0].lower()} alone, and enough of it."])
            column(canvas, 700, 40, code, size=11, lead=12, font="Helvetica-Bold")

        return draw

    pages = read(sheet(tmp_path / "page_codes.pdf", *map(drawing, codes), size=(792, 612))).pages  # type: ignore[arg-type]
    assert [page.label for page in pages] == ["NSCL-4A", "DIAG-A 1 of 3", "MS-76", "UPDATES-1", "REFERENCES-12"]
    for page in pages:
        assert "Index" in kinds(page, BlockKind.FURNITURE)
        assert "Discussion" not in flowing(page)


def test_ruled_table_keeps_empty_cells_in_their_columns(tmp_path: Path) -> None:
    rows = [
        ("Condition", "Diuretic", "Beta blocker", "ACE inhibitor"),
        ("Heart failure", "•", "•", "•"),
        ("After infarction", "", "•", "•"),
        ("Stroke", "•", "", "•"),
    ]

    def draw(canvas: Canvas) -> None:
        column(canvas, 60, 760, ["Table 1. Compelling indications"], font="Helvetica-Bold")
        for number, row in enumerate(rows):
            for at, cell in enumerate(row):
                column(canvas, 64 + 110 * at, 730 - 20 * number, [cell])
        for number in range(5):
            canvas.line(60, 744 - 20 * number, 500, 744 - 20 * number)
        for at in range(5):
            canvas.line(60 + 110 * at, 744, 60 + 110 * at, 664)

    page = read(sheet(tmp_path / "marks_in_a_grid.pdf", draw)).pages[0]
    assert kinds(page, BlockKind.TABLE_ROW) == [
        "Condition | Diuretic | Beta blocker | ACE inhibitor",
        "Heart failure | • | • | •",
        "After infarction | | • | •",
        "Stroke | • | | •",
    ]
    assert kinds(page, BlockKind.CAPTION) == ["Table 1. Compelling indications"]


def test_unruled_table_joins_wrapped_cells(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for at, cell in enumerate(("Drug", "Dose", "Remark")):
            column(canvas, 60 + 150 * at, 740, [cell], font="Helvetica-Bold")
        column(canvas, 60, 716, ["Enoxaparin"])
        column(canvas, 210, 716, ["40 mg daily"])
        column(canvas, 360, 716, ["halve the dose when", "clearance is low"])
        column(canvas, 60, 680, ["Fondaparinux"])
        column(canvas, 210, 680, ["2.5 mg daily"])
        column(canvas, 360, 680, ["not in severe renal", "failure"])

    rows = kinds(read(sheet(tmp_path / "unruled_table.pdf", draw)).pages[0], BlockKind.TABLE_ROW)
    assert rows == [
        "Drug | Dose | Remark",
        "Enoxaparin | 40 mg daily | halve the dose when clearance is low",
        "Fondaparinux | 2.5 mg daily | not in severe renal failure",
    ]


def test_flow_chart_reads_along_its_arrows(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for row, (find, size, act) in enumerate(
            [
                ("Pure ground-glass nodule", "6 mm or more", "CT at 6-12 months"),
                ("Part-solid nodule", "under 6 mm", "No routine follow-up"),
            ]
        ):
            y = 700 - 60 * row
            for at, words in enumerate((find, size, act)):
                canvas.rect(50 + 180 * at, y, 150, 40)
                column(canvas, 58 + 180 * at, y + 16, [words], size=9)

    rows = kinds(read(sheet(tmp_path / "flow_chart.pdf", draw)).pages[0], BlockKind.TABLE_ROW)
    assert rows == [
        "Pure ground-glass nodule | 6 mm or more | CT at 6-12 months",
        "Part-solid nodule | under 6 mm | No routine follow-up",
    ]


def test_headings_lists_and_paths_carry_across_pages(tmp_path: Path) -> None:
    body = [
        "Plain text fills the page so that its size is the usual one of all",
        "the document, and the headings stand out against it by their size.",
    ]

    def first(canvas: Canvas) -> None:
        column(canvas, 60, 780, ["Sepsis in adults"], size=22, font="Helvetica-Bold")
        column(canvas, 60, 740, body * 3)
        column(canvas, 60, 640, ["Antibiotics"], size=14, font="Helvetica-Bold")
        column(canvas, 60, 615, body * 3)

    def second(canvas: Canvas) -> None:
        column(canvas, 60, 740, body * 2)
        column(
            canvas, 60, 670, ["• Give the first dose within one hour of", "  recognition.", "• Take cultures first."]
        )
        column(canvas, 60, 600, ["Dose by weight"], font="Helvetica-Bold")
        column(canvas, 60, 580, body)

    pages = read(sheet(tmp_path / "headings.pdf", first, second)).pages
    assert kinds(pages[0], BlockKind.HEADING) == ["Sepsis in adults", "Antibiotics"]
    opening = pages[1].blocks[0]
    assert opening.kind is BlockKind.PARAGRAPH
    assert opening.heading_path == ("Sepsis in adults", "Antibiotics")
    assert kinds(pages[1], BlockKind.LIST_ITEM) == [
        "• Give the first dose within one hour of recognition.",
        "• Take cultures first.",
    ]
    assert pages[1].blocks[-1].heading_path == ("Sepsis in adults", "Antibiotics", "Dose by weight")


def test_watermark_across_the_page_does_not_disturb_columns(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        column(canvas, 60, 740, LEFT)
        column(canvas, 320, 740, RIGHT)
        canvas.saveState()
        canvas.translate(150, 600)
        canvas.rotate(45)
        canvas.setFillGray(0.8)
        column(canvas, 0, 0, ["ARCHIVE COPY"], size=60)
        canvas.restoreState()

    text = flowing(read(sheet(tmp_path / "watermark.pdf", draw)).pages[0])
    assert "so that nobody takes it for the cells of a table" in text
    assert text.index("leftmost") < text.index("right column")


def test_line_numbers_of_a_draft_are_furniture(tmp_path: Path) -> None:
    def page(first: int, words: str) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            for number in range(28):
                y = 780 - 24 * number
                canvas.setFont("Helvetica", 8)
                canvas.drawRightString(50, y, str(first + number))
                if number % 9 != 8:  # blank lines are counted too
                    canvas.setFont("Helvetica", 11)
                    canvas.drawString(72, y, f"{words} {chr(97 + number % 26)} of the plan for the trial")

        return draw

    found = read(
        sheet(tmp_path / "numbered_draft.pdf", page(1, "Sponsors submit part"), page(29, "Nobody can waive section"))
    )
    for number, each in enumerate(found.pages):
        assert "28" in kinds(each, BlockKind.FURNITURE) or number
        assert not any(character.isdigit() for character in flowing(each))
    assert flowing(found.pages[0]).startswith("Sponsors submit part a of the plan for the trial")


def test_a_table_with_counted_rows_keeps_its_numbers(tmp_path: Path) -> None:
    """Ten numbered rows on one page are no line numbers: the next page has none."""

    def counted(canvas: Canvas) -> None:
        for number in range(1, 11):
            y = 760 - 60 * number
            column(canvas, 60, y, [f"{number}"])
            column(canvas, 130, y, [f"drug {chr(96 + number)}"])
            column(canvas, 300, y, ["40 mg once a day"])

    def prose(canvas: Canvas) -> None:
        column(canvas, 60, 760, ["Doses are given for adults of usual weight.", "Halve them in renal failure."])

    first, *_ = read(sheet(tmp_path / "counted_rows.pdf", counted, prose, prose)).pages
    assert "7 | drug g | 40 mg once a day" in kinds(first, BlockKind.TABLE_ROW)
