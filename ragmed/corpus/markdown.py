"""Markdown → blocks and pages, by way of its HTML, so that hidden HTML inside Markdown stays hidden."""

from __future__ import annotations

import re
from pathlib import Path

from ragmed.corpus.encoding import decode
from ragmed.corpus.flow import clean, paginate
from ragmed.corpus.html import html_flow, parse_html
from ragmed.corpus.raw import FoundMetadata, RawReading
from ragmed.errors import UnreadableFileError
from ragmed.records import NoteKind, ReadNote
from ragmed.settings import ReaderSettings

_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z_-]+)[ \t]*:[ \t]*(.*?)[ \t]*\Z")
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
# ":::" fences of extended Markdown hold a panel; the word behind them is its style, the rest its title
_FENCE = re.compile(r"^:::+[ \t]*(?:\{[^}\n]*\}|[\w-]*)[ \t]*(.*)$", re.MULTILINE)


class MarkdownReader:
    """Reads ``.md`` and ``.markdown``: CommonMark with tables, and a front matter of ``key: value`` lines."""

    suffixes: tuple[str, ...] = (".md", ".markdown")
    media_type = "text/markdown"
    version = "markdown-1"

    def read(self, path: Path, document_id: str, limits: ReaderSettings) -> RawReading:
        """Raises UnreadableFileError, LimitExceededError."""
        from markdown_it import MarkdownIt

        text, notes = decode(path.read_bytes(), path.name)
        fields, text = _front_matter(text)
        comments = [clean(comment) for comment in _COMMENT.findall(text)]
        hidden = [comment for comment in comments if len(comment) > 40]
        text = _FENCE.sub(lambda match: f"\n**{match.group(1)}**\n" if match.group(1) else "", text)
        rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
        if not rendered.strip():
            raise UnreadableFileError(f"{path.name}: the file is empty", remedy="check that the file is complete")
        flow, unseen = html_flow(parse_html(f"<body>{rendered}</body>", path.name))
        left_out = tuple(
            ReadNote(kind=NoteKind.HIDDEN_TEXT, message=f"a comment was left out, beginning with “{comment[:80]}”")
            for comment in hidden
        )
        return RawReading(
            pages=paginate(flow, document_id, limits, path.name),
            notes=(*notes, *unseen, *left_out),
            metadata=FoundMetadata(
                title=fields.get("title", ""),
                author=fields.get("author", ""),
                publisher=fields.get("publisher", ""),
                published_on=fields.get("date", "") or fields.get("published_on", ""),
                language=fields.get("language", "") or fields.get("lang", ""),
            ),
        )


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """The ``key: value`` lines between two ``---`` lines at the very beginning, and the text behind them."""
    match = _FRONT.match(text)
    if not match:
        return {}, text
    fields = {}
    for line in match.group(1).splitlines():
        if found := _FIELD.match(line):
            fields[found.group(1).lower()] = found.group(2).strip("\"'")
    return fields, text[match.end() :]
