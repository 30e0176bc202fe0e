"""Covers and running lines in the manner of well-known publishers, in words of our own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from tests.corpus.sheets import chinese_font, column, sheet

WIDE = (792.0, 612.0)
_MATTER = (
    "Look at every tumour with a surgeon and an oncologist in one room.",
    "Write down what was decided and tell it to the patient on the same day.",
    "Bring the case again when something new is found.",
)


def panels(path: Path, topic: str, version: str, day: str, *, pages: int, family_first: bool = True) -> Path:
    """Landscape pages of one topic: a cover, then panels with a version line, navigation words and a page code.

    ``family_first``: the cover sets the name of the whole family of guidelines larger than the topic.
    """
    family, own = (26, 20) if family_first else (16, 26)

    def cover(canvas: Canvas) -> None:
        column(canvas, 60, 480, ["NCCN Clinical Practice Guidelines in Oncology"], size=family, font="Helvetica-Bold")
        column(canvas, 60, 410, [topic], size=own, font="Helvetica-Bold")
        column(canvas, 60, 360, [f"Version {version} — {day}"], size=14)
        column(canvas, 60, 300, ["NCCN.org"], size=12)
        _stamp(canvas, version, day)

    def panel(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            column(canvas, 40, 575, [f"NCCN Guidelines Version {version}", topic], size=13, font="Helvetica-Bold")
            column(canvas, 640, 575, ["NCCN Guidelines Index", "Table of Contents", "Discussion"], size=9)
            column(canvas, 60, 480, [f"Step {number} of the work-up, with {number + 2} checks to make"], size=14)
            column(canvas, 60, 440, [f"{line} Point {number}.{place}." for place, line in enumerate(_MATTER)])
            column(canvas, 700, 60, [f"LEG-{number}"], size=11)
            _stamp(canvas, version, day)

        return draw

    return sheet(path, cover, *(panel(number) for number in range(1, pages)), size=WIDE)


def _stamp(canvas: Canvas, version: str, day: str) -> None:
    column(
        canvas,
        40,
        30,
        [f"Version {version}, {day} © 2026 National Comprehensive Cancer Network. All rights reserved."],
        size=7,
    )
    column(canvas, 40, 18, ["Printed by A Reader on 1/20/2026 9:14:02 AM. For personal use only."], size=7)


def numbered(path: Path, title: Sequence[str], code: str, published: str, updated: str, *, pages: int = 4) -> Path:
    """Portrait pages of a numbered guideline: the cover says when it was published and last updated."""

    def cover(canvas: Canvas) -> None:
        column(canvas, 60, 720, list(title), size=24, lead=30, font="Helvetica-Bold")
        column(canvas, 60, 600, ["NICE guideline", f"Published: {published}"], size=12, lead=18)
        if updated:
            column(canvas, 60, 564, [f"Last updated: {updated}"], size=12)
        column(canvas, 60, 530, [f"www.nice.org.uk/guidance/{code.lower()}"], size=12)
        column(canvas, 60, 80, ["© NICE 2026. All rights reserved."], size=8)

    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            column(canvas, 60, 800, [f"{' '.join(title)} ({code})"], size=8)
            column(canvas, 60, 740, ["Overview" if number == 2 else f"Recommendation group {number}"], size=16)
            lines = ["This guideline replaces CG999 and NG998.", "It is the basis of QS997."] if number == 2 else []
            column(canvas, 60, 700, [*lines, *(f"{line} ({number})" for line in _MATTER)])
            column(canvas, 60, 40, [f"© NICE 2026. All rights reserved. Page {number} of {pages}"], size=8)

        return draw

    return sheet(path, cover, *(page(number) for number in range(2, pages + 1)))


def chinese(path: Path, title: str, *lines: str) -> Path:
    """A Chinese cover and a page of text."""

    def cover(canvas: Canvas) -> None:
        column(canvas, 60, 700, [title], size=24, font=chinese_font())
        column(canvas, 60, 640, list(lines), size=12, lead=18, font=chinese_font())

    def page(canvas: Canvas) -> None:
        column(
            canvas,
            60,
            740,
            ["一、总则", "所有疑似患者都应当在当天由专科医生看诊。", "结果应当记入病历。"],
            size=11,
            font=chinese_font(),
        )

    return sheet(path, cover, page)
