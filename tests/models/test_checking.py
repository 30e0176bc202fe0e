"""``check`` names each kind of fault with its file; ``list`` tells what is here and which answers."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from ragmed.errors import NotFoundError
from ragmed.models.adopting import lock_folder
from ragmed.models.checking import Checked, check_models, list_models
from ragmed.models.lock_file import LOCK_FILE, PULLING_FILE
from ragmed.models.safetensors import read_header
from ragmed.models.store import open_model, require_whole
from ragmed.settings import ModelSettings
from tests.models.test_store import flip
from tests.models.tiny import QWEN2, safetensors, tensors_of, tiny_config

WEIGHTS = "model.safetensors"
SHARD = "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


@pytest.fixture
def locked(sharded_model: Path, models: Path) -> Path:
    folder = models / "by-hand"
    shutil.copytree(sharded_model, folder)
    lock_folder(folder)
    return folder


def check(folder: Path) -> Checked:
    (found,) = check_models(ModelSettings(folder=folder.parent), folder.name)
    return found


def test_a_whole_model_has_no_fault_and_need_not_be_hashed_again(locked: Path) -> None:
    checked = check(locked)
    assert checked.faults == ()
    assert checked.files == 7
    told: list[int] = []
    require_whole(open_model(locked, "x"), lambda what, done, total: told.append(done))
    assert not told


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("harm", "kind", "path"),
    [
        (lambda folder: (folder / SHARD).unlink(), "missing", SHARD),
        (lambda folder: _truncate(folder / SHARD), "short", SHARD),
        (lambda folder: flip(folder / SHARD, keep_times=True), "changed", SHARD),
        (lambda folder: (folder / "tokenizer.json").write_text("{}" * 100), "changed", "tokenizer.json"),
        (lambda folder: (folder / "chat_template.jinja").write_text("x"), "extra", "chat_template.jinja"),
        (lambda folder: (folder / "config.json").unlink(), "missing", "config.json"),
        (lambda folder: (folder / LOCK_FILE).unlink(), "lock", LOCK_FILE),
        (lambda folder: (folder / LOCK_FILE).write_text("{"), "lock", LOCK_FILE),
    ],
    ids=["missing", "short", "changed", "longer", "extra", "no config", "no lock", "damaged lock"],
)
def test_each_fault_is_named_with_its_file(locked: Path, harm: Callable[[Path], object], kind: str, path: str) -> None:
    check(locked)
    harm(locked)
    checked = check(locked)
    assert (kind, path) in {(fault.kind, fault.path) for fault in checked.faults}
    assert all(fault.words for fault in checked.faults)
    assert checked.remedy


def test_half_a_download_says_so(locked: Path) -> None:
    (locked / LOCK_FILE).unlink()
    (locked / PULLING_FILE).write_text("{}")
    assert "half downloaded" in check(locked).faults[0].words


def test_an_index_that_names_what_is_not_there_is_found_whatever_the_lock_says(
    sharded_model: Path, models: Path
) -> None:
    folder = models / "by-hand"
    shutil.copytree(sharded_model, folder)
    index = json.loads((folder / INDEX).read_bytes())
    index["weight_map"]["model.norm.weight"] = "model-00003-of-00003.safetensors"
    (folder / INDEX).write_text(json.dumps(index))
    assert ("missing", "model-00003-of-00003.safetensors") in {(one.kind, one.path) for one in check(folder).faults}
    index["weight_map"]["model.norm.weight"] = "model-00001-of-00002.safetensors"
    (folder / INDEX).write_text(json.dumps(index))
    assert ("index", "model-00001-of-00002.safetensors") in {(one.kind, one.path) for one in check(folder).faults}
    (folder / INDEX).write_text("[]")
    assert ("index", INDEX) in {(one.kind, one.path) for one in check(folder).faults}


def test_a_tensor_that_no_file_holds_is_found(copied: Path) -> None:
    tensors = tensors_of(tiny_config(QWEN2))
    del tensors["model.layers.1.mlp.up_proj.weight"]
    (copied / WEIGHTS).write_bytes(safetensors(tensors))
    faults = check(copied).faults
    assert ("shape", "model.layers.1.mlp.up_proj.weight") in {(one.kind, one.path) for one in faults}


def _with_header(header: object, body: int = 0) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(body)


def _tensor(begin: int, end: int, kind: str = "BF16", shape: object = None) -> dict[str, object]:
    return {"dtype": kind, "shape": [(end - begin) // 2] if shape is None else shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 7,
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 100) + b"{}",
        _with_header(b"not json"),
        _with_header(b"[" * 100_000),
        _with_header([]),
        _with_header({"a": _tensor(0, 8)}, 4),
        _with_header({"a": _tensor(0, 4), "b": _tensor(2, 6)}, 6),
        _with_header({"a": _tensor(0, 4), "b": _tensor(6, 8)}, 8),
        _with_header({"a": _tensor(0, 4)}, 8),
        _with_header({"a": _tensor(0, 4, shape=[4])}, 4),
        _with_header({"a": _tensor(0, 4, kind="X")}, 4),
        _with_header({"a": _tensor(-4, 0, shape=[2])}, 0),
        _with_header({"a": {"dtype": "BF16"}}, 0),
        _with_header({"a": 1}, 0),
        _with_header({"a": _tensor(0, 4, shape=["2"])}, 4),
        _with_header({"a": _tensor(0, 4, kind=["BF16"])}, 4),  # type: ignore[arg-type]
    ],
    ids=range(18),
)
def test_a_damaged_header_is_told_and_never_a_traceback(copied: Path, content: bytes) -> None:
    (copied / WEIGHTS).write_bytes(content)
    with pytest.raises(ValueError, match=r"tensor|header"):
        read_header(copied / WEIGHTS)
    assert ("header", WEIGHTS) in {(one.kind, one.path) for one in check(copied).faults}


def test_a_header_is_read_as_the_formats_own_reader_reads_it(saved_model: Path) -> None:
    from safetensors import safe_open

    with safe_open(saved_model / WEIGHTS, framework="pt") as opened:
        theirs = {name: tuple(opened.get_slice(name).get_shape()) for name in list(opened.keys())}
    assert {name: one.shape for name, one in read_header(saved_model / WEIGHTS).items()} == theirs


def test_without_a_name_the_model_of_the_settings_is_checked_or_all(locked: Path, models: Path, copied: Path) -> None:
    shutil.copytree(copied, models / "another")
    names = [one.name for one in check_models(ModelSettings(folder=models))]
    assert names == ["another", "by-hand"]
    assert [one.name for one in check_models(ModelSettings(folder=models, name="by-hand"))] == ["by-hand"]


def test_no_such_model_is_told(models: Path) -> None:
    with pytest.raises(NotFoundError, match="no language model"):
        check_models(ModelSettings(folder=models))
    with pytest.raises(NotFoundError, match="qwen3-8b"):
        check_models(ModelSettings(folder=models), "qwen3-8b")


def test_the_list_tells_states_and_which_one_answers(locked: Path, models: Path, copied: Path) -> None:
    shutil.copytree(copied, models / "unlocked")
    shutil.copytree(copied, models / "half")
    (models / "half" / f"{WEIGHTS}.part").write_bytes(b"x")
    shutil.copytree(locked, models / "short")
    _truncate(models / "short" / SHARD)
    shutil.copytree(locked, models / "torn")
    (models / "torn" / LOCK_FILE).write_text("{")
    found = {one.folder: one for one in list_models(ModelSettings(folder=models, name="by-hand"))}
    assert {name: one.state for name, one in found.items()} == {
        "by-hand": "whole",
        "half": "half downloaded",
        "short": "damaged",
        "torn": "damaged",
        "unlocked": "not locked",
    }
    assert [name for name, one in found.items() if one.answers] == ["by-hand"]
    assert SHARD in found["short"].words
    assert found["by-hand"].parameters == open_model(locked, "x").config.parameters()


def test_a_model_elsewhere_that_the_settings_name_is_listed(models: Path, copied: Path) -> None:
    (one,) = list_models(ModelSettings(folder=models, name=str(copied)))
    assert (one.folder, one.answers) == (copied.name, True)
    assert list_models(ModelSettings(folder=models)) == ()
