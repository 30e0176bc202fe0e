"""A memory of fixed size writes what one that grows writes, answer after answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.engines import Message, Order
from ragmed.generate.local import LocalEngine, Speed
from ragmed.settings import ModelSettings
from tests.generate import tiny_qwen

SYSTEM = Message(role="system", content="Answer from the passages. " * 6)
SHORT = Message(role="user", content="Take blood cultures")
LONG = Message(role="user", content="Give adrenaline 0.5 mg into the outer thigh at once. " * 50)
ORDER = Order(messages=(SYSTEM, LONG), markers=3, max_tokens=40)
PLAIN = Speed(look_ahead=0)
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module", params=["qwen2", "qwen3"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_qwen.build(tmp_path_factory.mktemp("models") / f"tiny-{request.param}", kind=request.param)
    tiny_qwen.lock(folder)
    return folder


def written(engine: LocalEngine, order: Order) -> str:
    return "".join(piece.text for piece in engine.stream(order))


def exact(model: Path, speed: Speed) -> LocalEngine:
    """An engine that reckons in 32 bits, where sums in another order do not decide between two tokens."""
    engine = LocalEngine(ModelSettings(name=str(model), quantisation="none"), speed=speed)
    engine.warm()
    assert engine._loaded is not None
    engine._loaded.weights.float()
    return engine


@pytest.mark.parametrize("reuse_prefix", [False, True])
def test_it_writes_what_a_growing_one_writes(model: Path, reuse_prefix: bool) -> None:
    growing = exact(model, replace(PLAIN, reuse_prefix=reuse_prefix))
    fixed = exact(model, replace(PLAIN, reuse_prefix=reuse_prefix, fixed_memory=True))
    short = replace(ORDER, messages=(SYSTEM, SHORT))
    for order in (short, ORDER, short):  # it grows, and what an answer leaves behind is gone
        assert written(fixed, order) == written(growing, order)


def test_in_4_bits_it_begins_with_the_same_token(model: Path) -> None:
    settings = ModelSettings(name=str(model), quantisation="nf4")
    order = replace(ORDER, max_tokens=1)
    growing = LocalEngine(settings, speed=PLAIN)
    assert written(LocalEngine(settings, speed=replace(PLAIN, fixed_memory=True)), order) == written(growing, order)


def test_it_keeps_its_place(model: Path) -> None:
    engine = LocalEngine(ModelSettings(name=str(model)), speed=replace(PLAIN, fixed_memory=True))
    places = []
    for order in (ORDER, replace(ORDER, messages=(SYSTEM, SHORT))):
        written(engine, order)
        assert engine._loaded is not None
        memory = engine._loaded._fixed._memory
        assert memory is not None
        places.append([layer.keys.data_ptr() for layer in memory.layers])
    assert places[0] == places[1]


def test_what_rules_each_other_out_is_said() -> None:
    with pytest.raises(ValueError, match="looking ahead"):
        Speed(fixed_memory=True)
    with pytest.raises(ValueError, match="fixed memory"):
        Speed(compiled=True)
