"""The base that learns: fresh, frozen, never packed; the trap of a base that has answered before."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from ragmed.errors import ModelError
from ragmed.generate.loading import load_base
from ragmed.models.places import find_folder
from ragmed.models.store import open_model
from ragmed.models.tiers import Device
from ragmed.settings import TuneSettings
from ragmed.tune.lora.base import _four_bit_layers, fresh_base, new_adapter, require_unpacked, save_adapter, true_counts
from ragmed.tune.lora.forecast import lora_numbers

IDS = torch.arange(5, 45).reshape(1, -1)


def packs_weights() -> bool:
    from bitsandbytes.functional import has_avx512bf16

    return bool(has_avx512bf16())


def gradients(model: Any) -> list[float]:
    """The largest gradient of each layer's adapter."""
    model.train()
    model.enable_input_require_grads()
    model(input_ids=IDS, labels=IDS).loss.backward()
    found: dict[str, float] = {}
    for name, one in model.named_parameters():
        if one.requires_grad:
            layer = name.partition(".layers.")[2].partition(".")[0]
            found[layer] = max(found.get(layer, 0.0), 0.0 if one.grad is None else float(one.grad.abs().max()))
    return list(found.values())


@pytest.mark.skipif(not packs_weights(), reason="this processor packs no 4-bit weights")
def test_a_base_that_has_answered_is_refused_because_its_lower_layers_would_learn_wrongly(tiny: Path) -> None:
    from peft import LoraConfig, get_peft_model

    used = load_base(open_model(tiny, "tiny"), Device.CPU, four_bits=True).eval()
    with torch.no_grad():
        used.generate(IDS, max_new_tokens=2, pad_token_id=0)
    with pytest.raises(ModelError, match="pass no gradients"):
        require_unpacked(used)
    with pytest.raises(ModelError):
        new_adapter(used, TuneSettings())
    # what the refusal is for: the lower layers get other gradients than they should, and no error says so
    found = []
    for base in (used, fresh_base(open_model(tiny, "tiny"), Device.CPU)):
        torch.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(gradients(get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj", "down_proj"]))))
    wrong, right = found
    assert len(right) == 3
    assert wrong[-1] == pytest.approx(right[-1], rel=0.1)
    assert wrong[0] < 0.8 * right[0]


def test_looking_at_validation_rows_between_two_steps_stops_nothing(tiny: Path) -> None:
    torch.manual_seed(0)
    learning = new_adapter(fresh_base(open_model(tiny, "tiny"), Device.CPU), TuneSettings(rank=4, dropout=0))
    learning.eval()
    with torch.no_grad():
        learning(input_ids=IDS)
    require_unpacked(learning)
    assert all(one > 0 for one in gradients(learning))


def test_only_the_adapter_learns_and_its_numbers_are_counted_truly(tiny: Path) -> None:
    model = open_model(tiny, "tiny")
    settings = TuneSettings(rank=4, targets=("q", "v", "down"))
    learning = new_adapter(fresh_base(model, Device.CPU), settings)
    learns, total = true_counts(learning)
    assert learns == lora_numbers(model.config, settings)
    assert total == model.config.parameters() + learns
    assert all("lora_" in name for name, one in learning.named_parameters() if one.requires_grad)
    assert len(_four_bit_layers(learning)) == 7 * model.config.layers


def test_a_saved_adapter_names_the_model_and_no_path(tiny: Path, tmp_path: Path) -> None:
    learning = new_adapter(fresh_base(open_model(tiny, "tiny"), Device.CPU), TuneSettings(rank=4))
    save_adapter(learning, tmp_path / "adapter", "tiny")
    assert sorted(one.name for one in (tmp_path / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    stated = (tmp_path / "adapter" / "adapter_config.json").read_text("utf-8")
    assert str(tiny.parent) not in stated
    assert '"base_model_name_or_path": "tiny"' in stated
    assert find_folder(tiny.parent, "tiny") == tiny
