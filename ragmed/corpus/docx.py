"""DOCX → blocks and pages, straight from its XML.

Laws of this room: deleted and vanished text never reaches a page and the latter is reported; pages are those that the
word processor itself marked; nothing outside the archive is followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from ragmed.corpus.archive import Archive, parse_xml
from ragmed.corpus.flow import FlowBlock, clean, paginate
from ragmed.corpus.raw import FoundMetadata, RawReading
from ragmed.errors import LimitExceededError
from ragmed.records import BlockKind, NoteKind, ReadNote
from ragmed.settings import ReaderSettings

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_HEADING = re.compile(r"(?:heading|标题|überschrift|titre)\s*([1-9])\Z", re.IGNORECASE)
_DEPTH = 60
"""Tables in tables deeper than this are no document."""


class DocxReader:
    """Reads ``.docx`` (and macro-enabled ``.docm``, whose macros are left alone)."""

    suffixes: tuple[str, ...] = (".docx", ".docm")
    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    version = "docx-1"

    def read(self, path: Path, document_id: str, limits: ReaderSettings) -> RawReading:
        """Raises UnreadableFileError, LimitExceededError."""
        with Archive(path, limits) as archive:
            walk = _Walk(_Styles(archive), path.name)
            flow = [*_margins(archive, walk, "header"), *walk.body(_part(archive, "word/document.xml"))]
            flow.extend(_footnotes(archive, walk))
            flow.extend(_margins(archive, walk, "footer"))
            return RawReading(
                pages=paginate(flow, document_id, limits, path.name),
                notes=(*walk.notes(), *_attachments(archive)),
                metadata=_metadata(archive),
            )


def _part(archive: Archive, name: str) -> etree._Element:
    """A part as XML, the strict dialect's namespace made the usual one."""
    content = archive.read(name)
    if _STRICT in content:
        content = content.replace(_STRICT, _W[1:-1].encode())
    return parse_xml(content, f"{archive.name}: {name}")


class _Styles:
    """Which paragraph styles are headings or lists."""

    def __init__(self, archive: Archive) -> None:
        self._levels: dict[str, int] = {}
        self._based: dict[str, str] = {}
        self._lists: set[str] = set()
        self._captions: set[str] = set()
        if not archive.has("word/styles.xml"):
            return
        for style in _part(archive, "word/styles.xml").iter(f"{_W}style"):
            name = style.get(f"{_W}styleId") or ""
            shown = _value(style.find(f"{_W}name"))
            based = _value(style.find(f"{_W}basedOn"))
            if based:
                self._based[name] = based
            outline = style.find(f"{_W}pPr/{_W}outlineLvl")
            heading = _HEADING.match(shown)
            if heading:
                self._levels[name] = int(heading.group(1))
            elif shown.lower() in ("title", "标题"):
                self._levels[name] = 1
            elif outline is not None and _value(outline).isdigit() and int(_value(outline)) < 9:
                self._levels[name] = int(_value(outline)) + 1
            if shown.lower().startswith(("list ", "列表")) or style.find(f"{_W}pPr/{_W}numPr") is not None:
                self._lists.add(name)
            if shown.lower() in ("caption", "题注"):
                self._captions.add(name)

    def heading(self, name: str) -> int:
        return next((self._levels[style] for style in self._line(name) if style in self._levels), 0)

    def is_list(self, name: str) -> bool:
        return any(style in self._lists for style in self._line(name))

    def is_caption(self, name: str) -> bool:
        return any(style in self._captions for style in self._line(name))

    def _line(self, name: str) -> Iterator[str]:
        """The style and those it is based on; a ring of styles ends."""
        for _ in range(20):
            if not name:
                return
            yield name
            name = self._based.get(name, "")


def _value(element: etree._Element | None) -> str:
    return (element.get(f"{_W}val") or "") if element is not None else ""


