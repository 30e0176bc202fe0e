"""``ragmed models`` as it is typed: real processes against a hub on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.hub import COMMIT, FakeHub, files_of, running_hub
from tests.models.test_store import flip
from tests.models.tiny import QWEN2, tiny_config, write_weights

WEIGHTS = "model.safetensors"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "copied"
    folder.mkdir()
    write_weights(folder, tiny_config(QWEN2))
    return folder


@pytest.fixture
def hub(saved: Path) -> Iterator[FakeHub]:
    with running_hub(FakeHub(files=files_of(saved))) as running:
        yield running


def run(tmp_path: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ragmed.cli", "models", *map(str, arguments)]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "COLUMNS": "200", **variables}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=60
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_pull_list_and_check_a_model(hub: FakeHub, tmp_path: Path) -> None:
    pulled = run(tmp_path, "pull", hub.model_id, "--endpoint", hub.url, "--json", HF_TOKEN="secret")
    assert (pulled.returncode, pulled.stderr) == (0, ""), "nothing noisy where no terminal is"
    said = json.loads(pulled.stdout)
    assert (said["model_id"], said["commit"], said["source"]) == (hub.model_id, COMMIT, "huggingface")
    assert said["left_out"] == ["README.md", "modeling_tiny.py", "onnx/model.onnx", "pytorch_model.bin"]
    assert {one.token for one in hub.asked if not one.store} == {"Bearer secret"}
    listed = run(tmp_path, "list", "--json", RAGMED_MODEL__NAME=hub.model_id)
    (one,) = json.loads(listed.stdout)["models"]
    assert (one["name"], one["state"], one["answers"], one["commit"]) == (hub.model_id, "whole", True, COMMIT)
    checked = run(tmp_path, "check", hub.model_id, "--json")
    assert checked.returncode == 0
    assert json.loads(checked.stdout)["faults"] == 0
    flip(tmp_path / "models" / "Qwen--Tiny-Instruct" / WEIGHTS, keep_times=True)
    checked = run(tmp_path, "check")
    assert checked.returncode == 1
    assert f"FAULT changed: {WEIGHTS}" in checked.stdout
    assert f"ragmed models pull {hub.model_id}" in checked.stdout


def test_pull_from_modelscope_tells_what_it_left_out(hub: FakeHub, tmp_path: Path) -> None:
    done = run(tmp_path, "pull", hub.model_id, "--from", "modelscope", "--endpoint", hub.url, "--folder", "weights")
    assert done.returncode == 0
    assert "Left out: README.md, modeling_tiny.py" in done.stdout
    assert f'model.name = "{hub.model_id}"' in done.stdout
    assert (tmp_path / "weights" / "Qwen--Tiny-Instruct" / WEIGHTS).is_file()


def test_a_copied_folder_is_locked_and_then_watched(saved: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "pull", "./copied")
    assert done.returncode == 0
    assert "every hash agrees" in done.stdout
    assert run(tmp_path, "check", "./copied").returncode == 0
    (saved / "tokenizer.json").write_text("{}")
    checked = run(tmp_path, "check", "./copied")
    assert checked.returncode == 1
    assert "tokenizer.json" in checked.stdout
    assert run(tmp_path, "pull", "./copied").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("pull", "nonsense"), 2, "neither a hub's id"),
        (("pull", "./absent"), 2, "no such folder"),
        (("pull", "~nobody-of-that-name/x"), 2, "no such folder"),
        (("pull", "./copied", "--revision", "main"), 2, "do not go with it"),
        (("pull", "Qwen/X", "--endpoint", "hub"), 2, "no hub's address"),
        (("check",), 2, "no language model"),
        (("check", "Qwen/X"), 2, "no such language model"),
        (("check", "~nobody-of-that-name/x"), 2, "no such language model"),
    ],
    ids=str,
)
def test_mistakes_end_in_words(saved: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "what to do:" in done.stderr


def test_a_hub_that_refuses_is_exit_code_3(hub: FakeHub, tmp_path: Path) -> None:
    hub.refusal = 401
    done = run(tmp_path, "pull", hub.model_id, "--endpoint", hub.url)
    assert done.returncode == 3
    assert "HF_TOKEN" in done.stderr


def test_a_killed_pull_goes_on(hub: FakeHub, tmp_path: Path) -> None:
    import threading

    hub.gate = threading.Event()
    command = [sys.executable, "-m", "ragmed.cli", "models", "pull", hub.model_id, "--endpoint", hub.url]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL) as process:
        assert hub.started.wait(30)
        process.kill()
    hub.gate.set()
    hub.gate = None
    (one,) = json.loads(run(tmp_path, "list", "--json").stdout)["models"]
    assert one["state"] == "half downloaded"
    assert run(tmp_path, "check").returncode == 1
    assert run(tmp_path, "pull", hub.model_id, "--endpoint", hub.url).returncode == 0
    assert run(tmp_path, "check").returncode == 0


def test_the_list_names_the_defaults(tmp_path: Path, saved: Path) -> None:
    shutil.rmtree(saved)
    text = run(tmp_path, "list").stdout
    assert "No language model is on this machine" in text
    assert "Qwen/Qwen2.5-7B-Instruct" in text
    assert "default of NVIDIA, 8 to 16 GB" in text
