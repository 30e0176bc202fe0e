"""``ragmed tune``: models made to fit the library, and the gate that they have to pass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragmed.commands.flags import IndexFlag, JsonFlag, LibraryFlag, SettingsFlag, settings_of

app = typer.Typer(help="Fit a model to the library.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def root() -> None:
    """Fit a model to the library."""


@app.command("embedder")
def tune_embedder(
    out: Annotated[Path, typer.Option("--out", help="Write the model into this new folder, if it wins.")],
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.1, help="Longest time of training; judging is extra.")
    ] = 45,
    steps: Annotated[
        int, typer.Option("--steps", min=0, help="Train exactly so many steps instead, to reproduce a model.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Chooses held-out documents, pairs and batches.")] = 7,
    guard: Annotated[
        Path | None, typer.Option("--guard", help="Folder in the BEIR layout: must not get worse on it.")
    ] = None,
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Train the embedder on the indexed library; keep it only if it wins on held-out documents."""
    from ragmed import assemble, terminal

    chosen = settings_of(library, index, settings)
    with terminal.progress() as show_progress:
        tuning = assemble.tune_embedder(
            chosen, out, minutes=minutes, steps=steps, seed=seed, guard=guard, progress=show_progress
        )
    terminal.print_tuning(tuning.report(), out, as_json=as_json)
    raise typer.Exit(0 if tuning.adopted else 1)
