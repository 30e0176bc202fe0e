"""One run from rows to adapter: forecast, training with checkpoints, manifest."""

from __future__ import annotations

import logging
import platform
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed import __version__
from ragmed.errors import BadInputError, NotPossibleError, RagMedError
from ragmed.generate.loading import Adapter, as_model_error, device_of, load_tokenizer, quiet_libraries
from ragmed.generate.prompt import REVISION
from ragmed.index.disk import takes_no_more
from ragmed.models.store import installed
from ragmed.models.tiers import Device
from ragmed.tune.dataset.rows import Form, Split
from ragmed.tune.lora.allocator import give_back_what_is_free
from ragmed.tune.lora.base import continued_adapter, fresh_base, new_adapter, save_adapter, true_counts
from ragmed.tune.lora.forecast import TrainingForecast, forecast, require_fitting_run
from ragmed.tune.lora.plots import loss_png
from ragmed.tune.lora.resources import free_bytes, hardware, peak_bytes
from ragmed.tune.lora.rows import DatasetFolder
from ragmed.tune.lora.run_folder import PLAN, RunFolder
from ragmed.tune.lora.tokens import Tokens, tokens_of
from ragmed.tune.lora.trainers import trainer_of
from ragmed.tune.lora.watching import Point, Watch, callback_of, curve_of, not_watched

if TYPE_CHECKING:
    from ragmed.models.store import InstalledModel
    from ragmed.settings import Settings, TuneSettings

