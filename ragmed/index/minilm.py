"""all-MiniLM-L6-v2 in plain torch: the default model without its frameworks.

sentence-transformers and transformers take five seconds and 300 MB to import, which is most of what a doctor would wait
for and most of what the program would hold; the network itself is six layers. A test holds these vectors to those that
sentence-transformers gives for the same weights (largest difference under 1e-5).

The network: BERT (Devlin et al. 2019, post-norm, exact GELU), the mean of the last layer's vectors over the text's
tokens, L2-normalised (Reimers and Gurevych 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from ragmed.index.engines import BATCH_TOKENS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_HEADS = 12
_LAYERS = 6
_EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class _Linear:
    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, _EPSILON)


@dataclass(frozen=True, slots=True)
class _Layer:
    attention: _Linear
    """Query, key and value in one product."""
    joined: _Linear
    after_attention: _Norm
    wide: _Linear
    narrow: _Linear
    after_wide: _Norm

    def __call__(self, x: Tensor, mask: Tensor | None) -> Tensor:
        texts, tokens, width = x.shape
        split = self.attention(x).view(texts, tokens, 3, _HEADS, width // _HEADS).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(split[0], split[1], split[2], attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(texts, tokens, width)
        x = self.after_attention(x + self.joined(mixed))
        return self.after_wide(x + self.narrow(F.gelu(self.wide(x))))


class MiniLm:
    """The network with its weights. Safe to share between threads: running it changes nothing."""

    batch_tokens = BATCH_TOKENS

    def __init__(self, weights: Path, device: str) -> None:
        tensors = {
            name.removeprefix("bert."): tensor for name, tensor in load_file(str(weights), device=device).items()
        }
        self._device = device
        self._words = tensors["embeddings.word_embeddings.weight"]
        # every text is of the first of BERT's two segments
        self._places = (
            tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._first = _norm(tensors, "embeddings.LayerNorm")
        self._layers = [_layer(tensors, f"encoder.layer.{number}") for number in range(_LAYERS)]

    @torch.inference_mode()
    def __call__(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Token ids of each text, special tokens included → float32 unit vectors, shape (texts, 384)."""
        return self.forward(ids).float().cpu().numpy()

    def question(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Token ids of one question → its float32 unit vector, shape (384,)."""
        vector: NDArray[np.float32] = self([ids])[0]
        return vector

    def layer_tensors(self) -> dict[str, Tensor]:
        """The layers' own weights (no copies) by name; ``N.attention.*`` holds query, key and value in that order."""
        return {
            f"{number}.{part}.{kind}": getattr(getattr(layer, part), kind)
            for number, layer in enumerate(self._layers)
            for part in ("attention", "joined", "after_attention", "wide", "narrow", "after_wide")
            for kind in ("weight", "bias")
        }

    def forward(self, ids: Sequence[Sequence[int]]) -> Tensor:
        """The same vectors on the network's device, with gradients where its weights ask for them."""
        longest = max(map(len, ids))
        padded = torch.tensor([[*text, *[0] * (longest - len(text))] for text in ids], device=self._device)
        there = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in ids], device=self._device)
        mask = None if all(len(text) == longest for text in ids) else there.bool()[:, None, None, :]
        x = self._first(F.embedding(padded, self._words) + self._places[:longest])
        for layer in self._layers:
            x = layer(x, mask)
        weights = there.to(x.dtype).unsqueeze(-1)
        return F.normalize((x * weights).sum(dim=1) / weights.sum(dim=1), dim=1)


def _linear(tensors: dict[str, Tensor], *names: str) -> _Linear:
    return _Linear(
        torch.cat([tensors[f"{name}.weight"] for name in names]), torch.cat([tensors[f"{name}.bias"] for name in names])
    )


def _norm(tensors: dict[str, Tensor], name: str) -> _Norm:
    return _Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _layer(tensors: dict[str, Tensor], name: str) -> _Layer:
    return _Layer(
        attention=_linear(tensors, *(f"{name}.attention.self.{part}" for part in ("query", "key", "value"))),
        joined=_linear(tensors, f"{name}.attention.output.dense"),
        after_attention=_norm(tensors, f"{name}.attention.output.LayerNorm"),
        wide=_linear(tensors, f"{name}.intermediate.dense"),
        narrow=_linear(tensors, f"{name}.output.dense"),
        after_wide=_norm(tensors, f"{name}.output.LayerNorm"),
    )
