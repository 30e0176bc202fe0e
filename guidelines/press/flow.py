"""Sets blocks as reportlab flowables: the paragraph styles, lists, ruled tables and boxes of every PDF layout."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, KeepTogether, Spacer
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid
from reportlab.platypus import paragraph as line_breaking

from press.fonts import LATIN, LATIN_BOLD, marked_up
from press.markup import (
    CANNOT_MISS,
    Block,
    Box,
    Heading,
    Items,
    Paragraph,
    Table,
    split_label,
    split_strong,
)

INK, ACCENT, SOFT, RULE = HexColor("#1c2530"), HexColor("#0b5563"), HexColor("#5a6772"), HexColor("#9fb1b8")
ALARM, ALARM_PAPER = HexColor("#a31621"), HexColor("#fbeceb")
PAPER = {"red": ALARM_PAPER, "do": HexColor("#e8f3f1"), "note": HexColor("#f3f1e7")}
EDGE = {"red": ALARM, "do": ACCENT, "note": HexColor("#9a8437")}

# Signs that must not open a Chinese line; reportlab knows the Japanese ones only and lets the others fall.
line_breaking.ALL_CANNOT_START += "；：～％＞、。，）”》？！"


class Styles:
    """The paragraph styles of one digest; Chinese wraps between any two characters and is set more openly."""

    def __init__(self, language: str, size: float) -> None:
        chinese = language == "zh"
        lead = size * (1.54 if chinese else 1.36)
        wrap = {"wordWrap": "CJK"} if chinese else {}
        self.chinese = chinese
        strong = LATIN if chinese else LATIN_BOLD  # the Chinese typeface has no bold to go with a bold Latin one
        base = ParagraphStyle(
            "body",
            fontName=LATIN,
            bulletFontName=LATIN,
            bulletFontSize=size,
            fontSize=size,
            leading=lead,
            textColor=INK,
            spaceAfter=size * 0.5,
            allowWidows=0,
            allowOrphans=0,
            **wrap,
        )
        self.body = base
        self.section = ParagraphStyle(
            "section",
            base,
            fontName=strong,
            fontSize=size + 3,
            leading=(size + 3) * 1.35,
            textColor=ACCENT,
            spaceBefore=size * 0.9,
            spaceAfter=size * 0.4,
            keepWithNext=1,
        )
        self.entry = ParagraphStyle(
            "entry",
            base,
            fontName=strong,
            fontSize=size + 0.9,
            leading=(size + 0.9) * 1.4,
            spaceBefore=size * 0.55,
            spaceAfter=size * 0.2,
            keepWithNext=1,
        )
        self.item = ParagraphStyle("item", base, leftIndent=11, bulletIndent=2, spaceAfter=size * 0.25)
        self.numbered = ParagraphStyle("numbered", self.item, leftIndent=16, bulletIndent=1)
        self.cell = ParagraphStyle(
            "cell", base, fontSize=size - 0.7, leading=(size - 0.7) * (1.5 if chinese else 1.28), spaceAfter=0
        )
        self.head = ParagraphStyle("head", self.cell, fontName=strong, textColor=ACCENT)
        self.caption = ParagraphStyle(
            "caption",
            base,
            fontName=strong,
            fontSize=size - 0.4,
            leading=(size - 0.4) * 1.4,
            textColor=SOFT,
            spaceBefore=size * 0.5,
            spaceAfter=size * 0.25,
            keepWithNext=1,
        )
        self.alarm = ParagraphStyle(
            "alarm",
            base,
            fontName=strong,
            fontSize=size - 0.4,
            leading=(size - 0.4) * 1.4,
            textColor=ALARM,
            spaceAfter=size * 0.25,
            keepWithNext=1,
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


class Whole(Text):  # type: ignore[misc]  # reportlab ships no types
    """A paragraph that never breaks over two pages or columns, so that each recommendation can be cited on one page."""

    def split(self, *_: float) -> list[Flowable]:
        return []


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
            return [Whole(inline(text, styles), styles.alarm if text in CANNOT_MISS else styles.body)]
        case Items(texts=texts, ordered=ordered):
            style = styles.numbered if ordered else styles.item
            bullets = [f"{n}." if ordered else "•" for n in range(1, len(texts) + 1)]
            return [Whole(inline(t, styles), style, bulletText=b) for t, b in zip(texts, bullets, strict=True)]
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
