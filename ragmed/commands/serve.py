"""``ragmed serve``: the program for other programs, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragmed.commands.flags import IndexFlag, LibraryFlag, SettingsFlag, settings_of


def serve_command(
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on. [127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port. [8600]")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, max=64, help="Questions at once. [2]")] = None,
    key_file: Annotated[Path | None, typer.Option("--key-file", help="File with the key that callers send.")] = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Listen beyond this machine without a key all the same.")
    ] = False,
) -> None:
    """Serve answers to other programs: an OpenAI-compatible address, and RagMed's own."""
    from ragmed.serve import server

    chosen = settings_of(library, index, settings)
    flags = {"host": host, "port": port, "workers": workers, "key_file": key_file, "without_key": without_key or None}
    given = {name: value for name, value in flags.items() if value is not None}
    server.serve(chosen.model_copy(update={"serve": chosen.serve.model_copy(update=given)}))
