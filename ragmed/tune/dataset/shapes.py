"""The common formats of training rows: recognised by their fields, and turned into turns and answers.

==============  =============================================================================================
format          fields
==============  =============================================================================================
``messages``    ``messages`` of ``role`` and ``content``; with ``rejected_response``, ``chosen`` and ``rejected``,
                or ``label`` beside them (ms-swift, LLaMA-Factory)
``sharegpt``    ``conversations`` of ``from`` and ``value``; ``system``; ``chosen`` and ``rejected``; ``label``
``alpaca``      ``instruction``, ``input``, ``output`` (or ``chosen`` and ``rejected``), ``system``, ``history``
``preference``  ``prompt``, ``chosen``, ``rejected``; or both conversations whole, which begin alike
``completion``  ``prompt``, ``completion``, and perhaps ``label``
==============  =============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragmed.engines import Message
from ragmed.tune.dataset.rows import Form

_ROLES = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
}


class ShapeError(Exception):
    """A row is in no known format, or not whole; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """A row of a file, whatever its format was."""

    format: str
    form: Form
    prompt: tuple[Message, ...]
    answer: str
    rejected: str = ""
    label: bool = True


def shaped(item: object) -> Shaped:
    """The row in one form. Raises ShapeError."""
    if isinstance(item, ShapeError):
        raise item  # it could not even be read
    if not isinstance(item, Mapping):
        raise ShapeError("not a JSON object")
    if "messages" in item:
        return _of_turns("messages", _turns(item["messages"], "role", "content"), item)
    if "conversations" in item:
        turns = _turns(item["conversations"], "from", "value")
        return _of_turns("sharegpt", _with_system(item, turns), item)
    if "instruction" in item:
        return _alpaca(item)
    if "chosen" in item or "rejected" in item:
        return _preference(item)
    if "prompt" in item and "completion" in item:
        return _completion(item)
    names = ", ".join(sorted(map(str, item))[:6]) or "none"
    raise ShapeError(f"in no known format; its fields: {names}")


def _of_turns(name: str, turns: tuple[Message, ...], item: Mapping[str, Any]) -> Shaped:
    if "chosen" in item or "rejected" in item:
        prompt = turns[:-1] if turns[-1].role == "assistant" else turns
        return _pair(name, prompt, _answer(item, "chosen"), _answer(item, "rejected"))
    prompt, answer = _parted(turns)
    if "rejected_response" in item:
        return _pair(name, prompt, answer, _answer(item, "rejected_response"))
    if "label" in item or "kto_tag" in item:
        return _thumb(name, prompt, answer, item.get("label", item.get("kto_tag")))
    return Shaped(format=name, form=Form.SFT, prompt=prompt, answer=answer)


