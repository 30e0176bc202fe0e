"""The base's weights, one tensor at a time from its files, as loading in 4 bits would have them.

transformers turns 16-bit numbers into bfloat16 and packs the matrices of the layers with bitsandbytes, alone of all
tensors. The same is done here to one tensor after the other, so that the whole model is never in memory; that it is the
same to the bit is a test's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from ragmed.errors import ModelError
from ragmed.models.four_bits import BLOCK
from ragmed.models.wanted import INDEX, WEIGHTS

if TYPE_CHECKING:
    from ragmed.models.store import InstalledModel

_ALONE = f"model{WEIGHTS}"


class BaseWeights:
    """The tensors of a model that was found whole. ``device``: where they are packed."""

    def __init__(self, model: InstalledModel, device: str, files: dict[str, Any]) -> None:
        self._model, self._device = model, device
        self._file = {name: file for file in files.values() for name in file.keys()}  # noqa: SIM118 - no mapping
        self.matrices = frozenset(model.config.matrices())

    def require(self, names: frozenset[str]) -> tuple[str, ...]:
        """These names, in an order that is always the same. Raises ModelError where the files lack one."""
        missing = sorted(names - self._file.keys())
        if missing:
            raise ModelError(
                f"model {self._model.name}: no file holds {missing[0]}",
                remedy="`ragmed models check` says what is wrong",
            )
        return tuple(sorted(names))

    def plain(self, name: str) -> Any:
        """A tensor that stays in 16 bits."""
        import torch

        return self._read(name).to(torch.bfloat16)

    def packed(self, name: str) -> tuple[Any, Any]:
        """A matrix in NF4 with double quantisation: its bytes, and bitsandbytes' note of them."""
        import torch
        from bitsandbytes.functional import QuantState, quantize_4bit

        if self._model.config.four_bits:
            companions = {one: self._read(one) for one in self._file if one.startswith(f"{name}.")}
            return self._read(name).to(self._device), QuantState.from_dict(companions, torch.device(self._device))
        packed, note = quantize_4bit(
            self.plain(name).to(self._device), blocksize=BLOCK, compress_statistics=True, quant_type="nf4"
        )
        return packed, note

    def unpacked(self, name: str) -> Any:
        """The matrix in bfloat16 as it comes out of its 4 bits, on the device."""
        import torch
        from bitsandbytes.functional import dequantize_4bit

        return dequantize_4bit(*self.packed(name)).to(torch.bfloat16)

    def _read(self, name: str) -> Any:
        return self._file[name].get_tensor(name)


@contextmanager
def opened(model: InstalledModel, device: str) -> Iterator[BaseWeights]:
    """The weights of the files that a loader takes: one of the plain name, else those of the index, else all."""
    from safetensors import safe_open

    there = {file.path for file in model.files if file.path.endswith(WEIGHTS) and "/" not in file.path}
    if _ALONE in there:
        there = {_ALONE}
    elif (model.folder / INDEX).is_file():
        there &= set(json.loads((model.folder / INDEX).read_bytes())["weight_map"].values())
    with ExitStack() as held:
        files = {name: held.enter_context(safe_open(model.folder / name, "pt")) for name in sorted(there)}
        yield BaseWeights(model, device, files)
