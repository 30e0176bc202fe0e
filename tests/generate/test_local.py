"""The local Qwen, tiny and with random weights: 4 bits, adapters, streaming, stopping, markers, thoughts, seeds."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.engines import EnginePiece, Message, Order
from ragmed.errors import IntegrityError, ModelError
from ragmed.generate.loading import Adapter, load_weights
from ragmed.generate.local import LocalEngine, Speed
from ragmed.models.processor import Processor
from ragmed.models.store import installed
from ragmed.settings import ModelSettings
from tests.generate import tiny_qwen

MESSAGES = (
    Message(role="system", content="Answer from the passages. " * 6),
    Message(role="user", content="Give adrenaline 0.5 mg into the outer thigh at once. What is the dose?"),
)
ORDER = Order(messages=MESSAGES, markers=3, max_tokens=60)
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module", params=["qwen2", "qwen3"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_qwen.build(tmp_path_factory.mktemp("models") / f"tiny-{request.param}", kind=request.param)


@pytest.fixture(scope="module")
def engine(model: Path) -> LocalEngine:
    return engine_of(model)


def engine_of(model: Path, **settings: object) -> LocalEngine:
    tiny_qwen.lock(model)
    return LocalEngine(ModelSettings(name=str(model), **{"quantisation": "nf4", **settings}))  # type: ignore[arg-type]


def text_of(pieces: Iterator[EnginePiece]) -> str:
    return "".join(piece.text for piece in pieces)


def test_the_linear_layers_are_really_in_4_bits(model: Path) -> None:
    import bitsandbytes as bnb

    chosen = ModelSettings(name=str(model), quantisation="nf4")
    tiny_qwen.lock(model)
    loaded = load_weights(installed(chosen), chosen, None)
    layers = {name: module for name, module in loaded.named_modules() if name.endswith("_proj")}
    assert len(layers) == 14
    for name, module in layers.items():
        assert isinstance(module, bnb.nn.Linear4bit), name
        assert module.weight.quant_state.quant_type == "nf4", name
        assert module.weight.quant_state.nested, f"{name}: not quantised twice"
    plain = load_weights(installed(chosen), chosen.model_copy(update={"quantisation": "none"}), None)
    assert not [name for name, module in plain.named_modules() if isinstance(module, bnb.nn.Linear4bit)]


AMX = Processor(flags=frozenset({"avx2", "amx_bf16"}), memory_bytes=16 << 30)
PLAIN = Processor(flags=frozenset({"avx2"}), memory_bytes=16 << 30)


@pytest.mark.parametrize(
    ("processor", "named", "held"),
    [
        (AMX, "auto", "bf16"),
        (PLAIN, "auto", "nf4"),
        (Processor(flags=AMX.flags, memory_bytes=2 << 30), "auto", "nf4"),
        (AMX, "nf4", "nf4"),
        (PLAIN, "none", "bf16"),
    ],
    ids=["AMX", "no AMX", "AMX and little memory", "named: nf4", "named: none"],
)
def test_the_bits_are_those_of_the_processor_unless_they_are_named(
    model: Path, processor: Processor, named: str, held: str
) -> None:
    import bitsandbytes as bnb

    tiny_qwen.lock(model)
    settings = ModelSettings(name=str(model), quantisation=named)  # type: ignore[arg-type]
    engine = LocalEngine(settings, processor=processor)
    assert engine.quantisation == held
    engine.warm()
    assert engine._loaded is not None
    packed = [one for one in engine._loaded.weights.modules() if isinstance(one, bnb.nn.Linear4bit)]
    assert bool(packed) is (held == "nf4"), "what is recorded is what is loaded"


def test_what_a_record_says_of_the_model(engine: LocalEngine, model: Path) -> None:
    assert (engine.kind, engine.model_id, engine.quantisation) == ("qwen", model.name, "nf4")
    assert (engine.adapter_sha256, engine.context_tokens) == (None, 4096)
    assert engine.revision


def test_the_text_comes_piece_by_piece_and_ends_with_a_reason(engine: LocalEngine) -> None:
    pieces = list(engine.stream(ORDER))
    assert len(pieces) > 5
    assert [bool(piece.finish_reason) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert pieces[-1].finish_reason == "length"


def test_greedy_writes_the_same_again_also_in_a_new_engine(engine: LocalEngine, model: Path) -> None:
    first = text_of(engine.stream(ORDER))
    assert first == text_of(engine.stream(ORDER))
    assert first == text_of(engine_of(model).stream(ORDER))


def test_sampling_is_a_matter_of_the_seed(engine: LocalEngine) -> None:
    sampled = replace(ORDER, temperature=1.5, seed=3)
    first = text_of(engine.stream(sampled))
    assert first == text_of(engine.stream(sampled))
    assert first != text_of(engine.stream(replace(sampled, seed=4)))


def test_sampling_leaves_the_random_numbers_of_others_alone(engine: LocalEngine) -> None:
    import torch

    torch.manual_seed(11)
    undisturbed = torch.rand(1)
    torch.manual_seed(11)
    text_of(engine.stream(replace(ORDER, temperature=1.0, max_tokens=5)))
    assert torch.equal(torch.rand(1), undisturbed)


@pytest.mark.parametrize("markers", [1, 3, 12])
def test_no_marker_points_nowhere_whatever_the_model_would_write(engine: LocalEngine, markers: int) -> None:
    found: set[int] = set()
    for seed in range(3):
        order = replace(ORDER, markers=markers, temperature=2.0, seed=seed, max_tokens=120)
        text = text_of(engine.stream(order))
        written = re.findall(r"[\[【]([^\]】\n]*)[\]】]", text)
        assert all(one.isdigit() and 1 <= int(one) <= markers for one in written), text
        found |= {int(one) for one in written}
    assert found, "no marker was written at all"


WAYS = [Speed(reuse_prefix=False, look_ahead=0), Speed(look_ahead=0), Speed(reuse_prefix=False), Speed()]


def test_what_speeds_it_up_begins_with_the_same_token(model: Path) -> None:
    """Equal but for the last bits of sums in another order: the first tokens of random weights are far apart."""
    tiny_qwen.lock(model)
    settings = ModelSettings(name=str(model))
    first = {text_of(LocalEngine(settings, speed=speed).stream(replace(ORDER, max_tokens=1))) for speed in WAYS}
    assert len(first) == 1


LONG = (MESSAGES[0], Message(role="user", content="Give adrenaline 0.5 mg into the outer thigh at once. " * 40))
"""Read in several pieces."""


@pytest.mark.parametrize("messages", [MESSAGES, LONG], ids=["short", "long"])
@pytest.mark.parametrize("tuned", [False, True])
@pytest.mark.parametrize("speed", WAYS, ids=str)
def test_no_token_of_the_prompt_is_read_twice(
    model: Path, tmp_path: Path, speed: Speed, tuned: bool, messages: tuple[Message, ...]
) -> None:
    """Else every position behind it is wrong, and the model writes on from another prompt than was recorded."""
    adapter = tiny_qwen.add_adapter(model, tmp_path / "tuned") if tuned else None
    tiny_qwen.lock(model)
    engine = LocalEngine(ModelSettings(name=str(model), adapter=adapter), speed=speed)
    engine.warm()
    assert engine._loaded is not None
    network = engine._loaded.weights.get_decoder()
    lengths: list[int] = []
    network.register_forward_hook(lambda *seen: lengths.append(seen[-1].past_key_values.get_seq_length()))
    order = replace(ORDER, messages=messages, max_tokens=6)
    for _ in range(2):  # the first question also reads the prefix
        lengths.clear()
        text_of(engine.stream(order))
        read = engine.count(messages)
        assert read in lengths or any(read < length <= read + speed.look_ahead for length in lengths)
        assert max(lengths) <= read + order.max_tokens + speed.look_ahead


def test_the_memory_of_the_prefix_is_not_changed_by_an_answer(engine: LocalEngine) -> None:
    other = replace(ORDER, messages=(MESSAGES[0], Message(role="user", content="Take blood cultures")))
    first, second = text_of(engine.stream(ORDER)), text_of(engine.stream(other))
    assert text_of(engine.stream(ORDER)) == first
    assert text_of(engine.stream(other)) == second
    assert first != second


def test_an_adapter_is_really_applied(engine: LocalEngine, model: Path, tmp_path: Path) -> None:
    adapter = tiny_qwen.add_adapter(model, tmp_path / "tuned")
    tuned = engine_of(model, adapter=adapter)
    assert text_of(tuned.stream(ORDER)) != text_of(engine.stream(ORDER))
    assert tuned.adapter_sha256 == Adapter(adapter).sha256
    weights = adapter / "adapter_model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(bytes(changed))
    assert Adapter(adapter).sha256 != tuned.adapter_sha256


def test_an_adapter_of_another_model_is_refused(model: Path, tmp_path: Path) -> None:
    other = tiny_qwen.build(tmp_path / "other", hidden=64)
    adapter = tiny_qwen.add_adapter(other, tmp_path / "tuned")
    with pytest.raises(ModelError, match="another size"):
        next(engine_of(model, adapter=adapter).stream(ORDER))
    (adapter / "adapter_config.json").unlink()
    with pytest.raises(ModelError, match=r"no adapter_config\.json"):
        next(engine_of(model, adapter=adapter).stream(ORDER))


def test_a_reader_who_leaves_stops_the_model_at_once(engine: LocalEngine) -> None:
    pieces = engine.stream(replace(ORDER, max_tokens=3_000))
    next(pieces)
    pieces.close()
    began = time.process_time()
    text_of(engine.stream(replace(ORDER, max_tokens=1)))  # its turn comes once the other one has ended
    assert time.process_time() - began < 3, "of work, whoever else has the machine"
    working = [thread for thread in threading.enumerate() if thread.name == "ragmed-generate" and thread.is_alive()]
    for thread in working:
        thread.join(5)
    assert not [thread for thread in working if thread.is_alive()]


def test_two_readers_take_turns_and_get_their_own(engine: LocalEngine) -> None:
    other = replace(ORDER, messages=(MESSAGES[0], Message(role="user", content="Take blood cultures")))
    alone = [text_of(engine.stream(ORDER)), text_of(engine.stream(other))]
    got: dict[int, str] = {}

    def read(number: int, order: Order) -> None:
        got[number] = text_of(engine.stream(order))

    readers = [threading.Thread(target=read, args=(number, order)) for number, order in enumerate((ORDER, other))]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    assert [got[0], got[1]] == alone


def test_a_prompt_longer_than_the_model_reads_is_refused(engine: LocalEngine) -> None:
    long = replace(ORDER, messages=(Message(role="user", content="adrenaline " * 5_000),))
    with pytest.raises(ModelError, match="reads 4096"):
        next(engine.stream(long))


def test_thinking_is_off_in_the_prompt(engine: LocalEngine) -> None:
    ids = engine._tokens(MESSAGES)
    assert engine._tokenizer.decode(ids).endswith("<think>\n\n</think>\n\n")
    assert engine.count(MESSAGES) == len(ids)


def test_thoughts_of_a_model_that_always_thinks_are_never_an_answer(tmp_path: Path) -> None:
    model = tiny_qwen.build(tmp_path / "thinking", template=tiny_qwen.THINKING)
    engine = engine_of(model)
    assert engine._tokenizer.decode(engine._tokens(MESSAGES)).endswith("<think>\n")
    pieces = list(engine.stream(ORDER))
    assert text_of(iter(pieces)) == ""
    assert pieces[-1].finish_reason == "length"


def test_tampered_weights_are_not_loaded(model: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    tiny_qwen.lock(copy)
    weights = copy / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-3] ^= 1
    weights.write_bytes(bytes(changed))
    with pytest.raises(IntegrityError, match=r"model\.safetensors"):
        next(LocalEngine(ModelSettings(name=str(copy))).stream(ORDER))


def test_a_model_that_cannot_be_loaded_is_a_model_error(model: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    tiny_qwen.lock(copy)
    (copy / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        next(LocalEngine(ModelSettings(name=str(copy))).stream(ORDER))
