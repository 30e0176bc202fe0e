"""Reads a source text: front matter between two `---` lines, then a small, strict dialect of Markdown.

Blocks, separated by blank lines: `## Section`, `### Entry`, paragraphs, `- ` and `1. ` lists (one item a line),
`| tables |` with an optional `Table: caption {widths 2 3 4}` line directly above, boxes from `::: kind Title` to
`:::`, and `<!-- page CODE | Title | whole -->` where a layout turns the page itself. Inline: `**strong**` only.
A line that fits none of these rules is an error, so that a typing slip never prints as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

MARKS = {"en": "Demonstration, not for care", "zh": "演示用，非临床依据"}
CANNOT_MISS = ("Can't miss.", "不可漏诊。")
LABELS = ("Supports:", "Speaks against:", "Next test:", "支持：", "不支持：", "下一步检查：")
WORDS = {
    "en": {"edition": "Edition", "published": "Published", "page": "Page", "sources": "Sources", "colon": ": "},
    "zh": {"edition": "版本", "published": "发布日期", "page": "第", "sources": "参考来源", "colon": "："},
}
BOX_KINDS = ("red", "do", "note")
REQUIRED = ("title", "publisher", "series", "edition", "date", "language", "layout", "file", "sources")


class SourceError(ValueError):
    """A source text breaks a rule of the dialect; the message names the file and the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A section (level 2) or an entry in it (level 3), for example a diagnosis."""

    level: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list, numbered where the order matters."""

    texts: tuple[str, ...]
    ordered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A ruled table; the first row is its head, `widths` are the weights of its columns."""

    caption: str
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A coloured box: `red` for alarm, `do` for what to do, `note` for the rest."""

    kind: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTurn:
    """The start of a page whose printed code is `label`; `form` is "whole" or "columns"."""

    label: str
    title: str
    form: str


Block: TypeAlias = Heading | Paragraph | Items | Table | Box | PageTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One source text. `label` is the prefix of printed page labels, or empty; `printed` a licensee's stamp."""

    path: Path
    title: str
    publisher: str
    series: str
    edition: str
    date: str
    language: str
    layout: str
    file: str
    sources: tuple[str, ...]
    label: str
    subtitle: str
    printed: str
    blocks: tuple[Block, ...]

    @property
    def mark(self) -> str:
        """The line that every page of the digest carries."""
        return MARKS[self.language]


def read_digest(path: Path) -> Digest:
    """The digest in `path`; raises SourceError where the text breaks the dialect."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != "---" or "---" not in lines[1:]:
        raise SourceError(f"{path.name}: the front matter must stand between two '---' lines")
    end = lines.index("---", 1)
    fields: dict[str, str] = {}
    sources: list[str] = []
    for number, line in enumerate(lines[1:end], start=2):
        if line.startswith("  - "):
            sources.append(line[4:].strip())
            continue
        key, colon, value = line.partition(":")
        if not colon or not key.isidentifier():
            raise SourceError(f"{path.name}:{number}: not a 'key: value' line: {line!r}")
        fields[key] = value.strip()
    missing = [key for key in REQUIRED if not fields.get(key) and key != "sources"]
    if missing or not sources:
        raise SourceError(f"{path.name}: front matter lacks {', '.join(missing) or 'sources'}")
    if fields["language"] not in MARKS:
        raise SourceError(f"{path.name}: language must be one of {', '.join(MARKS)}")
    return Digest(
        path=path,
        title=fields["title"],
        publisher=fields["publisher"],
        series=fields["series"],
        edition=fields["edition"],
        date=fields["date"],
        language=fields["language"],
        layout=fields["layout"],
        file=fields["file"],
        sources=tuple(sources),
        label=fields.get("label", ""),
        subtitle=fields.get("subtitle", ""),
        printed=fields.get("printed", ""),
        blocks=_blocks(path, lines, end + 1, len(lines)),
    )


def words(digest: Digest) -> dict[str, str]:
    """The fixed words of the digest's language."""
    return WORDS[digest.language]


def facts_line(digest: Digest) -> str:
    """Publisher, edition and date as one line, the same in every format."""
    fixed = words(digest)
    edition = f"{fixed['edition']}{fixed['colon']}{digest.edition}"
    return f"{digest.publisher} | {edition} | {fixed['published']}{fixed['colon']}{digest.date}"


