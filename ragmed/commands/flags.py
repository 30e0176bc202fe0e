"""Flags that many commands share."""

from __future__ import annotations

import getpass
import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragmed.errors import BadInputError

if TYPE_CHECKING:
    from ragmed.records import Filters
    from ragmed.settings import Settings

LibraryFlag = Annotated[Path | None, typer.Option("--library", help="Folder with the documents. [guidelines/]")]
IndexFlag = Annotated[Path | None, typer.Option("--index", help="Folder with the snapshots. [index/]")]
SettingsFlag = Annotated[Path | None, typer.Option("--settings", help="Settings file. [ragmed.toml]")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


class WrittenIn(StrEnum):
    """The language that a document is written in."""

    EN = "en"
    ZH = "zh"


SupersededFlag = Annotated[bool, typer.Option("--superseded", help="Search older editions too.")]
PublisherFlag = Annotated[
    list[str] | None, typer.Option("--publisher", help="Only documents of this publisher (repeatable).")
]
EditionFlag = Annotated[
    list[str] | None, typer.Option("--edition", help="Only this edition, as printed; an older one too (repeatable).")
]
WrittenInFlag = Annotated[WrittenIn | None, typer.Option("--written-in", help="Only documents in this language.")]
AfterFlag = Annotated[
    str, typer.Option("--published-after", metavar="DATE", help="Only documents of this year, month or day, or later.")
]
BeforeFlag = Annotated[
    str,
    typer.Option("--published-before", metavar="DATE", help="Only documents of this year, month or day, or earlier."),
]
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def filters_of(
    superseded: bool,
    publisher: list[str] | None,
    edition: list[str] | None,
    written_in: WrittenIn | None,
    after: str,
    before: str,
) -> Filters:
    """Which documents may answer, of the flags above. Raises BadInputError for what is no date."""
    from ragmed.records import Filters, Language

    for date in (after, before):
        if date and not _DATE.fullmatch(date):
            raise BadInputError(f"{date!r} is no date", remedy="write 2024, 2024-06 or 2024-06-30")
    return Filters(
        include_superseded=superseded,
        publishers=tuple(publisher or ()),
        editions=tuple(edition or ()),
        languages=(Language(written_in.value),) if written_in else (),
        published_after=after,
        published_before=before,
    )


def who(by: str = "") -> str:
    """Whoever is named, or else whoever is logged in."""
    if by.strip():
        return " ".join(by.split())
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return f"user {os.getuid()}"


def settings_of(library: Path | None, index: Path | None, file: Path | None, **more: Any) -> Settings:
    """The settings of this run, these flags over all else."""
    from ragmed.settings import load_settings

    return load_settings(file, {"library": library, "index": index, **more})
