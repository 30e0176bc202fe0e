"""Models that judge pairs of texts: read, refused in words, pulled, locked and checked like any other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ragmed.errors import MissingPartError, ModelError
from ragmed.models.adopting import lock_folder
from ragmed.models.checking import check_models, list_models
from ragmed.models.pulling import pull
from ragmed.models.safetensors import read_header
from ragmed.models.shape import read_classifier, read_either, read_shape
from ragmed.models.store import installed, installed_entailer, open_model
from ragmed.settings import ModelSettings
from ragmed.terminal.models import print_locked, print_models
from tests.generate import tiny_entailment as tiny
from tests.models.hub import FakeHub, files_of, running_hub
from tests.models.test_store import flip

LABELS = {"0": "entailment", "1": "neutral", "2": "contradiction"}
CONFIG: dict[str, object] = {
    "architectures": ["DebertaV2ForSequenceClassification"],
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "intermediate_size": 48,
    "vocab_size": 99,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "type_vocab_size": 0,
    "id2label": LABELS,
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a publisher has it; tests must not change it."""
    return tiny.save(tmp_path_factory.mktemp("saved") / "nli", tiny.network("deberta-v2"), lock=False)


@pytest.fixture
def locked(saved: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "nli"
    shutil.copytree(saved, folder)
    lock_folder(folder)
    return folder


def content(**more: object) -> bytes:
    return json.dumps({**CONFIG, **more}).encode()


@pytest.mark.parametrize("kind", list(tiny.KINDS))
def test_the_matrices_expected_are_those_that_transformers_writes(tmp_path: Path, kind: str) -> None:
    made = tiny.network(kind)
    folder = tiny.save(tmp_path / kind, made)
    shape = read_classifier((folder / "config.json").read_bytes(), kind)
    header = read_header(folder / "model.safetensors")
    assert {name: header[name].shape for name in shape.tensors()} == shape.tensors()
    assert shape.max_tokens == tiny.POSITIONS - (1 if "roberta" in kind else 0)
    assert shape.labels == tiny.LABELS
    (listed,) = list_models(ModelSettings(folder=tmp_path))
    assert listed.parameters == sum(each.numel() for each in made.parameters())
    assert listed.architecture == shape.architecture


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"0": "CONTRADICTION", "1": "NEUTRAL", "2": "ENTAILMENT"}, ("contradiction", "neutral", "entailment")),
        ({"2": "Entails", "0": "neutral", "1": "contradicts"}, ("neutral", "contradiction", "entailment")),
    ],
)
def test_labels_are_understood_in_any_order_and_spelling(labels: dict[str, str], expected: tuple[str, ...]) -> None:
    assert read_classifier(content(id2label=labels), "x").labels == expected


@pytest.mark.parametrize(
    "labels",
    [
        None,
        [],
        {},
        {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"},
        {"0": "entailment", "1": "not_entailment"},
        {"0": "entailment", "1": "entailment", "2": "contradiction"},
        {"0": "entailment", "1": "neutral", "3": "contradiction"},
        {"0": "entailment", "1": "neutral", "2": None},
        {**LABELS, "3": "other"},
    ],
)
def test_a_model_without_these_labels_is_refused(labels: object) -> None:
    with pytest.raises(ModelError, match="its labels are not entailment, neutral and contradiction") as caught:
        read_either(content(id2label=labels), "x")
    assert "docs/models.md" in caught.value.remedy


@pytest.mark.parametrize(
    ("key", "value"), [("hidden_size", 0), ("pad_token_id", -1), ("pad_token_id", "x"), ("vocab_size", None)]
)
def test_a_damaged_configuration_is_named(key: str, value: object) -> None:
    with pytest.raises(ModelError, match=key):
        read_either(content(**{key: value}), "x")


def test_what_judges_does_not_write_and_the_other_way_round(locked: Path, copied: Path) -> None:
    with pytest.raises(ModelError, match="judges pairs of sentences and writes nothing") as caught:
        installed(ModelSettings(name=str(locked)))
    assert "answer.entailment_model" in caught.value.remedy
    lock_folder(copied)
    with pytest.raises(ModelError, match="does not judge pairs") as caught:
        installed_entailer(str(copied), copied.parent)
    assert "model.name" in caught.value.remedy
    assert open_model(copied, "x").config == read_shape((copied / "config.json").read_bytes(), "x")


def test_a_model_that_is_not_here_names_the_setting_or_the_command(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError) as caught:
        installed_entailer(str(tmp_path / "absent"), tmp_path)
    assert caught.value.remedy == "check the path in answer.entailment_model"


def test_it_is_pulled_without_what_nothing_reads(saved: Path, tmp_path: Path) -> None:
    hub = FakeHub(model_id="Somebody/nli", files={**files_of(saved), "spm.model": b"x", "pytorch_model.bin": b"x"})
    with running_hub(hub) as running:
        pulled = pull("Somebody/nli", tmp_path, endpoint=running.url)
    assert {"spm.model", "pytorch_model.bin"} <= {*pulled.lock.left_out}
    found = installed_entailer("Somebody/nli", tmp_path)
    assert (found.name, found.config.labels) == ("Somebody/nli", tiny.LABELS)
    hub.files.pop("tokenizer.json")
    hub.files |= {"vocab.json": b"{}", "merges.txt": b""}
    with running_hub(hub) as running, pytest.raises(ModelError, match="no tokenizer"):
        pull("Somebody/nli", tmp_path / "other", endpoint=running.url)


def test_the_check_without_a_name_looks_at_both_models_of_the_settings(locked: Path, copied: Path) -> None:
    writing = shutil.copytree(copied, locked.parent / "writing")
    lock_folder(writing)
    settings = ModelSettings(name="writing", folder=locked.parent)
    assert [(one.name, one.faults) for one in check_models(settings, entailment="nli")] == [
        ("writing", ()),
        ("nli", ()),
    ]
    flip(locked / "model.safetensors")
    _, judging = check_models(settings, entailment="nli")
    assert [(fault.kind, fault.path) for fault in judging.faults] == [("changed", "model.safetensors")]
    (fault,) = check_models(ModelSettings(folder=locked.parent), entailment="writing")[0].faults
    assert (fault.kind, fault.path) == ("shape", "config.json")
    assert "does not judge" in fault.words


def test_a_matrix_of_another_size_is_a_fault(locked: Path) -> None:
    config = json.loads((locked / "config.json").read_bytes())
    (locked / "config.json").write_text(json.dumps({**config, "intermediate_size": 47}))
    (found,) = check_models(ModelSettings(folder=locked.parent), "nli")
    assert "shape" in {fault.kind for fault in found.faults}


def test_the_list_and_the_pull_say_what_it_is_for(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (listed,) = list_models(ModelSettings(folder=locked.parent), "nli")
    assert (listed.answers, listed.checks, listed.state) == (False, True, "whole")
    print_models([listed], [], as_json=False)
    assert "whole; the second check" in capsys.readouterr().out
    print_locked(lock_folder(locked), None, "nli", as_json=False)
    assert 'To check sentences with it, set answer.entailment_model = "nli"' in capsys.readouterr().out
