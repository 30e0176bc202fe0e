"""What an export leaves: whole folders that are models, with a card, without a path; or nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ragmed.adapters.change import AdapterAction
from ragmed.adapters.files import CONFIG, adapter_sha256, config_of
from ragmed.errors import BadInputError, BusyError, ModelError, NotPossibleError
from ragmed.generate.loading import load_base
from ragmed.models.checking import check_models
from ragmed.models.lock_file import read_lock
from ragmed.models.store import installed
from ragmed.models.tiers import DISK_MARGIN, Device
from ragmed.settings import ModelSettings
from ragmed.tune.export.adapter_folder import served_rank, write_adapter
from ragmed.tune.export.wanted import ExportForm, Needs, needs_of, require_room
from tests.generate.tiny_qwen import TEMPLATE
from tests.tune.export.made import added, exported, hospital, judged, register_of

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.mark.parametrize("form", ["merged", "nf4"])
def test_it_is_a_locked_model_of_its_own_name(form: str, forms: dict[str, Path]) -> None:
    (checked,) = check_models(ModelSettings(), str(forms[form]))
    assert not checked.faults
    model = installed(ModelSettings(name=str(forms[form])))
    assert (model.name, model.config.four_bits) == (f"ward-{form}", form == "nf4")
    assert model.revision.startswith("files-")
    lock = read_lock(forms[form], "")
    assert lock is not None
    assert {"config.json", "tokenizer.json", "model.safetensors", "export.json"} <= {one.path for one in lock.files}
    assert ("adapter/adapter_model.safetensors" in {one.path for one in lock.files}) is (form == "nf4")
    assert (forms[form] / "chat_template.jinja").read_text("utf-8") == TEMPLATE


def test_a_flipped_bit_is_found(forms: dict[str, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(forms["nf4"], tmp_path / "ward-nf4")
    content = bytearray((copy / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (copy / "model.safetensors").write_bytes(content)
    (checked,) = check_models(ModelSettings(), str(copy))
    assert [one.path for one in checked.faults] == ["model.safetensors"]


def test_4_bit_files_are_never_taken_for_16(forms: dict[str, Path]) -> None:
    model = installed(ModelSettings(name=str(forms["nf4"])))
    with pytest.raises(ModelError, match="hold 4 bits"):
        load_base(model, Device.CPU, four_bits=False)


def test_no_file_names_a_place_or_a_person(
    forms: dict[str, Path], learned: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = str(tmp_path_factory.getbasetemp())
    for folder in forms.values():
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert top.encode() not in content, path
                assert b"dr-owen" not in content, path
    for folder in (forms["adapter"], forms["nf4"] / "adapter"):
        assert config_of(folder)["base_model_name_or_path"] == learned[0].name


def test_a_path_in_an_adapters_configuration_is_taken_out(learned: tuple[Path, Path], tmp_path: Path) -> None:
    source = shutil.copytree(learned[1], tmp_path / "source")
    stated = json.loads((source / CONFIG).read_text("utf-8"))
    for place in ("/home/somebody/qwen", "./qwen", "C:\\models\\qwen"):
        (source / CONFIG).write_text(json.dumps({**stated, "base_model_name_or_path": place}), "utf-8")
        written = write_adapter(source, tmp_path / "written", "Qwen/Qwen3-0.6B")
        assert config_of(tmp_path / "written") == {**stated, "base_model_name_or_path": "Qwen/Qwen3-0.6B"}
        assert written == adapter_sha256(tmp_path / "written") != adapter_sha256(source)
    assert write_adapter(learned[1], tmp_path / "same", "other") == adapter_sha256(learned[1])


@pytest.mark.parametrize("form", ["adapter", "merged", "nf4"])
def test_the_card_tells_where_it_is_from_and_how_it_is_served(
    form: str, forms: dict[str, Path], learned: tuple[Path, Path]
) -> None:
    card = (forms[form] / "README.md").read_text("utf-8")
    note = json.loads((forms[form] / "export.json").read_text("utf-8"))
    sha256 = adapter_sha256(learned[1])
    for word in (learned[0].name, sha256, "let it through", "a draft", "NF4", "not known to RagMed"):
        assert word in card, word
    assert "did not let" not in card
    assert card.startswith(f"---\nbase_model: {learned[0].name}\n")
    served = {
        "adapter": "--enable-lora --lora-modules ward-adapter=FOLDER --max-lora-rank 8",
        "merged": "vllm serve FOLDER --served-model-name ward-merged",
        "nf4": "ragmed tune adapters add FOLDER/adapter",
    }
    assert served[form] in card
    assert (note["form"], note["adapter_sha256"], note["let_through"], note["rank"]) == (form, sha256, True, 8)
    assert note["gate"]["passed"] is True
    assert (forms[form].stat().st_mode & 0o777) == 0o700


def test_vllm_is_told_a_rank_that_it_takes() -> None:
    assert [served_rank(rank) for rank in (1, 8, 9, 64, 65, 600)] == [8, 8, 16, 64, 128, 600]


def test_nothing_is_written_over(learned: tuple[Path, Path], tmp_path: Path) -> None:
    settings = hospital(tmp_path, learned[0])
    sha256 = added(settings, learned[1])
    judged(settings, sha256)
    (tmp_path / "there").mkdir()
    for out, words in ((tmp_path / "there", "something already"), (tmp_path / "no" / "where", "no such folder")):
        with pytest.raises(BadInputError, match=words):
            exported_untold(settings, sha256, out)
    assert [one.action for one in register_of(settings).changes()] == [AdapterAction.ADD, AdapterAction.GATE]


def exported_untold(settings: object, sha256: str, out: Path) -> None:
    from ragmed.adapting import export_adapter

    export_adapter(settings, sha256, "merged", out, by="dr-owen", told=lambda needs: None)  # type: ignore[arg-type]


def test_too_full_a_disk_is_told_before(learned: tuple[Path, Path], tmp_path: Path) -> None:
    model = installed(ModelSettings(name=str(learned[0])))
    needs = {form: needs_of(form, model, learned[1], tmp_path / "out") for form in ExportForm}
    assert needs[ExportForm.ADAPTER].disk < needs[ExportForm.NF4].disk < needs[ExportForm.MERGED].disk
    assert "free disk" in needs[ExportForm.MERGED].words
    require_room(Needs(disk=100, free=100 + DISK_MARGIN, memory=0))
    with pytest.raises(NotPossibleError, match="of the disk are free"):
        require_room(Needs(disk=101, free=100 + DISK_MARGIN, memory=0))


@pytest.mark.parametrize("form", ["merged", "nf4"])
def test_the_forecast_of_the_disk_is_near(form: str, forms: dict[str, Path], learned: tuple[Path, Path]) -> None:
    model = installed(ModelSettings(name=str(learned[0])))
    needs = needs_of(ExportForm(form), model, learned[1], forms[form].parent / "other")
    size = sum(one.stat().st_size for one in forms[form].rglob("*") if one.is_file())
    assert needs.disk * 0.95 < size < needs.disk * 1.1


def test_where_the_log_refuses_nothing_is_there(
    learned: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer at the register, at the worst moment: everything is written but the name."""
    settings = hospital(tmp_path, learned[0])
    sha256 = added(settings, learned[1])
    judged(settings, sha256)
    seen: list[list[str]] = []

    def busy(*_: object, **__: object) -> None:
        (building,) = tmp_path.glob(".exporting-out")
        seen.append(sorted(one.name for one in building.iterdir()))
        raise BusyError("the adapter register: process 7 is changing it")

    monkeypatch.setattr("ragmed.adapters.register.AdapterRegister.export", busy)
    with pytest.raises(BusyError):
        exported(settings, sha256, "merged", tmp_path / "out")
    assert "model.safetensors" in seen[0]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["index"]


def test_what_a_killed_export_left_is_removed_by_the_next(learned: tuple[Path, Path], tmp_path: Path) -> None:
    settings = hospital(tmp_path, learned[0])
    sha256 = added(settings, learned[1])
    judged(settings, sha256)
    (tmp_path / ".exporting-out").mkdir()
    (tmp_path / ".exporting-out" / "0.safetensors").write_bytes(b"half")
    found = exported(settings, sha256, "merged", tmp_path / "out")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["index", "out"]
    assert not list(found.folder.glob("[0-9]*"))
    assert found.bytes == sum(one.stat().st_size for one in found.folder.rglob("*") if one.is_file())