def split_strong(text: str) -> list[tuple[str, bool]]:
    """`text` as runs of (characters, strong)."""
    return [(part, at % 2 == 1) for at, part in enumerate(text.split("**")) if part]


def split_label(text: str) -> tuple[str, str]:
    """A leading "Supports:", "支持：" and the like, and the rest; the label is empty where there is none."""
    for label in LABELS:
        if text.startswith(label):
            return label, text[len(label) :].strip()
    return "", text


def _blocks(path: Path, lines: list[str], start: int, stop: int) -> tuple[Block, ...]:
    blocks: list[Block] = []
    caption, widths = "", ()  # type: tuple[str, tuple[float, ...]]
    at = start
    while at < stop:
        line = lines[at].rstrip()
        first = at
        if not line:
            at += 1
        elif page := re.fullmatch(r"<!-- page (.*?) \| (.+?) \| (whole|columns) -->", line):
            blocks.append(PageTurn(label=page[1], title=page[2], form=page[3]))
            at += 1
        elif heading := re.fullmatch(r"(#{2,4}) (\S.*)", line):
            blocks.append(Heading(level=len(heading[1]), text=heading[2]))
            at += 1
        elif box := re.fullmatch(r"::: (\w+) (\S.*)", line):
            if box[1] not in BOX_KINDS:
                raise SourceError(f"{path.name}:{at + 1}: unknown box kind {box[1]!r}")
            close = next((n for n in range(at + 1, stop) if lines[n].rstrip() == ":::"), None)
            if close is None:
                raise SourceError(f"{path.name}:{at + 1}: the box is never closed with ':::'")
            blocks.append(Box(kind=box[1], title=box[2], blocks=_blocks(path, lines, at + 1, close)))
            at = close + 1
        elif table := re.fullmatch(r"(?:Table|表): (.*?)(?: ?\{widths ([\d. ]+)\})?", line):
            caption, widths = table[1], tuple(float(w) for w in (table[2] or "").split())
            at += 1
            if at >= stop or not lines[at].startswith("|"):
                raise SourceError(f"{path.name}:{at}: a table caption without a table below it")
        elif line.startswith("|"):
            while at < stop and lines[at].startswith("|"):
                at += 1
            blocks.append(_table(path, first, lines[first:at], caption, widths))
            caption, widths = "", ()
        elif _item(line):
            while at < stop and _item(lines[at]):
                at += 1
            texts = tuple(re.sub(r"^(- |\d+\. )", "", entry).strip() for entry in lines[first:at])
            blocks.append(Items(texts=texts, ordered=line[0] != "-"))
        elif line.startswith(("#", ":::", "<!--", "  ", ">")):
            raise SourceError(f"{path.name}:{at + 1}: no rule for this line: {line!r}")
        else:
            while at < stop and lines[at].strip() and not _item(lines[at]) and lines[at][0] not in "|#:<":
                at += 1
            blocks.append(Paragraph(text=" ".join(entry.strip() for entry in lines[first:at])))
    return tuple(blocks)


def _item(line: str) -> bool:
    return re.match(r"(- |\d+\. )\S", line) is not None


def _table(path: Path, first: int, lines: list[str], caption: str, widths: tuple[float, ...]) -> Table:
    rows = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines]
    if len(rows) < 3 or any(set(cell) - set("-:") for cell in rows[1]):
        raise SourceError(f"{path.name}:{first + 1}: a table needs a head, a '|---|' line and a row")
    body = (rows[0], *rows[2:])
    if len({len(row) for row in body}) != 1:
        uneven = next(n for n, row in enumerate(body) if len(row) != len(body[0]))
        raise SourceError(f"{path.name}:{first + 1}: table row {uneven} has {len(body[uneven])} cells")
    if widths and len(widths) != len(body[0]):
        raise SourceError(f"{path.name}:{first}: {len(widths)} widths for {len(body[0])} columns")
    return Table(caption=caption, rows=body, widths=widths or _natural_widths(body))


def _natural_widths(rows: tuple[tuple[str, ...], ...]) -> tuple[float, ...]:
    """Column weights from the longest cell, flattened so that short columns keep their words whole."""
    longest = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return tuple(max(8.0, min(float(length), 60.0)) ** 0.6 for length in longest)
