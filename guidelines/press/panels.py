"""Lays out a landscape oncology guideline in the manner of the well-known one: boxes, arrows and page codes.

What real files of that kind do, and readers must cope with, is done here on purpose: the version is the first line,
every page repeats navigation words and a licensee's print stamp, page codes such as NSCL-4A are printed text and
follow no PDF page order, there are bookmarks but no PDF page labels, the title in the metadata is empty, and the file
is encrypted (RC4, 128 bits) with an empty user password. Publisher, wording and marks are this project's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, NextPageTemplate, PageBreak, PageTemplate, Spacer
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

from press.flow import ACCENT, ALARM, INK, RULE, SOFT, Styles, flowables, inline
from press.fonts import LATIN, LATIN_BOLD, marked_up
from press.markup import Block, Digest, PageTurn, SourceError, Table

WIDTH, HEIGHT = 792.0, 612.0
SIDE, HEAD, FOOT, GUTTER = 34.0, 78.0, 62.0, 20.0
ROOM = WIDTH - 2 * SIDE
ARROW, GAP = 18.0, 5.0
NAVIGATION = ("RMDL Guidelines Index", "Table of Contents", "Discussion")
NOTE = "Note: All recommendations are category 2A unless otherwise indicated."
OWNER = "ragmed-demonstration"  # opens nothing that the empty user password does not open


class _Canvas(Canvas):  # type: ignore[misc]  # reportlab ships no types
    """A canvas whose bookmarks are shown and whose title stays empty."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.setTitle("")
        self.showOutline()


def render(digest: Digest) -> bytes:
    """The PDF of `digest`; raises SourceError where the text of a page does not fit on it."""
    pages = _pages(digest)
    buffer = BytesIO()
    encryption = StandardEncryption("", ownerPassword=OWNER, canModify=0, strength=128)
    template = BaseDocTemplate(
        buffer,
        pagesize=(WIDTH, HEIGHT),
        title="",
        author=digest.publisher,
        creator="guidelines/make.py",
        encrypt=encryption,
        invariant=1,
    )
    template.addPageTemplates(_templates(digest, pages))
    template.build(_story(pages), canvasmaker=_Canvas)
    if template.page != len(pages):
        raise SourceError(f"{digest.path.name}: {len(pages)} pages of text fill {template.page}; shorten one")
    return buffer.getvalue()


def _pages(digest: Digest) -> list[tuple[PageTurn, list[Block]]]:
    pages: list[tuple[PageTurn, list[Block]]] = []
    for block in digest.blocks:
        if isinstance(block, PageTurn):
            pages.append((block, []))
        elif not pages:
            raise SourceError(f"{digest.path.name}: text before the first page")
        else:
            pages[-1][1].append(block)
    return pages


def _story(pages: Sequence[tuple[PageTurn, list[Block]]]) -> list[Flowable]:
    styles = Styles("en", 10.4)
    story: list[Flowable] = []
    for number, (turn, blocks) in enumerate(pages):
        if number:
            story += [NextPageTemplate(turn.form), PageBreak()]
        width = ROOM if turn.form == "whole" else (ROOM - GUTTER) / 2
        run: list[Block] = []
        for block in blocks:
            if isinstance(block, Table) and block.caption.startswith("Pathway"):
                story += [*flowables(run, styles, width), *_pathway(block, styles, width)]
                run = []
            else:
                run.append(block)
        story += flowables(run, styles, width)
    return story


def _templates(digest: Digest, pages: Sequence[tuple[PageTurn, list[Block]]]) -> list[PageTemplate]:
    pad = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}
    tall, half = HEIGHT - HEAD - FOOT, (ROOM - GUTTER) / 2

    def furniture(canvas: Canvas, _: BaseDocTemplate) -> None:
        at = canvas.getPageNumber() - 1
        if at < len(pages):
            _furniture(canvas, digest, pages[at][0])

    columns = [Frame(x, FOOT, half, tall, **pad) for x in (SIDE, SIDE + half + GUTTER)]
    whole = [Frame(SIDE, FOOT, ROOM, tall, **pad)]
    made = {"whole": whole, "columns": columns}
    first = pages[0][0].form
    order = [first, *(form for form in made if form != first)]
    return [PageTemplate(id=form, frames=made[form], onPage=furniture) for form in order]


