"""What a format's reader gives: pages with their text, notes, and what the file says of itself.

Laws of this room: a reader is a pure function of the file's bytes and the settings; it gives pages or raises
UnreadableFileError, never an empty success; it does not decide on title, edition or date, it only reports what it
found.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ragmed.records import Page, ReadNote
from ragmed.settings import ReaderSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineEntry:
    """One bookmark of the file; ``level`` 1 is the outermost, pages count from 1 (0: no page named)."""

    level: int
    title: str
    page_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMetadata:
    """What the file's own metadata say, unchecked; empty where they say nothing."""

    title: str = ""
    author: str = ""
    publisher: str = ""
    published_on: str = ""
    language: str = ""
    outline: tuple[OutlineEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReading:
    """One file as its format's reader saw it."""

    pages: tuple[Page, ...]
    notes: tuple[ReadNote, ...]
    metadata: FoundMetadata


class FormatReader(Protocol):
    """One file format. ``version`` changes whenever the text, blocks or boxes it gives may change."""

    suffixes: tuple[str, ...]
    media_type: str
    version: str

    def read(self, path: Path, document_id: str, limits: ReaderSettings) -> RawReading:
        """Read one file. Raises UnreadableFileError or LimitExceededError with the reason and the remedy."""
        ...
