"""The default model in 8 bits: ``minilm_graph``'s model, run by ONNX Runtime on the CPU.

The laws of the room: the model is made on this machine from weights that were checked, never fetched; a kept copy is
used only if its bytes have the hash that was written down when it was made, else it is made again. Each passage runs by
itself, on one core, as many at once as there are cores: its vector depends on the text alone. A question runs in
float32: it is short, and 8 bits on both sides of a comparison cost three times what they cost on one (ADR 0010).
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
    """The network, in 8 bits for passages. Safe to share between threads: running it changes nothing."""

    batch_tokens = 1 << 16
    """Texts run one by one all the same; few calls leave few cores idle at their ends."""

    def __init__(self, weights: Path, revision: str, kept: Path | None, threads: int) -> None:
        """``revision``: SHA-256 of ``weights``. ``kept``: a folder for copies, or none."""
        self._passages = _session(_model(weights, revision, kept, quantised=True), threads=1)
        self._questions = _session(_model(weights, revision, kept, quantised=False), threads=threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed")

    def __call__(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Token ids of each text, special tokens included → float32 unit vectors, shape (texts, 384)."""
        import numpy as np

        return np.concatenate(list(self._pool.map(lambda text: _run(self._passages, text), ids)))

    def question(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Token ids of one question → its float32 unit vector, shape (384,)."""
        vector: NDArray[np.float32] = _run(self._questions, ids)[0]
        return vector


def _run(session: Any, ids: Sequence[int]) -> NDArray[np.float32]:
    import numpy as np

    vectors: NDArray[np.float32] = session.run(None, {"ids": np.array([ids], dtype=np.int64)})[0]
    return vectors


def _session(model: bytes, *, threads: int) -> Any:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # the next level joins sums and norms into a slower operator, see minilm_graph
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _model(weights: Path, revision: str, kept: Path | None, *, quantised: bool) -> bytes:
    from ragmed.index.minilm_graph import GRAPH_VERSION, onnx_model

    if kept is None or not kept.parent.is_dir():
        return onnx_model(weights, quantised=quantised)
    place = kept / f"{revision[:16]}-{'int8' if quantised else 'fp32'}-{GRAPH_VERSION}.onnx"
    stated = place.with_suffix(".sha256")
    if place.is_file() and stated.is_file():
        model = place.read_bytes()
        if sha256_bytes(model) == stated.read_text("ascii").strip():
            return model
    model = onnx_model(weights, quantised=quantised)
    try:
        write_atomic(place, model)
        write_atomic(stated, f"{sha256_bytes(model)}\n".encode("ascii"))
    except OSError:
        pass  # somebody else's index, or no room: making the model again costs a moment, nothing else
    return model
