"""Weights tensor by tensor are, to the bit, those that loading and PEFT make of the whole model at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file

from ragmed.adapters.files import CONFIG, WEIGHTS
from ragmed.errors import IntegrityError, ModelError, NotPossibleError
from ragmed.generate.loading import Adapter, load_base
from ragmed.models.adopting import lock_folder
from ragmed.models.store import InstalledModel, open_model
from ragmed.models.tiers import Device
from ragmed.tune.export.merging import Fitted
from ragmed.tune.export.reading import opened
from ragmed.tune.export.writing import Shards
from tests.generate import tiny_qwen

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_qwen.build(tmp_path_factory.mktemp("models") / "tiny")
    tiny_qwen.add_adapter(folder, folder.parent / "tuned")
    tiny_qwen.lock(folder)
    return folder


def model_in(folder: Path) -> InstalledModel:
    return open_model(folder, folder.name)


def weights_of(model: InstalledModel, fitted: Fitted, adapted: bool) -> dict[str, torch.Tensor]:
    """All tensors in 16 bits as an export makes them."""
    add = fitted.additions().added
    with opened(model, "cpu") as base:
        names = base.require(fitted.state)
        found = {name: base.unpacked(name) if name in base.matrices else base.plain(name) for name in names}
    return {name: add(name, one) for name, one in found.items()} if adapted else found


def test_out_of_4_bits_they_are_what_the_loaded_model_has(learned: tuple[Path, Path]) -> None:
    model = model_in(learned[0])
    whole = load_base(model, Device.CPU, four_bits=True).dequantize().state_dict()
    found = weights_of(model, Fitted(model, Adapter(learned[1])), adapted=False)
    assert found.keys() == whole.keys() - {"lm_head.weight"}
    assert all(torch.equal(found[name], whole[name]) for name in found)


def test_merged_they_are_what_peft_merges(learned: tuple[Path, Path]) -> None:
    model = model_in(learned[0])
    base = load_base(model, Device.CPU, four_bits=True).dequantize()
    whole = PeftModel.from_pretrained(base, learned[1]).merge_and_unload().state_dict()
    found = weights_of(model, Fitted(model, Adapter(learned[1])), adapted=True)
    assert all(torch.equal(found[name], whole[name]) for name in found)
    plain = weights_of(model, Fitted(model, Adapter(learned[1])), adapted=False)
    changed = {name for name in found if not torch.equal(found[name], plain[name])}
    assert changed == set(model.config.matrices())


def test_the_packed_ones_are_what_bitsandbytes_writes(
    learned: tuple[Path, Path], forms: dict[str, Path], tmp_path: Path
) -> None:
    load_base(model_in(learned[0]), Device.CPU, four_bits=True).save_pretrained(tmp_path)
    whole, found = load_file(tmp_path / "model.safetensors"), load_file(forms["nf4"] / "model.safetensors")
    assert found.keys() == whole.keys()
    assert all(torch.equal(found[name], whole[name]) for name in whole)


def test_a_4_bit_folder_can_be_exported_again(learned: tuple[Path, Path], forms: dict[str, Path]) -> None:
    """Packed once, they are what they are: merging from them gives the same."""
    four, sixteen = model_in(forms["nf4"]), model_in(learned[0])
    again = weights_of(four, Fitted(four, Adapter(learned[1])), adapted=True)
    first = weights_of(sixteen, Fitted(sixteen, Adapter(learned[1])), adapted=True)
    assert again.keys() == first.keys()
    assert all(torch.equal(again[name], first[name]) for name in first)


@pytest.mark.parametrize(
    "stated", [{"use_rslora": True}, {"alpha_pattern": {"layers.0.self_attn.q_proj": 40}}], ids=str
)
def test_the_scale_is_pefts(tiny: Path, tmp_path: Path, stated: dict[str, object]) -> None:
    adapter = copied(tiny, tmp_path, **stated)
    model = model_in(tiny)
    base = load_base(model, Device.CPU, four_bits=True).dequantize()
    whole = PeftModel.from_pretrained(base, adapter).merge_and_unload().state_dict()
    found = weights_of(model, Fitted(model, Adapter(adapter)), adapted=True)
    assert all(torch.equal(found[name], whole[name]) for name in found)


def copied(tiny: Path, folder: Path, **stated: object) -> Path:
    """The tiny model's adapter with other words in its configuration."""
    adapter = shutil.copytree(tiny.parent / "tuned", folder / "other")
    config = json.loads((adapter / CONFIG).read_text("utf-8"))
    (adapter / CONFIG).write_text(json.dumps({**config, **stated}), "utf-8")
    return adapter


def test_what_is_no_matrix_of_the_model_is_not_merged(tiny: Path, tmp_path: Path) -> None:
    """The output matrix of this model is its embedding."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    chosen = LoraConfig(r=4, target_modules=["lm_head"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(tiny), chosen).save_pretrained(
        tmp_path / "head", save_embedding_layers=False
    )
    fitted = Fitted(model_in(tiny), Adapter(tmp_path / "head"))
    with pytest.raises(NotPossibleError, match=r"lm_head\.weight.*cannot be merged") as caught:
        fitted.additions()
    assert "--to adapter" in caught.value.remedy


def test_another_models_adapter_is_refused(learned: tuple[Path, Path], tmp_path: Path) -> None:
    other = tiny_qwen.build(tmp_path / "other", hidden=64)
    tiny_qwen.lock(other)
    with pytest.raises(ModelError, match="another size"):
        Fitted(model_in(other), Adapter(learned[1]))
    with pytest.raises(IntegrityError, match="not those that it is named by"):
        Fitted(model_in(learned[0]), Adapter(learned[1], "c" * 64))


def test_weights_are_written_in_files_of_bounded_size(tiny: Path, tmp_path: Path) -> None:
    """And read from such: as a hub has a large model."""
    model, most = model_in(tiny), 100_000
    parted = shutil.copytree(tiny, tmp_path / "parted", ignore=lambda _, names: [n for n in names if "ragmed" in n])
    whole = load_file(parted / "model.safetensors")
    (parted / "model.safetensors").unlink()
    shards = Shards(parted, most)
    for name, tensor in whole.items():
        shards.add({name: tensor})
    shards.finish()
    files = sorted(parted.glob("*.safetensors"))
    assert len(files) > 3
    assert files[0].name == f"model-00001-of-{len(files):05}.safetensors"
    largest = max(one.numel() * one.element_size() for one in whole.values())
    assert all(
        sum(t.numel() * t.element_size() for t in load_file(one).values()) <= max(most, largest) for one in files
    )
    lock_folder(parted)
    adapter = Adapter(tiny.parent / "tuned")
    one, other = (weights_of(each, Fitted(each, adapter), adapted=True) for each in (model, model_in(parted)))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    loaded = load_base(model_in(parted), Device.CPU, four_bits=False).state_dict()
    assert all(torch.equal(loaded[name], whole[name]) for name in whole)


def test_a_file_that_lacks_a_tensor_is_named(tiny: Path) -> None:
    model = model_in(tiny)
    with opened(model, "cpu") as base, pytest.raises(ModelError, match=r"no file holds model\.layers\.9\.absent"):
        base.require(frozenset({"model.layers.9.absent"}))


def test_the_adapters_weights_file_is_the_one_that_was_hashed(tiny: Path, tmp_path: Path) -> None:
    adapter = copied(tiny, tmp_path)
    named = Adapter(adapter).sha256
    content = bytearray((adapter / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (adapter / WEIGHTS).write_bytes(content)
    with pytest.raises(IntegrityError):
        Fitted(model_in(tiny), Adapter(adapter, named))
