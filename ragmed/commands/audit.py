"""``ragmed audit``: find an answer, prove it, ask it again, take it away; erase it, judge it.

Questions and answers are printed on the auditor's own screen, and never in an error message.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragmed.commands.audit_flags import (
    DocumentFlag,
    EditionFlag,
    FeedbackFlag,
    FeedbackWord,
    FormatWord,
    LanguageFlag,
    OutcomeFlag,
    SeriesFlag,
    SinceFlag,
    TextFlag,
    UntilFlag,
    UserFlag,
    VerdictFlag,
    wanted_of,
)
from ragmed.commands.flags import IndexFlag, JsonFlag, LibraryFlag, SettingsFlag, settings_of, who
from ragmed.errors import BadInputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragmed.auditor import Auditor
    from ragmed.entries import Replay
    from ragmed.interfaces import Progress

app = typer.Typer(
    help="What was answered, and the proof of it: the log that only grows.", no_args_is_help=True, rich_markup_mode=None
)
AnswerArgument = Annotated[str, typer.Argument(metavar="ID", help="An answer's id, or the beginning of it.")]
ByFlag = Annotated[str, typer.Option("--by", help="Who decides. [your login name]")]


@app.command("list")
def list_answers(
    since: SinceFlag = "",
    until: UntilFlag = "",
    user: UserFlag = "",
    document: DocumentFlag = "",
    series: SeriesFlag = "",
    edition: EditionFlag = "",
    verdict: VerdictFlag = None,
    outcome: OutcomeFlag = None,
    language: LanguageFlag = None,
    feedback: FeedbackFlag = None,
    text: TextFlag = "",
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="So many of the newest.")] = 20,
    before: Annotated[int, typer.Option("--before", min=0, help="Only entries before this number.")] = 0,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Answers, newest first, that fit everything asked for."""
    from ragmed import terminal

    wanted = wanted_of(since, until, user, document, series, edition, verdict, outcome, language, feedback, text)
    auditor = _auditor(None, index, settings, empty=True)
    lines = auditor.find(wanted, limit=limit, before=before)
    terminal.print_answers(lines, entries=auditor.size(), limit=limit, as_json=as_json)


@app.command("show")
def show(
    record: AnswerArgument, index: IndexFlag = None, settings: SettingsFlag = None, as_json: JsonFlag = False
) -> None:
    """An answer as it was shown, how it came about, and what each citation is worth today."""
    from ragmed import terminal

    terminal.print_opened(_auditor(None, index, settings).open(record), as_json=as_json)


@app.command("verify")
def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Read every cited page again from its source file.")] = False,
    log_only: Annotated[bool, typer.Option("--log-only", help="Leave out the citations.")] = False,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Prove the log, its checkpoints, and every citation against page and source file."""
    from ragmed import terminal

    if deep and log_only:
        raise BadInputError("--deep and --log-only do not go together", remedy="use one of the two")
    auditor = _auditor(None, index, settings, empty=True)
    with terminal.progress() as show_progress:
        found = auditor.verify(citations=not log_only, deep=deep, progress=show_progress)
    terminal.print_proof(found, deep=deep, citations=not log_only, as_json=as_json)
    raise typer.Exit(0 if found.sound else 1)


@app.command("replay")
def replay(
    records: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Answers' ids.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every answer of the log that is not erased.")] = False,
    today: Annotated[bool, typer.Option("--today", help="With today's settings, not the recorded ones.")] = False,
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask recorded questions again of the snapshot that answered them: the same, or what differs and why."""
    from ragmed import terminal

    if bool(records) == every:
        raise BadInputError("replay names answers, or all of them", remedy="give ids, or --all, and not both")
    auditor = _auditor(library, index, settings)
    with terminal.progress() as show_progress:
        found = list(_replays(auditor, records, today, show_progress))
    terminal.print_replays(found, as_json=as_json)
    raise typer.Exit(0 if all(one.same for one in found) else 1)


def _replays(auditor: Auditor, records: list[str] | None, today: bool, progress: Progress) -> Iterator[Replay]:
    ids = records or [line.record_id for line in auditor.all() if not line.erased]
    for done, record_id in enumerate(ids, 1):
        yield auditor.replay(record_id, today=today)
        progress("replay", done, len(ids))


@app.command("adapters")
def adapters(index: IndexFlag = None, settings: SettingsFlag = None, as_json: JsonFlag = False) -> None:
    """What happened to tuned adapters: by whom, when and why, and what was promoted without the gate."""
    from ragmed import terminal

    terminal.print_adapter_changes(_auditor(None, index, settings, empty=True).adapter_changes(), as_json=as_json)


