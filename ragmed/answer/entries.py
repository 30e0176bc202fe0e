"""The library's own differential diagnoses: entries read from its pages, line by line with their offsets.

Laws of this room: an entry is only what the page says, in the page's words; nothing is inferred. Two forms are read.
The regular one: a heading that names the diagnosis, "Can't miss." where it holds, and items that begin "Supports:",
"Speaks against:", "Next test:" (支持： 不支持： 下一步检查：), findings parted by semicolons. The loose one: items
or rows under a heading about differential diagnosis or causes, the diagnosis first, what speaks for it behind a colon,
dash or cell border; there only the diagnosis and one supporting line are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ragmed.answer.excerpts import CELLS
from ragmed.records import Block, BlockKind, Page
from ragmed.terms import find_abbreviations, find_terms

_SUPPORTS = r"Supports?|Supporting|In favou?r|支持点?|支持依据"
_AGAINST = r"Speaks? against|Against|不支持点?|反对|不支持依据"
_NEXT = r"Next tests?|Next step|下一步检查|下一步|检查"
_LABEL = re.compile(
    rf"^\W*(?:(?P<against>{_AGAINST})|(?P<supports>{_SUPPORTS})|(?P<next>{_NEXT}))\s*[:：]\s*", re.IGNORECASE
)
CANNOT_MISS = re.compile(
    r"can(?:['’]|no)t (?:be )?miss(?:ed)?|do not miss|must not be missed|不可漏诊|不能漏诊|切勿漏诊", re.IGNORECASE
)
_SECTION = re.compile(r"differential|鉴别诊断|鉴别|\bcauses of\b|病因|\bconsider\b|\bthink of\b", re.IGNORECASE)
_SEMICOLON = re.compile(r"[;；]")
_BULLET = re.compile(r"^\s*(?:[•·▪◦■□●○*►–-]\s*|\(?\d{1,2}[.)、]\s*)")
_LOOSE = re.compile(r"\s*(?:[:：]|\s[–—-]\s|\|)\s*")
_LONGEST_NAME = 90
_SHORT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Words of a page."""

    page: Page
    start: int
    end: int

    @property
    def text(self) -> str:
        """As on the page."""
        return self.page.text[self.start : self.end]


@dataclass(slots=True, kw_only=True)
class Entry:
    """One diagnosis as the library presents it."""

    name: Line
    section: str
    cannot_miss: Line | None = None
    supporting: list[Line] = field(default_factory=list)
    against: list[Line] = field(default_factory=list)
    next_tests: list[Line] = field(default_factory=list)
    regular: bool = True

    def lines_of(self, label: str) -> list[Line]:
        """The list that a label of the regular form fills."""
        return {"supports": self.supporting, "against": self.against, "next": self.next_tests}[label]


def entries(pages: Sequence[Page]) -> tuple[Entry, ...]:
    """The entries on consecutive pages, in order; the regular ones where there are any, else the loose ones."""
    found = tuple(_regular(pages))
    return found or tuple(_loose(pages))


def is_entry_line(text: str) -> bool:
    """Whether a line belongs to an entry of the regular form: the card has it, an answer need not repeat it."""
    return _LABEL.match(text) is not None or (CANNOT_MISS.search(text) is not None and len(text) <= _SHORT)


def _blocks(pages: Sequence[Page]) -> Iterator[tuple[Page, Block]]:
    for page in pages:
        for block in page.blocks or _from_lines(page.text):
            if block.kind is not BlockKind.FURNITURE:
                yield page, block


def _from_lines(text: str) -> Iterator[Block]:
    """A page without blocks, line by line; a short line without a stop is taken for a heading."""
    for match in re.finditer(r"[^\n]+", text):
        line = match.group().strip()
        if line:
            start = match.start() + match.group().index(line)
            heading = len(line) <= _LONGEST_NAME and line[-1] not in ".;,:。；，：" and not _BULLET.match(line)
            kind = BlockKind.HEADING if heading else BlockKind.PARAGRAPH
            yield Block(start=start, end=start + len(line), kind=kind)


