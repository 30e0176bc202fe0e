"""The shape of a network as its ``config.json`` states it, and of a Qwen the memory that follows from it.

Dense Qwen2 (and 2.5) and Qwen3 causal language models; what judges pairs of texts is in ``classifier``. Parameters,
weights and KV cache are counted exactly; activations are an upper estimate whose formula and limits stand at
``activation_bytes``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from ragmed.errors import ModelError
from ragmed.models.classifier import ClassifierShape, classifier_shape, is_classifier
from ragmed.models.four_bits import BLOCK, SCALES, is_nf4, nf4_tensors
from ragmed.models.sizes import REMEDY, size_of

Quantisation = Literal["nf4", "none"]

ARCHITECTURES = ("Qwen2ForCausalLM", "Qwen3ForCausalLM")
_TABLES = 4 * 16 + 4 * 256 + 4
"""Code tables and offset that bitsandbytes keeps with each weight, bytes."""
_HALF = 2
"""Bytes of a 16-bit number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """Sizes of a network, as its configuration names them."""

    architecture: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    tied: bool
    """The output matrix is the embedding matrix."""
    max_positions: int
    attention_bias: bool = False
    """Qwen3 only; Qwen2 always has biases at query, key and value."""
    four_bits: bool = False
    """Its files hold the layers' matrices in NF4 (``four_bits``): there are no 16 bits of them."""

    def linears(self) -> tuple[tuple[int, int], ...]:
        """(rows, columns) of the matrices of one layer: what 4-bit quantisation replaces."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return (
            (queries, self.hidden),
            (keys, self.hidden),
            (keys, self.hidden),
            (self.hidden, queries),
            (self.intermediate, self.hidden),
            (self.intermediate, self.hidden),
            (self.hidden, self.intermediate),
        )

    def vectors(self) -> int:
        """Numbers of one layer that are no matrix: norms and biases."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        norms = 2 * self.hidden
        if self.architecture == "Qwen2ForCausalLM":
            return norms + queries + 2 * keys
        biases = queries + 2 * keys + self.hidden if self.attention_bias else 0
        return norms + 2 * self.head_dim + biases

    def parameters(self) -> int:
        """All numbers of the network; tied matrices count once."""
        matrices = sum(rows * columns for rows, columns in self.linears())
        return self.layers * (matrices + self.vectors()) + self._outside()

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the matrices that must be there, and of the last norm; of 4 bits as they are packed."""
        expected: dict[str, tuple[int, ...]] = {
            "model.embed_tokens.weight": (self.vocabulary, self.hidden),
            "model.norm.weight": (self.hidden,),
        }
        if not self.tied:
            expected["lm_head.weight"] = (self.vocabulary, self.hidden)
        for name, size in self.matrices().items():
            expected |= nf4_tensors(name, *size) if self.four_bits else {name: size}
        return expected

    def matrices(self) -> dict[str, tuple[int, int]]:
        """Names, and (rows, columns), of the layers' matrices: what 4-bit quantisation replaces."""
        names = [f"self_attn.{one}_proj" for one in "qkvo"] + [f"mlp.{one}_proj" for one in ("gate", "up", "down")]
        return {
            f"model.layers.{layer}.{name}.weight": size
            for layer in range(self.layers)
            for name, size in zip(names, self.linears(), strict=True)
        }

    def _outside(self) -> int:
        """Numbers outside the layers: embeddings, output matrix, last norm. They stay 16 bits."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2) + self.hidden

    def weight_bytes(self, quantisation: Quantisation) -> int:
        """Memory of the weights.

        ``none``: 16 bits each. ``nf4``: 4 bits for each number of a layer's matrices, an 8-bit scale for each 64 of
        them, a 32-bit scale for each 256 scales (arXiv 2305.14314, section 3), and bitsandbytes' tables; all else 16
        bits.
        """
        if quantisation == "none":
            return _HALF * self.parameters()
        layer = sum(_nf4_bytes(rows * columns) for rows, columns in self.linears()) + _HALF * self.vectors()
        return self.layers * layer + _HALF * self._outside()

    def cache_bytes(self, tokens: int) -> int:
        """Keys and values of so many tokens, 16 bits."""
        return 2 * _HALF * self.layers * self.kv_heads * self.head_dim * tokens

    def activation_bytes(self, prompt_tokens: int) -> int:
        """An upper estimate of what reading a prompt in one pass holds at once, beside weights and cache.

        16 bits for each token of: the residual and its norm (4 × hidden, as old and new meet), queries and attention
        output with the keys and values before they are cached, and three intermediate rows of the MLP; then the
        largest matrix unpacked to 16 bits (4-bit weights are multiplied that way), and one row of the vocabulary
        twice in 32 bits. Holds for attention that does not write out its scores (PyTorch's fused kernels) and for a
        batch of one; the allocator's own waste is not in it.
        """
        token = 4 * self.hidden + 2 * (self.heads + self.kv_heads) * self.head_dim + 3 * self.intermediate
        largest = max(rows * columns for rows, columns in self.linears())
        return _HALF * (token * prompt_tokens + largest) + 2 * 4 * self.vocabulary


def _nf4_bytes(numbers: int) -> int:
    blocks = -(-numbers // BLOCK)
    return -(-numbers // 2) + blocks + 4 * -(-blocks // SCALES) + _TABLES


def read_shape(content: bytes, name: str) -> ModelShape:
    """The shape of a language model that a ``config.json`` states. Raises ModelError, which names the model ``name``
    and the reason."""
    shape = read_either(content, name)
    if isinstance(shape, ClassifierShape):
        raise ModelError(
            f"{name}: it judges pairs of sentences and writes nothing",
            remedy="name it in answer.entailment_model, and a Qwen in model.name",
        )
    return shape


def read_classifier(content: bytes, name: str) -> ClassifierShape:
    """The shape of a model that judges pairs of texts. Raises as ``read_shape``."""
    shape = read_either(content, name)
    if isinstance(shape, ModelShape):
        raise ModelError(
            f"{name}: it writes text and does not judge pairs of sentences",
            remedy="name it in model.name, and in answer.entailment_model a model for natural language inference",
        )
    return shape


def read_either(content: bytes, name: str) -> ModelShape | ClassifierShape:
    """Whichever of the two it is. Raises as ``read_shape``."""
    try:
        config = json.loads(content)
    except (ValueError, RecursionError):
        config = None
    if not isinstance(config, dict):
        raise ModelError(f"{name}: config.json is no JSON object", remedy=REMEDY)
    stated = config.get("architectures") or [config.get("model_type")]
    architecture = stated[0] if isinstance(stated, list) and stated else stated
    if architecture not in ARCHITECTURES and not is_classifier(architecture):
        raise ModelError(
            f"{name}: the architecture {architecture!r} is not supported",
            remedy="take a Qwen2.5 or Qwen3 instruct model (dense); `ragmed models list` names some",
        )
    stated = config.get("quantization_config")
    if stated and (is_classifier(architecture) or not is_nf4(stated)):
        raise ModelError(
            f"{name}: its weights are quantised already",
            remedy="take the model in 16 bits (no GPTQ, AWQ, FP8 in its name): it is quantised when it loads; or what"
            " `ragmed tune export --to nf4` made",
        )
    return (
        classifier_shape(config, architecture, name)
        if is_classifier(architecture)
        else _qwen(config, architecture, name)
    )


def _qwen(config: dict[str, Any], architecture: str, name: str) -> ModelShape:
    qwen3 = architecture == "Qwen3ForCausalLM"
    hidden, heads = size_of(config, "hidden_size", name), size_of(config, "num_attention_heads", name)
    shape = ModelShape(
        architecture=architecture,
        hidden=hidden,
        layers=size_of(config, "num_hidden_layers", name, largest=1000),
        heads=heads,
        kv_heads=size_of(config, "num_key_value_heads", name, heads),
        head_dim=size_of(config, "head_dim", name, 128 if qwen3 else max(1, hidden // heads)),
        intermediate=size_of(config, "intermediate_size", name),
        vocabulary=size_of(config, "vocab_size", name),
        tied=bool(config.get("tie_word_embeddings", False)),
        max_positions=size_of(config, "max_position_embeddings", name, 32768),
        attention_bias=qwen3 and bool(config.get("attention_bias", False)),
        four_bits=bool(config.get("quantization_config")),
    )
    if shape.heads % shape.kv_heads:
        raise ModelError(f"{name}: config.json: {heads} heads do not share {shape.kv_heads} keys", remedy=REMEDY)
    return shape