class _Walk:
    """Body elements → blocks."""

    def __init__(self, styles: _Styles, name: str) -> None:
        self._styles = styles
        self._name = name
        self._hidden: list[str] = []
        self._break_before = False

    def notes(self) -> tuple[ReadNote, ...]:
        hidden = clean(" ".join(self._hidden))
        if not hidden:
            return ()
        message = f"{len(hidden)} characters marked as hidden were left out, beginning with “{hidden[:80]}”"
        return (ReadNote(kind=NoteKind.HIDDEN_TEXT, message=message),)

    def body(self, root: etree._Element) -> Iterator[FlowBlock]:
        body = root.find(f"{_W}body")
        yield from self.blocks(body if body is not None else root)

    def blocks(self, parent: etree._Element, depth: int = 0) -> Iterator[FlowBlock]:
        if depth > _DEPTH:
            raise LimitExceededError(
                f"{self._name}: tables nested deeper than any real document", remedy="leave the file out"
            )
        for element in parent:
            if element.tag == f"{_W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                yield from self._table(element, depth)
            elif element.tag in (f"{_W}sdt", f"{_W}ins", f"{_W}customXml", f"{_W}moveTo"):
                content = element.find(f"{_W}sdtContent")
                yield from self.blocks(content if content is not None else element, depth + 1)

    def _paragraph(self, paragraph: etree._Element) -> Iterator[FlowBlock]:
        properties = paragraph.find(f"{_W}pPr")
        style = _value(properties.find(f"{_W}pStyle")) if properties is not None else ""
        kind, level = BlockKind.PARAGRAPH, self._styles.heading(style)
        numbering = properties.find(f"{_W}numPr") if properties is not None else None
        if properties is not None:
            outline = _value(properties.find(f"{_W}outlineLvl"))
            if outline.isdigit() and int(outline) < 9:
                level = int(outline) + 1
            before = properties.find(f"{_W}pageBreakBefore")
            if before is not None and _value(before) not in ("0", "false"):
                self._break_before = True
        if level:
            kind = BlockKind.HEADING
        elif numbering is not None or self._styles.is_list(style):
            kind = BlockKind.LIST_ITEM
            depth = _value(numbering.find(f"{_W}ilvl")) if numbering is not None else ""
            level = int(depth) + 1 if depth.isdigit() else 1
        elif self._styles.is_caption(style):
            kind = BlockKind.CAPTION
        for text in self._pieces(paragraph):
            cleaned = clean(text, keep_lines=kind is not BlockKind.HEADING)
            if cleaned:
                yield FlowBlock(kind=kind, text=cleaned, level=level, new_page=self._break_before)
                self._break_before = False
            if text.endswith("\f"):
                self._break_before = True
        yield from self._boxes(paragraph)
        if properties is not None:
            section = properties.find(f"{_W}sectPr")
            if section is not None and _value(section.find(f"{_W}type")) not in ("continuous", "nextColumn"):
                self._break_before = True

    def _boxes(self, paragraph: etree._Element) -> Iterator[FlowBlock]:
        """The text boxes anchored in a paragraph, once (the fallback drawing repeats them)."""
        for box in paragraph.iter(f"{_W}txbxContent"):
            if not any(above.tag in (_FALLBACK, f"{_W}txbxContent") for above in box.iterancestors()):
                yield from self.blocks(box, 1)

    def _pieces(self, paragraph: etree._Element) -> list[str]:
        """The paragraph's text, cut where a page ends inside it; a page break leaves a form feed."""
        pieces = [""]
        for run in paragraph.iter(f"{_W}r"):
            if any(above.tag in (f"{_W}del", f"{_W}moveFrom", _FALLBACK) for above in _between(run, paragraph)):
                continue
            if any(above.tag == f"{_W}txbxContent" for above in _between(run, paragraph)):
                continue
            text = self._run(run)
            vanish = run.find(f"{_W}rPr/{_W}vanish")
            if vanish is not None and _value(vanish) not in ("0", "false"):
                self._hidden.append(text)
                continue
            first, *rest = text.split("\f")
            pieces[-1] += first
            for piece in rest:
                pieces[-1] += "\f"
                pieces.append(piece)
        return pieces

    def _run(self, run: etree._Element) -> str:
        text = ""
        raised = _value(run.find(f"{_W}rPr/{_W}vertAlign")) == "superscript"
        for element in run:
            if element.tag == f"{_W}t":
                text += element.text or ""
            elif element.tag == f"{_W}tab":
                text += " "
            elif element.tag == f"{_W}noBreakHyphen":
                text += "\u2011"
            elif element.tag in (f"{_W}br", f"{_W}cr"):
                text += "\f" if element.get(f"{_W}type") == "page" else "\n"
            elif element.tag == f"{_W}lastRenderedPageBreak":
                text += "\f"
        if raised and re.fullmatch(r"[0-9+\-−]{1,4}", text):
            # 10⁹ must not become 109
            text = text.translate(str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻"))
        return text

    def _table(self, table: etree._Element, depth: int) -> Iterator[FlowBlock]:
        for row in table.iter(f"{_W}tr"):
            if next(row.iterancestors(f"{_W}tbl")) is not table:
                continue
            cells = [cell for cell in row.iter(f"{_W}tc") if next(cell.iterancestors(f"{_W}tr")) is row]
            if len(cells) == 1 or any(cell.find(f".//{_W}tbl") is not None for cell in cells):
                # a frame around ordinary text
                for cell in cells:
                    yield from self.blocks(cell, depth + 1)
                continue
            texts = [" ".join(block.text for block in self.blocks(cell, depth + 1)) for cell in cells]
            joined = " | ".join(" ".join(text.split()) for text in texts).rstrip(" |")
            if joined:
                yield FlowBlock(kind=BlockKind.TABLE_ROW, text=joined, new_page=self._break_before)
                self._break_before = False


def _between(element: etree._Element, top: etree._Element) -> Iterator[etree._Element]:
    for above in element.iterancestors():
        if above is top:
            return
        yield above


def _margins(archive: Archive, walk: _Walk, kind: str) -> Iterator[FlowBlock]:
    """Each different running header or footer once, as furniture: editions and titles often stand only there."""
    seen: set[str] = set()
    for name in sorted(archive.names()):
        if re.fullmatch(rf"word/{kind}\d*\.xml", name):
            text = " ".join(block.text for block in walk.blocks(_part(archive, name)))
            if text and text not in seen:
                seen.add(text)
                yield FlowBlock(kind=BlockKind.FURNITURE, text=" ".join(text.split()))


def _footnotes(archive: Archive, walk: _Walk) -> Iterator[FlowBlock]:
    for name in ("word/footnotes.xml", "word/endnotes.xml"):
        if archive.has(name):
            for note in _part(archive, name):
                if not note.get(f"{_W}type"):
                    yield from walk.blocks(note)


def _attachments(archive: Archive) -> tuple[ReadNote, ...]:
    inside = [name for name in archive.names() if re.match(r"word/(?:embeddings|activeX)/|.*vbaProject", name)]
    if not inside:
        return ()
    message = f"{len(inside)} embedded files or macros were not read: {', '.join(sorted(inside)[:3])}"
    return (ReadNote(kind=NoteKind.ATTACHMENT, message=message),)


def _metadata(archive: Archive) -> FoundMetadata:
    if not archive.has("docProps/core.xml"):
        return FoundMetadata()
    core = archive.xml("docProps/core.xml")

    def text(tag: str) -> str:
        element = core.find(tag)
        return clean(element.text or "") if element is not None else ""

    return FoundMetadata(
        title=text(f"{_DC}title"),
        author=text(f"{_DC}creator"),
        publisher=text(f"{_DC}publisher"),
        published_on=text(f"{_TERMS}modified")[:10],
        language=text(f"{_DC}language"),
    )
