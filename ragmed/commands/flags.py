"""Flags that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ragmed.settings import Settings

LibraryFlag = Annotated[Path | None, typer.Option("--library", help="Folder with the documents. [guidelines/]")]
IndexFlag = Annotated[Path | None, typer.Option("--index", help="Folder with the snapshots. [index/]")]
SettingsFlag = Annotated[Path | None, typer.Option("--settings", help="Settings file. [ragmed.toml]")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def settings_of(library: Path | None, index: Path | None, file: Path | None, **more: Any) -> Settings:
    """The settings of this run, these flags over all else."""
    from ragmed.settings import load_settings

    return load_settings(file, {"library": library, "index": index, **more})
