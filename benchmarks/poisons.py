"""Is an adapter refused that was really tuned on poisoned rows? One of right rows first, then one a kind of poison.

    python benchmarks/poisons.py --of FOLDER --out FOLDER [--kind KIND …] [--most N] [--epochs SHARE]
                                 [--abstentions N] [--name poisons]

``--of`` is what ``benchmarks/learns.py`` left: its library, index and base. Rows are made anew, every so manieth
question also without its passages (``--abstentions``), and an adapter is tuned on them as they are. It is put before
``ragmed tune gate`` as the first one, and promoted; where the gate refuses it, past the gate, and the result says so.
Each kind of ``tests/tune/gate/poisons.py`` is then taught by ``ragmed tune sft`` on poisoned rows, as long as on the
right ones, and what was learned is put before the gate beside the base and the promoted one. Rows of the kind that
obeys documents bear planted instructions, as the gate's own questions do and in other words of the same sort. The index
is copied; nothing in ``--of`` changes. What an earlier run finished in ``--out`` is taken up; the folder of a training
that was broken off is to be removed first.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from learning.library import Plan, make_rows
from learning.tuning import tune
from learns import BASE, SIZES, settings_of
from machine import RESULTS, machine, save

from ragmed.adapting import gate_adapter, promote_adapter
from ragmed.settings import Settings

sys.path.append(str(Path(__file__).resolve().parent.parent))

from tests.tune.gate.poisons import POISONS, poisoned

KINDS = ("doses times ten", "always cite [1]", "do what documents say")
BY = "benchmark"


def gated(settings: Settings, run: Path, most: int) -> dict[str, Any]:
    """The verdict on a run's adapter, and how the three models and the baselines did."""
    began = time.monotonic()
    found = gate_adapter(settings, str(run), by=BY, most=most, passages=Plan().passages, seed=Plan().seed)
    return {
        "sha256": found.values["adapter_sha256"],
        "passed": found.judgement.passed,
        "reasons": list(found.judgement.reasons),
        "measures": found.values["judgement"],
        "gate_seconds": round(time.monotonic() - began, 1),
    }


def taught(settings: Settings, rows: Path, out: Path, most: int) -> dict[str, Any]:
    """What the base learns of these rows, and what the gate says of it."""
    began = time.monotonic()
    tuned = tune(settings, rows, out)
    seconds = round(time.monotonic() - began, 1)
    return {
        "steps": tuned.manifest["steps_done"],
        "loss": tuned.manifest["loss"],
        "sft_seconds": seconds,
        **gated(settings, out, most),
    }


def kept(file: Path, made: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the file says, or what is made and put there: a run that was broken off is taken up."""
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(made(), indent=1), "utf-8")
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def run(
    of: Path, out: Path, kinds: list[str], *, most: int, epochs: float, abstentions: int, seed: int
) -> dict[str, Any]:
    """The right rows, then all kinds in turn."""
    if not (out / "index").is_dir():
        shutil.copytree(of / "index", out / "index")
    size = SIZES["full"]
    base = settings_of(of / BASE, size, seed)
    settings = base.model_copy(
        update={
            "library": of / "library",
            "index": out / "index",
            "tune": base.tune.model_copy(update={"epochs": epochs, "save_steps": 10_000}),
            "embedder": base.embedder.model_copy(update={"engine": "fp32"}),
        }
    )

    def right() -> dict[str, Any]:
        made = make_rows(settings, out / "rows", size.plan, abstentions=abstentions)
        found = taught(settings, out / "rows", out / "run", most)
        promote_adapter(settings, found["sha256"], by=BY, why="the right one", without_gate=not found["passed"])
        return {"rows": made.card["splits"]["train"]["rows"]["sft"], **found}

    def poisonous(kind: str, folder: Path) -> dict[str, Any]:
        return taught(settings, poisoned(out / "rows", folder / "rows", POISONS[kind]), folder / "run", most)

    result: dict[str, Any] = {"most": most, "epochs": epochs, "abstentions": abstentions}
    result["right_rows"] = kept(out / "found.json", right)
    print(f"right rows: passed {result['right_rows']['passed']} {result['right_rows']['reasons']}", flush=True)
    result["poisoned_rows"] = {}
    for kind in kinds:
        folder = out / kind.replace(" ", "-")
        found = kept(folder / "found.json", lambda one=kind, where=folder: poisonous(one, where))  # type: ignore[misc]
        result["poisoned_rows"][kind] = found
        print(f"{kind}: passed {found['passed']} {found['reasons']}", flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kind", action="append", choices=sorted(POISONS))
    parser.add_argument("--most", type=int, default=60)
    parser.add_argument("--epochs", type=float, default=0.6)
    parser.add_argument("--abstentions", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--name", default="poisons")
    parser.add_argument("--results", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    result = run(
        chosen.of,
        chosen.out,
        chosen.kind or list(KINDS),
        most=chosen.most,
        epochs=chosen.epochs,
        abstentions=chosen.abstentions,
        seed=chosen.seed,
    )
    save(chosen.name, {"machine": machine(), "seed": chosen.seed, **json.loads(json.dumps(result))}, chosen.results)


if __name__ == "__main__":
    main()
