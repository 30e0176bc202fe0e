"""The model that the settings name: found, refused in words, and hashed again whenever it may have changed."""

from __future__ import annotations

import json
import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from ragmed.errors import IntegrityError, MissingPartError, ModelError, RagMedError
from ragmed.models.adopting import lock_folder
from ragmed.models.lock_file import LOCK_FILE, PULLING_FILE, SEEN_FILE
from ragmed.models.store import InstalledModel, installed, require_whole
from ragmed.settings import ModelSettings
from tests.models.tiny import QWEN2, tiny_config

WEIGHTS = "model.safetensors"


@pytest.fixture
def model(copied: Path) -> InstalledModel:
    lock_folder(copied)
    return installed(ModelSettings(name=str(copied)))


def hashed(model: InstalledModel) -> list[str]:
    """What ``require_whole`` hashes now, told by the bytes that progress counts."""
    told: list[int] = []
    require_whole(model, lambda what, done, total: told.append(done))
    return ["hashed"] if told else []


def flip(path: Path, *, keep_times: bool = False) -> None:
    """One bit of the last byte, in place."""
    before = path.stat()
    with path.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        last = stream.read(1)[0]
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([last ^ 1]))
    if keep_times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_model_is_found_by_id_short_name_folder_name_and_path(copied: Path, models: Path) -> None:
    lock_folder(copied)
    named = models / "Qwen--Qwen2.5-0.5B-Instruct"
    shutil.copytree(copied, named)
    for name in (
        "Qwen/Qwen2.5-0.5B-Instruct",
        "qwen2.5-0.5b",
        "Qwen--Qwen2.5-0.5B-Instruct",
        str(named),
    ):
        assert installed(ModelSettings(name=name, folder=models)).folder == named


def test_an_installed_model_tells_its_shape_and_revision_and_no_path(model: InstalledModel, copied: Path) -> None:
    assert model.name == copied.name
    assert model.revision.startswith("files-")
    assert (model.config.architecture, model.config.layers) == ("Qwen2ForCausalLM", 2)
    assert {file.path for file in model.files} >= {"config.json", "tokenizer.json", WEIGHTS}


def test_without_a_name_nothing_is_installed() -> None:
    with pytest.raises(MissingPartError, match="no language model is named"):
        installed(ModelSettings())


def test_a_missing_model_names_the_command(models: Path) -> None:
    with pytest.raises(MissingPartError, match=r"Qwen/Qwen3-0\.6B: no such") as caught:
        installed(ModelSettings(name="Qwen/Qwen3-0.6B", folder=models))
    assert "ragmed models pull Qwen/Qwen3-0.6B" in caught.value.remedy


def test_half_a_model_is_refused(copied: Path) -> None:
    (copied / PULLING_FILE).write_text("{}")
    with pytest.raises(ModelError, match="half downloaded"):
        installed(ModelSettings(name=str(copied)))
    (copied / PULLING_FILE).unlink()
    (copied / f"{WEIGHTS}.part").write_bytes(b"x")
    with pytest.raises(ModelError, match="half downloaded"):
        installed(ModelSettings(name=str(copied)))


