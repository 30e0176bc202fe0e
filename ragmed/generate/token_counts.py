"""How many tokens messages are: asked of the engine where it can count, else never too few.

    vLLM        POST /tokenize {model, messages}                          → {count}, the chat template included
    llama.cpp   POST /apply-template {messages} → {prompt}; /tokenize {content} → {tokens}
    SGLang      POST /tokenize {model, prompt} → {count}, of bare text: the template is allowed for
    others      nothing: ``most_tokens``

The bound: a byte-level tokenizer (Qwen, Llama 3, GPT) makes at least one byte of each token, and one with byte fallback
(Llama 2, Mistral) at least one character or byte, so a text has no more tokens than bytes in UTF-8, after the Unicode
normal form that some of them apply first. Letters and digits so count one each, Chinese three. English text has four or
five times fewer tokens than that and Chinese three to five times; nothing closer holds for every text (a word such as
``xqzjvk`` takes nearly a token for each letter with Qwen), and an engine that is given too much cuts without a word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ragmed.engines import Message

MESSAGE_TOKENS, TEMPLATE_TOKENS = 16, 64
"""Allowed for the marks around each message, and for what a template adds by itself (a system line, empty thoughts)."""

Ask = Callable[[str, object], Any]
"""Asks ``path`` below the engine's root with a body, and gives the answer; None where the engine refuses."""


def most_tokens(messages: Sequence[Message]) -> int:
    """A number of tokens that these messages cannot exceed."""
    return TEMPLATE_TOKENS + sum(MESSAGE_TOKENS + _most(message.role) + _most(message.content) for message in messages)


def _most(text: str) -> int:
    forms = (text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFKC", text))
    return max(len(form.encode("utf-8", errors="replace")) for form in forms)


def as_json(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The messages as requests carry them."""
    return [{"role": message.role, "content": message.content} for message in messages]


def counted_by_template(ask: Ask, model: str, messages: Sequence[Message], extras: Mapping[str, object]) -> int | None:
    """vLLM's way."""
    return _count(ask("/tokenize", {"model": model, "messages": as_json(messages), **extras}))


def counted_in_two_steps(ask: Ask, model: str, messages: Sequence[Message], extras: Mapping[str, object]) -> int | None:
    """llama.cpp's way."""
    made = ask("/apply-template", {"model": model, "messages": as_json(messages), **extras})
    prompt = made.get("prompt") if isinstance(made, Mapping) else None
    if not isinstance(prompt, str) or not prompt:
        return None
    body = {"model": model, "content": prompt, "add_special": True, "parse_special": True}
    found = ask("/tokenize", body)
    tokens = found.get("tokens") if isinstance(found, Mapping) else None
    return len(tokens) if isinstance(tokens, list) and tokens else None


def counted_bare(ask: Ask, model: str, messages: Sequence[Message], extras: Mapping[str, object]) -> int | None:
    """SGLang's way: one text of all messages, and room for the template."""
    text = "\n".join(f"{message.role}\n{message.content}" for message in messages)
    count = _count(ask("/tokenize", {"model": model, "prompt": text}))
    return None if count is None else count + TEMPLATE_TOKENS + MESSAGE_TOKENS * len(messages)


WAYS = (counted_by_template, counted_in_two_steps, counted_bare)


def _count(found: object) -> int | None:
    count = found.get("count") if isinstance(found, Mapping) else None
    return count if isinstance(count, int) and count > 0 else None
