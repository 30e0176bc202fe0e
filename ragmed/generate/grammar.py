"""Text that must follow a JSON schema: what may be written next, by llguidance, laid over a model's logits.

Laws of this room: what is written is a beginning of a text that the schema allows, and ends only where it is whole;
guesses that are looked ahead at are weighed like written tokens and leave no trace where they are not taken.

llguidance (MIT, no dependencies) and not xgrammar, which asks for triton and with it for CUDA: docs/adr/0021.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from llguidance import LLMatcher
from llguidance.hf import from_tokenizer
from transformers import LogitsProcessor

from ragmed.errors import ModelError
from ragmed.generate.markers import only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llguidance._lib import JsonCompileOptions, LLTokenizer


def grammar_tokenizer(tokenizer: Any, ends: Sequence[int]) -> LLTokenizer:
    """The vocabulary as the grammar needs it; takes a second for 150,000 tokens. ``ends``: ids that end a text.

    Raises ModelError where the tokenizer is not one of the ``tokenizers`` library.
    """
    try:
        return from_tokenizer(tokenizer, eos_token=list(ends))
    except ValueError as error:
        raise ModelError(
            f"this model's tokenizer cannot be held to a form: {error}", remedy="use a Qwen model with tokenizer.json"
        ) from error


class SchemaProcessor(LogitsProcessor):
    """Holds what follows a prompt of ``prompt_length`` tokens to a JSON schema, written without needless spaces."""

    def __init__(self, vocabulary: LLTokenizer, schema: str, *, prompt_length: int) -> None:
        """Raises ModelError where ``schema`` is none that can be followed."""
        compact: JsonCompileOptions = {
            "whitespace_flexible": False,
            "item_separator": ", ",
            "key_separator": ": ",
        }
        try:
            grammar = LLMatcher.grammar_from_json_schema(json.loads(schema), defaults=compact)
        except ValueError as error:
            raise ModelError(f"not a JSON schema: {error}", remedy="mend the schema") from error
        self._matcher = LLMatcher(vocabulary, grammar)
        if self._matcher.is_error():
            raise ModelError(f"this schema cannot be followed: {self._matcher.get_error()}", remedy="mend the schema")
        self._ends = torch.tensor(vocabulary.eos_tokens, dtype=torch.long)
        self._start = prompt_length
        self._written: list[int] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Logits, shape (1, vocabulary), with what may not be written at minus infinity."""
        if not self._follow(input_ids[0, self._start :].tolist()):
            return scores  # behind a guess that is not taken: nothing of it will be kept
        if self._matcher.is_stopped():  # whole: now its end
            return only(scores, self._ends.to(scores.device))
        packed = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = torch.from_numpy(np.unpackbits(packed, bitorder="little").astype(bool)).to(scores.device)
        width = scores.shape[-1]
        held = torch.zeros(width, dtype=torch.bool, device=scores.device)
        known = min(width, allowed.numel())
        held[:known] = allowed[:known]
        return scores.masked_fill(~held, -torch.inf)

    def _follow(self, written: list[int]) -> bool:
        """Bring the matcher to behind these tokens; False where the schema does not allow them."""
        same = 0
        for mine, theirs in zip(self._written, written, strict=False):
            if mine != theirs:
                break
            same += 1
        if same < len(self._written):
            self._matcher.rollback(len(self._written) - same)
            del self._written[same:]
        new = written[same:]
        taken = self._matcher.try_consume_tokens(new) if new else 0
        self._written.extend(new[:taken])
        return taken == len(new)
