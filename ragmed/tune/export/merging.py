"""What an adapter adds to a matrix of the model: the product of its two matrices, scaled as PEFT scales it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ragmed.errors import NotPossibleError
from ragmed.generate.loading import told
from ragmed.generate.tuned import put_on, verified

if TYPE_CHECKING:
    from ragmed.generate.loading import Adapter
    from ragmed.models.store import InstalledModel

_WRAPPED = "base_model.model."
_HEAD = "lm_head.weight"


class Fitted:
    """An adapter in memory, held against the model's network, whose weights are not loaded."""

    def __init__(self, model: InstalledModel, adapter: Adapter) -> None:
        """Raises ModelError, IntegrityError as ``tuned.verified``."""
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM

        self._name = adapter.name
        with told(model.name), torch.device("meta"):
            config = AutoConfig.from_pretrained(model.folder, local_files_only=True, trust_remote_code=False)
            if hasattr(config, "quantization_config"):
                del config.quantization_config
            network = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
        self.state = frozenset(network.state_dict()) - ({_HEAD} if model.config.tied else set())
        """Names of all tensors of the model; of tied ones the first."""
        with told(model.name):
            self._found = verified(network, adapter)
            self._wrapped = put_on(network, self._found)

    @property
    def rank(self) -> int:
        """The largest of the adapter's."""
        return max(int(one.shape[0]) for name, one in self._found.tensors.items() if name.endswith(".lora_A.weight"))

    def additions(self) -> Additions:
        """What merging it adds. Raises NotPossibleError where it changes what is no matrix of the model's files."""
        places = {}
        for name, layer in self._wrapped.named_modules():
            first, second = (self._found.tensors.get(f"{name}.lora_{part}.weight") for part in "AB")
            if first is not None and second is not None:
                places[f"{name.removeprefix(_WRAPPED)}.weight"] = (first, second, float(layer.scaling["default"]))
        odd = sorted(places.keys() - self.state)
        if odd or 2 * len(places) != len(self._found.tensors):
            raise NotPossibleError(
                f"adapter {self._name} changes {odd[0] if odd else 'more than matrices'}, which cannot be merged",
                remedy="export it with --to adapter",
            )
        return Additions(places)


class Additions:
    """What is added to which weights of the model."""

    def __init__(self, places: dict[str, tuple[Any, Any, float]]) -> None:
        self._places = places

    def added(self, name: str, weight: Any) -> Any:
        """``weight`` with what the adapter adds, in its own numbers; the sum is made in 32 bits, as PEFT makes it."""
        if name not in self._places:
            return weight
        first, second, scale = self._places[name]
        where = weight.device
        return (weight.float() + second.to(where).float() @ first.to(where).float() * scale).to(weight.dtype)
