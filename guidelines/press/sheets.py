"""Lays out an ordinary digest as an A4 PDF: masthead, one or two columns, ruled tables, running head and foot.

Every page carries the demonstration mark, the title, the edition and the page label as printed text. The bytes depend
only on the source, the fonts, reportlab and zlib: reportlab's invariant mode fixes the dates and the file identifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Spacer,
)
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid
from reportlab.platypus import paragraph as line_breaking

from press.fonts import LATIN, LATIN_BOLD, marked_up
from press.markup import (
    CANNOT_MISS,
    Block,
    Box,
    Digest,
    Heading,
    Items,
    Paragraph,
    Table,
    facts_line,
    split_label,
    split_strong,
    words,
)

INK, ACCENT, SOFT, RULE = HexColor("#1c2530"), HexColor("#0b5563"), HexColor("#5a6772"), HexColor("#9fb1b8")
ALARM, ALARM_PAPER = HexColor("#a31621"), HexColor("#fbeceb")
PAPER = {"red": ALARM_PAPER, "do": HexColor("#e8f3f1"), "note": HexColor("#f3f1e7")}
EDGE = {"red": ALARM, "do": ACCENT, "note": HexColor("#9a8437")}
WIDTH, HEIGHT = A4
SIDE, TOP, BOTTOM, GUTTER = 17 * mm, 21 * mm, 19 * mm, 7 * mm

# Signs that must not open a Chinese line; reportlab knows the Japanese ones only and lets the others fall.
line_breaking.ALL_CANNOT_START += "；：～％＞、。，）”》？！"


class Styles:
    """The paragraph styles of one digest; Chinese wraps between any two characters and is set more openly."""

    def __init__(self, language: str, *, small: bool) -> None:
        chinese = language == "zh"
        size = 8.4 if small else 9.2
        lead = size * (1.62 if chinese else 1.36)
        wrap = {"wordWrap": "CJK"} if chinese else {}
        self.chinese = chinese
        strong = LATIN if chinese else LATIN_BOLD  # the Chinese typeface has no bold to go with a bold Latin one
        base = ParagraphStyle(
            "body", fontName=LATIN, bulletFontName=LATIN, bulletFontSize=size, fontSize=size, leading=lead,
            textColor=INK, spaceAfter=size * 0.5, **wrap,
        )
        self.body = base
        self.section = ParagraphStyle(
            "section", base, fontName=strong, fontSize=size + 3, leading=(size + 3) * 1.35, textColor=ACCENT,
            spaceBefore=size * 0.9, spaceAfter=size * 0.4, keepWithNext=1,
        )
        self.entry = ParagraphStyle(
            "entry", base, fontName=strong, fontSize=size + 0.9, leading=(size + 0.9) * 1.4,
            spaceBefore=size * 0.55, spaceAfter=size * 0.2, keepWithNext=1,
        )
        self.item = ParagraphStyle("item", base, leftIndent=11, bulletIndent=2, spaceAfter=size * 0.25)
        self.numbered = ParagraphStyle("numbered", self.item, leftIndent=16, bulletIndent=1)
        self.cell = ParagraphStyle(
            "cell", base, fontSize=size - 0.7, leading=(size - 0.7) * (1.5 if chinese else 1.28), spaceAfter=0
        )
        self.head = ParagraphStyle("head", self.cell, fontName=strong, textColor=ACCENT)
        self.caption = ParagraphStyle(
            "caption", base, fontName=strong, fontSize=size - 0.4, leading=(size - 0.4) * 1.4, textColor=SOFT,
            spaceBefore=size * 0.5, spaceAfter=size * 0.25, keepWithNext=1,
        )
        self.alarm = ParagraphStyle(
            "alarm", base, fontName=strong, fontSize=size - 0.4, leading=(size - 0.4) * 1.4, textColor=ALARM,
            spaceAfter=size * 0.25, keepWithNext=1,
        )
        self.box_title = ParagraphStyle("box_title", base, fontName=strong, spaceAfter=2, keepWithNext=1)
        self.box_alarm = ParagraphStyle("box_alarm", self.box_title, textColor=ALARM)
        self.sources = ParagraphStyle(
            "sources", self.cell, textColor=SOFT, leftIndent=11, bulletIndent=2, spaceAfter=1.5
        )
        self.title = ParagraphStyle(
            "title", base, fontName=strong, fontSize=19, leading=25, textColor=ACCENT, spaceAfter=3
        )
        self.subtitle = ParagraphStyle("subtitle", base, fontSize=10, leading=14.5, textColor=SOFT, spaceAfter=4)
        self.small = ParagraphStyle("small", base, fontSize=7.8, leading=11, textColor=SOFT, spaceAfter=0)


class DigestTemplate(BaseDocTemplate):  # type: ignore[misc]  # reportlab ships no types
    """Turns headings into bookmarks, and closes a digest with its number of pages known to the foot lines."""

    def __init__(self, buffer: BytesIO, digest: Digest) -> None:
        super().__init__(
            buffer, pagesize=A4, title=digest.title, author=digest.publisher, subject=digest.series,
            creator="guidelines/make.py", keywords=[digest.edition, digest.date, digest.language], invariant=1,
            lang={"en": "en-GB", "zh": "zh-CN"}[digest.language],
        )
        self.digest = digest
        self.marks = 0

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  # reportlab's name
        level = {"title": 0, "section": 1, "entry": 2}.get(getattr(getattr(flowable, "style", None), "name", ""))
        if level is None:
            return
        self.marks += 1
        key = f"mark{self.marks}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(flowable.getPlainText(), key, level, closed=level > 0)


def render(digest: Digest) -> bytes:
    """The PDF of `digest` in layout `single` or `columns`."""
    columns = digest.layout == "columns"
    buffer = BytesIO()
    template = DigestTemplate(buffer, digest)
    styles = Styles(digest.language, small=columns)
    width = (WIDTH - 2 * SIDE - GUTTER) / 2 if columns else WIDTH - 2 * SIDE
    masthead = _masthead(digest, styles)
    story = [*masthead, NextPageTemplate("later")]
    if columns:
        story = [*masthead, NextPageTemplate("later"), _NextFrame()]
    story += flowables(digest.blocks, styles, width)
    story += _sources(digest, styles)
    template.addPageTemplates(_templates(digest, columns, _height(masthead)))
    template.build(story)
    return buffer.getvalue()


class _NextFrame(CondPageBreak):  # type: ignore[misc]
    """Ends the full-width masthead frame: asks for more room than it can have."""

    def __init__(self) -> None:
        super().__init__(HEIGHT)


def _height(story: Sequence[Flowable]) -> float:
    room = WIDTH - 2 * SIDE
    total = 0.0
    for flowable in story:
        total += flowable.wrap(room, HEIGHT)[1] + flowable.getSpaceBefore() + flowable.getSpaceAfter()
    return total


def _templates(digest: Digest, columns: bool, masthead: float) -> list[PageTemplate]:
    room = HEIGHT - TOP - BOTTOM
    pad = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}

    def furniture(canvas: Canvas, _: BaseDocTemplate) -> None:
        _furniture(canvas, digest)

    if not columns:
        frame = Frame(SIDE, BOTTOM, WIDTH - 2 * SIDE, room, id="page", **pad)
        return [PageTemplate(id=name, frames=[frame], onPage=furniture) for name in ("first", "later")]
    across = (WIDTH - 2 * SIDE - GUTTER) / 2
    head = masthead + 6
    top = Frame(SIDE, HEIGHT - TOP - head, WIDTH - 2 * SIDE, head, id="masthead", **pad)
    short = [
        Frame(x, BOTTOM, across, room - head, id=f"short{n}", **pad)
        for n, x in enumerate((SIDE, SIDE + across + GUTTER))
    ]
    full = [
        Frame(x, BOTTOM, across, room, id=f"full{n}", **pad) for n, x in enumerate((SIDE, SIDE + across + GUTTER))
    ]
    return [
        PageTemplate(id="first", frames=[top, *short], onPage=furniture),
        PageTemplate(id="later", frames=full, onPage=furniture),
    ]


def _furniture(canvas: Canvas, digest: Digest) -> None:
    """Running head and foot; the PDF page label repeats what is printed."""
    number = canvas.getPageNumber()
    label = f"{digest.label}-{number}" if digest.label else str(number)
    if digest.label:
        canvas.addPageLabel(number - 1, prefix=label)
    canvas.saveState()
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.6)
    canvas.line(SIDE, HEIGHT - 15 * mm, WIDTH - SIDE, HEIGHT - 15 * mm)
    canvas.line(SIDE, 14 * mm, WIDTH - SIDE, 14 * mm)
    canvas.restoreState()
    if digest.label:
        printed = label
    else:
        printed = f"Page {number}" if digest.language == "en" else f"第 {number} 页"
    foot = f"{digest.publisher} · {words(digest)['edition']} {digest.edition} · {digest.date}"
    style = ParagraphStyle("run", fontName=LATIN, fontSize=7.6, leading=10, textColor=SOFT)
    alarm = ParagraphStyle("runmark", style, fontName=LATIN if digest.language == "zh" else LATIN_BOLD, textColor=ALARM, alignment=2)
    right = ParagraphStyle("runright", style, alignment=2)
    _line(canvas, digest.title, style, HEIGHT - 14 * mm, 0.68, left=True)
    _line(canvas, digest.mark, alarm, HEIGHT - 14 * mm, 0.32, left=False)
    _line(canvas, foot, style, 9.6 * mm, 0.75, left=True)
    _line(canvas, printed, right, 9.6 * mm, 0.25, left=False)


def _line(canvas: Canvas, text: str, style: ParagraphStyle, y: float, share: float, *, left: bool) -> None:
    room = (WIDTH - 2 * SIDE) * share
    line = Text(marked_up(text), style)
    line.wrap(room, 20)
    line.drawOn(canvas, SIDE if left else WIDTH - SIDE - room, y)


def _masthead(digest: Digest, styles: Styles) -> list[Flowable]:
    story: list[Flowable] = [Text(marked_up(digest.title), styles.title)]
    if digest.subtitle:
        story.append(Text(marked_up(digest.subtitle), styles.subtitle))
    story.append(Text(marked_up(facts_line(digest)), styles.small))
    story.append(_Rule())
    return story


class _Rule(Flowable):  # type: ignore[misc]
    def wrap(self, room: float, _: float) -> tuple[float, float]:
        self.room = room
        return room, 9

    def draw(self) -> None:
        self.canv.setStrokeColor(ACCENT)
        self.canv.setLineWidth(1.6)
        self.canv.line(0, 5, self.room, 5)


def _sources(digest: Digest, styles: Styles) -> list[Flowable]:
    """The closing list; the heading travels with the first lines of it."""
    head = Text(marked_up(words(digest)["sources"]), styles.section)
    lines = [Text(marked_up(source), styles.sources, bulletText="–") for source in digest.sources]
    return [KeepTogether([head, *lines])]


def inline(text: str, styles: Styles) -> str:
    """reportlab markup of a line; strong Chinese is coloured, since the Chinese typeface has no bold."""
    label, rest = split_label(text)
    parts = []
    if label:
        bold = marked_up(label) if styles.chinese else f"<b>{marked_up(label)}</b> "
        parts.append(f'<font color="#0b5563">{bold}</font>')
    for run, strong in split_strong(rest):
        if strong and styles.chinese:
            parts.append(f'<font color="#0b5563">{marked_up(run)}</font>')
        else:
            parts.append(f"<b>{marked_up(run)}</b>" if strong else marked_up(run))
    return "".join(parts)


def flowables(blocks: Sequence[Block], styles: Styles, width: float) -> list[Flowable]:
    """Blocks as platypus flowables. Kept on one page: a differential entry, and a section heading with a table."""
    story: list[Flowable] = []
    together: list[Flowable] = []
    entry = False
    for block in blocks:
        made = _flowable(block, styles, width)
        if isinstance(block, Heading):
            if len(together) > 1 or entry:
                story += _kept(together)
                together = []
            together, entry = [*together, *made], block.level > 2
        elif entry and isinstance(block, Paragraph | Items):
            together += made
        elif isinstance(block, Table | Box):
            story += [*_kept(together), *_kept(made)] if entry else _kept([*together, *made])
            together, entry = [], False
        else:
            story += [*_kept(together), *made]
            together, entry = [], False
    return story + _kept(together)


def _kept(together: list[Flowable]) -> list[Flowable]:
    return [KeepTogether(together)] if len(together) > 1 else together


def _flowable(block: Block, styles: Styles, width: float) -> list[Flowable]:
    match block:
        case Heading(level=2, text=text):
            return [Text(inline(text, styles), styles.section)]
        case Heading(text=text):
            return [Text(inline(text, styles), styles.entry)]
        case Paragraph(text=text):
            return [Text(inline(text, styles), styles.alarm if text in CANNOT_MISS else styles.body)]
        case Items(texts=texts, ordered=ordered):
            style = styles.numbered if ordered else styles.item
            bullets = [f"{n}." if ordered else "•" for n in range(1, len(texts) + 1)]
            return [Text(inline(t, styles), style, bulletText=b) for t, b in zip(texts, bullets, strict=True)]
        case Table():
            return _grid(block, styles, width)
        case Box():
            return [_panel(block, styles, width), Spacer(1, 6)]
        case _:
            raise ValueError(f"this layout turns its own pages: {block}")


def _grid(table: Table, styles: Styles, width: float) -> list[Flowable]:
    total = sum(table.widths)
    rows = [
        [Text(inline(cell, styles), styles.head if n == 0 else styles.cell) for cell in row]
        for n, row in enumerate(table.rows)
    ]
    rules = [
        ("GRID", (0, 0), (-1, -1), 0.5, RULE),
        ("LINEABOVE", (0, 0), (-1, 0), 1.1, ACCENT),
        ("LINEBELOW", (0, 0), (-1, 0), 0.9, ACCENT),
        ("BACKGROUND", (0, 0), (-1, 0), PAPER["do"]),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 2.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.2),
    ]
    grid = Grid(rows, colWidths=[width * w / total for w in table.widths], repeatRows=1, style=rules)
    caption = [Text(inline(table.caption, styles), styles.caption)] if table.caption else []
    return [*caption, grid, Spacer(1, 7)]


def _panel(box: Box, styles: Styles, width: float) -> Grid:
    title = styles.box_alarm if box.kind == "red" else styles.box_title
    inner: list[Flowable] = [Text(inline(box.title, styles), title)]
    for block in box.blocks:
        inner += _flowable(block, styles, width - 20)
    rules = [
        ("BACKGROUND", (0, 0), (-1, -1), PAPER[box.kind]),
        ("LINEBEFORE", (0, 0), (0, -1), 3, EDGE[box.kind]),
        ("LEFTPADDING", (0, 0), (-1, -1), 10),
        ("RIGHTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, -1), 5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    return Grid([[inner]], colWidths=[width], style=rules, spaceBefore=4)
