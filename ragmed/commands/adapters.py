"""``ragmed tune adapters`` and what becomes of one: promote, retire, rollback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragmed.commands.flags import IndexFlag, JsonFlag, SettingsFlag, settings_of, who
from ragmed.errors import BadInputError

app = typer.Typer(help="The register of tuned adapters.", no_args_is_help=True, rich_markup_mode=None)

AdapterArgument = Annotated[
    str, typer.Argument(metavar="SHA", help="An adapter's hash, or the beginning of it, as `adapters list` shows it.")
]
WhyFlag = Annotated[str, typer.Option("--why", help="It stays in the log: no patient's words.")]
ByFlag = Annotated[str, typer.Option("--by", help="Who decides. [audit.user, or your login name]")]


@app.callback()
def root() -> None:
    """The register of tuned adapters."""


@app.command("list")
def list_adapters(index: IndexFlag = None, settings: SettingsFlag = None, as_json: JsonFlag = False) -> None:
    """Every adapter: its state, what the gate said, who changed it last. Finishes a change that was cut off."""
    from ragmed import adapting, terminal

    chosen = settings_of(None, index, settings)
    terminal.print_adapters(adapting.adapters(chosen), pinned=chosen.model.adapter, as_json=as_json)


@app.command("add")
def add(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A run of `ragmed tune`, or an adapter as PEFT writes it.")
    ],
    by: ByFlag = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Copy an adapter of the model in model.name into the register, as a candidate."""
    from ragmed import adapting, terminal

    chosen = settings_of(None, index, settings)
    added = adapting.add_adapter(chosen, folder, by=by or chosen.audit.user or who())
    terminal.print_adapter(added, "In the register", as_json=as_json)


def promote(
    sha: AdapterArgument,
    by: ByFlag = "",
    why: WhyFlag = "",
    without_gate: Annotated[
        bool, typer.Option("--without-gate", help="Although the gate did not let it through; wants --by and --why.")
    ] = False,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """From the next question on, this adapter writes; needs the gate's word against what writes now."""
    from ragmed import adapting, terminal

    if without_gate and not (by.strip() and why.strip()):
        raise BadInputError(
            "a promotion without the gate needs a name and a reason", remedy="give both, with --by and --why"
        )
    chosen = settings_of(None, index, settings)
    named = by or chosen.audit.user or who()
    promoted = adapting.promote_adapter(chosen, sha, by=named, why=why, without_gate=without_gate)
    terminal.print_adapter(promoted, "Promoted", pinned=chosen.model.adapter, as_json=as_json)


def retire(
    sha: AdapterArgument,
    by: ByFlag = "",
    why: WhyFlag = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """It writes no longer and no rollback brings it back; its bytes stay, for old answers."""
    from ragmed import adapting, terminal

    chosen = settings_of(None, index, settings)
    retired = adapting.retire_adapter(chosen, sha, by=by or chosen.audit.user or who(), why=why)
    terminal.print_adapter(retired, "Retired", as_json=as_json)


def rollback(
    by: ByFlag = "",
    why: WhyFlag = "",
    model: Annotated[str, typer.Option("--model", help="Of this base model. [model.name]")] = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """From the next question on, what was promoted before writes again; at last the base model."""
    from ragmed import adapting, terminal

    chosen = settings_of(None, index, settings)
    now = adapting.roll_back_adapter(chosen, model, by=by or chosen.audit.user or who(), why=why)
    terminal.print_adapter(now, "Rolled back to", pinned=chosen.model.adapter, as_json=as_json)


def commands(tune: typer.Typer) -> None:
    """Put them under ``ragmed tune``."""
    tune.add_typer(app, name="adapters")
    tune.command("promote")(promote)
    tune.command("retire")(retire)
    tune.command("rollback")(rollback)
