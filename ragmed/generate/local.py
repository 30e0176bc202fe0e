"""The Qwen on this machine: an ``Engine`` over transformers, with 4-bit weights where the device can.

Laws of this room:

* Nothing is loaded before the first question, and then once; one answer is written at a time, others wait their turn.
* The same question writes the same answer: greedy, or sampled from a seed. What speeds it up (the memory of the fixed
  prefix, looking ahead in the prompt) is on or off for all answers alike.
* Whoever reads along is given a piece several times a second, an empty one where nothing is written yet, and may leave
  at each; the model is then free within a token, or within a piece of the prompt that it still reads (``reading``).
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
from ragmed.generate.chat import prompt_ids
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
)
from ragmed.generate.thoughts import CLOSE, OPEN, ThoughtFilter
from ragmed.models.store import installed

if TYPE_CHECKING:
    from ragmed.engines import Message, Order
    from ragmed.models.processor import Processor
    from ragmed.models.store import InstalledModel
    from ragmed.settings import ModelSettings

_LOOK_BACK = 8
"""Tokens at the end of a prompt among which it may open a thought."""
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
        self, settings: ModelSettings, *, speed: Speed | None = None, processor: Processor | None = None
    ) -> None:
        """``processor``: what decides between 4 and 16 bits; this machine's where it is None."""
        self._settings = settings
        self._processor = processor
        self._speed = speed or Speed()
        self._adapter = Adapter(settings.adapter) if settings.adapter else None
        self._loading = threading.Lock()
        self._turn = threading.Lock()
        self._loaded: _Loaded | None = None

    @cached_property
    def _model(self) -> InstalledModel:
        return installed(self._settings)

    @cached_property
    def _tokenizer(self) -> Any:
        quiet_libraries()
        return load_tokenizer(self._model)

    @property
    def model_id(self) -> str:
        return self._model.name

    @property
    def revision(self) -> str:
        return self._model.revision

    @property
    def adapter_sha256(self) -> str | None:
        return self._adapter.sha256 if self._adapter else None

    @cached_property
    def quantisation(self) -> str:
        return quantisation_of(self._settings, device_of(self._settings), self._model.config, self._processor)

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
        with self._loading:
            if self._loaded is None:
                tokenizer = self._tokenizer
                weights = load_weights(self._model, self._settings, self._adapter, self._processor)
                ends = end_tokens(weights, tokenizer, self._model.folder)
                self._loaded = _Loaded(weights, tokenizer, ends)

    def stream(self, order: Order) -> Generator[EnginePiece, None, None]:
        """The answer, piece by piece; the last piece bears why it ended. Raises ModelError, IntegrityError."""
        self.warm()
        loaded = self._loaded
        assert loaded is not None
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
        with closing(self._generated(loaded, order, ids, stop)) as pieces:
            for text, tokens in pieces:
                written.extend(tokens)
                yield EnginePiece(text=thoughts.feed(text))
        if thoughts.stray:
            raise ModelError(
                f"model {self.model_id} thinks aloud, and where its thoughts end is not told",
                remedy="use another model",
            )
        ended = "stop" if written and written[-1] in loaded.ends else "length"
        yield EnginePiece(text=thoughts.end(), finish_reason=ended)

    def _generated(
        self, loaded: _Loaded, order: Order, ids: list[int], stop: threading.Event
    ) -> Generator[tuple[str, list[int]], None, None]:
        """Text and tokens as they are written."""
        from ragmed.generate.streaming import Decoder, tokens_of

        def run(tokens: Any) -> None:
            while not self._turn.acquire(timeout=_WAIT):
                if stop.is_set():
                    return
            try:
                loaded.generate(order, ids, tokens, stop, self._speed)
            finally:
                self._turn.release()

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


class _Loaded:
    """Weights and tokenizer, and what is kept between answers."""

    def __init__(self, weights: Any, tokenizer: Any, ends: tuple[int, ...]) -> None:
        from ragmed.generate.fixed_memory import FixedMemory
        from ragmed.generate.markers import Vocabulary
        from ragmed.generate.reading import PromptReader

        self.weights = weights
        self.tokenizer = tokenizer
        self.ends = ends
        vocabulary = tokenizer.get_vocab()
        self._vocabulary = Vocabulary.of(vocabulary, ends)
        self._thoughts = [vocabulary[tag] for tag in (OPEN, CLOSE) if tag in vocabulary]
        self._reader = PromptReader(weights)
        self._fixed = FixedMemory(weights)
        self._grammar: Any = None

    def decode(self, ids: Sequence[int]) -> str:
        """Text of tokens, special ones included: thoughts are told apart by them."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def thinks(self, ids: list[int]) -> bool:
        """Whether a prompt ends within thoughts, as the template of a model that always thinks has it."""
        return self.decode(ids[-_LOOK_BACK:]).rstrip().endswith(OPEN)

    def generate(self, order: Order, ids: list[int], tokens: Any, stop: threading.Event, speed: Speed) -> None:
        """Write the answer to ``order`` into ``tokens``."""
        import torch
        from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

        from ragmed.generate.streaming import StopWhen

        prompt = torch.tensor([ids], device=self.weights.device)
        sampled = order.temperature > 0
        how = GenerationConfig(
            max_new_tokens=order.max_tokens,
            do_sample=sampled,
            eos_token_id=list(self.ends),
            pad_token_id=self.ends[0],
            disable_compile=not speed.compiled,
            suppress_tokens=None if self.thinks(ids) else self._thoughts or None,
            **({"temperature": order.temperature, "top_p": order.top_p, "top_k": 0} if sampled else {}),
            **({"prompt_lookup_num_tokens": speed.look_ahead} if speed.look_ahead else {}),
        )
        with torch.inference_mode(), torch.random.fork_rng():
            prefix = self._prefix(order, ids) if speed.reuse_prefix else []
            into = self._fixed.of(len(ids) + order.max_tokens) if speed.fixed_memory else None
            memory = self._reader.memory_of(ids, prefix, stop, into)
            if memory is None:
                return  # whoever asked has left
            torch.manual_seed(order.seed)
            self.weights.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                generation_config=how,
                logits_processor=LogitsProcessorList(self._rules(order, len(ids))),
                stopping_criteria=StoppingCriteriaList([StopWhen(stop)]),
                streamer=tokens,
                past_key_values=memory,
            )

    def _rules(self, order: Order, prompt_length: int) -> list[Any]:
        """What may be written: JSON by a schema, or prose with markers."""
        from ragmed.generate.markers import MarkerProcessor

        if order.schema:
            from ragmed.generate.grammar import SchemaProcessor, grammar_tokenizer

            if self._grammar is None:
                self._grammar = grammar_tokenizer(self.tokenizer, self.ends)
            return [SchemaProcessor(self._grammar, order.schema, prompt_length=prompt_length)]
        if not order.markers:
            return []
        return [MarkerProcessor(self._vocabulary, self.decode, prompt_length=prompt_length, markers=order.markers)]

    def _prefix(self, order: Order, ids: list[int]) -> list[int]:
        """The system message's tokens, which are the same for many questions; empty where the prompt does not begin
        with them."""
        prefix = prompt_ids(self.tokenizer, order.messages[:1], answering=False)
        return prefix if len(prefix) < len(ids) and prefix == ids[: len(prefix)] else []
