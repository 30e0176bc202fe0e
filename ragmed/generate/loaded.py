"""A model in memory: what writes one answer at a time, with the adapter that the answer is to be written with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ragmed.generate.chat import prompt_ids
from ragmed.generate.thoughts import CLOSE, OPEN

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from ragmed.engines import Order
    from ragmed.generate.loading import Adapter
    from ragmed.generate.local import Speed

_LOOK_BACK = 8
"""Tokens at the end of a prompt among which it may open a thought."""


class Loaded:
    """Weights and tokenizer, and what is kept between answers."""

    def __init__(self, weights: Any, tokenizer: Any, ends: tuple[int, ...]) -> None:
        from ragmed.generate.markers import Vocabulary

        self.weights = weights
        """The network; an adapter's layers are put into it and taken out of it."""
        self.tokenizer = tokenizer
        self.ends = ends
        vocabulary = tokenizer.get_vocab()
        self._vocabulary = Vocabulary.of(vocabulary, ends)
        self._thoughts = [vocabulary[tag] for tag in (OPEN, CLOSE) if tag in vocabulary]
        self._grammar: Any = None
        self._wrapped: Any = None
        self.worn: str | None = None
        """Hash of the adapter that is on."""
        self.usable = True
        """False once an adapter could not be put on or taken off whole: the weights are to be loaded anew."""
        self._forget()

    def _forget(self) -> None:
        """What was kept of prompts was read by another network."""
        from ragmed.generate.fixed_memory import FixedMemory
        from ragmed.generate.reading import PromptReader

        self._reader = PromptReader(self.weights)
        self._fixed = FixedMemory(self.weights)

    def wear(self, adapter: Adapter | None) -> None:
        """Write with this adapter, or with none, from now on. Only between two answers.

        Raises ModelError, IntegrityError; the one before is then still on, unless ``usable`` says otherwise.
        """
        from ragmed.generate.tuned import put_on, take_off, verified

        wanted = adapter.sha256 if adapter else None
        if wanted == self.worn:
            return
        found = verified(self.weights, adapter) if adapter else None
        self.usable = False
        if self._wrapped is not None:
            take_off(self._wrapped)
            self._wrapped = None
        if found is not None:
            self._wrapped = put_on(self.weights, found)
        self._forget()
        self.worn, self.usable = wanted, True

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
