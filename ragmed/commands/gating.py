"""``ragmed tune gate``: may an adapter answer doctors?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragmed.commands.flags import IndexFlag, JsonFlag, LibraryFlag, SettingsFlag, settings_of, who


def tune_gate(
    adapter: Annotated[
        str, typer.Argument(metavar="RUN|SHA", help="A run's folder, or an adapter of the register by its hash.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the report into this new folder. [gates/ in the index]")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="That parted the dataset's series. [as the run says, else 7]")
    ] = None,
    passages: Annotated[
        int, typer.Option("--passages", min=0, max=50, help="Of a prompt. [as the run says, else retrieve.passages]")
    ] = 0,
    most: Annotated[int, typer.Option("--most", min=0, help="Questions at most. [all]")] = 0,
    permitted: Annotated[
        list[str] | None,
        typer.Option("--permitted", help="A restricted document or series that may be asked about; may be repeated."),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who asks. [audit.user, or your login name]")] = "",
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask base, current and candidate what they were not trained on; refuse where citations get worse."""
    from ragmed import adapting, terminal

    chosen = settings_of(library, index, settings)
    with terminal.progress() as show_progress:
        gated = adapting.gate_adapter(
            chosen,
            adapter,
            by=by or chosen.audit.user or who(),
            out=out,
            seed=seed,
            passages=passages,
            most=most,
            permitted=tuple(permitted or ()),
            progress=show_progress,
        )
    terminal.print_gate(gated.values, gated.folder, as_json=as_json)
    raise typer.Exit(0 if gated.judgement.passed else 1)