def _regular(pages: Sequence[Page]) -> Iterator[Entry]:
    name: Line | None = None
    section = ""
    warning: Line | None = None
    entry: Entry | None = None
    label = ""
    for page, block in _blocks(pages):
        line = Line(page=page, start=block.start, end=block.end)
        text = line.text
        labelled = _LABEL.match(text)
        if labelled:
            # a "Supports:" under a new name begins an entry; the other labels go on with it
            if entry is None and name is not None:
                entry = Entry(name=name, section=section, cannot_miss=warning)
            if entry is not None:
                label = str(labelled.lastgroup)
                entry.lines_of(label).extend(_findings(line, labelled.end()))
            continue
        if CANNOT_MISS.search(text) and len(text) <= _SHORT and block.kind is not BlockKind.HEADING:
            warning = line
            continue
        if block.kind is BlockKind.HEADING or _may_be_name(block, text):
            if entry is not None:
                yield entry
            entry, label, warning = None, "", None
            name = line
            section = " ".join(block.heading_path)
            continue
        if entry is not None and label and _continues(text, block):
            entry.lines_of(label).extend(_findings(line, 0))
        elif entry is not None:
            yield entry
            entry, label, warning = None, "", None
    if entry is not None:
        yield entry


def _may_be_name(block: Block, text: str) -> bool:
    """A heading that the reader took for a paragraph: short, and no sentence."""
    return (
        block.kind is BlockKind.PARAGRAPH
        and len(text) <= _LONGEST_NAME
        and text.rstrip()[-1:] not in ".;,:。；，：！!？?"
    )


def _continues(text: str, block: Block) -> bool:
    """The rest of an item that a page or column break has cut."""
    return block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM) and not _BULLET.match(text) and text[:1].islower()


def _findings(line: Line, skip: int) -> Iterator[Line]:
    """The findings of an item, parted by semicolons outside brackets; the final stop is left out."""
    text = line.text
    start = skip
    for cut in (
        *(match.start() for match in _SEMICOLON.finditer(text, skip) if _level(text, match.start())),
        len(text),
    ):
        piece = text[start:cut]
        stripped = piece.strip().rstrip(".。")
        if stripped:
            at = line.start + start + piece.index(stripped)
            yield Line(page=line.page, start=at, end=at + len(stripped))
        start = cut + 1


def _level(text: str, position: int) -> bool:
    """Whether a place stands outside brackets."""
    before = text[:position]
    return before.count("(") + before.count("（") == before.count(")") + before.count("）")


def _loose(pages: Sequence[Page]) -> Iterator[Entry]:
    heading = ""
    for page, block in _blocks(pages):
        text = page.text[block.start : block.end]
        if block.kind is BlockKind.HEADING:
            heading = text
            continue
        above = " ".join((*block.heading_path[-2:], heading))
        if block.kind not in (BlockKind.LIST_ITEM, BlockKind.TABLE_ROW) or not _SECTION.search(above):
            continue
        bullet = _BULLET.match(text)
        skip = bullet.end() if bullet else 0
        parts = _LOOSE.search(text, skip)
        end = parts.start() if parts else len(text.rstrip(" .。;；"))
        name = text[skip:end]
        if not 0 < len(name) <= _LONGEST_NAME or not _names_disease(name):
            continue
        entry = Entry(
            name=Line(page=page, start=block.start + skip, end=block.start + end), section=above, regular=False
        )
        rest = Line(page=page, start=block.start + parts.end(), end=block.end) if parts else None
        if rest and rest.text.strip():
            cell = rest.text.find(CELLS)
            stop = rest.start + cell if cell > 0 else rest.start + len(rest.text.rstrip(" .。;；"))
            if stop > rest.start:
                entry.supporting.append(Line(page=page, start=rest.start, end=stop))
        if CANNOT_MISS.search(text):
            entry.cannot_miss = Line(page=page, start=block.start + skip, end=block.end)
        yield entry


def _names_disease(name: str) -> bool:
    kinds = {match.term.kind for match in find_terms(name)}
    for short in find_abbreviations(name):
        kinds |= {match.term.kind for match in find_terms(short.sense.expansion)}
    return "disease" in kinds
