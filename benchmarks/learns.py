"""Can a model be seen to learn to cite? A small Qwen3 that is made here, then QLoRA on the program's own rows.

    python benchmarks/learns.py --out FOLDER [--size full|toy] [--base FOLDER] [--rows FOLDER] [--name learns]

1. A library of invented guidelines is written, indexed and made into rows (``ragmed tune dataset``), whole series on
   one side of the split (``learning/library.py``).
2. A Qwen3 of a few million parameters, random at the start but for circuits that copy and look up
   (``learning/start.py``), learns both from other texts and not in the program's form (``learning/lessons.py``), and is
   locked in FOLDER/small-qwen3.
3. ``ragmed tune sft`` trains an adapter on the rows' training side: FOLDER/run.
4. The test side is asked of the base and of the base with the adapter, in 4 bits, by the engine that answers questions,
   with markers free and held to the passages; beside both stand two baselines (``learning/scoring.py``).
5. The same is asked of another library, whose words nobody has seen: no setting was chosen by its questions.

Everything but times follows from --seed. ``--size toy`` shows in seconds that all of it runs; its figures mean nothing.
FOLDER must not exist; ``--base`` and ``--rows`` take up the base and the rows of an earlier FOLDER.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learning.base import FULL, TOY, Curriculum, train_base
from learning.drawing import curves_png
from learning.library import Plan, index_library, make_rows, write_library
from learning.scoring import Question, always_first, ask, figures, first_passage, gain, question, squared
from learning.tuning import both_on_the_way, tune
from machine import RESULTS, machine, save

from ragmed.models.adopting import lock_folder
from ragmed.settings import Settings, load_settings
from ragmed.tune.dataset.rows import Form, Split
from ragmed.tune.lora.rows import DatasetFolder

BASE = "small-qwen3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything."""

    plan: Plan
    base: Curriculum
    tune: dict[str, Any]
    """Settings of ``ragmed tune sft``."""
    test: int
    """Questions of the test side."""
    on_the_way: int
    """Questions of the validation side that are asked at every checkpoint."""
    answer_tokens: int
    """Of an answer at most."""
    another: Plan
    """A library that nothing was chosen or trained by: its test side is asked as many questions."""


SIZES = {
    "full": Size(
        plan=Plan(series=100, sections=10),
        base=FULL,
        tune={
            "rank": 32,
            "alpha": 64,
            "dropout": 0.0,
            "learning_rate": 6e-4,
            "batch": 4,
            "accumulate": 1,
            "epochs": 0.75,
            "length": 1536,
            "checkpointing": False,
            "save_steps": 90,
        },
        test=120,
        on_the_way=16,
        answer_tokens=200,
        another=Plan(series=40, sections=10, seed=1907),
    ),
    "toy": Size(
        plan=Plan(series=5, sections=3, most=16),
        base=TOY,
        tune={"rank": 4, "batch": 4, "accumulate": 1, "epochs": 1.0, "checkpointing": False, "save_steps": 3},
        test=4,
        on_the_way=2,
        answer_tokens=16,
        another=Plan(series=5, sections=3, most=16, seed=1907),
    ),
}


def settings_of(base: Path, size: Size, seed: int) -> Settings:
    """The program's settings with this base, in 4 bits."""
    return load_settings(
        flags={
            "model": {
                "name": base.name,
                "folder": base.parent,
                "quantisation": "nf4",
                "device": "cpu",
                "answer_tokens": size.answer_tokens,
            },
            "tune": {**size.tune, "seed": seed},
        }
    )


