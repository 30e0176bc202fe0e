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
