"""Files that somebody copied: locked as they are, refused where they cannot be a model."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from ragmed.errors import BusyError, IntegrityError, ModelError, NotFoundError
from ragmed.models.adopting import lock_folder
from ragmed.models.hold import held
from ragmed.models.lock_file import LOCK_FILE, PULLING_FILE, read_lock
from ragmed.models.store import open_model, require_whole
from tests.models.tiny import QWEN2, tiny_config

WEIGHTS = "model.safetensors"


def test_a_copied_folder_is_locked_with_all_that_a_loader_reads(copied: Path) -> None:
    (copied / "README.md").write_text("# read me")
    (copied / "pytorch_model.bin").write_bytes(b"\x80")
    lock = lock_folder(copied)
    assert lock == read_lock(copied, "tiny")
    assert lock.source == "folder"
    assert lock.model_id == copied.name
    assert {file.path for file in lock.files} == {
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        WEIGHTS,
    }
    assert lock.left_out == ("README.md", "pytorch_model.bin")
    assert lock.parameters == open_model(copied, "tiny").config.parameters()
    require_whole(open_model(copied, "tiny"))


def test_the_revision_of_a_folder_is_that_of_its_bytes(copied: Path, saved_model: Path, tmp_path: Path) -> None:
    first = lock_folder(copied).commit
    (copied / LOCK_FILE).unlink()
    assert lock_folder(copied).commit == first
    (copied / LOCK_FILE).unlink()
    (copied / "tokenizer.json").write_text("{}")
    assert lock_folder(copied).commit != first


def test_locking_again_never_blesses_a_change(copied: Path) -> None:
    lock = lock_folder(copied)
    assert lock_folder(copied) == lock
    (copied / "tokenizer.json").write_text("{}")
    with pytest.raises(IntegrityError, match="locked already"):
        lock_folder(copied)
    assert read_lock(copied, "tiny") == lock


def test_what_is_no_model_is_refused(copied: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such folder"):
        lock_folder(tmp_path / "absent")
    (copied / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="adapter"):
        lock_folder(copied)
    (copied / "adapter_config.json").unlink()
    (copied / PULLING_FILE).write_text("{}")
    with pytest.raises(ModelError, match="half downloaded"):
        lock_folder(copied)
    (copied / PULLING_FILE).unlink()
    (copied / "config.json").unlink()
    with pytest.raises(ModelError, match=r"no config\.json"):
        lock_folder(copied)


def test_weights_that_were_cut_while_copying_are_refused(copied: Path) -> None:
    path = copied / WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(IntegrityError, match=f"{WEIGHTS}: tensor .* out of the file's bounds"):
        lock_folder(copied)
    assert not (copied / LOCK_FILE).exists()


def test_only_pickled_weights_are_refused(copied: Path) -> None:
    (copied / WEIGHTS).rename(copied / "pytorch_model.bin")
    with pytest.raises(IntegrityError, match="no weights"):
        lock_folder(copied)


def test_a_configuration_of_another_size_is_refused(copied: Path) -> None:
    (copied / "config.json").write_text(json.dumps(tiny_config(QWEN2, intermediate_size=128)))
    with pytest.raises(IntegrityError, match=r"mlp.* is 96×64, config\.json says 128×64"):
        lock_folder(copied)


def test_a_folder_in_work_is_left_alone(copied: Path) -> None:
    found: list[Exception] = []

    def try_it() -> None:
        try:
            lock_folder(copied)
        except BusyError as error:
            found.append(error)

    with held(copied, "tiny"):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join(10)
    assert len(found) == 1
