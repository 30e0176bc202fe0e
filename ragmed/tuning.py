"""What ``ragmed tune`` runs: models fitted to the library and to what doctors corrected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.assemble import open_program
from ragmed.errors import BadInputError, NotPossibleError
from ragmed.interfaces import no_progress

if TYPE_CHECKING:
    from ragmed.adapters.register import RegisteredAdapter
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


def adapters(settings: Settings) -> tuple[RegisteredAdapter, ...]:
    """All of the register, in the order in which they were added; a change that was cut off is finished first."""
    register = open_program(settings).adapters
    register.settle()
    return register.all()


def add_adapter(settings: Settings, folder: Path, *, made_by: str = "", by: str) -> RegisteredAdapter:
    """A candidate of the model that the settings name. Raises MissingPartError where none is here, BadInputError."""
    from ragmed.models.store import installed

    model = installed(settings.model)
    register = open_program(settings).adapters
    return register.add(folder, model=model.name, revision=model.revision, made_by=made_by, by=by)


def promote_adapter(
    settings: Settings, sha256: str, *, by: str, why: str = "", without_gate: bool = False
) -> RegisteredAdapter:
    """Raises what ``AdapterRegister.promote`` raises, and NotPossibleError for an adapter of another model than the
    settings name."""
    from ragmed.generate.prompt import REVISION
    from ragmed.models.store import installed

    register = open_program(settings).adapters
    revision = ""
    if settings.model.name:
        model, one = installed(settings.model), register.find(sha256)
        if model.name != one.model:
            raise NotPossibleError(
                f"adapter {one.sha256[:12]} is one of {one.model}, and {model.name} writes here",
                remedy="name that model in model.name",
            )
        revision = model.revision
    return register.promote(sha256, by, why, without_gate, installed=revision, prompt_revision=REVISION)


def retire_adapter(settings: Settings, sha256: str, *, by: str, why: str = "") -> RegisteredAdapter:
    """Raises what ``AdapterRegister.retire`` raises."""
    return open_program(settings).adapters.retire(sha256, by, why)


def roll_back_adapter(settings: Settings, model: str, *, by: str, why: str = "") -> RegisteredAdapter | None:
    """To what wrote before with ``model`` (empty: the one that the settings name); None: the base model writes."""
    from ragmed.models.store import installed

    register = open_program(settings).adapters
    if model:
        return register.rollback(model, by, why)
    if not settings.model.name:
        raise BadInputError("no language model is named", remedy="say which with --model, or set model.name")
    here = installed(settings.model)
    return register.rollback(here.name, by, why, revision=here.revision)
