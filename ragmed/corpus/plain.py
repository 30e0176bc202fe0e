"""Plain text → blocks and pages: paragraphs from blank lines, headings and lists from how lines are written.

Laws of this room: lines that were only wrapped are joined again; a line is called a heading only where a reader would
call it one; a form feed begins a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ragmed.corpus.encoding import decode
from ragmed.corpus.flow import FlowBlock, clean, paginate
from ragmed.corpus.raw import FoundMetadata, RawReading
from ragmed.records import BlockKind
from ragmed.settings import ReaderSettings
from ragmed.text.language import HAN

_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?[ \t]+(?=[A-Z\u4e00-\u9fff])[^.。;；!?]{2,90}\Z")
_CHINESE_PART = re.compile(r"第[一二三四五六七八九十百\d]{1,4}[章节篇部](?:[ \t、:：].{0,60}|[^。，；]{0,40})\Z")
_CHINESE_ITEM = re.compile(r"(?:[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十]{1,3}）)[^。；]{1,40}\Z")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9 ,&/():'’-]{3,80}\Z")
_UNDERLINE = re.compile(r"(=|-|~|\*){3,}\Z")
_LIST_ITEM = re.compile(r"(?:[-*•·●○▪◦–—][ \t]+|\(?\d{1,3}[.)、)][ \t]*(?!\d)|\(?[a-z][.)][ \t]+|[①-⑳])")
_TABLE_ROW = re.compile(r"\S(?:.*?(?:\t| {3,}|\s\|\s)){1,}.*\S")
_ENDS_WITH_HAN = re.compile(f"[{HAN}，。；：、！？）」』”]\\Z")
_BEGINS_WITH_HAN = re.compile(f"[{HAN}，。；：、！？（「『“]")


class PlainTextReader:
    """Reads ``.txt`` and ``.text`` files."""

    suffixes: tuple[str, ...] = (".txt", ".text")
    media_type = "text/plain"
    version = "plain-1"

    def read(self, path: Path, document_id: str, limits: ReaderSettings) -> RawReading:
        """Raises UnreadableFileError, LimitExceededError."""
        text, notes = decode(path.read_bytes(), path.name)
        return RawReading(
            pages=paginate(_flow(text), document_id, limits, path.name), notes=notes, metadata=FoundMetadata()
        )


def _flow(text: str) -> Iterator[FlowBlock]:
    for number, sheet in enumerate(text.split("\f")):
        fresh = number > 0
        for block in _sheet(sheet.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
            if fresh:
                block = FlowBlock(kind=block.kind, text=block.text, level=block.level, new_page=True)  # noqa: PLW2901
                fresh = False
            yield block


def _sheet(lines: list[str]) -> Iterator[FlowBlock]:
    gathered: list[str] = []
    kind = BlockKind.PARAGRAPH
    for place, raw in enumerate(lines):
        line = raw.rstrip()
        bare = line.strip()
        below = lines[place + 1].strip() if place + 1 < len(lines) else ""
        above = lines[place - 1].strip() if place else ""
        level = 0 if gathered and kind is BlockKind.PARAGRAPH else _heading_level(bare, above, below)
        if not bare or level or _UNDERLINE.fullmatch(bare):
            yield from _close(gathered, kind)
            gathered, kind = [], BlockKind.PARAGRAPH
            if level:
                yield FlowBlock(kind=BlockKind.HEADING, text=clean(bare), level=level)
            continue
        opens = _LIST_ITEM.match(bare) is not None
        row = _TABLE_ROW.fullmatch(bare) is not None
        if opens or row or kind is BlockKind.TABLE_ROW:
            yield from _close(gathered, kind)
            gathered = []
            kind = BlockKind.LIST_ITEM if opens else BlockKind.TABLE_ROW if row else BlockKind.PARAGRAPH
        gathered.append(bare)
    yield from _close(gathered, kind)


def _close(lines: list[str], kind: BlockKind) -> Iterator[FlowBlock]:
    if not lines:
        return
    if kind is BlockKind.TABLE_ROW:
        text = " | ".join(clean(cell) for cell in re.split(r"\t+| {3,}|\s\|\s", lines[0]) if cell.strip(" |"))
    else:
        text = lines[0]
        for line in lines[1:]:
            chinese = _ENDS_WITH_HAN.search(text) is not None and _BEGINS_WITH_HAN.match(line) is not None
            text += line if chinese else f" {line}"
        if kind is BlockKind.LIST_ITEM:
            text = re.sub(r"\A[-*•·●○▪◦–—][ \t]+", "", text)
    yield FlowBlock(kind=kind, text=clean(text), level=1 if kind is BlockKind.LIST_ITEM else 0)


def _heading_level(line: str, above: str, below: str) -> int:
    """The level of a line that stands like a heading; 0 for any other. A heading has nothing right above it."""
    if not line or above or len(line) > 100:
        return 0
    level = 0
    if _UNDERLINE.fullmatch(below) and not _UNDERLINE.fullmatch(line):
        level = 1 if below[0] in "=*" else 2
    elif _CHINESE_PART.fullmatch(line):
        level = 1 if "章" in line[:6] or "篇" in line[:6] or "部" in line[:6] else 2
    elif _CHINESE_ITEM.fullmatch(line):
        level = 3 if line.startswith("（") else 2
    elif (numbered := _NUMBERED.fullmatch(line)) and not below:
        level = min(numbered.group(1).count(".") + 1, 6)
    elif _CAPITALS.fullmatch(line) and not below:
        level = 1
    return level
