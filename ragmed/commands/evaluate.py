"""``ragmed eval``: search, questions and claims measured against judgments."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragmed.commands.flags import IndexFlag, JsonFlag, LibraryFlag, SettingsFlag, settings_of
from ragmed.errors import BadInputError

if TYPE_CHECKING:
    from ragmed.evaluate.report import Measured
    from ragmed.settings import Settings

app = typer.Typer(help="Measure against judgments.", no_args_is_help=True, rich_markup_mode=None)

BaselineFlag = Annotated[
    str | None,
    typer.Option("--baseline", help="Compare with bm25, dense, rrf or sum, or with a saved run's file."),
]
WithoutFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        help="Leave out abbreviations, glosses, intents, spelling, synonyms, windows or support (repeatable).",
    ),
]
RunFlag = Annotated[Path | None, typer.Option("--run", help="Save the ranking here, in TREC form.")]
ReportFlag = Annotated[Path | None, typer.Option("--report", help="Write a report page here (HTML, one file).")]


@app.command("retrieval")
def eval_retrieval(
    folder: Annotated[Path, typer.Argument(help="Folder in the BEIR layout.")],
    settings: SettingsFlag = None,
    run: RunFlag = None,
    runs: Annotated[Path | None, typer.Option("--runs", help="Save every system's ranking in this folder.")] = None,
    from_run: Annotated[
        Path | None, typer.Option("--from-run", help="Score this saved run; nothing is asked again.")
    ] = None,
    cache: Annotated[Path | None, typer.Option("--cache", help="Keep the embedded corpus here.")] = None,
    baseline: BaselineFlag = None,
    without: WithoutFlag = None,
    report: ReportFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Search measured against judgments (nDCG, recall, MRR)."""
    from ragmed import measuring, terminal

    chosen = settings_of(None, None, settings)
    began = time.time()
    if from_run:
        if run or runs or cache or without:
            raise BadInputError(
                "--from-run asks nothing, so --run, --runs, --cache and --without do not go with it",
                remedy="leave them out",
            )
        if baseline and not Path(baseline).is_file():
            raise BadInputError(
                f"{baseline!r} is no file: a saved run can only be compared with another one",
                remedy="save the baseline with --runs first",
            )
        scores = measuring.rescore_run(folder, from_run, Path(baseline) if baseline else None)
    else:
        with terminal.progress() as show_progress:
            scores = measuring.evaluate_retrieval(
                chosen,
                folder,
                runs=runs,
                run=run,
                cache=cache,
                baseline=baseline,
                without=without or (),
                progress=show_progress,
            )
    _write_report(report, scores, chosen, began, folder)
    terminal.print_scores(scores.report(), as_json=as_json)


@app.command("questions")
def eval_questions(
    file: Annotated[Path, typer.Argument(help="Questions with gold pages, JSON lines.")],
    library: LibraryFlag = None,
    index: IndexFlag = None,
    settings: SettingsFlag = None,
    run: RunFlag = None,
    baseline: BaselineFlag = None,
    without: WithoutFlag = None,
    report: ReportFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """The whole way measured: pages found, pages cited, abstentions."""
    from ragmed import measuring, terminal

    chosen = settings_of(library, index, settings)
    began = time.time()
    with terminal.progress() as show_progress:
        scores = measuring.evaluate_questions(
            chosen, file, baseline=baseline, run=run, without=without or (), progress=show_progress
        )
    _write_report(report, scores, chosen, began, file)
    terminal.print_scores(scores.report(), as_json=as_json)


@app.command("claims")
def eval_claims(
    file: Annotated[Path, typer.Argument(help="Claims with evidence and a judge's word, JSON lines.")],
    settings: SettingsFlag = None,
    report: ReportFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """The citation checker measured: does it flag what a judge calls unsupported?"""
    from ragmed import measuring, terminal

    chosen = settings_of(None, None, settings)
    began = time.time()
    with terminal.progress() as show_progress:
        scores = measuring.evaluate_claims(chosen, file, progress=show_progress)
    _write_report(report, scores, chosen, began, file)
    terminal.print_scores(scores.report(), as_json=as_json)


def _write_report(path: Path | None, measured: Measured, settings: Settings, began: float, source: Path) -> None:
    if path is None:
        return
    from ragmed import measuring

    measuring.write_report(path, measured, settings, began=began, source=source)
