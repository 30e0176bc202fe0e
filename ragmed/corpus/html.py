"""HTML → blocks and pages: what a reader of the page sees, and nothing else.

Laws of this room: text that is hidden, scripted or commented out never reaches a page and is reported; navigation,
banners and footers are furniture; nothing is fetched; the tree is walked without recursion, however deep it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree
from lxml import html as lxml_html

from ragmed.corpus.encoding import decode
from ragmed.corpus.flow import FlowBlock, clean, paginate
from ragmed.corpus.html_hidden import Visibility
from ragmed.corpus.raw import FoundMetadata, RawReading
from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import BlockKind, NoteKind, ReadNote
from ragmed.settings import ReaderSettings


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = _words(
    """address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer
    form header hgroup hr li legend main menu nav ol p pre section summary table tbody td tfoot th thead title tr ul
    caption"""
) | frozenset(_HEADINGS)
_DROPPED = _words(
    """script style template noscript iframe object embed applet canvas audio video svg head select option datalist
    textarea input button meter progress map area param source track link meta base"""
)
_FURNITURE_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "menu", "menubar", "toolbar"))
_SUPERSCRIPTS = str.maketrans("0123456789+-−()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿⁱ")
_SUPERSCRIPT = re.compile(r"[0-9+\-−()ni]{1,6}\Z")
_META_DATES = (
    "dcterms.modified",
    "dc.date",
    "article:modified_time",
    "article:published_time",
    "date",
    "citation_date",
)


@dataclass(slots=True)
class _State:
    """What the walk has open."""

    flow: list[FlowBlock] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    """Finished cells of the open rows, innermost row last."""
    hidden: list[str] = field(default_factory=list)
    backgrounds: list[str] = field(default_factory=list)


class HtmlReader:
    """Reads ``.html``, ``.htm`` and ``.xhtml`` files."""

    suffixes: tuple[str, ...] = (".html", ".htm", ".xhtml")
    media_type = "text/html"
    version = "html-1"

    def read(self, path: Path, document_id: str, limits: ReaderSettings) -> RawReading:
        """Raises UnreadableFileError, LimitExceededError."""
        text, notes = decode(path.read_bytes(), path.name)
        root = parse_html(text, path.name)
        flow, hidden = html_flow(root)
        return RawReading(
            pages=paginate(flow, document_id, limits, path.name),
            notes=(*notes, *hidden),
            metadata=html_metadata(root),
        )


def parse_html(text: str, name: str) -> etree._Element:
    """The tree of ``text``. Raises UnreadableFileError where there is none."""
    parser = lxml_html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    content = text.encode("utf-8", errors="replace")
    try:
        root = lxml_html.document_fromstring(content, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableFileError(
            f"{name}: no readable HTML: {error}", remedy="check that the file is complete"
        ) from None
    if any("depth" in entry.message for entry in parser.error_log):
        raise LimitExceededError(
            f"{name}: elements nested deeper than any real page", remedy="the file looks like an attack; leave it out"
        )
    return root


def html_metadata(root: etree._Element) -> FoundMetadata:
    """What the page's head says of itself."""
    named: dict[str, str] = {}
    for meta in root.iter("meta"):
        key = (meta.get("name") or meta.get("property") or "").lower()
        if key and meta.get("content"):
            named.setdefault(key, clean(meta.get("content") or ""))
    title = root.find(".//title")
    return FoundMetadata(
        title=clean("".join(map(str, title.itertext()))) if title is not None else named.get("og:title", ""),
        author=named.get("author", "") or named.get("dc.creator", ""),
        publisher=named.get("publisher", "") or named.get("dc.publisher", "") or named.get("og:site_name", ""),
        published_on=next((named[key] for key in _META_DATES if key in named), ""),
        language=root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "",
    )


def html_flow(root: etree._Element) -> tuple[list[FlowBlock], tuple[ReadNote, ...]]:
    """The visible blocks of a tree in order, and notes on what was hidden."""
    body = root if root.tag == "body" else root.find(".//body")
    walk = _Walk(Visibility(sheet.text or "" for sheet in root.iter("style")))
    walk.run(body if body is not None else root)
    return walk.state.flow, walk.notes()


