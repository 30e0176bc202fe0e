"""``NAME.toml`` beside ``NAME.pdf`` (or ``NAME.pdf.toml``): what a librarian says of a document outranks what is read.

Laws of this room: an unknown key is an error that names file and key, because a misspelt ``publishd_on`` would
otherwise leave a wrong date standing.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from ragmed.errors import UnreadableFileError
from ragmed.records import Language

_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?\Z")
_SERIES = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """Fields that a librarian set; None where the document's own content decides."""

    title: str | None = None
    publisher: str | None = None
    series: str | None = None
    """A slug of small letters, digits and hyphens; equal for all editions of one guideline."""
    edition: str | None = None
    published_on: str | None = None
    """``2026``, ``2026-03`` or ``2026-03-01``."""
    language: str | None = None
    licence: str | None = None
    page_label_offset: int | None = None
    """Added to the page's position to give its label: -12 where the page in 13th place is printed as 1."""


def read_sidecar(path: Path) -> Sidecar:
    """Raises UnreadableFileError that names the file, the key and what is allowed."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # TOML or text that is none, endless numbers, endless nesting
        raise UnreadableFileError(f"{path.name}: not valid TOML: {error}", remedy="mend the line named") from None
    known = {field.name for field in fields(Sidecar)}
    for key, value in table.items():
        if key not in known:
            raise UnreadableFileError(
                f"{path.name}: unknown key {key!r}", remedy=f"the keys are {', '.join(sorted(known))}"
            )
        wanted = int if key == "page_label_offset" else str
        if type(value) is not wanted:
            raise UnreadableFileError(
                f"{path.name}: {key!r} must be {'a whole number' if wanted is int else 'text in quotes'}",
                remedy=f"write {key} = {'-12' if wanted is int else chr(34) + '…' + chr(34)}",
            )
    sidecar = Sidecar(**table)
    if sidecar.published_on is not None and not _DATE.match(sidecar.published_on):
        raise _wrong(path, "published_on", sidecar.published_on, "write it as 2026, 2026-03 or 2026-03-01")
    if sidecar.language is not None and sidecar.language not in tuple(Language):
        raise _wrong(path, "language", sidecar.language, f"write one of {', '.join(Language)}")
    if sidecar.series is not None and not _SERIES.match(sidecar.series):
        raise _wrong(path, "series", sidecar.series, "write it in small letters, digits and hyphens, such as nsclc")
    return sidecar


def placed_by_sidecar(path: Path) -> bool:
    """Whether the sidecar names the document's series; False for one that cannot be read, which refuses the file."""
    try:
        return read_sidecar(path).series is not None
    except UnreadableFileError:
        return False


def _wrong(path: Path, key: str, value: str, remedy: str) -> UnreadableFileError:
    return UnreadableFileError(f"{path.name}: {key!r} cannot be {value!r}", remedy=remedy)
