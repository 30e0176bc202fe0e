"""``ragmed snapshots``: what was published, what differs, what holds, what may go."""

from __future__ import annotations

from typing import Annotated

import typer

from ragmed.commands.flags import IndexFlag, JsonFlag, SettingsFlag, settings_of, who

app = typer.Typer(help="Published snapshots of the library.", no_args_is_help=True, rich_markup_mode=None)
SnapshotArgument = Annotated[str, typer.Argument(help="A snapshot's id, or its number.")]


@app.command("list")
def list_snapshots(index: IndexFlag = None, settings: SettingsFlag = None, as_json: JsonFlag = False) -> None:
    """Every published snapshot, newest first."""
    from ragmed import assemble, terminal

    store = assemble.open_program(settings_of(None, index, settings)).snapshots
    terminal.print_snapshots(store.list(), as_json=as_json)


@app.command("show")
def show(
    snapshot: SnapshotArgument, index: IndexFlag = None, settings: SettingsFlag = None, as_json: JsonFlag = False
) -> None:
    """What a snapshot holds: documents, editions, pages, what could not be read."""
    from ragmed import assemble, terminal

    store = assemble.open_program(settings_of(None, index, settings)).snapshots
    terminal.print_snapshot(store.get(snapshot), as_json=as_json)


@app.command("diff")
def diff(
    before: SnapshotArgument,
    after: SnapshotArgument,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """What the second snapshot holds otherwise than the first."""
    from ragmed import assemble, terminal

    store = assemble.open_program(settings_of(None, index, settings)).snapshots
    terminal.print_difference(assemble.compare_snapshots(store.get(before), store.get(after)), as_json=as_json)


@app.command("verify")
def verify(
    snapshot: Annotated[str | None, typer.Argument(help="A snapshot's id; the current one when left out.")] = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Re-hash every file of a snapshot, its segments and its sources."""
    from ragmed import assemble, terminal

    store = assemble.open_program(settings_of(None, index, settings)).snapshots
    with terminal.progress() as show_progress:
        verification = store.verify(snapshot, show_progress)
    terminal.print_verification(verification, as_json=as_json)
    raise typer.Exit(1 if verification.faults else 0)


@app.command("rollback")
def rollback(
    snapshot: SnapshotArgument,
    by: Annotated[str, typer.Option("--by", help="Who decides. [your login name]")] = "",
    why: Annotated[str, typer.Option("--why", help="The reason, for the history.")] = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Make an older snapshot the current one again; the library folder is not touched."""
    from ragmed import assemble, terminal

    store = assemble.open_program(settings_of(None, index, settings)).snapshots
    with terminal.progress() as show_progress:
        name = store.rollback(snapshot, by=who(by), why=why, progress=show_progress)
    if as_json:
        terminal.print_json({"snapshot_id": name})
    else:
        typer.echo(f"Snapshot {name} answers now. The next `ragmed index` publishes the library folder as it is then.")


@app.command("gc")
def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go, and remove nothing.")] = False,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Remove snapshots, segments and sources that nothing and nobody needs."""
    from ragmed import assemble, terminal

    collection = assemble.collect_snapshots(settings_of(None, index, settings), dry_run=dry_run)
    terminal.print_collection(collection, as_json=as_json)
