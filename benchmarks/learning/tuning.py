"""QLoRA by the program's own ``ragmed tune sft``, and what it has learned on the way."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learning.scoring import Question, ask, judged
from ragmed.generate.loading import ADAPTER_FILES
from ragmed.settings import Settings
from ragmed.tune.lora.watching import Pace
from ragmed.tuning import tune_model


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """A finished run, and adapters of its way."""

    adapter: Path
    manifest: Mapping[str, Any]
    on_the_way: Mapping[int, Path]
    """Step → a copy of the adapter as it was then."""


def tune(settings: Settings, dataset: Path, out: Path, *, say: bool = True) -> Tuned:
    """Train on the rows' training side; every checkpoint's adapter is kept under ``out``.way."""
    way = out.with_name(f"{out.name}.way")
    kept: dict[int, Path] = {}

    def watch(pace: Pace) -> None:
        _keep(out / "checkpoints", way, kept)
        if say and pace.step % 10 == 0:
            print(
                f"  step {pace.step}/{pace.steps} loss {pace.loss:.3f} {pace.tokens_per_second:.0f} tokens/s",
                flush=True,
            )

    ran = tune_model(settings, "sft", dataset, out, watch=watch)
    return Tuned(adapter=ran.folder.adapter, manifest=ran.manifest, on_the_way=kept)


def _keep(checkpoints: Path, way: Path, kept: dict[int, Path]) -> None:
    """Copy what the run will clear away."""
    for one in sorted(checkpoints.glob("checkpoint-*")):
        step = int(one.name.rpartition("-")[2])
        if step in kept or not all((one / name).is_file() for name in ADAPTER_FILES):
            continue
        kept[step] = way / str(step)
        kept[step].mkdir(parents=True)
        for name in ADAPTER_FILES:
            shutil.copy(one / name, kept[step] / name)


def both_on_the_way(settings: Settings, tuned: Tuned, questions: Sequence[Question]) -> list[dict[str, float]]:
    """Of these questions, the share with sentence and marker right before, between and after."""
    points: list[dict[str, float]] = []
    last = int(tuned.manifest["steps_done"])
    for step, adapter in sorted({0: None, **tuned.on_the_way, last: tuned.adapter}.items()):
        found = [
            judged(one, answer)
            for one, answer in zip(questions, ask(settings, adapter, questions, held=False), strict=True)
        ]
        shares = {
            name: round(sum(one[name] for one in found) / len(found), 4) for name in ("sentence", "marker", "both")
        }
        points.append({"step": step, **shares})
    return points