@app.command("impact")
def impact(
    name: Annotated[str, typer.Argument(metavar="SERIES|SNAPSHOT", help="A series, or a snapshot's id or number.")],
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Answers whose quoted words a newer edition changed or withdrew."""
    from ragmed import terminal

    terminal.print_affected(name, _auditor(None, index, settings).impact(name), as_json=as_json)


@app.command("bundle")
def bundle(
    record: AnswerArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="The zip to write, or a folder for it.")] = Path(),
    sources: Annotated[
        bool, typer.Option("--sources", help="With whole source files where their licence lets.")
    ] = False,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """One zip that proves an answer without this program: record, cited pages, proofs, verifier."""
    from ragmed import terminal

    path = _auditor(None, index, settings).write_bundle(record, output, sources=sources)
    if as_json:
        terminal.print_json({"path": str(path), "bytes": path.stat().st_size})
    else:
        typer.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB): it holds patient text.")
        typer.echo(f"Whoever gets it takes verify.py out of it and runs: python verify.py {path.name}")


@app.command("export")
def export(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    form: Annotated[FormatWord, typer.Option("--format", help="For a spreadsheet, a program, or an EHR.")],
    with_content: Annotated[
        bool, typer.Option("--with-content", help="With questions, answers and quotes: patient text.")
    ] = False,
    since: SinceFlag = "",
    until: UntilFlag = "",
    user: UserFlag = "",
    document: DocumentFlag = "",
    series: SeriesFlag = "",
    edition: EditionFlag = "",
    verdict: VerdictFlag = None,
    outcome: OutcomeFlag = None,
    language: LanguageFlag = None,
    feedback: FeedbackFlag = None,
    text: TextFlag = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """Answers for other programs: CSV, JSON Lines, FHIR R4."""
    from ragmed import terminal

    wanted = wanted_of(since, until, user, document, series, edition, verdict, outcome, language, feedback, text)
    auditor = _auditor(None, index, settings)
    with terminal.progress() as show_progress:
        size = auditor.write_export(form.value, output, wanted, with_content=with_content, progress=show_progress)
    said = "with" if with_content else "without"
    typer.echo(f"{output}: {size / 1e6:.1f} MB, {said} questions and answers.")


@app.command("checkpoint")
def checkpoint(index: IndexFlag = None, settings: SettingsFlag = None, as_json: JsonFlag = False) -> None:
    """Sign the log as it is now, and write that to the checkpoint folder."""
    from ragmed import terminal

    terminal.print_checkpoint(_auditor(None, index, settings).checkpoint(), as_json=as_json)


@app.command("feedback")
def feedback(
    record: AnswerArgument,
    kind: Annotated[FeedbackWord, typer.Option("--kind", help="What is to be said of the answer.")],
    citation: Annotated[str, typer.Option("--citation", help="Of one citation: its key, such as 1 or 2b.")] = "",
    correction: Annotated[str, typer.Option("--correction", help="The answer as it should read.")] = "",
    note: Annotated[str, typer.Option("--note", help="Anything else.")] = "",
    by: ByFlag = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """Record a doctor's word on an answer; the answer stays as it is."""
    from ragmed.entries import FeedbackKind

    auditor = _auditor(None, index, settings)
    given = auditor.give_feedback(
        record, FeedbackKind(kind.value), user=by, citation_key=citation, correction=correction, note=note
    )
    typer.echo(f"Recorded: {given.kind.value} on answer {given.record_id}, by {given.user}.")


@app.command("erase")
def erase(
    record: AnswerArgument,
    reason: Annotated[str, typer.Option("--reason", help="A reference (letter, ticket). It stays: no patient's name.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without asking.")] = False,
    by: ByFlag = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """Destroy the content of an answer and of its feedback for ever; that it was there stays proven."""
    auditor = _auditor(None, index, settings)
    entry = auditor.entries(record)[0]
    if not yes:
        typer.confirm(f"Destroy the content of answer {entry.subject} of {entry.at}, for ever?", abort=True)
    erasure = auditor.erase(entry.subject, reason=reason, user=by)
    typer.echo(f"Erased: answer {erasure.record_id}, by {erasure.user} at {erasure.at}. The log still verifies.")


@app.command("prune")
def prune(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase; without it, only show what would go.")] = False,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Erase the content of answers older than audit.retention_days; the entries of the log stay."""
    from ragmed import terminal

    auditor = _auditor(None, index, settings)
    with terminal.progress() as show_progress:
        pruned = auditor.prune(dry_run=not yes, progress=show_progress)
    terminal.print_pruned(pruned, days=auditor.settings.audit.retention_days, as_json=as_json)


def _auditor(library: Path | None, index: Path | None, settings: Path | None, *, empty: bool = False) -> Auditor:
    """The auditor's desk; ``empty``: over a log without an entry too. Raises NotFoundError for such a log otherwise."""
    from ragmed import assemble

    chosen = settings_of(library, index, settings)
    auditor = assemble.open_program(chosen, user=who()).auditor
    if not empty and not auditor.size():
        raise NotFoundError(
            f"{chosen.index}: no answer has been recorded here",
            remedy="ask a question first, or name another folder with --index",
        )
    return auditor
