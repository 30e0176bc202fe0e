"""What the doctor says of language models: the default of this machine, what is here, and which generator answers."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.doctor_model import examine_models
from ragmed.examined import Examined
from ragmed.machine import Machine, find_machine
from ragmed.models.adopting import lock_folder
from ragmed.models.four_bits import NF4
from ragmed.models.tiers import Device
from ragmed.settings import AnswerSettings, ModelSettings, ServedSettings, Settings
from tests.models.test_four_bits import PACKED, file_of
from tests.models.tiny import QWEN2, tiny_config, write_weights

GIB = 1 << 30


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    write_weights(folder, tiny_config(QWEN2))
    lock_folder(folder)
    return folder


def machine(device: Device = Device.CPU, memory: int = 16 * GIB) -> Machine:
    return Machine(device=device, memory_bytes=memory, system_bytes=16 * GIB, words="a machine")


def said(tmp_path: Path, on: Machine | None = None, **more: object) -> dict[str, Examined]:
    model = {"folder": tmp_path / "models", **{key: more.pop(key) for key in list(more) if key in _MODEL}}
    settings = Settings(
        model=ModelSettings(**model),  # type: ignore[arg-type]
        answer=AnswerSettings(generator=more.get("generator", "auto")),  # type: ignore[arg-type]
        served=ServedSettings(url=str(more.get("url", ""))),
    )
    return {one.subject: one for one in examine_models(settings, on or machine())}


_MODEL = {"name", "device", "quantisation", "prompt_tokens"}


def test_without_a_model_the_library_is_quoted_and_a_default_named(tmp_path: Path) -> None:
    found = said(tmp_path)
    assert found["answers"].state == "fine"
    assert "verbatim quotes" in found["answers"].found
    words = found["language model"].found
    assert "CPU only: default Qwen/Qwen2.5-0.5B-Instruct" in words
    assert "ragmed models pull qwen2.5-0.5b" in words
    assert "weights 0.4 GiB" in words
    assert found["models here"].state == "fine"


def test_a_machine_too_small_for_any_model_says_so(tmp_path: Path) -> None:
    found = said(tmp_path, machine(memory=2 * GIB))
    assert "no model fits" in found["language model"].found
    assert found["answers"].state == "fine"


@pytest.mark.parametrize("generator", ["auto", "qwen"])
def test_the_named_model_answers(tmp_path: Path, model: Path, generator: str) -> None:
    found = said(tmp_path, name="tiny", generator=generator, url="http://127.0.0.1:1/v1")["answers"]
    assert found.state == "fine"
    assert (
        "tiny in 4 bits (this processor has no AMX: 4 bits are faster) on cpu, prompts of 1,100 tokens" in found.found
    )


def test_a_processor_on_which_16_bits_are_faster_is_told(tmp_path: Path, model: Path) -> None:
    fast = replace(machine(), matrix_units=True)
    found = said(tmp_path, fast, name="tiny")
    assert "tiny in 16 bits (this processor has AMX: 16 bits are faster) on cpu" in found["answers"].found
    assert (
        "default Qwen/Qwen2.5-0.5B-Instruct (`ragmed models pull qwen2.5-0.5b`), 16 bits"
        in found["language model"].found
    )
    named = said(tmp_path, fast, name="tiny", quantisation="nf4")["answers"].found
    assert "4 bits (named in model.quantisation; this processor has AMX: 16 bits are faster) on cpu" in named
    assert (
        "16 bits (named in model.quantisation) on"
        in said(tmp_path, fast, name="tiny", quantisation="none")["answers"].found
    )


def test_an_engine_answers_where_no_model_is_named(tmp_path: Path) -> None:
    for generator in ("auto", "served"):
        found = said(tmp_path, generator=generator, url="http://127.0.0.1:1/v1")["answers"]
        assert (found.state, "http://127.0.0.1:1/v1" in found.found) == ("fine", True)


def test_the_library_is_quoted_where_that_is_set(tmp_path: Path, model: Path) -> None:
    found = said(tmp_path, name="tiny", generator="extractive")["answers"]
    assert "verbatim quotes" in found.found


@pytest.mark.parametrize(("generator", "setting"), [("qwen", "model.name"), ("served", "served.url")])
def test_a_generator_without_its_setting_is_a_fault(tmp_path: Path, generator: str, setting: str) -> None:
    found = said(tmp_path, generator=generator)["answers"]
    assert found.state == "fault"
    assert setting in found.found
    assert setting in found.remedy


@pytest.mark.parametrize(("generator", "state"), [("auto", "short"), ("qwen", "fault")])
def test_a_model_that_cannot_answer_is_told_with_the_remedy(
    tmp_path: Path, model: Path, generator: str, state: str
) -> None:
    found = said(tmp_path, name="qwen3-8b", generator=generator)["answers"]
    assert (found.state, found.remedy) == (state, "run `ragmed models pull qwen3-8b`")
    (model / "model.safetensors").write_bytes(b"short")
    found = said(tmp_path, name="tiny", generator=generator)
    assert found["answers"].state == state
    assert "model.safetensors" in found["answers"].found
    assert "the library is quoted instead" in found["answers"].found
    assert found["models here"].state == "short"
    (model / "ragmed.lock.json").unlink()
    found = said(tmp_path, name="tiny", generator=generator)
    assert "not locked" in found["answers"].found


def test_a_model_that_does_not_fit_is_told(tmp_path: Path, model: Path) -> None:
    found = said(tmp_path, machine(memory=2 * GIB), name="tiny")["answers"]
    assert found.state == "short"
    assert "does not fit" in found.found


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"device": "cuda"}, "model.device is cuda"),
        ({"device": "npu"}, "model.device is npu"),
    ],
    ids=str,
)
def test_a_device_that_is_not_here_is_told(tmp_path: Path, model: Path, more: dict[str, object], words: str) -> None:
    found = said(tmp_path, name="tiny", generator="qwen", **more)["answers"]
    assert (found.state, words in found.found) == ("fault", True)


def test_bits_and_prompt_follow_the_device_and_the_settings(tmp_path: Path, model: Path) -> None:
    ascend = machine(Device.NPU, 32 * GIB)
    assert (
        "16 bits (there are no 4 bits on npu) on npu, prompts of 4,096"
        in said(tmp_path, ascend, name="tiny")["answers"].found
    )
    assert (
        "4 bits (this processor has no AMX: 4 bits are faster) on cpu"
        in said(tmp_path, ascend, name="tiny", device="cpu")["answers"].found
    )
    refused = said(tmp_path, ascend, name="tiny", quantisation="nf4", generator="qwen")["answers"]
    assert (refused.state, "no 4 bits on npu" in refused.found) == ("fault", True)
    found = said(tmp_path, name="tiny", quantisation="none", prompt_tokens=300)["answers"].found
    assert (
        "16 bits (named in model.quantisation; this processor has no AMX: 4 bits are faster) on cpu, prompts of 300 tokens"
        in found
    )


def _program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def drivers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone holds the drivers' programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin{os.pathsep}/usr/bin")
    return folder


def test_the_largest_card_counts(drivers: Path) -> None:
    _program(drivers, "nvidia-smi", "echo 'NVIDIA A2, 15356'; echo 'NVIDIA L40S, 46068'")
    found = find_machine("2.13.0")
    assert (found.device, found.memory_bytes) == (Device.CUDA, 46068 << 20)
    assert found.words == "NVIDIA A2, 15.0 GiB; NVIDIA L40S, 45.0 GiB"
    assert not found.trouble


def test_a_card_that_this_torch_cannot_use_is_told(drivers: Path) -> None:
    _program(drivers, "nvidia-smi", "echo 'NVIDIA L40S, 46068'")
    found = find_machine("2.13.0+cpu")
    assert found.device is Device.CPU
    assert "CUDA build of torch" in found.remedy


@pytest.mark.parametrize("script", ["exit 9", "echo", "echo No devices were found", "echo 'Card, [N/A]'"])
def test_a_driver_that_fails_leaves_the_cpu(drivers: Path, tmp_path: Path, script: str) -> None:
    _program(drivers, "nvidia-smi", script)
    found = find_machine("2.13.0")
    assert found.device is Device.CPU
    assert said(tmp_path, found)["GPU"].state == "short"


def test_an_ascend_card_is_found(drivers: Path) -> None:
    _program(drivers, "npu-smi", "echo '  DDR Capacity(MB)   : 0'; echo '  HBM Capacity(MB)   : 65536'")
    found = find_machine("2.13.0")
    assert (found.device, found.memory_bytes) == (Device.NPU, 64 * GIB)
    _program(drivers, "npu-smi", "exit 1")
    assert find_machine("2.13.0").device is Device.CPU


def test_a_model_whose_files_hold_4_bits_is_held_so_or_not(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "packed"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(tiny_config(QWEN2, quantization_config=NF4)), "utf-8")
    (folder / "model.safetensors").write_bytes(file_of(PACKED))
    lock_folder(folder)
    assert "4 bits (its files hold 4 bits) on cpu" in said(tmp_path, name="packed")["answers"].found
    for on, more, words in (
        (machine(), {"quantisation": "none"}, "no 16 to load"),
        (machine(Device.NPU), {}, "no 4 bits on npu"),
    ):
        refused = said(tmp_path, on, name="packed", generator="qwen", **more)["answers"]
        assert (refused.state, words in refused.found) == ("fault", True)
        assert refused.remedy