def test_files_without_a_lock_are_refused(copied: Path) -> None:
    with pytest.raises(ModelError, match="not locked") as caught:
        installed(ModelSettings(name=str(copied)))
    assert "models pull ./FOLDER" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": 1}', b"\xff\xfe\x00", b"[" * 100_000])
def test_a_damaged_lock_is_named(model: InstalledModel, content: bytes) -> None:
    (model.folder / LOCK_FILE).write_bytes(content)
    with pytest.raises(IntegrityError, match=LOCK_FILE):
        installed(ModelSettings(name=str(model.folder)))


def test_a_lock_cannot_name_files_elsewhere(model: InstalledModel, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    lock = json.loads((model.folder / LOCK_FILE).read_bytes())
    lock["files"][0]["path"] = "../secret"
    (model.folder / LOCK_FILE).write_text(json.dumps(lock))
    with pytest.raises(IntegrityError, match=LOCK_FILE):
        installed(ModelSettings(name=str(model.folder)))


def test_another_architecture_is_refused(copied: Path) -> None:
    lock_folder(copied)
    (copied / "config.json").write_text(json.dumps(tiny_config(QWEN2, architectures=["LlamaForCausalLM"])))
    with pytest.raises(ModelError, match="LlamaForCausalLM"):
        installed(ModelSettings(name=str(copied)))


def test_a_whole_model_is_hashed_once(model: InstalledModel) -> None:
    assert hashed(model)
    assert not hashed(model)
    (model.folder / SEEN_FILE).unlink()
    assert hashed(model)


@pytest.mark.parametrize("keep_times", [False, True])
def test_changed_bytes_are_found_whatever_the_time_says(model: InstalledModel, keep_times: bool) -> None:
    require_whole(model)
    flip(model.folder / WEIGHTS, keep_times=keep_times)
    with pytest.raises(IntegrityError, match=WEIGHTS):
        require_whole(model)
    with pytest.raises(IntegrityError, match=WEIGHTS):
        require_whole(model)
    flip(model.folder / WEIGHTS)
    require_whole(model)


def test_a_file_put_in_place_of_another_is_found(model: InstalledModel, tmp_path: Path) -> None:
    require_whole(model)
    path = model.folder / WEIGHTS
    before = path.stat()
    other = tmp_path / "other"
    shutil.copy2(path, other)
    flip(other, keep_times=True)
    os.replace(other, path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(IntegrityError, match=WEIGHTS):
        require_whole(model)


def test_a_changed_configuration_is_found(model: InstalledModel) -> None:
    (model.folder / "tokenizer_config.json").write_text('{"chat_template": "{{ lies }}"}')
    with pytest.raises(RagMedError, match=r"tokenizer_config\.json"):
        require_whole(model)


def test_a_missing_and_a_short_file_are_told_apart_from_a_changed_one(model: InstalledModel) -> None:
    path = model.folder / WEIGHTS
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(ModelError, match=f"{WEIGHTS} is short"):
        require_whole(model)
    path.unlink()
    with pytest.raises(ModelError, match=f"{WEIGHTS} is missing"):
        require_whole(model)
    path.write_bytes(whole + b"x")
    with pytest.raises(IntegrityError, match=f"{WEIGHTS} is longer"):
        require_whole(model)


@pytest.mark.parametrize(
    "path", ["chat_template.jinja", "additional_chat_templates/tool.jinja", "adapter_config.json", "x.safetensors"]
)
def test_a_file_slipped_in_that_a_loader_would_read_is_found(model: InstalledModel, path: str) -> None:
    require_whole(model)
    (model.folder / path).parent.mkdir(exist_ok=True)
    (model.folder / path).write_text("x")
    with pytest.raises(IntegrityError, match=path):
        require_whole(model)


def test_a_damaged_memory_of_hashes_costs_time_and_nothing_else(model: InstalledModel) -> None:
    require_whole(model)
    (model.folder / SEEN_FILE).write_bytes(b"[" * 100_000)
    assert hashed(model)
    assert not hashed(model)


def test_no_message_tells_where_the_model_lies(model: InstalledModel, models: Path) -> None:
    weights, config, lock = (model.folder / name for name in (WEIGHTS, "config.json", LOCK_FILE))
    said = []
    for harm in (
        partial(weights.write_bytes, b"short"),
        weights.unlink,
        partial(config.write_text, "["),
        partial(lock.write_text, "["),
        lock.unlink,
        partial(shutil.rmtree, model.folder),
    ):
        harm()
        with pytest.raises(RagMedError) as caught:
            require_whole(installed(ModelSettings(name=str(model.folder), folder=models)))
        said.append(f"{caught.value} {caught.value.remedy}")
    assert len(said) == 6
    assert not [words for words in said if str(model.folder.parent) in words]
