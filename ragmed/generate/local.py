"""The Qwen on this machine: an ``Engine`` over transformers, with 4-bit weights where the device can.

Laws of this room:

* Nothing is loaded before the first question, and then once; one answer is written at a time, others wait their turn.
* The same question writes the same answer: greedy, or sampled from a seed. What speeds it up (the memory of the fixed
  prefix, looking ahead in the prompt) is on or off for all answers alike.
* Whoever reads along is given a piece several times a second, an empty one where nothing is written yet, and may leave
  at each; the model is then free within a token, or within a piece of the prompt that it still reads (``reading``).
* Which adapter writes is settled when an answer begins, and stands in each of its pieces; another that was promoted
  meanwhile writes the next one. The weights stay in memory, and only the adapter's layers change.
* Thoughts are asked not to come, cannot be begun, and are taken out where they come all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragmed.engines import EnginePiece
from ragmed.errors import ModelError, RagMedError
from ragmed.generate.adapters import FixedAdapter
from ragmed.generate.chat import prompt_ids
from ragmed.generate.loaded import Loaded
from ragmed.generate.loading import (
    Adapter,
    as_model_error,
    device_of,
    end_tokens,
    load_tokenizer,
    load_weights,
    prompt_tokens_of,
    quantisation_of,
    quiet_libraries,
    told,
)
from ragmed.generate.thoughts import ThoughtFilter
from ragmed.models.store import installed

if TYPE_CHECKING:
    from ragmed.engines import Message, Order
    from ragmed.generate.adapters import AdapterSource
    from ragmed.models.processor import Processor
    from ragmed.models.store import InstalledModel
    from ragmed.settings import ModelSettings

_WAIT = 0.1
"""Seconds between two looks whether a reader that waits for its turn has left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What makes an answer come sooner; each on or off by measurement (docs/figures.md)."""

    reuse_prefix: bool = True
    """The fixed beginning of the prompt is read once, not at every question."""
    look_ahead: int = 8
    """Tokens guessed at once from the prompt, which answers copy from; 0: none."""
    fixed_memory: bool = False
    """The memory has a fixed size and place (``generate.fixed_memory``), which rules looking ahead out."""
    compiled: bool = False
    """A step over a fixed memory is compiled, on CUDA into a graph. Of 16-bit weights alone: transformers 5.23 compiles
    no 4-bit ones of bitsandbytes."""

    def __post_init__(self) -> None:
        if self.fixed_memory and self.look_ahead:
            raise ValueError("looking ahead needs a memory that can be cut: a fixed one cannot")
        if self.compiled and not self.fixed_memory:
            raise ValueError("only a step over a fixed memory is compiled")


class LocalEngine:
    """An ``Engine``. Safe to share between threads."""

    kind = "qwen"

    def __init__(
        self,
        settings: ModelSettings,
        *,
        speed: Speed | None = None,
        processor: Processor | None = None,
        adapters: AdapterSource | None = None,
    ) -> None:
        """``processor``: what decides between 4 and 16 bits; this machine's where it is None. ``adapters``: which one
        writes, asked before each answer; the settings' where it is None."""
        self._settings = settings
        self._speed = speed or Speed()
        self._adapters = adapters or FixedAdapter(Adapter(settings.adapter) if settings.adapter else None)
        self._place = _Place(settings, processor)

    def over(self, settings: ModelSettings, adapters: AdapterSource) -> LocalEngine:
        """Another engine over the same weights, which are in memory once: they take turns, and change adapters.

        ``settings``: such as load the same weights (``same_weights``).
        """
        other = LocalEngine(settings, speed=self._speed, adapters=adapters)
        other._place = self._place
        return other

    @property
    def _model(self) -> InstalledModel:
        return self._place.model

    @property
    def _tokenizer(self) -> Any:
        return self._place.tokenizer

    @property
    def _loaded(self) -> Loaded | None:
        return self._place.loaded

    @property
    def model_id(self) -> str:
        return self._model.name

    @property
    def revision(self) -> str:
        return self._model.revision

    @property
    def adapter_sha256(self) -> str | None:
        """Of the adapter that the next answer is written with; what wrote one stands in its pieces."""
        adapter = self._adapters.adapter(self._model)
        return adapter.sha256 if adapter else None

    @property
    def quantisation(self) -> str:
        return self._place.quantisation

    @property
    def context_tokens(self) -> int:
        return int(self._model.config.max_positions)

    @cached_property
    def prompt_tokens(self) -> int:
        return self._settings.prompt_tokens or prompt_tokens_of(device_of(self._settings))

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt, the beginning of the answer included. Raises ModelError."""
        return len(self._tokens(messages))

    def warm(self) -> None:
        """Load what the first answer would otherwise wait for. Raises ModelError, IntegrityError, MissingPartError."""
        self._place.prepare(self._adapters.adapter(self._model))

    def stream(self, order: Order) -> Generator[EnginePiece, None, None]:
        """The answer, piece by piece; the last piece bears why it ended. Raises ModelError, IntegrityError."""
        adapter = self._adapters.adapter(self._model)  # the whole answer's, whatever is promoted meanwhile
        loaded = self._place.prepare(adapter)
        by = adapter.sha256 if adapter else None
        ids = self._tokens(order.messages)
        if len(ids) + order.max_tokens > self.context_tokens:
            raise ModelError(
                f"prompt and answer are {len(ids) + order.max_tokens} tokens, and model {self.model_id} reads"
                f" {self.context_tokens}",
                remedy="lower model.prompt_tokens or model.answer_tokens",
            )
        stop = threading.Event()
        thoughts = ThoughtFilter(thinking=loaded.thinks(ids))
        written: list[int] = []
        with closing(self._generated(loaded, adapter, order, ids, stop)) as pieces:
            for text, tokens in pieces:
                written.extend(tokens)
                yield EnginePiece(text=thoughts.feed(text), adapter_sha256=by)
        if thoughts.stray:
            raise ModelError(
                f"model {self.model_id} thinks aloud, and where its thoughts end is not told",
                remedy="use another model",
            )
        ended = "stop" if written and written[-1] in loaded.ends else "length"
        yield EnginePiece(text=thoughts.end(), finish_reason=ended, adapter_sha256=by)

    def _generated(
        self, loaded: Loaded, adapter: Adapter | None, order: Order, ids: list[int], stop: threading.Event
    ) -> Generator[tuple[str, list[int]], None, None]:
        """Text and tokens as they are written."""
        from ragmed.generate.streaming import Decoder, tokens_of

        def run(tokens: Any) -> None:
            while not self._place.turn.acquire(timeout=_WAIT):
                if stop.is_set():
                    return
            try:
                self._place.wearing(adapter).generate(order, ids, tokens, stop, self._speed)
            finally:
                self._place.turn.release()

        decoder = Decoder(loaded.decode)
        try:
            with closing(tokens_of(run, stop)) as batches:
                for tokens in batches:
                    yield decoder.feed([token for token in tokens if token not in loaded.ends]), tokens
        except RagMedError:
            raise
        except Exception as error:
            raise as_model_error(self.model_id, error) from error
        if rest := decoder.end():
            yield rest, []

    def _tokens(self, messages: Sequence[Message]) -> list[int]:
        return prompt_ids(self._tokenizer, messages)


def same_weights(one: ModelSettings, other: ModelSettings) -> bool:
    """Whether both load the same weights in the same bits onto the same device."""
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("name", "folder", "device", "quantisation", "prompt_tokens")
    )


class _Place:
    """A model's place in memory, which engines may share: loaded once, worked with by one at a time."""

    def __init__(self, settings: ModelSettings, processor: Processor | None) -> None:
        self._settings = settings
        self._processor = processor
        self._loading = threading.Lock()
        self.turn = threading.Lock()
        self.loaded: Loaded | None = None

    @cached_property
    def model(self) -> InstalledModel:
        return installed(self._settings)

    @cached_property
    def tokenizer(self) -> Any:
        quiet_libraries()
        return load_tokenizer(self.model)

    @cached_property
    def quantisation(self) -> str:
        return quantisation_of(self._settings, device_of(self._settings), self.model.config, self._processor)

    def prepare(self, adapter: Adapter | None) -> Loaded:
        """The model, loaded; the adapter on as well, unless somebody's answer is being written."""
        if self.turn.acquire(blocking=False):
            try:
                return self.wearing(adapter)
            finally:
                self.turn.release()
        return self._base()

    def wearing(self, adapter: Adapter | None) -> Loaded:
        """The model with this adapter on, for whoever has the turn. Raises ModelError, IntegrityError."""
        loaded = self._base()
        try:
            with told(self.model.name):
                loaded.wear(adapter)
        finally:
            if not loaded.usable:
                self.loaded = None
        return loaded

    def _base(self) -> Loaded:
        with self._loading:
            if self.loaded is None:
                tokenizer = self.tokenizer
                weights = load_weights(self.model, self._settings, None, self._processor)
                self.loaded = Loaded(weights, tokenizer, end_tokens(weights, tokenizer, self.model.folder))
            return self.loaded