def _furniture(canvas: Canvas, digest: Digest, turn: PageTurn) -> None:
    key = f"page{canvas.getPageNumber()}"
    canvas.bookmarkPage(key)
    canvas.addOutlineEntry(f"{turn.label} {turn.title}".strip(), key, 0)
    line = ParagraphStyle("line", fontName=LATIN, fontSize=8, leading=11, textColor=SOFT)
    bold = ParagraphStyle("bold", line, fontName=LATIN_BOLD, fontSize=12, leading=15, textColor=INK)
    right = ParagraphStyle("right", line, alignment=2)
    alarm = ParagraphStyle("alarm", line, fontName=LATIN_BOLD, textColor=ALARM, alignment=1)
    code = ParagraphStyle("code", bold, alignment=2)
    stamp = ParagraphStyle("stamp", line, fontSize=6.4, alignment=1)
    _draw(canvas, f"RMDL Guidelines {digest.edition}", bold, SIDE, 586, 300)
    _draw(canvas, digest.title, ParagraphStyle("name", bold, textColor=ACCENT), SIDE, 570, 300)
    _draw(canvas, digest.publisher, ParagraphStyle("house", alarm, textColor=SOFT), 300, 588, 192)
    _draw(canvas, digest.mark, alarm, 300, 575, 192)
    for words, y in zip(NAVIGATION, (590, 579, 568), strict=True):
        _draw(canvas, words, right, WIDTH - SIDE - 150, y, 150)
    canvas.saveState()
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(1.4)
    canvas.line(SIDE, 563, WIDTH - SIDE, 563)
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.6)
    canvas.line(SIDE, 52, WIDTH - SIDE, 52)
    canvas.restoreState()
    _draw(canvas, turn.title.upper(), ParagraphStyle("head", bold, alignment=1, fontSize=10), SIDE, 545, ROOM)
    _draw(canvas, NOTE, line, SIDE, 39, 420)
    owner = "Written for this project under Apache-2.0; not a publication of any cancer network."
    _draw(canvas, f"{digest.edition}, {digest.date} © 2026 RagMed contributors. {owner}", line, SIDE, 27, 560)
    _draw(canvas, turn.label, code, WIDTH - SIDE - 150, 30, 150)
    _draw(canvas, f"Printed by Demo Reader on {digest.printed}. For demonstration only.", stamp, SIDE, 13, ROOM)


def _draw(canvas: Canvas, text: str, style: ParagraphStyle, x: float, y: float, room: float) -> None:
    if text:
        line = Text(marked_up(text), style)
        line.wrap(room, 40)
        line.drawOn(canvas, x, y)


def _pathway(table: Table, styles: Styles, width: float) -> list[Flowable]:
    """The rows of `table` as boxes joined by arrows; "^" goes on with the box above, an empty cell draws nothing."""
    columns = len(table.widths)
    share = (width - ARROW * (columns - 1)) / sum(table.widths)
    sizes: list[float] = []
    for number, weight in enumerate(table.widths):
        sizes += [ARROW, weight * share] if number else [weight * share]
    arrow = ParagraphStyle("arrow", styles.cell, alignment=1, textColor=ACCENT, fontSize=11)
    head = ParagraphStyle("pathhead", styles.head, alignment=1)
    rows: list[list[object]] = []
    rules: list[tuple[object, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 5),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    heights: list[float | None] = []
    for number, cells in enumerate(table.rows):
        if number > 1:
            rows.append([""] * len(sizes))
            heights.append(GAP)
        row: list[object] = [""] * len(sizes)
        for column, cell in enumerate(cells):
            if cell and cell != "^":
                row[2 * column] = Text(inline(cell, styles), styles.cell if number else head)
            if number and column and cell:
                row[2 * column - 1] = Text("→", arrow) if cell != "^" else ""
                rules += [
                    (f"{side}PADDING", (2 * column - 1, len(rows)), (2 * column - 1, len(rows)), 0)
                    for side in ("LEFT", "RIGHT")
                ]
        rows.append(row)
        heights.append(None)
    rules += _boxes(table)
    grid = Grid(rows, colWidths=sizes, rowHeights=heights, style=rules)
    caption = table.caption.removeprefix("Pathway").strip(" :")
    title = [Text(inline(caption, styles), styles.caption)] if caption else []
    return [*title, grid, Spacer(1, 6)]


def _boxes(table: Table) -> list[tuple[object, ...]]:
    rules: list[tuple[object, ...]] = []
    for column in range(len(table.widths)):
        start = 0
        for number in range(1, len(table.rows) + 1):
            cell = table.rows[number][column] if number < len(table.rows) else ""
            if cell == "^" and number < len(table.rows):
                continue
            if start and table.rows[start][column]:
                top, bottom = 2 * start - 1, 2 * (number - 1) - 1
                corners = ((2 * column, top), (2 * column, bottom))
                rules += [("BOX", *corners, 0.8, ACCENT)]
                rules += [("SPAN", *corners)] if bottom > top else []
            start = number
    return rules
