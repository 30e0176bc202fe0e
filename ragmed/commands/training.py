"""``ragmed tune sft | dpo | kto``: an adapter for the language model, trained on a dataset's rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragmed.commands.flags import JsonFlag, SettingsFlag, settings_of

DatasetArgument = Annotated[Path, typer.Argument(metavar="DATASET", help="Folder that `ragmed tune dataset` made.")]
OutFlag = Annotated[Path | None, typer.Option("--out", help="Write the run into this new folder.")]
StepsFlag = Annotated[int, typer.Option("--steps", min=0, help="So many steps instead of the epochs.")]
ResumeFlag = Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut short.")]
ForecastFlag = Annotated[bool, typer.Option("--forecast", help="Only tell the memory that it would take.")]
FromFlag = Annotated[
    Path | None,
    typer.Option("--from", help="The run, or the adapter's folder, that it begins with and keeps close to."),
]
FurtherFlag = Annotated[
    Path | None, typer.Option("--from", help="Go on from this run or adapter instead of a new one.")
]


def tune_sft(
    dataset: DatasetArgument,
    out: OutFlag = None,
    begins_with: FurtherFlag = None,
    steps: StepsFlag = 0,
    resume: ResumeFlag = False,
    forecast: ForecastFlag = False,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Train an adapter on right answers (settings: [tune] in ragmed.toml)."""
    _run("sft", dataset, out, begins_with, steps, resume, forecast, settings, as_json)


def tune_dpo(
    dataset: DatasetArgument,
    out: OutFlag = None,
    begins_with: FromFlag = None,
    steps: StepsFlag = 0,
    resume: ResumeFlag = False,
    forecast: ForecastFlag = False,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Train an adapter on pairs of a preferred and a rejected answer."""
    _run("dpo", dataset, out, begins_with, steps, resume, forecast, settings, as_json)


def tune_kto(
    dataset: DatasetArgument,
    out: OutFlag = None,
    begins_with: FromFlag = None,
    steps: StepsFlag = 0,
    resume: ResumeFlag = False,
    forecast: ForecastFlag = False,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Train an adapter on answers that were called right or wrong."""
    _run("kto", dataset, out, begins_with, steps, resume, forecast, settings, as_json)


def _run(
    form: str,
    dataset: Path,
    out: Path | None,
    begins_with: Path | None,
    steps: int,
    resume: bool,
    forecast: bool,
    settings: Path | None,
    as_json: bool,
) -> None:
    from ragmed import terminal, tuning
    from ragmed.errors import BadInputError

    chosen = settings_of(None, None, settings)
    if forecast:
        found, free = tuning.forecast_run(chosen, form)
        terminal.print_forecast(found, free, as_json=as_json)
        raise typer.Exit(0 if found.total <= free else 3)
    if out is None:
        raise BadInputError("--out is missing", remedy="name a new folder for the run, or ask with --forecast")
    ran = tuning.tune_model(
        chosen, form, dataset, out, begins_with=begins_with, steps=steps, resume=resume, watch=terminal.watch()
    )
    terminal.print_run(ran.manifest, out, as_json=as_json)
