"""``ragmed tune sft | dpo | gate`` as a person types it: what is said where something is missing or does not fit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generate import tiny_qwen
from tests.tune.lora.rows_on_disk import everything


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows, a tiny model, and settings."""
    folder = tmp_path_factory.mktemp("training")
    everything(folder / "rows")
    tiny_qwen.lock(tiny_qwen.build(folder / "models" / "tiny", hidden=64))
    (folder / "ragmed.toml").write_text(
        '[model]\nname = "tiny"\ndevice = "cpu"\n[tune]\nbatch = 2\naccumulate = 2\nlength = 512\nrank = 4\n', "utf-8"
    )
    return folder


def tune(place: Path, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ragmed.cli", "tune", *map(str, words)]
    stated = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=place, timeout=200, env=stated)


def test_a_run_tells_its_pace_and_what_came_of_it(place: Path) -> None:
    done = tune(place, "sft", "rows", "--out", "run", "--steps", 2)
    assert done.returncode == 0, done.stderr
    assert "step 2 of 2, loss" in done.stderr
    for words in ("rows        12 learned, 3 for validation", "learned", "forecast", "adapter     ", "Written: run"):
        assert words in done.stdout
    assert "ragmed tune gate" in done.stdout
    taken = tune(place, "sft", "rows", "--out", "run")
    assert (taken.returncode, "something already" in taken.stderr) == (2, True)


def test_the_forecast_alone_writes_nothing(place: Path) -> None:
    told = json.loads(tune(place, "sft", "rows", "--forecast", "--json").stdout)
    assert told["fits"] is True
    assert told["total"] > told["weights"] > 0
    assert told["learning_numbers"] > 0
    plain = tune(place, "dpo", "rows", "--forecast")
    assert "numbers," in plain.stdout
    assert "free" in plain.stdout
    huge = tune(place, "sft", "rows", "--forecast", RAGMED_TUNE__BATCH="1000000")
    assert huge.returncode == 3
    assert not (place / "forecast").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("sft", "rows"), 2, "--out is missing"),
        (("sft", "nothing", "--out", "x"), 2, "no dataset"),
        (("dpo", "rows", "--out", "x"), 2, "begins with an adapter"),
        (("dpo", "rows", "--from", "rows", "--out", "x"), 3, "adapter rows"),
        (("sft", "rows", "--out", "no/such/folder/x"), 2, "no such folder"),
        (("sft", "rows", "--out", "x", "--resume"), 2, "no run was begun here"),
        (("gate", "abcdef"), 3, "ragmed index"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_what_is_missing_is_said_with_its_remedy(place: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = tune(place, *words)
    assert "Traceback" not in done.stderr
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "what to do:" in done.stderr
    assert not (place / "x").exists()


def test_without_a_model_it_is_said_which_to_name(place: Path) -> None:
    done = tune(place, "sft", "rows", "--out", "x", RAGMED_MODEL__NAME="")
    assert (done.returncode, "no language model is named" in done.stderr) == (3, True)
