"""``ragmed tune``: models made to fit the library, and the gate that they have to pass."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ragmed.commands import adapters, exporting, gating, review, training
from ragmed.commands.flags import IndexFlag, JsonFlag, LibraryFlag, SettingsFlag, settings_of

app = typer.Typer(help="Fit a model to the library.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(review.app, name="review")
app.command("sft")(training.tune_sft)
app.command("dpo")(training.tune_dpo)
app.command("kto")(training.tune_kto)
app.command("gate")(gating.tune_gate)
app.command("export")(exporting.tune_export)
adapters.commands(app)


class FormatWord(StrEnum):
    """Other trainers whose format the rows are written in too."""

    MS_SWIFT = "ms-swift"
    LLAMA_FACTORY = "llama-factory"


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
    from ragmed import terminal, tuning

    chosen = settings_of(library, index, settings)
    with terminal.progress() as show_progress:
        tuned = tuning.tune_embedder(
            chosen, out, minutes=minutes, steps=steps, seed=seed, guard=guard, progress=show_progress
        )
    terminal.print_tuning(tuned.report(), out, as_json=as_json)
    raise typer.Exit(0 if tuned.adopted else 1)


@app.command("dataset")
def tune_dataset(
    out: Annotated[Path, typer.Option("--out", help="Write the rows and their card into this new folder.")],
    files: Annotated[
        list[Path] | None,
        typer.Option("--from", help="Rows of a JSON Lines or JSON file too; may be repeated."),
    ] = None,
    library_rows: Annotated[
        bool, typer.Option("--library-rows/--no-library-rows", help="Questions made from the library.")
    ] = True,
    feedback: Annotated[
        bool, typer.Option("--feedback/--no-feedback", help="Feedback that a reviewer let through.")
    ] = True,
    across: Annotated[
        bool,
        typer.Option("--across", help="Also questions in the other language than the page's, answered in its words."),
    ] = False,
    passages: Annotated[
        int, typer.Option("--passages", min=0, max=50, help="Passages of a prompt. [retrieve.passages]")
    ] = 0,
    most: Annotated[int, typer.Option("--most", min=0, help="Questions of the library at most. [all]")] = 0,
    abstentions: Annotated[
        int, typer.Option("--abstentions", min=1, help="Every so manieth question also without its passages.")
    ] = 4,
    permitted: Annotated[
        list[str] | None,
        typer.Option("--permitted", help="A restricted document or series that may be trained on; may be repeated."),
    ] = None,
    formats: Annotated[
        list[FormatWord] | None,
        typer.Option("--format", help="Also in another trainer's format; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Chooses the sides, the questions and the places.")] = 7,
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Training rows for a language model: from the library, from reviewed feedback, from files."""
    from ragmed import terminal, tuning
    from ragmed.tune.dataset.making import Wanted

    chosen = settings_of(library, index, settings)
    wanted = Wanted(
        out=out,
        seed=seed,
        passages=passages or chosen.retrieve.passages,
        most=most,
        abstentions=abstentions,
        library=library_rows,
        feedback=feedback,
        files=tuple(files or ()),
        across=across,
        permitted=tuple(permitted or ()),
        formats=tuple(dict.fromkeys(one.value for one in formats or ())),
    )
    with terminal.progress() as show_progress:
        made = tuning.tune_dataset(chosen, wanted, show_progress)
    terminal.print_dataset(made.report(), out, as_json=as_json)
    raise typer.Exit(1 if made.problems else 0)