def _alpaca(item: Mapping[str, Any]) -> Shaped:
    asked = "\n".join(part for part in (_text(item, "instruction"), _text(item, "input", needed=False)) if part)
    history = item.get("history") or []
    if not isinstance(history, list) or not all(isinstance(one, list | tuple) and len(one) == 2 for one in history):
        raise ShapeError("'history' is not a list of pairs")
    before = [
        Message(role=role, content=_whole(text, "history"))
        for pair in history
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
    turns = _with_system(item, (*before, Message(role="user", content=asked)))
    if "chosen" in item or "rejected" in item:
        return _pair("alpaca", turns, _answer(item, "chosen"), _answer(item, "rejected"))
    answer = _text(item, "output")
    if "label" in item or "kto_tag" in item:
        return _thumb("alpaca", turns, answer, item.get("label", item.get("kto_tag")))
    return Shaped(format="alpaca", form=Form.SFT, prompt=_asked(turns), answer=answer)


def _preference(item: Mapping[str, Any]) -> Shaped:
    if "prompt" in item:
        return _pair("preference", _prompt(item), _answer(item, "chosen"), _answer(item, "rejected"))
    for name in ("chosen", "rejected"):
        if not isinstance(item.get(name), list):
            raise ShapeError(f"a preference pair without 'prompt', whose {name!r} is no conversation")
    chosen, rejected = (_turns(item[name], "role", "content") for name in ("chosen", "rejected"))
    if chosen[:-1] != rejected[:-1]:
        raise ShapeError("'chosen' and 'rejected' do not answer the same conversation")
    return _pair("preference", chosen[:-1], _parted(chosen)[1], _parted(rejected)[1])


def _completion(item: Mapping[str, Any]) -> Shaped:
    prompt, answer = _prompt(item), _answer(item, "completion")
    if "label" in item:
        return _thumb("completion", prompt, answer, item["label"])
    return Shaped(format="completion", form=Form.SFT, prompt=_asked(prompt), answer=answer)


def _pair(name: str, prompt: Sequence[Message], chosen: str, rejected: str) -> Shaped:
    if chosen == rejected:
        raise ShapeError("'chosen' and 'rejected' are the same")
    return Shaped(format=name, form=Form.DPO, prompt=_asked(prompt), answer=chosen, rejected=rejected)


def _thumb(name: str, prompt: Sequence[Message], answer: str, label: object) -> Shaped:
    if not isinstance(label, bool):
        raise ShapeError("'label' is neither true nor false")
    return Shaped(format=name, form=Form.KTO, prompt=_asked(prompt), answer=answer, label=label)


def _prompt(item: Mapping[str, Any]) -> tuple[Message, ...]:
    given = item["prompt"]
    turns = (
        _turns(given, "role", "content")
        if isinstance(given, list)
        else (Message(role="user", content=_text(item, "prompt")),)
    )
    return _with_system(item, turns)


def _answer(item: Mapping[str, Any], name: str) -> str:
    """An answer as text, as one turn, or as a list that ends in it."""
    given = item.get(name)
    if isinstance(given, list) and given:
        given = given[-1]
    if isinstance(given, Mapping):
        given = given.get("content", given.get("value"))
    return _whole(given, name)


def _turns(given: object, role: str, content: str) -> tuple[Message, ...]:
    if not isinstance(given, list) or not given:
        raise ShapeError("its turns are not a list, or an empty one")
    found: list[Message] = []
    for number, one in enumerate(given, 1):
        if not isinstance(one, Mapping):
            raise ShapeError(f"turn {number} is not an object")
        spoken = one.get(role, one.get("role", one.get("from")))
        if not isinstance(spoken, str) or spoken.lower() not in _ROLES:
            raise ShapeError(f"turn {number} is by nobody that is known")
        said = _whole(one.get(content, one.get("content", one.get("value"))), f"turn {number}")
        found.append(Message(role=_ROLES[spoken.lower()], content=said))
    return tuple(found)


def _with_system(item: Mapping[str, Any], turns: Sequence[Message]) -> tuple[Message, ...]:
    system = _text(item, "system", needed=False)
    if system and turns[0].role != "system":
        return (Message(role="system", content=system), *turns)
    return tuple(turns)


def _parted(turns: Sequence[Message]) -> tuple[tuple[Message, ...], str]:
    if turns[-1].role != "assistant":
        raise ShapeError("its last turn is not the assistant's")
    return _asked(turns[:-1]), turns[-1].content


def _asked(turns: Sequence[Message]) -> tuple[Message, ...]:
    """The turns before an answer: perhaps one of the system, then user and assistant in turn, the user last."""
    spoken = [one.role for one in turns if one.role != "system"]
    wanted = ["user", "assistant"] * (len(spoken) // 2) + ["user"]
    if spoken != wanted or "system" in [one.role for one in turns[1:]]:
        raise ShapeError("user and assistant do not speak in turn, the user last before the answer")
    return tuple(turns)


def _text(item: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    if not needed and not item.get(name):
        return ""
    return _whole(item.get(name), name)


def _whole(given: object, name: str) -> str:
    if given is None:
        raise ShapeError(f"{name!r} is missing")
    if not isinstance(given, str):
        raise ShapeError(f"{name!r} is not text")
    if not given.strip():
        raise ShapeError(f"{name!r} is empty")
    return given
