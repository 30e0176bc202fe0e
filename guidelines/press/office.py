"""Writes a digest as DOCX with real Word styles, ruled tables, and the demonstration mark in the running head.

python-docx stamps the clock into the archive and the core properties; both are fixed here to the digest's own date, so
that the same source gives the same bytes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from docx import Document as new_document
from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph as Line

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

INK, ACCENT, SOFT, ALARM = (RGBColor.from_string(c) for c in ("1C2530", "0B5563", "5A6772", "A31621"))
PAPER = {"red": "FBECEB", "do": "E8F3F1", "note": "F3F1E7"}
TEXT_WIDTH = Cm(17.0)


def render(digest: Digest) -> bytes:
    """The DOCX of `digest`."""
    document = new_document()
    _page_and_styles(document, digest)
    document.add_paragraph(digest.title, style="Title")
    if digest.subtitle:
        document.add_paragraph(digest.subtitle, style="Subtitle")
    document.add_paragraph(facts_line(digest))
    _coloured(document.add_paragraph(), digest.mark, ALARM)
    _blocks(document, digest.blocks)
    document.add_heading(words(digest)["sources"], level=2)
    for source in digest.sources:
        document.add_paragraph(source, style="List Bullet")
    buffer = BytesIO()
    document.save(buffer)
    return _with_fixed_times(buffer.getvalue(), digest)


def _page_and_styles(document: Document, digest: Digest) -> None:
    core = document.core_properties
    core.title, core.author, core.subject = digest.title, digest.publisher, digest.series
    core.version, core.language = digest.edition, digest.language
    core.comments, core.last_modified_by, core.revision = digest.mark, digest.publisher, 1
    core.created = core.modified = datetime.fromisoformat(digest.date)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.0)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2.0)
    sizes = {"Normal": 10.0, "Title": 22.0, "Subtitle": 12.0, "Heading 2": 14.0, "Heading 3": 11.5}
    for name, size in sizes.items():
        style = document.styles[name]
        assert isinstance(style, ParagraphStyle)
        style.font.size, style.font.name = Pt(size), "Arial"
        style.font.color.rgb = {"Normal": INK, "Subtitle": SOFT, "Heading 3": INK}.get(name, ACCENT)
        style.element.get_or_add_rPr().get_or_add_rFonts().attrib.pop(qn("w:asciiTheme"), None)
        style.paragraph_format.space_after = Pt(4)
    head = section.header.paragraphs[0]
    head.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    _coloured(head, digest.title + "\t", SOFT, bold=False)
    _coloured(head, digest.mark, ALARM)
    foot = section.footer.paragraphs[0]
    foot.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    edition = f"{digest.publisher} · {words(digest)['edition']} {digest.edition} · {digest.date}\t"
    _coloured(foot, edition + words(digest)["page"] + " ", SOFT, bold=False)
    _page_number(foot)


def _page_number(line: Line) -> None:
    run = line.add_run()
    run.font.size, run.font.color.rgb = Pt(8.5), SOFT
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _coloured(line: Line, text: str, colour: RGBColor, *, bold: bool = True) -> None:
    run = line.add_run(text)
    run.bold, run.font.color.rgb, run.font.size = bold, colour, Pt(8.5)


def _blocks(place: Document | _Cell, blocks: Sequence[Block]) -> None:
    for block in blocks:
        match block:
            case Heading(level=level, text=text):
                place.add_paragraph(text, style=f"Heading {level}")
            case Paragraph(text=text):
                line = place.add_paragraph()
                if text in CANNOT_MISS:
                    _coloured(line, text, ALARM)
                    line.paragraph_format.keep_with_next = True
                else:
                    _inline(line, text)
            case Items(texts=texts, ordered=ordered):
                for number, text in enumerate(texts, start=1):
                    line = place.add_paragraph(style=None if ordered else "List Bullet")
                    if ordered:  # typed numbers: Word would go on counting from the list before
                        line.paragraph_format.left_indent = Cm(0.7)
                        line.paragraph_format.first_line_indent = Cm(-0.7)
                        line.add_run(f"{number}. ")
                    _inline(line, text)
            case Table():
                _grid(place, block)
            case Box():
                _panel(place, block)
            case _:
                raise ValueError(f"this layout turns its own pages: {block}")


def _inline(line: Line, text: str) -> None:
    label, rest = split_label(text)
    if label:
        run = line.add_run(label + " ")
        run.bold, run.font.color.rgb = True, ACCENT
    for part, strong in split_strong(rest):
        line.add_run(part).bold = strong


def _grid(place: Document | _Cell, table: Table) -> None:
    if table.caption:
        caption = place.add_paragraph()
        caption.paragraph_format.keep_with_next = True
        _coloured(caption, table.caption, SOFT)
    columns = len(table.rows[0])
    grid = place.add_table(rows=0, cols=columns)
    grid.style, grid.alignment, grid.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    total = sum(table.widths)
    for number, row in enumerate(table.rows):
        cells = grid.add_row().cells
        for cell, text, width in zip(cells, row, table.widths, strict=True):
            cell.width = int(TEXT_WIDTH * width / total)
            line = cell.paragraphs[0]
            line.paragraph_format.space_after = Pt(1)
            _inline(line, text)
            for run in line.runs:
                run.font.size, run.bold = Pt(9), number == 0 or run.bold
            if number == 0:
                _shade(cell, PAPER["do"])
    place.add_paragraph().paragraph_format.space_after = Pt(2)


def _panel(place: Document | _Cell, box: Box) -> None:
    grid = place.add_table(rows=1, cols=1)
    grid.style = "Table Grid"
    cell = grid.rows[0].cells[0]
    _shade(cell, PAPER[box.kind])
    run = cell.paragraphs[0].add_run(box.title)
    run.bold, run.font.color.rgb = True, ALARM if box.kind == "red" else ACCENT
    _blocks(cell, box.blocks)
    place.add_paragraph().paragraph_format.space_after = Pt(2)


def _shade(cell: _Cell, fill: str) -> None:
    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", fill)):
        shade.set(qn(f"w:{key}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _with_fixed_times(archive: bytes, digest: Digest) -> bytes:
    year, month, day = (int(part) for part in digest.date.split("-"))
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (year, month, day, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            new.writestr(entry, old.read(name))
    return out.getvalue()
