"""``ragmed tune review``: a person lets a doctor's feedback teach a model, in other words if need be, or does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ragmed.commands.flags import IndexFlag, JsonFlag, SettingsFlag, settings_of, who

if TYPE_CHECKING:
    from pathlib import Path

    from ragmed.auditor import Auditor
    from ragmed.entries import ReviewDecision

app = typer.Typer(help="Decide which feedback may teach a model.", no_args_is_help=True, rich_markup_mode=None)

FeedbackArgument = Annotated[
    str, typer.Argument(metavar="FEEDBACK", help="A feedback's id, or the beginning of it, as `review list` shows it.")
]
NoteFlag = Annotated[str, typer.Option("--note", help="Why. It stays in the log.")]
ByFlag = Annotated[str, typer.Option("--by", help="Who decides. [your login name]")]


@app.callback()
def root() -> None:
    """Decide which feedback may teach a model."""


@app.command("list")
def list_command(
    every: Annotated[bool, typer.Option("--all", help="Also what has been decided.")] = False,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Feedback that waits for a reviewer, oldest first."""
    from ragmed import terminal

    queue = _auditor(index, settings).review_queue()
    terminal.print_reviews([one for one in queue if every or one.review is None], as_json=as_json)


@app.command("accept")
def accept(
    feedback: FeedbackArgument,
    note: NoteFlag = "",
    by: ByFlag = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """It may teach as it stands."""
    from ragmed.entries import ReviewDecision

    _decide(_auditor(index, settings), feedback, ReviewDecision.ACCEPT, by, note)


@app.command("edit")
def edit(
    feedback: FeedbackArgument,
    correction: Annotated[
        str, typer.Option("--correction", help="The answer as it should read, with the markers of the answer shown.")
    ],
    note: NoteFlag = "",
    by: ByFlag = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """It may teach, with your words in the place of the doctor's."""
    from ragmed.entries import ReviewDecision

    _decide(_auditor(index, settings), feedback, ReviewDecision.EDIT, by, note, correction)


@app.command("refuse")
def refuse(
    feedback: FeedbackArgument,
    note: NoteFlag = "",
    by: ByFlag = "",
    index: IndexFlag = None,
    settings: SettingsFlag = None,
) -> None:
    """It teaches nothing."""
    from ragmed.entries import ReviewDecision

    _decide(_auditor(index, settings), feedback, ReviewDecision.REFUSE, by, note)


def _decide(
    auditor: Auditor, feedback: str, decision: ReviewDecision, by: str, note: str, correction: str = ""
) -> None:
    given = auditor.review(feedback, decision, user=by, correction=correction, note=note)
    typer.echo(f"Recorded: {given.decision.value} of feedback {given.feedback_id}, by {given.user}.")


def _auditor(index: Path | None, settings: Path | None) -> Auditor:
    from ragmed import assemble

    return assemble.open_program(settings_of(None, index, settings), user=who()).auditor
