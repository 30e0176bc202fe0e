"""The command line. Thin: each command reads its flags, calls ``assemble`` and hands the result to ``terminal``.

Exit codes: 0 done, 1 done but something fell short (abstained, verification failed), 2 bad input, 3 not possible here.
Results go to stdout, progress and errors to stderr. A user's mistake never ends in a traceback.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragmed import __version__
from ragmed.commands import audit, evaluate, library, models, serve, snapshots, tune
from ragmed.commands.flags import (
    AfterFlag,
    BeforeFlag,
    EditionFlag,
    IndexFlag,
    JsonFlag,
    LibraryFlag,
    PublisherFlag,
    SettingsFlag,
    SupersededFlag,
    WrittenInFlag,
    filters_of,
    settings_of,
    who,
)
from ragmed.errors import BadInputError, RagMedError

if TYPE_CHECKING:
    from ragmed.records import Language, Mode

app = typer.Typer(
    name="ragmed",
    help="Answers clinical questions from your own guidelines, with the page behind every sentence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(snapshots.app, name="snapshots")
app.add_typer(evaluate.app, name="eval")
app.add_typer(tune.app, name="tune")
app.add_typer(library.app, name="library")
app.add_typer(audit.app, name="audit")
app.add_typer(models.app, name="models")


class AskMode(StrEnum):
    """What kind of answer is wanted."""

    AUTO = "auto"
    ANSWER = "answer"
    DIFFERENTIAL = "differential"


class AskLanguage(StrEnum):
    """The language of the question."""

    AUTO = "auto"
    EN = "en"
    ZH = "zh"


class AskGenerator(StrEnum):
    """What writes the answer."""

    AUTO = "auto"
    EXTRACTIVE = "extractive"
    QWEN = "qwen"
    SERVED = "served"


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Answers clinical questions from your own guidelines, with the page behind every sentence."""
    if version:
        typer.echo(f"ragmed {__version__}")
        raise typer.Exit


app.command("index")(library.index_command)
app.command("serve")(serve.serve_command)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="How many hits.")] = 8,
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    superseded: SupersededFlag = False,
    publisher: PublisherFlag = None,
    edition: EditionFlag = None,
    written_in: WrittenInFlag = None,
    published_after: AfterFlag = "",
    published_before: BeforeFlag = "",
    as_json: JsonFlag = False,
) -> None:
    """Find passages: rank, score, document, edition, page, text."""
    from ragmed import assemble, terminal

    filters = filters_of(superseded, publisher, edition, written_in, published_after, published_before)
    program = assemble.open_program(settings_of(library, index, settings))
    retriever = program.retriever
    retrieval = retriever.retrieve(retriever.analyse(query, None, filters), k)
    if as_json:
        terminal.print_json(terminal.search_json(retrieval, program.snapshots.current().snapshot_id))
    else:
        terminal.print_hits(retrieval)
    raise typer.Exit(0 if retrieval.passages else 1)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in English or Chinese.")],
    mode: Annotated[AskMode, typer.Option("--mode", help="A plain answer or a differential card.")] = AskMode.AUTO,
    language: Annotated[AskLanguage, typer.Option("--language", help="Language of the question.")] = AskLanguage.AUTO,
    generator: Annotated[AskGenerator, typer.Option("--generator", help="What writes the answer.")] = AskGenerator.AUTO,
    superseded: SupersededFlag = False,
    publisher: PublisherFlag = None,
    edition: EditionFlag = None,
    written_in: WrittenInFlag = None,
    published_after: AfterFlag = "",
    published_before: BeforeFlag = "",
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Answer a question from the library, every claim with its page."""
    from ragmed import assemble, terminal
    from ragmed.interfaces import Finished
    from ragmed.records import Outcome

    filters = filters_of(superseded, publisher, edition, written_in, published_after, published_before)
    chosen = settings_of(library, index, settings, answer=None)
    if generator is not AskGenerator.AUTO:
        answer = chosen.answer.model_copy(update={"generator": generator.value})
        chosen = chosen.model_copy(update={"answer": answer})
    program = assemble.open_program(chosen, user=who())
    record = None
    for event in program.assistant.ask(question, mode=_mode(mode), language=_language(language), filters=filters):
        if isinstance(event, Finished):
            record = event.record
    if record is None:  # pragma: no cover - the assistant's contract ends every answer with Finished
        raise RagMedError("the assistant ended without a record")
    terminal.print_json(terminal.answer_json(record)) if as_json else terminal.print_answer(record)
    raise typer.Exit(0 if record.outcome is Outcome.ANSWERED else 1)


def _mode(mode: AskMode) -> Mode | None:
    from ragmed.records import Mode

    return None if mode is AskMode.AUTO else Mode(mode.value)


def _language(language: AskLanguage) -> Language | None:
    from ragmed.records import Language

    return None if language is AskLanguage.AUTO else Language(language.value)


@app.command()
def show(
    record: Annotated[str, typer.Argument(metavar="RECORD[:KEY]", help="An answer's id, and a citation's key: 1, 2b.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the page image here (PNG).")] = None,
    width: Annotated[int, typer.Option("--width", min=200, max=4000, help="Width of the image, pixels.")] = 1200,
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """An answer again, or the cited page with the quote highlighted."""
    from ragmed import assemble, terminal
    from ragmed.citation_keys import KEY, check_for

    program = assemble.open_program(settings_of(library, index, settings))
    record_id, _, key = record.partition(":")
    found = program.records.get(record_id)
    if not key and output is None:
        terminal.print_json(terminal.answer_json(found)) if as_json else terminal.print_answer(found)
        return
    key = key or "1"
    if not KEY.match(key):
        raise BadInputError(
            f"{record!r}: the part after the colon is a citation's key", remedy="such as 3f2a:1 or 3f2a:2b"
        )
    check = check_for(found, key)
    if output is not None:
        if output.suffix.lower() != ".png":
            raise BadInputError(f"{output}: the page image is a PNG", remedy="give a name that ends in .png")
        image = program.render_page(found, check, width)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(image)
    terminal.print_citation(found, key, check, output, as_json=as_json)


@app.command()
def doctor(
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """What this machine can run, and what it will run."""
    from ragmed import doctor as examination
    from ragmed import terminal

    findings = examination.examine(settings_of(library, index, settings))
    terminal.print_json(findings) if as_json else terminal.print_findings(findings)
    raise typer.Exit(1 if any(finding.state == "fault" for finding in findings) else 0)


@app.command("app")
def app_command(
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on. [127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port. [8501]")] = None,
) -> None:
    """Open the app in a browser: ask, see the page, keep the answer."""
    from ragmed.ui import server

    chosen = settings_of(library, index, settings)
    given = {key: value for key, value in {"host": host, "port": port}.items() if value is not None}
    server.serve(chosen.model_copy(update={"app": chosen.app.model_copy(update=given)}))


def main() -> None:
    """Entry point of the ``ragmed`` program."""
    try:
        app()
    except RagMedError as error:
        typer.echo(f"ragmed: {error}", err=True)
        if error.remedy:
            typer.echo(f"  what to do: {error.remedy}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `ragmed search … | head`: the reader has what it wants
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
