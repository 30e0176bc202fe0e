"""What every printed result is made with: a console for plain text, and JSON.

Everything from a document or a question is printed as plain text: rich markup in it stays inert, and control characters
are cut, so that a hostile file cannot drive the terminal.
"""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING

from ragmed.canonical import plain
from ragmed.records import DocumentStatus

if TYPE_CHECKING:
    from rich.console import Console

    from ragmed.records import Document


def clean(text: str) -> str:
    """``text`` without control characters other than line breaks and tabs."""
    return "".join(mark for mark in text if mark in "\n\t" or (mark >= " " and not "\x7f" <= mark <= "\x9f"))


def clean_line(text: str) -> str:
    """The same on one line: a file's name may hold line breaks, and would else speak in the program's own name."""
    return " ".join(clean(text).split())


def typed(path: str) -> str:
    """A file's name as it is typed on a command line."""
    return shlex.quote(clean_line(path))


def console_for(*, to_stderr: bool = False) -> Console:
    """A console that prints text as it is; a line is not broken where stdout is a file."""
    from rich.console import Console

    return Console(stderr=to_stderr, highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def print_json(value: object) -> None:
    """One JSON document, readable, keys in the order given."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")


def describe(document: Document) -> str:
    """Title, publisher, edition, date; in words when it is not the current edition."""
    parts = [document.title, document.publisher, document.edition, document.published_on]
    line = " · ".join(clean_line(part) for part in parts if part)
    return line if document.status is DocumentStatus.CURRENT else f"{line} · {document.status.value.upper()}"


def page_words(number: int, label: str) -> str:
    """``page NSCL-4A (12)``: the printed label, and the physical page where they differ."""
    return f"page {clean(label)}" if label == str(number) else f"page {clean(label)} ({number})"
