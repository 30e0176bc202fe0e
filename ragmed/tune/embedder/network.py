"""The network while it learns: the layers of ``ragmed.index.minilm`` with gradients, and how they are written.

The embedding tables (words and places, half of all weights) stay as they are: a library of some thousand passages
shows most words too seldom to move them well, and what it does not show must keep its meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file

from ragmed.index.minilm import MiniLm

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "model.safetensors"
_IN_FILE = {
    "joined": ("attention.output.dense",),
    "after_attention": ("attention.output.LayerNorm",),
    "wide": ("intermediate.dense",),
    "narrow": ("output.dense",),
    "after_wide": ("output.LayerNorm",),
    "attention": ("attention.self.query", "attention.self.key", "attention.self.value"),
}
"""Part of a layer → the names of its tensors in the weights file."""


class LearningNetwork:
    """A copy of a model folder's network, on the CPU, that a loss can change."""

    def __init__(self, folder: Path) -> None:
        self._base = folder / WEIGHTS
        self._network = MiniLm(self._base, "cpu")
        # tensors that were loaded may share the file's memory, which must not change
        self._learned = self._network.layer_tensors()
        for tensor in self._learned.values():
            tensor.requires_grad_(True)

    def parameters(self) -> list[Tensor]:
        """The tensors that learn."""
        return list(self._learned.values())

    def embed(self, ids: Sequence[Sequence[int]], *, bf16: bool) -> Tensor:
        """Unit vectors with gradients, float32, shape (texts, 384); inside, products in bfloat16 where asked for."""
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            return self._network.forward(ids).float()

    def write(self, place: Path, blend: float) -> None:
        """Weights file at ``place``: ``blend`` of what was learned, the rest of the base's; other tensors unchanged."""
        tensors = load_file(str(self._base))
        prefix = "bert." if any(name.startswith("bert.") for name in tensors) else ""
        for name, learned in self._learned.items():
            number, part, kind = name.split(".")
            names = [f"{prefix}encoder.layer.{number}.{own}.{kind}" for own in _IN_FILE[part]]
            for own, piece in zip(names, learned.detach().chunk(len(names)), strict=True):
                tensors[own] = torch.lerp(tensors[own], piece, blend).contiguous()
        save_file(tensors, str(place), metadata={"format": "pt"})


def runs_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 by itself (AVX512-BF16, AMX); elsewhere it would be slower than float32."""
    return bool(torch.cpu._is_avx512_bf16_supported())
