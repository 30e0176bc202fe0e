"""all-MiniLM-L6-v2 as an ONNX graph, in 8 bits or in float32, written node by node from the checked weights.

The laws of the room:

* The graph depends on the weights alone: the same file gives the same bytes (law 8), so a copy can be kept by hash.
* In 8 bits only the products with weights are quantised: nine tenths of the arithmetic at 256 tokens. Attention's own
  two products, norms, softmax and pooling stay in float32.
* Texts of one run have one length: without padding there is no mask, and attention takes ONNX Runtime's quick path.

Weights are quantised symmetrically by output channel; what comes in is quantised as a tensor when it is known
(``DynamicQuantizeMatMul``: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference"). The word table is kept in 8 bits by row: half of the file would be that table.

Input: ``ids`` int64 (texts, tokens). Output: ``vectors`` float32 (texts, 384), L2 norm 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

GRAPH_VERSION = 1
"""Changes with the graph: part of the name of a kept copy."""

_HEADS = 12
_WIDTH = 384
_LAYERS = 6
_EPSILON = 1e-12
_MICROSOFT = "com.microsoft"
"""ONNX Runtime's own operators, which do in one what the standard ones do in several."""


def onnx_model(weights: Path, *, quantised: bool) -> bytes:
    """The serialised model of a safetensors file with BERT's names: about 23 MB in 8 bits, 90 MB in float32."""
    tensors = {name.removeprefix("bert."): tensor for name, tensor in load_file(weights).items()}
    return _Graph(tensors, quantised=quantised).model().SerializeToString()  # type: ignore[no-any-return]


class _Graph:
    """The nodes and constants, in the order in which they are written."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]], *, quantised: bool) -> None:
        self._tensors = tensors
        self._small = quantised
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        x = self._words()
        for number in range(_LAYERS):
            x = self._layer(x, number)
        self._pooled(x)
        graph = helper.make_graph(
            self._nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", _WIDTH])],
            list(self._constants.values()),
        )
        imports = [helper.make_opsetid("", 18), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=9)

    def _words(self) -> str:
        """Word + place (+ the first of BERT's two segments), normalised."""
        words = self._word_vectors(self._tensors["embeddings.word_embeddings.weight"])
        places = (
            self._tensors["embeddings.position_embeddings.weight"]
            + self._tensors["embeddings.token_type_embeddings.weight"][0]
        )
        length = self._node("Gather", [self._node("Shape", ["ids"], "shape"), self._integers("one", [1])], "length")
        sliced = [self._constant("places", places), self._integers("zero", [0]), length, self._integers("zero", [0])]
        x = self._node("Add", [words, self._node("Slice", sliced, "place")], "embedded")
        return self._normed(x, "embeddings.LayerNorm", "normed")

    def _word_vectors(self, table: NDArray[Any]) -> str:
        if not self._small:
            return self._node("Gather", [self._constant("words", table), "ids"], "word")
        rows, scales = _quantised(table)
        small = self._node("Gather", [self._constant("words", rows), "ids"], "words_of_text")
        scale = self._node("Gather", [self._constant("words_scale", scales[:, None]), "ids"], "scale_of_text")
        return self._node("Mul", [self._node("Cast", [small], "words_float", to=TensorProto.FLOAT), scale], "word")

    def _layer(self, x: str, number: int) -> str:
        layer, own = f"encoder.layer.{number}", f"layer{number}"
        mixed = self._attention(x, f"{layer}.attention.self", own)
        joined = self._linear(mixed, [f"{layer}.attention.output.dense"], f"{own}.joined")
        x = self._added(x, joined, f"{layer}.attention.output.LayerNorm", f"{own}.first")
        wide = self._linear(x, [f"{layer}.intermediate.dense"], f"{own}.wide")
        bent = self._node("Gelu", [wide], f"{own}.bent", domain=_MICROSOFT)
        narrow = self._linear(bent, [f"{layer}.output.dense"], f"{own}.narrow")
        return self._added(x, narrow, f"{layer}.output.LayerNorm", f"{own}.second")

    def _attention(self, x: str, layer: str, own: str) -> str:
        """Query, key and value in one product, then softmax attention."""
        packed = self._linear(x, [f"{layer}.{part}" for part in ("query", "key", "value")], f"{own}.packed")
        bounds = [self._integers(f"bound{place}", [_WIDTH * place]) for place in range(4)]
        parts = [
            self._node("Slice", [packed, bounds[place], bounds[place + 1], self._integers("two", [2])], f"{own}.{part}")
            for place, part in enumerate(("query", "key", "value"))
        ]
        return self._node("MultiHeadAttention", parts, f"{own}.mixed", domain=_MICROSOFT, num_heads=_HEADS)

    def _pooled(self, x: str) -> None:
        """The sum over the tokens; that it is no mean falls out with the norm."""
        summed = self._node("ReduceSum", [x, self._integers("one", [1])], "sum", keepdims=0)
        self._node("LpNormalization", [summed], "vectors", axis=1, p=2)

    def _linear(self, x: str, names: Sequence[str], own: str) -> str:
        stacked = np.concatenate([self._tensors[f"{name}.weight"] for name in names])
        bias = np.concatenate([self._tensors[f"{name}.bias"] for name in names])
        if not self._small:
            product = self._node("MatMul", [x, self._constant(f"{own}.weight", stacked.T)], f"{own}.product")
            return self._node("Add", [product, self._constant(f"{own}.bias", bias)], own)
        weights, scales = _quantised(stacked)
        constants = [
            self._constant(f"{own}.weight", weights.T),
            self._constant(f"{own}.scale", scales),
            self._constant(f"{own}.zero", np.zeros(len(scales), dtype=np.int8)),
            self._constant(f"{own}.bias", bias),
        ]
        return self._node("DynamicQuantizeMatMul", [x, *constants], own, domain=_MICROSOFT)

    def _added(self, x: str, y: str, norm: str, own: str) -> str:
        # two nodes: the joined one, SkipLayerNormalization, took four times as long (ADR 0010)
        return self._normed(self._node("Add", [x, y], f"{own}.sum"), norm, own)

    def _normed(self, x: str, norm: str, own: str) -> str:
        return self._node("LayerNormalization", [x, *self._norm(norm)], own, axis=-1, epsilon=_EPSILON)

    def _norm(self, name: str) -> list[str]:
        return [self._constant(f"{name}.{part}", self._tensors[f"{name}.{part}"]) for part in ("weight", "bias")]

    def _integers(self, name: str, values: list[int]) -> str:
        return self._constant(name, np.array(values, dtype=np.int64))

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def _node(self, kind: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any) -> str:
        self._nodes.append(helper.make_node(kind, inputs, [output], domain=domain, name=output, **attributes))
        return output


def _quantised(weight: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rows as int8 in [-127, 127] and the scale of each row: ``row ≈ int8 × scale``."""
    values = weight.astype(np.float32)
    # a row of zeros has any scale
    scales = np.maximum(np.abs(values).max(axis=1), np.float32(1e-12)) / np.float32(127)
    return np.rint(values / scales[:, None]).astype(np.int8), scales.astype(np.float32)
