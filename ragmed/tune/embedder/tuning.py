"""``ragmed tune embedder``: snapshot → pairs → training → gate → a model folder, or a reasoned no."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ragmed.canonical import canonical_json, plain
from ragmed.errors import BadInputError, SettingsError
from ragmed.index.architecture import is_minilm
from ragmed.index.disk import new_building_folder, publish_folder, sync_tree, write_file
from ragmed.index.embedder import load_embedder, model_folder
from ragmed.index.folder_store import FolderStore
from ragmed.interfaces import Progress, no_progress
from ragmed.settings import DEFAULT_EMBEDDER
from ragmed.tune.embedder.batches import batches
from ragmed.tune.embedder.gate import Judged, judge, rows_by, vectors_of
from ragmed.tune.embedder.guard import MOST_LOST, Guarded, GuardSet, guard, read_guard
from ragmed.tune.embedder.negatives import HardNegatives
from ragmed.tune.embedder.network import WEIGHTS, LearningNetwork, runs_bf16
from ragmed.tune.embedder.pairs import Pair, pairs_of, unambiguous
from ragmed.tune.embedder.rows import LibraryRows, library_rows
from ragmed.tune.embedder.split import hold_out
from ragmed.tune.embedder.training import Trained, TrainingPlan, train

if TYPE_CHECKING:
    from ragmed.interfaces import Embedder
    from ragmed.settings import EmbedderSettings, Settings

TUNED = "tuned.json"
BLEND = 0.5
"""Share of what was learned in the weights that are written; the rest is the base's. Half and half keeps most of the
gain and loses little elsewhere, without a search for it (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
models")."""
PAIRS_A_SERIES = 12
"""Held-out pairs judged of one series: the interval is over series, and more pairs of one only cost time."""
_NOT_COPIED = ("README.md", "data_config.json", TUNED)
"""Of the base's folder: what is said there is about other weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is learned from and judged by: the rows of a snapshot, its pairs on either side of the split."""

    snapshot_id: str
    rows: LibraryRows
    held_out: frozenset[str]
    """Series."""
    learned: tuple[Pair, ...]
    judged: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What tuning came to; ``reasons`` is empty where the model was adopted."""

    out: Path
    task: Task
    plan: TrainingPlan
    trained: Trained
    base: Embedder
    tuned: Embedder
    vectors: NDArray[np.float32] = field(repr=False)
    """The tuned model's vectors of the rows."""
    judged: Judged
    guarded: Guarded | None
    reasons: tuple[str, ...]
    seconds: Mapping[str, float]

    @property
    def adopted(self) -> bool:
        return not self.reasons

    def report(self) -> dict[str, Any]:
        """What is printed, and kept in ``tuned.json``."""
        return {
            "adopted": self.adopted,
            "reasons": list(self.reasons),
            "model": self.out.name,
            "revision": self.tuned.revision,
            "base": {"name": self.base.name, "revision": self.base.revision},
            "snapshot_id": self.task.snapshot_id,
            "rows": len(self.task.rows),
            "pairs": kinds_of(self.task.learned),
            "held_out": self.judged.named(),
            "guard": self.guarded.named() if self.guarded else None,
            "training": {**plain(self.trained), "plan": {**plain(self.plan), "blend": BLEND}},
            "seconds": dict(self.seconds),
        }


def tune_embedder(
    settings: Settings,
    out: Path,
    *,
    plan: TrainingPlan,
    guard_folder: Path | None = None,
    progress: Progress = no_progress,
) -> Tuning:
    """Tune the embedder of the settings to the current snapshot; write ``out`` if the gate lets it through.

    Raises BadInputError (``out`` is taken, too few documents, a guard that is no collection), SettingsError (another
    embedder made the index, or one of another network is set) and NoIndexError; nothing is left behind then.
    """
    _check_place(out)
    folder = model_folder(settings.embedder)
    if not is_minilm(folder):
        raise SettingsError(
            f"{settings.embedder.model!r} is another network than {DEFAULT_EMBEDDER!r}, the only one that can be tuned",
            remedy="set embedder.model back to the default, or to a folder tuned from it",
        )
    guard_set = read_guard(guard_folder, plan.seed) if guard_folder else None
    base = load_embedder(settings.embedder)
    snapshot = FolderStore(settings.index, settings.trust).current()
    task = task_of(library_rows(snapshot, base), snapshot.snapshot_id, plan.seed)
    building = new_building_folder(out.parent)
    try:
        tuning = _tune(settings.embedder, out, building, task, base, plan, guard_set, progress)
        if tuning.adopted:
            write_file(building / TUNED, canonical_json(tuning.report()))
            sync_tree(building)
            _check_place(out)
            publish_folder(building, out)
        return tuning
    finally:
        shutil.rmtree(building, ignore_errors=True)


def task_of(rows: LibraryRows, snapshot_id: str, seed: int) -> Task:
    """The pairs of every row, parted by series. Raises BadInputError where there are too few documents or pairs."""
    held_out = hold_out(rows.series, seed)
    learned: list[Pair] = []
    judged: dict[str, list[Pair]] = {}
    for pair in unambiguous([pair for row in range(len(rows)) for pair in pairs_of(rows, row, seed)], rows):
        series = rows.series[pair.row]
        if series in held_out:
            judged.setdefault(series, []).append(pair)
        else:
            learned.append(pair)
    if len({int(rows.sections[pair.row]) for pair in learned}) < 2 or not judged:
        raise BadInputError(
            "the library's text gives no pairs of a query and its passage to learn from",
            remedy="index documents with headings and running text",
        )
    draw = random.Random(f"{seed}:judged")
    picked = [
        pair
        for series in sorted(judged)
        for pair in draw.sample(judged[series], min(PAIRS_A_SERIES, len(judged[series])))
    ]
    return Task(snapshot_id=snapshot_id, rows=rows, held_out=held_out, learned=tuple(learned), judged=tuple(picked))


def _tune(
    settings: EmbedderSettings,
    out: Path,
    building: Path,
    task: Task,
    base: Embedder,
    plan: TrainingPlan,
    guard_set: GuardSet | None,
    progress: Progress,
) -> Tuning:
    folder = model_folder(settings)
    plan = replace(plan, bf16=plan.bf16 and runs_bf16())
    allowed = np.array([series not in task.held_out for series in task.rows.series], dtype=np.bool_)
    network = LearningNetwork(folder)
    trained = train(
        network,
        folder,
        batches(task.learned, task.rows, HardNegatives(task.rows, allowed), base, size=plan.batch, seed=plan.seed),
        plan,
        most_steps=max(1, plan.epochs * len(task.learned) // plan.batch),
        prefixes=(settings.query_prefix, settings.passage_prefix),
        progress=progress,
    )
    _write_model(folder, building, network)
    tuned = load_embedder(settings.model_copy(update={"model": str(building)}))
    began = time.monotonic()
    near = HardNegatives(task.rows, allowed)
    before = vectors_of(base, task.judged, task.rows.vectors)
    after = vectors_of(tuned, task.judged, rows_by(tuned, task.rows, progress))
    judged = judge(task.judged, task.rows, near, before, after)
    seconds = {"train": trained.seconds, "judge": round(time.monotonic() - began, 1)}
    began = time.monotonic()
    guarded = guard(guard_set, base, tuned, progress) if guard_set else None
    return Tuning(
        out=out,
        task=task,
        plan=plan,
        trained=trained,
        base=base,
        tuned=tuned,
        vectors=after.rows,
        judged=judged,
        guarded=guarded,
        reasons=_reasons(judged, guarded),
        seconds={**seconds, "guard": round(time.monotonic() - began, 1)},
    )


def _reasons(judged: Judged, guarded: Guarded | None) -> tuple[str, ...]:
    """Why the model is not adopted, in words; empty where it is."""
    reasons: list[str] = []
    if not judged.won:
        found = judged.comparison
        reasons.append(
            f"on held-out documents the difference in nDCG@10 is {found.difference:+.4f} (95 % interval "
            f"{found.low:+.4f} to {found.high:+.4f}), which does not lie above 0"
        )
    if guarded and not guarded.held:
        found = guarded.comparison
        reasons.append(
            f"on {guarded.name} the difference in nDCG@10 is {found.difference:+.4f} (95 % interval "
            f"{found.low:+.4f} to {found.high:+.4f}): a loss over {MOST_LOST} cannot be excluded"
        )
    return tuple(reasons)


def _write_model(folder: Path, building: Path, network: LearningNetwork) -> None:
    """The base's folder again, with other weights."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.name not in (*_NOT_COPIED, WEIGHTS):
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, building / name)
    network.write(building / WEIGHTS, BLEND)


def _check_place(out: Path) -> None:
    if out.exists():
        raise BadInputError(f"{out}: there is something already", remedy="give --out a folder that does not exist yet")
    if not out.parent.is_dir():
        raise BadInputError(f"{out.parent}: no such folder", remedy="make it, or give --out another place")
    if out.name == DEFAULT_EMBEDDER:
        raise BadInputError(f"{out}: that is the name of the default embedder", remedy="give --out a name of your own")


def kinds_of(pairs: Sequence[Pair]) -> dict[str, int]:
    """How many pairs there are of each kind."""
    return dict(sorted(Counter(pair.kind.value for pair in pairs).items()))
