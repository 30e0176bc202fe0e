"""Lays out an ordinary digest as an A4 PDF: masthead, one or two columns, ruled tables, running head and foot.

Every page carries the demonstration mark, the title, the edition and the page label as printed text. The bytes depend
only on the source, the fonts, reportlab and zlib: reportlab's invariant mode fixes the dates and the file identifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

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
)
from reportlab.platypus import Paragraph as Text

from press.flow import ACCENT, ALARM, RULE, SOFT, Styles, flowables
from press.fonts import LATIN, LATIN_BOLD, marked_up
from press.markup import Digest, facts_line, words

WIDTH, HEIGHT = A4
SIDE, TOP, BOTTOM, GUTTER = 17 * mm, 21 * mm, 19 * mm, 7 * mm


class DigestTemplate(BaseDocTemplate):  # type: ignore[misc]  # reportlab ships no types
    """Turns headings into bookmarks, and closes a digest with its number of pages known to the foot lines."""

    def __init__(self, buffer: BytesIO, digest: Digest) -> None:
        super().__init__(
            buffer,
            pagesize=A4,
            title=digest.title,
            author=digest.publisher,
            subject=digest.series,
            creator="guidelines/make.py",
            keywords=[digest.edition, digest.date, digest.language],
            invariant=1,
            lang={"en": "en-GB", "zh": "zh-CN"}[digest.language],
        )
        self.digest = digest
        self.marks = 0

    def afterFlowable(self, flowable: Flowable) -> None:  # reportlab's name
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
    styles = Styles(digest.language, 8.4 if columns else 9.2)
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
    full = [Frame(x, BOTTOM, across, room, id=f"full{n}", **pad) for n, x in enumerate((SIDE, SIDE + across + GUTTER))]
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
    plain = f"Page {number}" if digest.language == "en" else f"第 {number} 页"
    printed = label if digest.label else plain
    foot = f"{digest.publisher} · {words(digest)['edition']} {digest.edition} · {digest.date}"
    style = ParagraphStyle("run", fontName=LATIN, fontSize=7.6, leading=10, textColor=SOFT)
    alarm = ParagraphStyle(
        "runmark", style, fontName=LATIN if digest.language == "zh" else LATIN_BOLD, textColor=ALARM, alignment=2
    )
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
