"""The title of a document: the largest heading where it opens, checked against what the file calls itself.

Laws of this room: the page decides. Embedded metadata are believed when the first pages bear them out; the file's
name is the last resort and is reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from ragmed.corpus.cover import matter_beside, names_only_a_kind, own_spelling
from ragmed.corpus.raw import RawReading
from ragmed.records import Block, BlockKind, NoteKind, Page, ReadNote

_NOT_A_TITLE = re.compile(
    r"(?i)\A(?:microsoft word\s*-|untitled|document\d*|slide \d+|powerpoint|title|pdf|print|layout \d|new |tmp|scan)"
    r"|[\\/]|\.(?:docx?|pdf|qxd|indd|pptx?|xlsx?|html?|txt|ai|p65|fm)\b"
)
_OPENING_WORDS = re.compile(
    r"(?i)\A(?:contents|table of contents|abstract|summary|introduction|executive summary|foreword|preface|index"
    r"|acknowledge?ments?|references|disclaimer|cover|draft guidance|only|about this|copyright"
    r"|目录|摘要|前言|版权)\b.{0,12}\Z"
)
_NUMBERED = re.compile(r"\A(?:\d{1,2}(?:\.\d+)*|[IVX]{1,4}[.)]|[A-Z][.)])\s+\S")
_WORD = re.compile(r"[a-z0-9]{3,}|[\u3400-\u9fff]")
_LONGEST = 250
_FRONT = 40
"""Pages in which a document is asked how it spells its own title."""
_STAMP = 60.0
"""Points; larger letters are a stamp such as "ARCHIVE" across the page."""


def find_title(raw: RawReading, source_path: str) -> tuple[str, tuple[ReadNote, ...]]:
    """The title, and a note where a person should look at it."""
    embedded = " ".join(raw.metadata.title.split())
    sane = is_sane_title(embedded)
    front = " ".join(page.text for page in raw.pages[:3])[:12_000]
    heading = _completed(_largest_heading(raw.pages), raw)
    if sane and (_borne_out(embedded, front) or (heading and _borne_out(heading, embedded))):
        return embedded, ()
    running = "" if heading else _running_title(raw.pages)
    if heading and sane:
        message = f"the file calls itself “{embedded}”, its first page “{heading}”; the page was believed"
        return heading, (_note(message),)
    if heading or running:
        return heading or running, ()
    if sane:
        return embedded, (_note(f"the title “{embedded}” is the file's own; no page bears it out"),)
    return _last_resort(raw, source_path)


def _last_resort(raw: RawReading, source_path: str) -> tuple[str, tuple[ReadNote, ...]]:
    first = _first_line(raw.pages)
    if first:
        return first, (_note(f"no heading was found; the title “{first}” is the document's first line"),)
    stem = " ".join(re.sub(r"[_-]+", " ", PurePosixPath(source_path).stem).split())
    return stem, (_note(f"no title was found in the document; “{stem}” is the file's name"),)


def _completed(heading: str, raw: RawReading) -> str:
    """``heading``, or the bookmark of the first page that says it in full (a title set in two sizes comes in parts)."""
    for entry in raw.metadata.outline[:3]:
        shown = " ".join(entry.title.split())
        if entry.page_number > 2 or not is_sane_title(shown) or len(shown) <= len(heading):
            continue
        if heading and shown.lower().startswith(heading.lower().rstrip(" :")) and _borne_out(shown, raw.pages[0].text):
            return shown
    return heading.rstrip(" :：")


def is_sane_title(text: str) -> bool:
    """Whether embedded metadata hold words that a person may have written as a title."""
    if not 4 <= len(text) <= _LONGEST or _NOT_A_TITLE.search(text):
        return False
    letters = sum(character.isalpha() for character in text)
    words = " " in text or text.isalpha() or re.search("[\u3400-\u9fff]", text) is not None
    return letters * 2 > len(text) and words


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _borne_out(title: str, text: str) -> bool:
    """Whether three quarters of the title's words stand in ``text`` (printed titles drop or add a word or two)."""
    words = _words(title)
    known = set(_words(text))
    return bool(words) and sum(word in known for word in words) * 4 >= len(words) * 3


