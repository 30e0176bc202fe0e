"""A prompt is read in pieces: the same memory as read at once, and a reader who leaves meanwhile stops it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, DynamicCache

from ragmed.engines import Message, Order
from ragmed.generate.local import LocalEngine, Speed
from ragmed.generate.reading import PIECE, PromptReader
from ragmed.settings import ModelSettings
from tests.generate import tiny_qwen

SYSTEM = Message(role="system", content="Answer from the passages. " * 6)
LONG = (SYSTEM, Message(role="user", content="Give adrenaline 0.5 mg into the outer thigh at once. " * 120))
ORDER = Order(messages=LONG, markers=3, max_tokens=12)
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module", params=["qwen2", "qwen3"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_qwen.build(tmp_path_factory.mktemp("models") / f"tiny-{request.param}", kind=request.param)
    tiny_qwen.lock(folder)
    return folder


class Reads:
    """What the model reads: lengths of the pieces, each held up until it may go on."""

    def __init__(self, engine: LocalEngine) -> None:
        engine.warm()
        assert engine._loaded is not None
        self.pieces: list[int] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self._hook = engine._loaded.weights.get_decoder().register_forward_pre_hook(self._seen, with_kwargs=True)

    def _seen(self, _module: Any, _args: Any, said: dict[str, Any]) -> None:
        ids = said["input_ids"]
        self.pieces.append(ids.shape[1])
        self.begun.set()
        assert self.go_on.wait(20)


@pytest.mark.parametrize("reuse_prefix", [False, True])
def test_a_reader_who_leaves_while_the_prompt_is_read_stops_it_within_a_piece(model: Path, reuse_prefix: bool) -> None:
    speed = Speed(reuse_prefix=reuse_prefix)
    engine = LocalEngine(ModelSettings(name=str(model)), speed=speed)
    reads = Reads(engine)
    assert engine.count(LONG) > 5 * PIECE
    pieces = engine.stream(ORDER)
    assert next(pieces).text == "", "a piece without text, while the first one is read"
    assert reads.begun.wait(20)
    pieces.close()
    assert len(reads.pieces) == 1
    reads.go_on.set()
    short = replace(ORDER, messages=(SYSTEM, Message(role="user", content="Take blood cultures")))
    text = "".join(piece.text for piece in engine.stream(short))  # its turn comes: the model is free
    assert max(reads.pieces[1:]) < PIECE, "the long prompt was read on"
    unstopped = LocalEngine(ModelSettings(name=str(model)), speed=speed)
    assert text == "".join(piece.text for piece in unstopped.stream(short))


def test_what_was_read_before_a_stop_is_not_kept_as_a_beginning(model: Path) -> None:
    """Else the same prompt would be read in other pieces than it is elsewhere."""
    order = replace(ORDER, messages=(replace(SYSTEM, content=SYSTEM.content * 12), *LONG[1:]))
    engine, fresh = LocalEngine(ModelSettings(name=str(model))), LocalEngine(ModelSettings(name=str(model)))
    reads, unstopped = Reads(engine), Reads(fresh)
    stopped = engine.stream(order)
    next(stopped)
    stopped.close()
    reads.go_on.set()
    unstopped.go_on.set()
    assert [piece.text for piece in engine.stream(order) if piece.text] == [
        piece.text for piece in fresh.stream(order) if piece.text
    ]
    assert reads.pieces[1:] == unstopped.pieces


def test_who_waits_for_his_turn_may_leave(model: Path) -> None:
    engine = LocalEngine(ModelSettings(name=str(model)))
    reads = Reads(engine)
    first = engine.stream(ORDER)
    next(first)
    waiting = engine.stream(ORDER)
    assert next(waiting).text == ""
    waiting.close()
    first.close()
    reads.go_on.set()
    for thread in threading.enumerate():
        if thread.name == "ragmed-generate":
            thread.join(20)
    assert len(reads.pieces) == 1


@pytest.fixture(scope="module")
def weights(model: Path) -> Iterator[Any]:
    yield AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()


@pytest.mark.parametrize("prefix", [0, 300])
@pytest.mark.parametrize("length", [50, 257, 600])
@torch.inference_mode()
def test_the_memory_is_that_of_a_prompt_read_at_once(weights: Any, length: int, prefix: int) -> None:
    ids = torch.arange(length) % 290 + 5
    reader = PromptReader(weights)
    for _ in range(2):  # the second time the beginning is kept
        memory = reader.memory_of(ids.tolist(), ids[:prefix].tolist() if prefix < length else [], threading.Event())
        assert memory is not None
        known = memory.get_seq_length()
        assert 0 < length - known <= PIECE
        pieces = weights(input_ids=ids[None, known:], past_key_values=memory)
        whole = weights(input_ids=ids[None], past_key_values=DynamicCache(config=weights.config))
        for read, at_once in zip(memory.layers, whole.past_key_values.layers, strict=True):
            torch.testing.assert_close(read.keys, at_once.keys, atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(read.values, at_once.values, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(pieces.logits[0, -1], whole.logits[0, -1], atol=1e-3, rtol=1e-3)
