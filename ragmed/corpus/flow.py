"""Formats without pages of their own: a flow of blocks → pages of text with offsets.

Laws of this room: a page's text is the blocks' texts joined by line breaks, nothing else, so every offset is known when
it is made; white space inside a block is single; no control or zero-width character gets in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import Block, BlockKind, Page
from ragmed.settings import ReaderSettings
from ragmed.text.sentences import sentence_spans

PAGE_CHARACTERS = 12_000
"""A longer text is split at headings: about four printed pages, which a viewer scrolls and renders with ease."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n\s*")
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_LIGATURE = re.compile("[ﬀ-ﬆ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBlock:
    """A block on its way to a page."""

    kind: BlockKind
    text: str
    level: int = 0
    new_page: bool = False
    """The source begins a page here."""
    page_label: str = ""
    """Label of the page that begins here, where the source prints one."""


def clean(text: str, *, keep_lines: bool = False) -> str:
    """``text`` in NFC with single spaces, without ligatures, control and zero-width characters."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    if not text.isascii():
        text = _LIGATURE.sub(lambda match: _LIGATURES[match.group()], text)
    if keep_lines:
        return _LINES.sub("\n", _SPACES.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()
    return " ".join(text.split())


def paginate(
    flow: Iterable[FlowBlock], document_id: str, limits: ReaderSettings, name: str, limit: int = PAGE_CHARACTERS
) -> tuple[Page, ...]:
    """The pages of ``flow``, numbered from 1.

    Where the source marks no page, pages longer than ``limit`` characters are split, at headings where they come in
    time; the labels are then ``§1``, ``§2``. Raises UnreadableFileError when there is no text at all.
    """
    blocks = [part for block in flow if block.text for part in _short(block, limit)]
    if not any(block.kind is not BlockKind.FURNITURE for block in blocks):
        raise UnreadableFileError(f"{name}: there is no text in the file", remedy="check that the file is complete")
    if sum(len(block.text) for block in blocks) > limits.characters:
        raise LimitExceededError(
            f"{name}: more than {limits.characters} characters of text",
            remedy="split the file, or raise reader.characters",
        )
    groups = [part for group in _source_pages(blocks) for part in _split(group, limit)]
    if len(groups) > limits.pages:
        raise LimitExceededError(
            f"{name}: more than {limits.pages} pages", remedy="split the file, or raise reader.pages"
        )
    printed = any(block.new_page for block in blocks)
    path: list[tuple[int, str]] = []
    pages = []
    for number, group in enumerate(groups, 1):
        label = group[0].page_label or (str(number) if printed or len(groups) == 1 else f"§{number}")
        pages.append(_page(group, document_id, number, label, path))
    return tuple(pages)


def _short(block: FlowBlock, limit: int) -> Iterator[FlowBlock]:
    """``block``, or parts of it that end with sentences where it is longer than a page by itself."""
    if len(block.text) <= limit:
        yield block
        return
    start = 0
    last = 0
    for begin, end in sentence_spans(block.text):
        if end - start > limit and last > start:
            yield replace(block, text=block.text[start:last], new_page=block.new_page and start == 0)
            start = begin
        while end - start > limit:
            yield replace(block, text=block.text[start : start + limit], new_page=block.new_page and start == 0)
            start += limit
        last = end
    if block.text[start:].strip():
        yield replace(block, text=block.text[start:].strip(), new_page=False)


def _source_pages(blocks: list[FlowBlock]) -> Iterator[list[FlowBlock]]:
    group: list[FlowBlock] = []
    for block in blocks:
        if block.new_page and group:
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _split(group: list[FlowBlock], limit: int) -> Iterator[list[FlowBlock]]:
    """Runs of at most ``limit`` characters; the cut is the last outermost heading in the later half of a full run."""
    start = 0
    while start < len(group):
        size = 0
        end = start
        while end < len(group) and (end == start or size + len(group[end].text) + 1 <= limit):
            size += len(group[end].text) + 1
            end += 1
        if end < len(group):
            end = _cut_at_heading(group, start, end, size)
        yield group[start:end]
        start = end


def _cut_at_heading(group: list[FlowBlock], start: int, end: int, size: int) -> int:
    best = end
    best_level = 99
    taken = 0
    for place in range(start, end):
        block = group[place]
        # a later heading of the same level wins, an inner one does not
        opens = block.kind is BlockKind.HEADING and group[place - 1].kind is not BlockKind.HEADING
        if opens and taken * 2 >= size and block.level <= best_level:
            best, best_level = place, block.level
        taken += len(block.text) + 1
    # never leave headings alone at the end of a page
    while best - 1 > start and group[best - 1].kind is BlockKind.HEADING:
        best -= 1
    return best


def _page(group: list[FlowBlock], document_id: str, number: int, label: str, path: list[tuple[int, str]]) -> Page:
    """One page; ``path`` is the open headings as (level, text), carried on from page to page."""
    parts: list[str] = []
    blocks = []
    position = 0
    before: FlowBlock | None = None
    for block in group:
        if before is not None:
            close = before.kind is block.kind and block.kind in (BlockKind.LIST_ITEM, BlockKind.TABLE_ROW)
            joint = "\n" if close else "\n\n"
            parts.append(joint)
            position += len(joint)
        if block.kind is BlockKind.HEADING:
            while path and path[-1][0] >= block.level:
                path.pop()
        blocks.append(
            Block(
                start=position,
                end=position + len(block.text),
                kind=block.kind,
                level=block.level,
                heading_path=() if block.kind is BlockKind.FURNITURE else tuple(text for _, text in path),
            )
        )
        if block.kind is BlockKind.HEADING:
            path.append((block.level, " ".join(block.text.split())))
        parts.append(block.text)
        position += len(block.text)
        before = block
    return Page(document_id=document_id, number=number, label=label, text="".join(parts), blocks=tuple(blocks))