def _size(page: Page, block: Block) -> float:
    """Height of the block's taller letters in points; 0 where the page has no geometry."""
    if not page.boxes:
        return 0.0
    numbers = memoryview(page.boxes)[block.start * 8 : block.end * 8].cast("B")
    heights = sorted(
        int.from_bytes(numbers[place + 6 : place + 8], "little")
        - int.from_bytes(numbers[place + 2 : place + 4], "little")
        for place in range(0, len(numbers), 8)
    )
    return heights[len(heights) * 3 // 4] / 10 if heights else 0.0


def _largest_heading(pages: Sequence[Page]) -> str:
    """The line set largest on the first page that has a fit one, with those of its size that follow it.

    With geometry a short paragraph may be the title too, if it is set larger than every heading; letters over 60 points
    are a stamp across the page.
    """
    for page in pages[:3]:
        headings = [block for block in page.blocks if _may_be_title(page, block, BlockKind.HEADING)]
        if page.boxes:
            lines = [block for block in page.blocks[:8] if _may_be_title(page, block, BlockKind.PARAGRAPH)]
            sizes = {block.start: round(_size(page, block)) for block in (*headings, *lines)}
            matter = sorted(round(_size(page, block)) for block in page.blocks if block.kind is BlockKind.PARAGRAPH)
            usual = matter[len(matter) // 2] if matter else 0
            fit = [block for block in headings if sizes[block.start] <= _STAMP]
            fit.extend(block for block in lines if 1.3 * usual < sizes[block.start] <= _STAMP)
            if fit:
                return _with_neighbours(pages, page, max(fit, key=lambda block: (sizes[block.start], -block.start)))
        elif headings:
            return _with_neighbours(pages, page, min(headings, key=lambda block: (block.level, block.start)))
    return ""


def _may_be_title(page: Page, block: Block, kind: BlockKind) -> bool:
    text = " ".join(page.text[block.start : block.end].split())
    if block.kind is not kind or not _fits(text):
        return False
    # a sentence is not a title, nor is a word such as "Only"
    return kind is BlockKind.HEADING or (not text.endswith((".", "。", ";", ",")) and len(text) <= 200 and " " in text)


def _fits(text: str) -> bool:
    plain = " ".join(text.split())
    if not 2 <= len(plain) <= _LONGEST or _OPENING_WORDS.match(plain) or not re.search(r"[^\W\d_]{2}", plain):
        return False
    # "1 Introduction" heads a section, "2024 Standards" may be a title
    return not (_NUMBERED.match(plain) and not re.match(r"\d{4}\b", plain) and len(plain) < 60)


def _with_neighbours(pages: Sequence[Page], page: Page, best: Block) -> str:
    """``best`` and the headings of the same size that follow it at once; a bare "Full Report" with what it is about."""
    blocks = list(page.blocks)
    place = blocks.index(best)
    parts = [page.text[best.start : best.end]]
    if page.boxes:
        size = _size(page, best)
        for block in blocks[place + 1 :]:
            text = page.text[block.start : block.end]
            if (
                block.kind is not BlockKind.HEADING
                or abs(_size(page, block) - size) > 0.12 * size
                or _NUMBERED.match(text)
            ):
                break
            parts.append(text)
    joined = " ".join(" ".join(parts).split())
    joined = joined if len(joined) <= _LONGEST else " ".join(parts[0].split())
    if page.boxes and names_only_a_kind(joined):
        sizes = [_size(page, block) for block in blocks]
        matter = matter_beside(blocks, sizes, page, place, place + len(parts) - 1)
        if matter:
            joined = f"{own_spelling(matter, pages[:_FRONT])}: {joined}"
    return joined if len(joined) <= _LONGEST else " ".join(parts[0].split())


def _running_title(pages: Sequence[Page]) -> str:
    """The running line that stands on at least half of the pages, numbers apart."""
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for page in pages:
        lines = {
            " ".join(re.sub(r"\d+", " ", page.text[block.start : block.end]).split())
            for block in page.blocks
            if block.kind is BlockKind.FURNITURE
        }
        for line in lines:
            if _fits(line) and len(line) >= 8 and "©" not in line and "http" not in line and "www." not in line:
                counts[line] += 1
                shown.setdefault(line, line)
    if not counts or len(pages) < 3:
        return ""
    line, count = max(counts.items(), key=lambda item: (item[1], len(item[0])))
    return shown[line] if count * 2 >= len(pages) else ""


def _first_line(pages: Sequence[Page]) -> str:
    for page in pages[:3]:
        for block in page.blocks or (Block(start=0, end=len(page.text), kind=BlockKind.PARAGRAPH),):
            if block.kind is BlockKind.FURNITURE:
                continue
            for line in page.text[block.start : block.end].split("\n"):
                plain = " ".join(line.split())
                if _fits(plain):
                    return plain[:_LONGEST] if len(plain) <= 120 else f"{plain[:117].rsplit(' ', 1)[0]}…"
    return ""


def _note(message: str) -> ReadNote:
    return ReadNote(kind=NoteKind.METADATA, message=message)
