"""The base that a run learns on: just loaded, frozen, in 4 bits, with an adapter that learns.

bitsandbytes 0.50 packs 4-bit weights anew on a CPU with AVX512-BF16 at the first pass without gradients, and no
gradient goes through what is packed: one answer written, one validation, and the lower layers stop learning while the
loss looks as before. So the base is loaded by the run itself, its packing is switched off, and a base that is packed is
refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.errors import ModelError, NotPossibleError
from ragmed.generate.loading import Adapter, load_base, quiet_libraries, require_fitting
from ragmed.models.tiers import Device, possible_bits

if TYPE_CHECKING:
    from ragmed.models.store import InstalledModel
    from ragmed.settings import TuneSettings

MODULES = {
    **{name: f"{name}_proj" for name in ("q", "k", "v", "o")},
    **{name: f"{name}_proj" for name in ("gate", "up", "down")},
}
"""The names of the settings → modules of Qwen."""


def fresh_base(model: InstalledModel, device: Device) -> Any:
    """The base in NF4, ready to learn on. Raises ModelError, IntegrityError, NotPossibleError (no 4 bits there)."""
    if possible_bits(device) != "nf4":
        raise NotPossibleError(
            f"4-bit weights do not run on {device}", remedy="tune on a CUDA card or a CPU; or export the dataset"
        )
    quiet_libraries()
    base = load_base(model, device, four_bits=True)
    base.config.use_cache = False
    for parameter in base.parameters():
        parameter.requires_grad_(False)
    _never_packed(base)
    return base


def _never_packed(base: Any) -> None:
    for layer in _four_bit_layers(base):
        layer.support_avx512bf16_for_cpu = False


def require_unpacked(base: Any) -> None:
    """Raises ModelError where something was generated on this base: it could not learn."""
    if any(getattr(layer.weight.quant_state, "packing_format_for_cpu", False) for layer in _four_bit_layers(base)):
        raise ModelError(
            "the base was used before it was to learn, and its packed weights pass no gradients on",
            remedy="load it anew for the run",
        )


def _four_bit_layers(base: Any) -> list[Any]:
    from bitsandbytes.nn.modules import Linear4bit

    return [module for module in base.modules() if isinstance(module, Linear4bit)]


def new_adapter(base: Any, settings: TuneSettings) -> Any:
    """The base with an adapter that changes nothing yet. Its first weights come from torch's seed."""
    from peft import LoraConfig, get_peft_model

    require_unpacked(base)
    chosen = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=sorted(MODULES[name] for name in settings.targets),
        bias="none",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base, chosen)


def continued_adapter(base: Any, adapter: Adapter) -> Any:
    """The base with an adapter that learns on. Raises ModelError where it was made for another model."""
    from peft import PeftModel

    require_unpacked(base)
    adapter.require()
    require_fitting(base, adapter)
    return PeftModel.from_pretrained(base, adapter.folder, is_trainable=True, local_files_only=True)


def learning_parameters(model: Any) -> list[tuple[str, Any]]:
    """What learns, by name."""
    return [(name, one) for name, one in model.named_parameters() if one.requires_grad]


def true_counts(model: Any) -> tuple[int, int]:
    """Numbers that learn, and all numbers of the network with the adapter. Of 4-bit weights the unpacked count."""
    learning = sum(one.numel() for _, one in learning_parameters(model))
    total = 0
    for one in model.parameters():
        state = getattr(one, "quant_state", None)
        total += _numbers(state.shape) if state is not None else one.numel()
    return learning, total


def _numbers(shape: Sequence[int]) -> int:
    found = 1
    for size in shape:
        found *= int(size)
    return found


def save_adapter(model: Any, folder: Path, name: str) -> None:
    """Both of the adapter's files into ``folder``, named by the model and not by a path of this machine."""
    model.peft_config["default"].base_model_name_or_path = name
    model.save_pretrained(folder, selected_adapters=["default"])
    (folder / "README.md").unlink(missing_ok=True)  # peft's own card: of a model hub, and empty
