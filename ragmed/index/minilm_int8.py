"""The default model in 8 bits: ``minilm_graph``'s model, run by ONNX Runtime on the CPU.

The laws of the room: the model is made on this machine from weights that were checked, never fetched; a kept copy is
used only if its bytes have the hash that was written down when it was made, else it is made again. Each text runs by
itself, on one core, as many at once as there are cores: its vector depends on the text alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.canonical import sha256_bytes, write_atomic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class MiniLmInt8:
    """The network in 8 bits. Safe to share between threads: running it changes nothing."""

    def __init__(self, weights: Path, revision: str, kept: Path | None, threads: int) -> None:
        """``revision``: SHA-256 of ``weights``. ``kept``: a folder for copies, or none."""
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        onnxruntime.set_default_logger_severity(3)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        # the next level joins sums and norms into a slower operator, see minilm_graph
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        model = _model(weights, revision, kept)
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed")

    def __call__(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Token ids of each text, special tokens included → float32 unit vectors, shape (texts, 384)."""
        import numpy as np

        if len(ids) == 1:
            return self._vector(ids[0])
        return np.concatenate(list(self._pool.map(self._vector, ids)))

    def _vector(self, ids: Sequence[int]) -> NDArray[np.float32]:
        import numpy as np

        vectors: NDArray[np.float32] = self._session.run(None, {"ids": np.array([ids], dtype=np.int64)})[0]
        return vectors


def _model(weights: Path, revision: str, kept: Path | None) -> bytes:
    from ragmed.index.minilm_graph import GRAPH_VERSION, int8_model

    if kept is None or not kept.parent.is_dir():
        return int8_model(weights)
    place = kept / f"{revision[:16]}-int8-{GRAPH_VERSION}.onnx"
    stated = place.with_suffix(".sha256")
    if place.is_file() and stated.is_file():
        model = place.read_bytes()
        if sha256_bytes(model) == stated.read_text("ascii").strip():
            return model
    model = int8_model(weights)
    try:
        write_atomic(place, model)
        write_atomic(stated, f"{sha256_bytes(model)}\n".encode("ascii"))
    except PermissionError:
        pass  # a reader of somebody else's index: making the model again costs a moment, nothing else
    return model
