"""``ragmed index`` and ``ragmed library``: the librarian's commands.

``library`` writes decisions into the register of the library folder; they count with the next ``ragmed index``.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragmed.commands.flags import IndexFlag, JsonFlag, LibraryFlag, SettingsFlag, settings_of, who
from ragmed.errors import BadInputError, BusyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.librarian import Librarian
    from ragmed.settings import Settings

app = typer.Typer(help="Decide about documents: editions, licences, badly read pages.", no_args_is_help=True)
FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="The file, as its path below the library.")]
ByFlag = Annotated[str, typer.Option("--by", help="Who decides. [your login name]")]


def index_command(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders instead of the library.")] = None,
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Publish without asking.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and publish whenever the library changes.")] = False,
    every: Annotated[float, typer.Option("--every", min=0.2, help="Seconds between two looks of --watch.")] = 5.0,
    by: Annotated[str, typer.Option("--by", help="Who publishes, for the history. [your login name]")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Read the library and publish a new snapshot."""
    from ragmed import assemble, terminal

    chosen = settings_of(library, index, settings)
    if watch:
        if dry_run:
            raise BadInputError("--watch and --dry-run do not go together", remedy="use one of the two")
        _watch(chosen, paths or (), every, by=who(by), as_json=as_json)
        return
    if not (yes or dry_run or as_json) and sys.stdin.isatty():
        with terminal.progress() as show:
            plan = assemble.build_index(chosen, paths or (), dry_run=True, progress=show)
        terminal.print_build(plan)
        if not plan.changes or not typer.confirm("Publish this?", default=True):
            raise typer.Exit(0)
    with terminal.progress() as show:
        report = assemble.build_index(chosen, paths or (), dry_run=dry_run, by=who(by), progress=show)
    terminal.print_json(report) if as_json else terminal.print_build(report)
    raise typer.Exit(1 if report.refused else 0)


def _watch(settings: Settings, paths: Sequence[Path], every: float, *, by: str, as_json: bool) -> None:
    """Index at once and after each change, until Ctrl-C or SIGTERM. While another writer is at work, it waits."""
    from ragmed import assemble, terminal

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's stop is no accident
    over = threading.Event()
    try:
        for _ in assemble.library_changes(settings, paths, lambda: not over.wait(every)):
            while True:
                try:
                    report = assemble.build_index(settings, paths, by=by)
                except BusyError as error:
                    typer.echo(f"ragmed: {error}; waiting", err=True)
                    over.wait(every)
                    continue
                except BadInputError as error:  # an empty folder, a slip in the register: mended by the next change
                    typer.echo(f"ragmed: {error}\n  what to do: {error.remedy}", err=True)
                    break
                if report.snapshot_id or report.refused:
                    terminal.print_json(report) if as_json else terminal.print_build(report)
                break
    except KeyboardInterrupt:
        typer.echo("Stopped watching.", err=True)


@app.command("permit")
def permit(
    reference: Annotated[str, typer.Option("--reference", help="Where the permission is written: letter, contract.")],
    file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="The file, below the library.")] = None,
    series: Annotated[str, typer.Option("--series", help="Instead of a file: every edition of this series.")] = "",
    by: ByFlag = "",
    library: LibraryFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """Record that a document whose licence restricts its use may be used here."""
    chosen = settings_of(library, None, settings)
    if bool(file) == bool(series):
        raise BadInputError("permit names a file or a series", remedy="give FILE, or --series ID, and not both")
    document_id = _document_id(chosen, file) if file else ""
    _librarian(chosen).permit(by=who(by), reference=reference, document_id=document_id, series=series, file=file or "")
    typer.echo(f"Permitted: {file or series}, {reference}. Run `ragmed index` to publish it.")


@app.command("accept")
def accept(
    file: FileArgument,
    pages: Annotated[str, typer.Option("--pages", help="Page numbers, by comma: 3,4 or 3-7.")],
    by: ByFlag = "",
    library: LibraryFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """Let badly read pages answer, after looking at them."""
    chosen = settings_of(library, None, settings)
    _librarian(chosen).accept(_document_id(chosen, file), _numbers(pages), by=who(by), file=file)
    typer.echo(f"Accepted: {file}, page {pages}. Run `ragmed index` to publish it.")


@app.command("edition")
def edition(
    file: FileArgument,
    series: Annotated[str, typer.Option("--series", help="The series that it is an edition of.")],
    edition: Annotated[str, typer.Option("--edition", help="As printed: Version 2.2026.")] = "",
    published: Annotated[str, typer.Option("--date", help="Day, month or year of publication: 2026-03-02.")] = "",
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="It no longer answers.")] = False,
    library: LibraryFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """Say which series, edition and date a file has, or withdraw it."""
    from ragmed.index.register import RegisteredEdition

    chosen = settings_of(library, None, settings)
    _document_id(chosen, file)
    _librarian(chosen).place(
        RegisteredEdition(series=series, file=file, edition=edition, published_on=published, withdrawn=withdrawn)
    )
    typer.echo(f"{file}: {'withdrawn' if withdrawn else f'an edition of {series}'}. Run `ragmed index` to publish it.")


@app.command("distinct")
def distinct(
    files: Annotated[list[str], typer.Argument(metavar="FILE FILE", help="Paths below the library.")],
    by: ByFlag = "",
    library: LibraryFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """Say that documents which look alike are no editions of each other."""
    chosen = settings_of(library, None, settings)
    if len(files) < 2:
        raise BadInputError("distinct names two files at least", remedy="give both paths below the library")
    _librarian(chosen).distinct([_document_id(chosen, file) for file in files], by=who(by))
    typer.echo(f"Distinct: {', '.join(files)}.")


@app.command("show")
def show(library: LibraryFlag = None, settings: SettingsFlag = None, as_json: JsonFlag = False) -> None:
    """What has been decided about the library."""
    from ragmed import terminal
    from ragmed.index import register

    chosen = settings_of(library, None, settings)
    found = register.read_register(chosen.library / register.REGISTER)
    terminal.print_json(found) if as_json else terminal.print_register(found)


def _librarian(settings: Settings) -> Librarian:
    from ragmed import assemble

    return assemble.open_program(settings).librarian


def _document_id(settings: Settings, file: str) -> str:
    """The id of the document that the file holds now. Raises BadInputError where it is not in the library."""
    from ragmed.corpus.reading import file_to_read

    path = settings.library / file
    if not path.is_file():
        raise BadInputError(f"{path}: no such file", remedy="give the path as `ragmed index --dry-run` shows it")
    return file_to_read(path, file).document_id


def _numbers(pages: str) -> tuple[int, ...]:
    """``3,5-7`` → (3, 5, 6, 7)."""
    found: set[int] = set()
    try:
        for part in pages.split(","):
            first, _, last = part.partition("-")
            found.update(range(int(first), int(last or first) + 1))
    except ValueError:
        found.clear()
    if not found or min(found) < 1 or len(found) > 5000:
        raise BadInputError(f"{pages!r} are no pages", remedy="write 3,4 or 3-7")
    return tuple(sorted(found))
