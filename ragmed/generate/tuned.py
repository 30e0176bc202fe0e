"""An adapter's layers put on a model that is loaded, and taken off again, so that the weights are loaded once.

Laws of this room:

* What is put on are the very bytes that were hashed: they are read once.
* Every tensor of the file has its place in the model, and every place gets its tensor; anything else is refused.
* A model that an adapter was taken off, or another put on, writes what a freshly loaded one writes. PEFT's own way of
  filling layers asks the model for its state, at which bitsandbytes turns 4-bit weights that a CPU has packed back
  into others (0.50: "best effort"); so the layers are filled here.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragmed.adapters.files import CONFIG, WEIGHTS, joined_sha256
from ragmed.canonical import sha256_bytes
from ragmed.errors import IntegrityError, ModelError

if TYPE_CHECKING:
    from ragmed.generate.loading import Adapter

_WRAPPED = "base_model.model."
_OTHER_MODEL = "name the model that the adapter was tuned on"


@dataclass(frozen=True, slots=True)
class VerifiedAdapter:
    """An adapter in memory that fits the model."""

    sha256: str
    config: dict[str, Any]
    tensors: dict[str, Any]
    """By their name in the file."""


def verified(model: Any, adapter: Adapter) -> VerifiedAdapter:
    """Read it; compare its bytes with its name and its layers with the model's, which stays as it is.

    Raises ModelError (gone, no LoRA, of another model), IntegrityError (other bytes).
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    adapter.require()
    try:
        contents = [(adapter.folder / name).read_bytes() for name in (CONFIG, WEIGHTS)]
    except OSError as error:
        raise ModelError(f"adapter {adapter.name} cannot be read ({error.strerror})", remedy=adapter.remedy) from error
    if joined_sha256(map(sha256_bytes, contents)) != adapter.sha256:
        raise IntegrityError(
            f"adapter {adapter.name}: its bytes are not those that it is named by", remedy=adapter.remedy
        )
    try:
        config, tensors = json.loads(contents[0]), load(contents[1])
    except (SafetensorError, ValueError, RecursionError) as error:
        raise ModelError(f"adapter {adapter.name} is damaged ({type(error).__name__})", remedy=adapter.remedy) from None
    _require_plain(config, adapter)
    _require_fitting(model, tensors, adapter)
    return VerifiedAdapter(adapter.sha256, config, tensors)


def put_on(model: Any, adapter: VerifiedAdapter) -> Any:
    """The model wrapped by PEFT, the adapter's layers within it; ``model`` itself writes with them from now on.

    Where it raises, the model is no longer to be used.
    """
    import torch
    from peft import PeftConfig, get_peft_model

    with torch.random.fork_rng(), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        how = {**adapter.config, "inference_mode": True, "init_lora_weights": False}
        stated = PeftConfig.from_peft_type(**how)  # type: ignore[no-untyped-call]
        wrapped = get_peft_model(model, stated)
        places = {
            name.replace(".default", ""): weights for name, weights in wrapped.named_parameters() if ".lora_" in name
        }
        if places.keys() != adapter.tensors.keys():
            odd = sorted(places.keys() ^ adapter.tensors.keys())[0].removeprefix(_WRAPPED)
            raise ModelError(
                f"adapter {adapter.sha256[:12]}: its file and its configuration differ ({odd})",
                remedy="copy the adapter again, or train it again",
            )
        for name, tensor in adapter.tensors.items():
            places[name].copy_(tensor)
    return wrapped.eval()


def take_off(wrapped: Any) -> Any:
    """The model as it was before ``put_on``."""
    return wrapped.unload().eval()


def _require_plain(config: Any, adapter: Adapter) -> None:
    """LoRA that adds to the model's own weights and changes none of them."""
    stated = config if isinstance(config, dict) else {}
    start = stated.get("init_lora_weights", True)
    changes_the_base = isinstance(start, str) and start != "gaussian"
    if stated.get("peft_type") != "LORA" or stated.get("use_dora") or changes_the_base:
        raise ModelError(f"adapter {adapter.name}: this is no plain LoRA", remedy="train one with `ragmed tune sft`")


def _require_fitting(model: Any, tensors: dict[str, Any], adapter: Adapter) -> None:
    """PEFT passes over modules that an adapter names and a model lacks; of another model's adapter nothing may stay."""
    modules = dict(model.named_modules())
    for name, tensor in tensors.items():
        where, _, part = name.removeprefix(_WRAPPED).rpartition(".lora_")
        module = modules.get(where)
        if not part or module is None:
            raise ModelError(
                f"adapter {adapter.name}: made for another model (it tunes {where or name})", remedy=_OTHER_MODEL
            )
        wanted = module.in_features if part.startswith("A") else module.out_features
        if wanted not in tensor.shape:
            raise ModelError(f"adapter {adapter.name}: made for a model of another size ({where})", remedy=_OTHER_MODEL)
