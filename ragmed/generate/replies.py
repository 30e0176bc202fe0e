"""The events of a chat completion, turned into pieces of text.

Laws: only ``content`` is text (``reasoning_content`` and ``reasoning`` are thoughts, and so is what stands in
``<think>`` tags); an answer is whole when the engine says so, never because the connection ended; the engine's own
words about a fault are not repeated, since they may repeat the question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ragmed.engines import EnginePiece
from ragmed.errors import ModelError
from ragmed.generate.connection import PassingError
from ragmed.generate.sse import Event, EventReader
from ragmed.generate.thoughts import ThoughtFilter

if TYPE_CHECKING:
    import httpx

_SEE_LOG = "look into the engine's log"
_CHARACTERS_A_TOKEN = 200
"""More than any token has; an engine that writes more than the tokens asked for does not stop by itself."""
_STOPPED, _CUT = ("stop", "eos", "eos_token", "stop_sequence"), ("length", "max_tokens", "limit")


def written(
    response: httpx.Response, *, where: str, max_tokens: int, silence_seconds: float, clock: Callable[[], float]
) -> Iterator[EnginePiece]:
    """Pieces with text, and last one with the finish reason. Raises ModelError; PassingError where nothing had come."""
    reader, thoughts = EventReader(), ThoughtFilter()
    reason, done, characters = "", False, 0
    heard = clock()
    for event in _events(response, reader):
        if event is None:  # bytes came, and no event: a comment that keeps the connection open is no answer
            if clock() - heard > silence_seconds:
                raise ModelError(
                    f"the engine at {where} has been silent for {silence_seconds:g} s",
                    remedy="it may be overloaded or still loading; served.silence_seconds allows it more",
                )
            continue
        heard = clock()
        if event.text.strip() == "[DONE]":
            done = True
            break
        content, thought, told = _parts(_delta(event, where))
        reason = told or reason
        characters += len(content) + len(thought)
        if characters > _CHARACTERS_A_TOKEN * max_tokens:
            raise ModelError(f"the engine at {where} writes more than it was asked for", remedy=_SEE_LOG)
        shown = thoughts.feed(content)
        if thoughts.stray:
            raise ModelError(
                f"the model at {where} thinks aloud and does not say where it begins",
                remedy="serve it with a reasoning parser, or serve a model that does not think",
            )
        if shown:
            yield EnginePiece(text=shown)
    if not done and not reason:
        raise PassingError(f"the engine at {where} ended in the middle of an answer", remedy=_SEE_LOG)
    if reason and reason not in _STOPPED + _CUT:
        raise ModelError(f"the engine at {where} broke off its answer", remedy=_SEE_LOG)
    yield EnginePiece(text=thoughts.end(), finish_reason="length" if reason in _CUT else "stop")


def _events(response: httpx.Response, reader: EventReader) -> Iterator[Event | None]:
    """The events; None after bytes that completed none."""
    for piece in response.iter_bytes():
        found = reader.feed(piece)
        yield from found
        if not found:
            yield None
    yield from reader.end()


def _delta(event: Event, where: str) -> dict[str, Any]:
    """The first choice of an event; empty where it has none (usage). Raises ModelError for a fault it tells of."""
    try:
        told = json.loads(event.text)
    except ValueError:
        told = None
    if event.name == "error" or (isinstance(told, dict) and told.get("error")):
        raise ModelError(f"the engine at {where} reports a fault while it answers", remedy=_SEE_LOG)
    if not isinstance(told, dict):
        raise ModelError(
            f"the engine at {where} answers in a way that is not understood",
            remedy="check that served.url leads to an OpenAI-compatible engine",
        )
    choices = told.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _parts(choice: dict[str, Any]) -> tuple[str, str, str]:
    """Text, thoughts and finish reason of a choice; each may be empty."""
    delta = choice.get("delta")
    delta = delta if isinstance(delta, dict) else {}
    found = (
        delta.get("content"),
        delta.get("reasoning_content") or delta.get("reasoning"),
        choice.get("finish_reason"),
    )
    content, thought, reason = (one if isinstance(one, str) else "" for one in found)
    return content, thought, reason
