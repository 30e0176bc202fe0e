"""What ``ragmed tune`` runs: models fitted to the library and to what doctors corrected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.assemble import open_program
from ragmed.interfaces import no_progress

if TYPE_CHECKING:
    from ragmed.interfaces import Progress
    from ragmed.settings import Settings
    from ragmed.tune.dataset.making import Dataset, Wanted
    from ragmed.tune.embedder.tuning import Tuning
    from ragmed.tune.lora.forecast import TrainingForecast
    from ragmed.tune.lora.training import Ran
    from ragmed.tune.lora.watching import Watch


def tune_embedder(
    settings: Settings,
    out: Path,
    *,
    minutes: float,
    steps: int = 0,
    seed: int,
    guard: Path | None = None,
    progress: Progress = no_progress,
) -> Tuning:
    """The embedder tuned to the current snapshot, in ``out`` if the gate lets it through."""
    from ragmed.tune.embedder.training import TrainingPlan
    from ragmed.tune.embedder.tuning import tune_embedder as tune

    plan = TrainingPlan(minutes=minutes, steps=steps, seed=seed)
    return tune(settings, out, plan=plan, guard_folder=guard, progress=progress)


def tune_dataset(settings: Settings, wanted: Wanted, progress: Progress = no_progress) -> Dataset:
    """Training rows from the current snapshot, reviewed feedback and files, in a new folder."""
    from ragmed.tune.dataset.making import make_dataset

    program = open_program(settings)
    current = program.snapshots.current()
    retriever = program.retriever if wanted.library else None  # it loads the embedder
    return make_dataset(wanted, current, retriever, program.records, progress)


def tune_model(
    settings: Settings,
    form: str,
    dataset: Path,
    out: Path,
    *,
    begins_with: Path | None = None,
    steps: int = 0,
    resume: bool = False,
    watch: Watch | None = None,
) -> Ran:
    """An adapter for the language model of the settings; ``form``: ``sft``, ``dpo`` or ``kto``."""
    from ragmed.tune.dataset.rows import Form
    from ragmed.tune.lora.training import WantedRun, run
    from ragmed.tune.lora.watching import not_watched

    wanted = WantedRun(form=Form(form), dataset=dataset, out=out, begins_with=begins_with, steps=steps, resume=resume)
    return run(settings, wanted, watch or not_watched)


def forecast_run(settings: Settings, form: str) -> tuple[TrainingForecast, int]:
    """What such a run would take with these settings, and the memory that is free, bytes."""
    from ragmed.generate.loading import device_of
    from ragmed.tune.dataset.rows import Form
    from ragmed.tune.lora.resources import free_bytes
    from ragmed.tune.lora.training import forecast_run as foretold

    return foretold(settings, Form(form)), free_bytes(device_of(settings.model))