class _Walk:
    """One pass over the tree; keeps the open elements on a list instead of the call stack."""

    def __init__(self, visibility: Visibility) -> None:
        self.state = _State()
        self._visibility = visibility
        self._open: list[etree._Element] = []
        self._lists: list[tuple[str, int]] = []
        self._furniture = 0
        self._content = 0
        self._pre = 0

    def run(self, root: etree._Element) -> None:
        element: etree._Element | None = root
        while element is not None:
            descended = self._enter(element)
            if descended and len(element):
                element = element[0]
                continue
            if descended:
                self._leave(element)
            while element is not root:
                self._text(element.tail)
                following = element.getnext()
                if following is not None:
                    element = following
                    break
                element = element.getparent()
                if element is None:  # pragma: no cover - the root is met first
                    return
                self._leave(element)
            else:
                self._flush(BlockKind.PARAGRAPH)
                return

    def notes(self) -> tuple[ReadNote, ...]:
        texts = [text for text in map(clean, self.state.hidden) if text]
        if not texts:
            return ()
        count = sum(map(len, texts))
        sample = texts[0][:80]
        message = f"{count} characters that a reader of the page cannot see were left out, beginning with “{sample}”"
        return (ReadNote(kind=NoteKind.HIDDEN_TEXT, message=message),)

    def _enter(self, element: etree._Element) -> bool:
        """Open ``element``; False when it is passed over with all it holds."""
        tag = element.tag
        if not isinstance(tag, str) or tag in _DROPPED:
            return False
        if self._visibility.hidden(element, self.state.backgrounds):
            self.state.hidden.append(" ".join(part for part in element.itertext() if isinstance(part, str)))
            return False
        if tag == "br":
            self.state.parts.append("\n")
            return False
        if tag in ("sup", "sub") and self._raised(element):
            return False
        if tag in _BLOCKS:
            self._flush(self._kind_above())
        self._open.append(element)
        self._opened(element, tag)
        self._text(element.text)
        return True

    def _opened(self, element: etree._Element, tag: str) -> None:
        if background := self._visibility.background(element):
            self.state.backgrounds.append(background)
        if _is_furniture(element, inside_content=self._content > 0):
            self._furniture += 1
        if tag in ("main", "article"):
            self._content += 1
        if tag in ("ul", "ol", "dl", "menu", "dir"):
            self._lists.append((tag, _start(element)))
        elif tag == "li" and self._lists and self._lists[-1][0] == "ol":
            kind, number = self._lists[-1]
            self._lists[-1] = (kind, number + 1)
            self.state.parts.append(f"{number}. ")
        elif tag == "tr" and not _lays_out(element):
            self.state.cells.append([])
        elif tag == "pre":
            self._pre += 1

    def _leave(self, element: etree._Element) -> None:
        tag = element.tag
        if tag in _BLOCKS:
            self._flush(self._kind_above())
        if tag in ("td", "th") and self.state.cells and self._row_of(element):
            self.state.cells[-1].append(clean("".join(self.state.parts)))
            self.state.parts.clear()
        elif tag == "tr" and not _lays_out(element):
            cells = self.state.cells.pop()
            while cells and not cells[-1]:
                cells.pop()
            self._emit(BlockKind.TABLE_ROW, " | ".join(cells))
        elif tag in ("ul", "ol", "dl", "menu", "dir"):
            self._lists.pop()
        elif tag == "pre":
            self._pre -= 1
        if tag in ("main", "article"):
            self._content -= 1
        if _is_furniture(element, inside_content=self._content > 0):
            self._furniture -= 1
        if self._visibility.background(element):
            self.state.backgrounds.pop()
        self._open.pop()

    def _row_of(self, element: etree._Element) -> bool:
        row = element.getparent()
        return row is not None and row.tag == "tr" and not _lays_out(row)

    def _text(self, text: str | None) -> None:
        if text:
            # a line break of the source is a space; only <br> and <pre> make lines
            self.state.parts.append(text if self._pre else text.replace("\n", " ").replace("\r", " "))

    def _raised(self, element: etree._Element) -> bool:
        """Small raised figures as such: 10<sup>9</sup> must not become 109."""
        text = "".join(part for part in element.itertext() if isinstance(part, str)).strip()
        if element.tag == "sup" and _SUPERSCRIPT.match(text):
            self.state.parts.append(text.translate(_SUPERSCRIPTS))
            return True
        return False

    def _kind_above(self) -> tuple[BlockKind, int] | BlockKind:
        """What the text gathered so far belongs to, by the nearest open element that says so."""
        for element in reversed(self._open):
            tag = str(element.tag)
            if tag in _HEADINGS:
                return (BlockKind.HEADING, _HEADINGS[tag])
            if tag in ("li", "dd", "dt"):
                return (BlockKind.LIST_ITEM, max(len(self._lists), 1))
            if tag in ("caption", "figcaption"):
                return BlockKind.CAPTION
            if tag in ("table", "section", "article", "main", "body"):
                break
        return BlockKind.PARAGRAPH

    def _flush(self, kind: tuple[BlockKind, int] | BlockKind) -> None:
        """Close the block that is being gathered; inside a table cell the text waits for the row."""
        if not self.state.parts:
            return
        if self.state.cells and any(element.tag in ("td", "th") for element in reversed(self._open)):
            self.state.parts.append(" ")
            return
        text = clean("".join(self.state.parts), keep_lines=True)
        if re.fullmatch(r"\d+\.", text):  # the number of a list item whose text comes in a block of its own
            return
        self.state.parts.clear()
        level = 0
        if isinstance(kind, tuple):
            kind, level = kind
        if kind is BlockKind.HEADING:
            text = " ".join(text.split())
        self._emit(kind, text, level)

    def _emit(self, kind: BlockKind, text: str, level: int = 0) -> None:
        if text.strip(" |"):
            shown = BlockKind.FURNITURE if self._furniture else kind
            self.state.flow.append(FlowBlock(kind=shown, text=text.strip(), level=0 if self._furniture else level))


def _start(element: etree._Element) -> int:
    start = element.get("start") or "1"
    return int(start) if re.fullmatch(r"-?\d{1,6}", start) else 1


def _lays_out(row: etree._Element) -> bool:
    """Whether a table row is layout (one cell, or tables inside) instead of a row of data."""
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    if any(True for _ in row.iter("table")):
        return True
    if len(cells) != 1:
        return not cells
    return any(True for _ in cells[0].iter("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "div"))


def _is_furniture(element: etree._Element, *, inside_content: bool) -> bool:
    tag = element.tag
    role = (element.get("role") or "").lower()
    if tag == "nav" or role in _FURNITURE_ROLES:
        return True
    if tag in ("header", "footer"):
        # the header of an article holds its title
        within = inside_content or any(above.tag in ("article", "main", "section") for above in element.iterancestors())
        return not within and (tag == "footer" or not any(True for _ in element.iter("h1")))
    if tag == "aside" or role == "complementary":
        links = sum(len("".join(map(str, link.itertext()))) for link in element.iter("a"))
        return links * 2 > len("".join(str(part) for part in element.itertext()).strip())
    return False
