"""The benchmark that shows learning runs from end to end at a toy size; what it measures is true of its own rows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ragmed.models.lock_file import LOCK_FILE

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "learns.py"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learns")
    told = subprocess.run(
        [sys.executable, str(SCRIPT), "--size", "toy", "--out", str(folder / "out"), "--results", str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def result(ran: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ran / "learns.json").read_text("utf-8"))
    return found


def test_base_and_adapter_are_left_for_others(ran: Path) -> None:
    assert (ran / "out" / "small-qwen3" / LOCK_FILE).is_file()
    assert (ran / "out" / "run" / "adapter" / "adapter_model.safetensors").is_file()
    assert (ran / "learns.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_held_out_speaks_of_nothing_that_was_trained_on(ran: Path) -> None:
    sides = {}
    for side in ("train", "test"):
        lines = (ran / "out" / "rows" / "sft" / f"{side}.jsonl").read_text("utf-8").splitlines()
        sides[side] = {series for line in lines for series in json.loads(line)["meta"]["series"]}
    assert sides["train"] and sides["test"]
    assert not sides["train"] & sides["test"]


def test_baselines_know_what_they_are_said_to_know(result: dict[str, Any]) -> None:
    first = result["held_out"]["always cites [1]"]
    assert first["sentence"]["share"] == 1.0
    assert first["both"]["share"] == first["marker"]["share"] < 1.0


def test_both_models_are_measured_over_the_same_questions(result: dict[str, Any]) -> None:
    asked = {name: found["answerable"] for name, found in result["held_out"].items() if "answerable" in found}
    assert len(set(asked.values())) == 1
    assert {"base", "tuned", "base, markers held", "tuned, markers held"} <= set(asked)
    assert {"base", "tuned", "base, other brackets read as square"} <= set(result["another"])
    assert result["another"]["tuned"]["answerable"] > 0
    assert result["on_the_way"][0]["step"] == 0
    assert result["on_the_way"][-1]["step"] == result["tune"]["steps_done"]


def test_the_other_library_speaks_of_nothing_that_the_first_speaks_of(ran: Path) -> None:
    """Nor are its documents known to anybody who chose a setting."""
    titles = {
        folder: {file.read_text("utf-8").split("\n")[0] for file in (ran / "out" / folder).glob("*.md")}
        for folder in ("library", "another/library")
    }
    assert all(len(found) == 5 for found in titles.values())
    assert not titles["library"] & titles["another/library"]