def measured(
    settings: Settings, adapter: Path, questions: Sequence[Question], ways: Sequence[bool] = (False, True)
) -> dict[str, Any]:
    """Both models and both baselines over the same questions. ``ways``: with markers free, and held to the passages."""
    said = {
        "always cites [1]": [always_first(one) for one in questions],
        "copies the first passage": [first_passage(one) for one in questions],
    }
    for held in ways:
        for name, chosen in (("base", None), ("tuned", adapter)):
            said[f"{name}, markers held" if held else name] = ask(settings, chosen, questions, held=held)
    said["base, other brackets read as square"] = [squared(answer) for answer in said["base"]]
    result: dict[str, Any] = {name: figures(questions, answers) for name, answers in said.items()}
    result["gain"] = {
        f"{ours} over {theirs}": gain(questions, said[ours], said[theirs])
        for ours in said
        if ours.startswith("tuned")
        for theirs in said
        if not theirs.startswith("tuned")
    }
    result["examples"] = [
        {"asked": one.messages[-1].content, "wanted": one.answer, **{name: said[name][place] for name in said}}
        for place, one in enumerate(questions[:6])
    ]
    return result


def library_and_rows(folder: Path, plan: Plan) -> Path:
    """Written, indexed and made into rows below ``folder``; where the rows are."""
    write_library(folder / "library", plan)
    make_rows(index_library(folder / "library", folder / "index"), folder / "rows", plan)
    return folder / "rows"


def run(out: Path, size: Size, seed: int, base: Path | None, rows: Path | None) -> dict[str, Any]:
    """All four steps; the result without the machine."""
    seconds: dict[str, float] = {}
    loads = [round(os.getloadavg()[0], 1)]

    def timed(name: str, began: float) -> None:
        seconds[name] = round(time.monotonic() - began, 1)
        loads.append(round(os.getloadavg()[0], 1))
        print(f"{name}: {seconds[name]} s", flush=True)

    out.mkdir(parents=True)
    began = time.monotonic()
    if rows is None:
        rows = library_and_rows(out, size.plan)
        timed("library, index, rows", began)
    began = time.monotonic()
    if base is None:
        base = out / BASE
        curve = train_base(size.base, seed, base)
        lock_folder(base)
        _curve_of(base).write_text(json.dumps(curve), "utf-8")
        timed("base", began)
    curve = json.loads(_curve_of(base).read_text("utf-8"))
    settings = settings_of(base, size, seed)
    began = time.monotonic()
    tuned = tune(settings, rows, out / "run")
    timed("ragmed tune sft", began)
    dataset = DatasetFolder(rows)
    began = time.monotonic()
    validation = [one for one in _questions(dataset, Split.VALIDATION) if one.answerable][: size.on_the_way]
    way = both_on_the_way(settings, tuned, validation)
    timed("asked on the way", began)
    began = time.monotonic()
    result = measured(settings, tuned.adapter, _questions(dataset, Split.TEST)[: size.test])
    timed("asked at the end", began)
    began = time.monotonic()
    fresh = DatasetFolder(library_and_rows(out / "another", size.another))
    another = measured(settings, tuned.adapter, _questions(fresh, Split.TEST)[: size.test], ways=(False,))
    timed("another library", began)
    return {
        "seconds": {**seconds, "all": round(sum(seconds.values()), 1)},
        "load_averages": loads,
        "base": {"curve": curve, **size.base.told()},
        "tune": {
            name: tuned.manifest[name] for name in ("rows", "trainable", "loss", "tokens_per_second", "steps_done")
        }
        | {
            "settings": size.tune,
            "curve": [[one["step"], one["loss"], one["validation"]] for one in tuned.manifest["curve"]],
        },
        "on_the_way": way,
        "held_out": result,
        "another": another,
    }


def _curve_of(base: Path) -> Path:
    """Beside the model's folder, which is locked."""
    return base.with_name(f"{base.name}.curve.json")


def _questions(dataset: DatasetFolder, split: Split) -> list[Question]:
    """In an order that has nothing to do with the documents."""
    found = [question(line) for line in dataset.lines(Form.SFT, split)]
    return sorted(found, key=lambda one: one.row_id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", choices=sorted(SIZES), default="full")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--name", default="learns")
    parser.add_argument("--results", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    result = run(chosen.out, SIZES[chosen.size], chosen.seed, chosen.base, chosen.rows)
    kept = {"machine": machine(), "size": chosen.size, "seed": chosen.seed, **result}
    save(chosen.name, kept, chosen.results)
    (chosen.results / f"{chosen.name}.png").write_bytes(curves_png(kept))


if __name__ == "__main__":
    main()
