"""``ragmed tune export``: an adapter for other engines."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ragmed.commands.flags import IndexFlag, JsonFlag, SettingsFlag, settings_of, who
from ragmed.errors import BadInputError


class FormWord(StrEnum):
    """What is written."""

    ADAPTER = "adapter"
    MERGED = "merged"
    NF4 = "nf4"


def tune_export(
    adapter: Annotated[
        str, typer.Argument(metavar="RUN|SHA", help="A run's folder, or an adapter of the register by its hash.")
    ],
    to: Annotated[
        FormWord,
        typer.Option("--to", help="adapter: alone; merged: in 16-bit weights; nf4: 4-bit weights, the adapter beside."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Write it into this new folder.")],
    by: Annotated[str, typer.Option("--by", help="Who exports. [audit.user, or your login name]")] = "",
    why: Annotated[str, typer.Option("--why", help="It stays in the log: no patient's words.")] = "",
    without_gate: Annotated[
        bool, typer.Option("--without-gate", help="Although the gate did not let it through; wants --by and --why.")
    ] = False,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Write an adapter that the gate let through as other engines take it; the log keeps that it left."""
    from ragmed import adapting, terminal

    if without_gate and not (by.strip() and why.strip()):
        raise BadInputError(
            "an export past the gate needs a name and a reason", remedy="give both, with --by and --why"
        )
    chosen = settings_of(None, index, settings)
    with terminal.progress() as show_progress:
        exported = adapting.export_adapter(
            chosen,
            adapter,
            to.value,
            out,
            by=by or chosen.audit.user or who(),
            why=why,
            without_gate=without_gate,
            told=terminal.print_needs,
            progress=show_progress,
        )
    terminal.print_export(exported, as_json=as_json)
