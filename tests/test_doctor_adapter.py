"""What the doctor says of the adapter that answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ragmed.adapters.register import AdapterRegister
from ragmed.doctor_model import examine_models
from ragmed.examined import Examined
from ragmed.models.store import installed
from ragmed.settings import ModelSettings, Settings
from tests.adapters.made import adapter_files, register_over
from tests.models.tiny import QWEN2, tiny_config, write_weights
from tests.test_doctor_model import lock_folder, machine


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    write_weights(folder, tiny_config(QWEN2))
    lock_folder(folder)
    return Settings(index=tmp_path / "index", model=ModelSettings(name=str(folder)))


def said(settings: Settings) -> Examined:
    return next(one for one in examine_models(settings, machine()) if one.subject == "answers")


def put(settings: Settings, register: AdapterRegister, revision: str = "") -> str:
    here = installed(settings.model)
    source = adapter_files(settings.index / f"source{revision}")
    one = register.add(source, model=here.name, revision=revision or here.revision, by="dr-owen")
    register.promote(one.sha256, "dr-owen", "ticket 7", True)
    return one.sha256


def test_none_is_said_too(settings: Settings) -> None:
    found = said(settings)
    assert (found.state, found.found.endswith("without an adapter")) == ("fine", True)
    assert not (settings.index / "adapters").exists(), "the doctor changes nothing"


def test_the_promoted_one_is_named_and_that_the_gate_was_passed_over(settings: Settings) -> None:
    sha256 = put(settings, register_over(settings.index))
    found = said(settings)
    assert found.state == "short"
    assert f"with adapter {sha256[:12]}, promoted" in found.found
    assert "by dr-owen, without the gate: it has not been through the gate" in found.found
    assert "tune gate" in found.remedy
    shutil.rmtree(settings.index / "adapters" / sha256)
    found = said(settings)
    assert "its files are gone, so that the library is quoted" in found.found
    assert "rollback" in found.remedy
    shutil.rmtree(settings.index / "adapters")
    assert "the adapter register is gone" in said(settings).found


def test_one_for_another_revision_is_told(settings: Settings) -> None:
    put(settings, register_over(settings.index), revision="r0")
    found = said(settings)
    assert found.state == "short"
    assert "is promoted for revision r0 of the model, which is not the one here" in found.found


def test_a_named_folder_is_told_to_go_past_the_gate(settings: Settings, tmp_path: Path) -> None:
    source = adapter_files(tmp_path / "by-hand")
    pinned = settings.model_copy(update={"model": settings.model.model_copy(update={"adapter": source})})
    found = said(pinned)
    assert found.state == "short"
    assert "with adapter by-hand, which model.adapter names: no gate has let it through" in found.found
    assert "ragmed tune promote" in found.remedy
    shutil.rmtree(source)
    assert "its files are not there" in said(pinned).found
