"""A chat → the tokens that a model reads and writes: one form for answering and for training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ragmed.engines import Message


def prompt_ids(tokenizer: Any, messages: Sequence[Message], *, answering: bool = True) -> list[int]:
    """Token ids of a chat by the model's own template, thinking switched off where it knows of it.

    ``answering``: with the beginning of the assistant's turn.
    """
    turns = [{"role": message.role, "content": message.content} for message in messages]
    found = tokenizer.apply_chat_template(turns, add_generation_prompt=answering, enable_thinking=False)
    return [int(token) for token in found["input_ids"]]


def answer_ids(tokenizer: Any, answer: str) -> list[int]:
    """Token ids of an assistant's turn as it is written behind ``prompt_ids``, its end included."""
    written = tokenizer(answer, add_special_tokens=False)["input_ids"]
    return [*(int(token) for token in written), int(tokenizer.eos_token_id)]
