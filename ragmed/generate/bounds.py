"""What a served engine is asked to keep to while it writes: lines that end in a marker of a passage, or a JSON schema.

The markers are those of the local model (``markers``): inside brackets only 1 to k, and no line ends without one. Every
engine that can keep to a pattern takes it in a field of its own:

    structured_outputs   vLLM from 0.11 on
    guided_regex         vLLM before that
    regex                SGLang
    grammar              llama.cpp, in its own notation
    (none)               Ollama: JSON schemas only

Engines pass over fields that they do not know, mostly without a word, so the field goes by the name that an engine
gives itself in its list of models (``owned_by``), or by the settings. A valid marker is not a right one: whether the
passage says it is checked afterwards.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragmed.generate.prompt import NOT_COVERED

if TYPE_CHECKING:
    from ragmed.engines import Order

Fields = dict[str, Any]

_BY_ENGINE = {"vllm": "structured_outputs", "sglang": "regex", "llamacpp": "grammar"}
_NO_THOUGHTS: tuple[Fields, ...] = (
    # Ollama heeds the latter only, SGLang and others the former
    {"chat_template_kwargs": {"enable_thinking": False}, "reasoning_effort": "none"},
    {"chat_template_kwargs": {"enable_thinking": False}},
    {},
)
"""What keeps Qwen3 from thinking, beyond the common fields; the next where an engine refuses one."""
_TEXT, _CLOSING = r"[^\[\]【】\n]", r"[ .,;:)。，；：）!?！？]"
PROOF = "held"
"""The one word that an engine is let write, to see whether it keeps to what it is asked."""


def pattern_of(markers: int) -> str:
    """A regular expression of what may be written over so many passages."""
    numbers = "|".join(str(number) for number in range(1, markers + 1))
    line = rf"({_TEXT}+(\[({numbers})\])+)+{_CLOSING}*"
    return rf"({'|'.join(NOT_COVERED.values())})[.。]?|{line}(\n+{line})*\n?"


def grammar_of(markers: int) -> str:
    """The same in llama.cpp's notation."""
    numbers = " | ".join(f'"{number}"' for number in range(1, markers + 1))
    nothing = " | ".join(f'"{words}"' for words in NOT_COVERED.values())
    return (
        'root ::= nothing [.。]? | line ("\\n"+ line)* "\\n"?\n'
        f"nothing ::= {nothing}\n"
        f"line ::= ({_TEXT}+ marker+)+ {_CLOSING}*\n"
        'marker ::= "[" number "]"\n'
        f"number ::= {numbers}\n"
    )


_WAYS: dict[str, Callable[[str, str], Fields]] = {
    "structured_outputs": lambda pattern, _: {"structured_outputs": {"regex": pattern}},
    "guided_regex": lambda pattern, _: {"guided_regex": pattern},
    "regex": lambda pattern, _: {"regex": pattern},
    "grammar": lambda _, grammar: {"grammar": grammar},
}


def way_of(wanted: str, engine: str) -> str:
    """The field by which markers are asked for; empty: none. ``wanted``: ``served.markers``; ``engine``: what it calls
    itself."""
    if wanted == "auto":
        return _BY_ENGINE.get(engine, "")
    return "" if wanted == "off" else wanted


def proof_of(way: str) -> Fields:
    """Fields that let an engine write ``PROOF`` and nothing else."""
    return _WAYS[way](PROOF, f'root ::= "{PROOF}"\n')


@dataclass(frozen=True, slots=True)
class Try:
    """Fields of one try, and what they ask the engine to keep to: ``markers``, ``schema`` or nothing."""

    fields: Fields
    level: int
    bound: str


class Extras:
    """The fields beyond the common ones, and which of them an engine refused. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._level = 0
        self._refused: frozenset[str] = frozenset()

    def forget(self) -> None:
        """Another engine answers now."""
        with self._lock:
            self._level, self._refused = 0, frozenset()

    def tries(self, order: Order, way: str) -> tuple[Try, ...]:
        """What to ask with, one after another, each time that a request is refused."""
        asked = _bound(order, way)
        with self._lock:
            level, refused = self._level, self._refused
        return tuple(self._rising(level, {key: fields for key, fields in asked.items() if key not in refused}))

    def _rising(self, level: int, asked: dict[str, Fields]) -> Iterator[Try]:
        for at in range(level, len(_NO_THOUGHTS)):
            for bound, fields in asked.items():
                yield Try({**_NO_THOUGHTS[at], **fields}, at, bound)
            yield Try(_NO_THOUGHTS[at], at, "")

    def worked(self, one: Try, tries: tuple[Try, ...]) -> None:
        """The engine answers this one: what was asked beyond it is not asked again."""
        with self._lock:
            self._level = one.level
            if not one.bound:
                self._refused |= {other.bound for other in tries if other.bound}


def _bound(order: Order, way: str) -> dict[str, Fields]:
    if order.schema:
        answer = {"name": "answer", "strict": True, "schema": json.loads(order.schema)}
        return {"schema": {"response_format": {"type": "json_schema", "json_schema": answer}}}
    if not way or not order.markers:
        return {}
    return {"markers": _WAYS[way](pattern_of(order.markers), grammar_of(order.markers))}