FORMAT = 1
_PACKAGES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "accelerate")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRun:
    """What a run is to be."""

    form: Form
    dataset: Path
    out: Path
    begins_with: Path | None = None
    """Folder of an adapter, or of the run that made it; a preference run needs one."""
    steps: int = 0
    """So many instead of the epochs; 0: the epochs."""
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A finished run."""

    folder: RunFolder
    manifest: Mapping[str, Any]


def run(settings: Settings, wanted: WantedRun, watch: Watch = not_watched) -> Ran:
    """Train, and write the run's folder. A killed run is taken up with ``resume``.

    Raises BadInputError (no such dataset, no rows, ``out`` is taken, resumed as something else), NotPossibleError
    (memory will not do), ModelError, IntegrityError, BusyError.
    """
    quiet_libraries()
    model = installed(settings.model)
    device = device_of(settings.model)
    begins_with = _adapter_of(wanted)
    dataset = DatasetFolder(wanted.dataset)
    plan = _plan(settings, wanted, model, dataset, begins_with)
    folder = RunFolder(wanted.out)
    if not wanted.resume:
        require_fitting_run(wanted.form, model.config, settings.tune, device, free_bytes(device))
    tokenizer = load_tokenizer(model)
    learn, validate = _rows(wanted.form, dataset, tokenizer, settings.tune)
    if device is Device.CPU:
        give_back_what_is_free()
    with _calm(model.name, wanted.out), _begun(folder, plan, wanted) as checkpoint:
        began = time.monotonic()
        trained = _train(
            settings, wanted, model, device, begins_with, tokenizer, learn, validate, folder, checkpoint, watch
        )
        with folder.new_adapter() as building:
            save_adapter(trained.trainer.model, building, model.name)
        seconds = time.monotonic() - began
        longest = max(learn.longest, validate.longest)
        manifest = {
            "format": FORMAT,
            **plan,
            "rows": {
                "learned": learn.rows,
                "validated": validate.rows,
                "too_long": [*learn.too_long, *validate.too_long],
                "sequences": len(learn.columns),
                "tokens_an_epoch": learn.tokens,
                "longest_tokens": longest,
            },
            "trainable": dict(zip(("numbers", "of"), trained.counts, strict=True))
            | {"percent": round(100 * trained.counts[0] / trained.counts[1], 4)},
            "memory_bytes": {
                "forecast": forecast(wanted.form, model.config, settings.tune, device, longest=longest).total,
                "peak": peak_bytes(device),
            },
            "seconds": round(seconds, 1),
            "tokens_per_second": round(trained.tokens_per_second, 1),
            "resumed_from_step": trained.resumed_from,
            "steps_done": trained.points[-1].step if trained.points else 0,
            "loss": _losses(trained.points),
            "curve": trained.points,
            "hardware": hardware(device),
            "versions": {name: version(name) for name in _PACKAGES} | {"python": platform.python_version()},
            "ragmed": __version__,
            "adapter_sha256": Adapter(folder.adapter).sha256,
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        folder.finish(manifest, loss_png(trained.points, f"{wanted.form.value} of {model.name}"))
    return Ran(folder=folder, manifest=folder.manifest())


def forecast_run(settings: Settings, form: Form) -> TrainingForecast:
    """What a run with these settings would take. Raises ModelError, MissingPartError."""
    return forecast(form, installed(settings.model).config, settings.tune, device_of(settings.model))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trained:
    trainer: Any
    counts: tuple[int, int]
    points: tuple[Point, ...]
    tokens_per_second: float
    resumed_from: int


def _train(
    settings: Settings,
    wanted: WantedRun,
    model: InstalledModel,
    device: Device,
    begins_with: Adapter | None,
    tokenizer: Any,
    learn: Tokens,
    validate: Tokens,
    folder: RunFolder,
    checkpoint: Path | None,
    watch: Watch,
) -> _Trained:
    from transformers import set_seed

    set_seed(settings.tune.seed)  # the adapter's first weights are drawn from it
    base = fresh_base(model, device)
    learning = continued_adapter(base, begins_with) if begins_with else new_adapter(base, settings.tune)
    counts = true_counts(learning)
    trainer = trainer_of(
        wanted.form,
        learning,
        tokenizer,
        learn,
        validate,
        settings.tune,
        device=device,
        checkpoints=folder.checkpoints,
        steps=wanted.steps,
        callbacks=[callback_of(watch)],
    )
    began = time.monotonic()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    seconds = time.monotonic() - began
    points = curve_of(trainer.state.log_history)
    resumed_from = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    read = [float(line["num_tokens"]) for line in trainer.state.log_history if "num_tokens" in line]
    before = [
        float(line["num_tokens"])
        for line in trainer.state.log_history
        if "num_tokens" in line and line["step"] <= resumed_from
    ]
    return _Trained(
        trainer=trainer,
        counts=counts,
        points=points,
        tokens_per_second=(max(read, default=0.0) - max(before, default=0.0)) / seconds if seconds else 0.0,
        resumed_from=resumed_from,
    )


def _adapter_of(wanted: WantedRun) -> Adapter | None:
    if wanted.begins_with is None:
        if wanted.form is not Form.SFT:
            raise BadInputError(
                "a preference run begins with an adapter", remedy="name the run of `ragmed tune sft` with --from"
            )
        return None
    run_folder = RunFolder(wanted.begins_with)
    adapter = Adapter(run_folder.adapter if run_folder.finished else wanted.begins_with)
    adapter.require()
    return adapter


def _plan(
    settings: Settings, wanted: WantedRun, model: InstalledModel, dataset: DatasetFolder, begins_with: Adapter | None
) -> dict[str, Any]:
    """What makes the run what it is; no path and no time."""
    return {
        "form": wanted.form.value,
        "model": {"name": model.name, "revision": model.revision, "parameters": model.config.parameters()},
        "begins_with": begins_with.sha256 if begins_with else None,
        "dataset": {
            "sha256": dataset.sha256,
            "snapshot_id": dataset.card.get("snapshot_id", ""),
            "prompt_revision": dataset.card.get("prompt_revision", ""),
            "seed": dataset.card.get("seed"),
            "passages": dataset.card.get("passages"),
        },
        "prompt_revision": REVISION,
        "settings": settings.tune.model_dump(mode="json"),
        "steps": wanted.steps,
    }


def _rows(form: Form, dataset: DatasetFolder, tokenizer: Any, settings: TuneSettings) -> tuple[Tokens, Tokens]:
    learn, validate = (
        tokens_of(
            form,
            dataset.rows(form, split),
            tokenizer,
            length=settings.length,
            packing=settings.packing and split is Split.TRAIN,
        )
        for split in (Split.TRAIN, Split.VALIDATION)
    )
    if not learn.rows and learn.too_long:
        raise BadInputError(
            f"{dataset.folder}: all {len(learn.too_long)} rows to train on are longer than {settings.length} tokens",
            remedy="raise tune.length, or make the dataset with fewer --passages",
        )
    least = 2 if form is Form.KTO else 1
    if learn.rows < least:
        raise BadInputError(
            f"{dataset.folder}: no {form.value} rows to train on" if not learn.rows else f"{dataset.folder}: one row",
            remedy="make the dataset from more documents, or with reviewed feedback",
        )
    return learn, validate


def _losses(points: tuple[Point, ...]) -> dict[str, float | None]:
    learned = [one.loss for one in points if one.loss is not None]
    judged = [one.validation for one in points if one.validation is not None]
    return {
        "first": learned[0] if learned else None,
        "last": learned[-1] if learned else None,
        "validation": judged[-1] if judged else None,
    }


@contextmanager
def _begun(folder: RunFolder, plan: Mapping[str, Any], wanted: WantedRun) -> Iterator[Path | None]:
    """The run's folder, held; the checkpoint to go on from."""
    if wanted.resume:
        checkpoint = folder.resume(plan)
    else:
        folder.begin(plan)
        checkpoint = None
    with folder.held():
        yield checkpoint


@contextmanager
def _calm(name: str, out: Path) -> Iterator[None]:
    """The libraries' advice stays off the terminal, and what they raise becomes a NotPossibleError where the disk takes
    no more, and a ModelError elsewhere."""
    import datasets

    datasets.disable_progress_bars()
    logging.getLogger("trl").setLevel(logging.ERROR)
    logging.getLogger("accelerate").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except RagMedError:
        raise
    except Exception as error:
        if not isinstance(error, OSError) and not takes_no_more(error):
            raise as_model_error(name, error) from error
        begun = (out / PLAN).is_file()
        raise NotPossibleError(
            f"{out}: the run cannot be written ({getattr(error, 'strerror', '') or 'the disk takes no more'})",
            remedy="make room, and run it again with --resume: it goes on from the last checkpoint"
            if begun
            else "make room, or give --out another folder",
        ) from error
