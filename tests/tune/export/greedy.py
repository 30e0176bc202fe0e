"""The tokens that a local engine writes, always the likeliest, as answering writes them."""

from __future__ import annotations

import threading
from pathlib import Path

from ragmed.engines import Order
from ragmed.generate.loading import Adapter
from ragmed.generate.local import LocalEngine
from ragmed.settings import ModelSettings
from tests.tune.export.learned_qwen import QUESTIONS, messages_of

MOST = 48


def greedy(model: Path, adapter: Path | None = None, *, quantisation: str = "nf4") -> list[list[int]]:
    """Of each question the tokens of its answer, the end's included."""
    engine = LocalEngine(ModelSettings(name=str(model), quantisation=quantisation, adapter=adapter))  # type: ignore[arg-type]
    worn = Adapter(adapter) if adapter else None
    loaded = engine._place.prepare(worn)
    found = []
    for question in QUESTIONS:
        order = Order(messages=messages_of(question), markers=0, max_tokens=MOST)
        ids = engine._tokens(order.messages)
        pieces = engine._generated(loaded, worn, order, ids, threading.Event())
        found.append([token for _, tokens in pieces for token in tokens])
    return found


def prompts(model: Path) -> list[list[int]]:
    """Of each question the tokens of its prompt."""
    engine = LocalEngine(ModelSettings(name=str(model)))
    return [engine._tokens(messages_of(question)) for question in QUESTIONS]


def equal_lengths(one: list[list[int]], other: list[list[int]]) -> list[tuple[int, int]]:
    """Of each question: how many tokens from the beginning are the same, and of how many."""
    return [
        (
            next((at for at, (a, b) in enumerate(zip(mine, its, strict=False)) if a != b), min(len(mine), len(its))),
            len(mine),
        )
        for mine, its in zip(one, other, strict=True)
    ]
