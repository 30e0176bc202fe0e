"""Adapters of the register on a tiny Qwen: taken up at the next question, over weights that stay in memory."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.adapters.register import AdapterRegister
from ragmed.engines import EnginePiece, Message, Order
from ragmed.errors import IntegrityError, MissingPartError, ModelError
from ragmed.generate.adapters import FixedAdapter, PromotedAdapter, recorded_adapter
from ragmed.generate.loading import Adapter
from ragmed.generate.local import LocalEngine
from ragmed.models.store import installed
from ragmed.settings import ModelSettings
from tests.adapters.made import register_over
from tests.generate import tiny_qwen
from tests.generate.test_local import MESSAGES, ORDER, text_of

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
OTHER = replace(ORDER, messages=(MESSAGES[0], Message(role="user", content="Take blood cultures")))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_qwen.build(tmp_path_factory.mktemp("models") / "tiny")
    for seed in (1, 2):
        tiny_qwen.add_adapter(folder, folder.parent / f"tuned-{seed}", seed=seed)
    tiny_qwen.lock(folder)
    return folder


@pytest.fixture
def register(tmp_path: Path) -> AdapterRegister:
    return register_over(tmp_path)


def settings_of(model: Path, quantisation: str = "nf4") -> ModelSettings:
    return ModelSettings(name=str(model), quantisation=quantisation)  # type: ignore[arg-type]


def put(register: AdapterRegister, model: Path, folder: Path) -> str:
    """Promote this adapter."""
    here = installed(settings_of(model))
    sha256 = register.add(folder, model=here.name, revision=here.revision, by="dr-owen").sha256
    register.promote(sha256, "dr-owen", "for this test", True)
    return sha256


def following(register: AdapterRegister, model: Path, quantisation: str = "nf4") -> LocalEngine:
    return LocalEngine(settings_of(model, quantisation), adapters=PromotedAdapter(register))


@pytest.fixture(scope="module")
def fresh(model: Path) -> Callable[[int, str, Order], str]:
    """What an engine writes that was loaded with this adapter (0: none), whatever went on elsewhere."""
    engines: dict[tuple[int, str], LocalEngine] = {}

    def write(seed: int, quantisation: str, order: Order) -> str:
        key = seed, quantisation
        if key not in engines:
            adapter = Adapter(model.parent / f"tuned-{seed}") if seed else None
            engines[key] = LocalEngine(settings_of(model, quantisation), adapters=FixedAdapter(adapter))
        return text_of(engines[key].stream(order))

    return write


@pytest.mark.parametrize("quantisation", ["nf4", "none"])
def test_after_each_change_it_writes_what_a_fresh_engine_writes(
    model: Path, register: AdapterRegister, fresh: Callable[[int, str, Order], str], quantisation: str
) -> None:
    """Also with 4-bit weights that a CPU has packed while it wrote, and never from a prompt that another one read."""
    assert len({fresh(seed, quantisation, ORDER) for seed in (0, 1, 2)}) == 3
    engine = following(register, model, quantisation)
    hashes = {0: None}
    for seed in (0, 1, 2, 1, 0, 2, 0):
        if seed:
            hashes[seed] = put(register, model, model.parent / f"tuned-{seed}")
        while not seed and engine.adapter_sha256 is not None:
            register.rollback(model.name, "dr-owen")
        for order in (ORDER, OTHER):
            pieces = list(engine.stream(order))
            assert {piece.adapter_sha256 for piece in pieces} == {hashes[seed]}
            assert text_of(iter(pieces)) == fresh(seed, quantisation, order), f"adapter {seed}"


def test_the_weights_are_in_memory_once(model: Path, register: AdapterRegister) -> None:
    import bitsandbytes as bnb

    engine = following(register, model)
    text_of(engine.stream(ORDER))
    assert engine._loaded is not None
    weights = engine._loaded.weights
    first = [id(one.weight) for one in weights.modules() if isinstance(one, bnb.nn.Linear4bit)]
    put(register, model, model.parent / "tuned-1")
    text_of(engine.stream(ORDER))
    put(register, model, model.parent / "tuned-2")
    text_of(engine.stream(ORDER))
    assert engine._loaded.weights is weights
    register.rollback(model.name, "dr-owen")
    register.rollback(model.name, "dr-owen")
    text_of(engine.stream(ORDER))
    gc.collect()
    assert [id(one.weight) for one in weights.modules() if isinstance(one, bnb.nn.Linear4bit)] == first
    assert not [name for name, _ in weights.named_modules() if "lora" in name], "layers of an adapter are left"


def test_an_answer_that_is_being_written_is_finished_by_its_own(
    model: Path, register: AdapterRegister, fresh: Callable[[int, str, Order], str]
) -> None:
    engine = following(register, model)
    old = put(register, model, model.parent / "tuned-1")
    writing = engine.stream(ORDER)
    pieces: list[EnginePiece] = [next(writing)]
    new = put(register, model, model.parent / "tuned-2")
    assert engine.adapter_sha256 == new
    other = engine.stream(OTHER)  # a second reader waits for its turn, and gets the new one
    first_of_other = next(other)
    pieces += writing
    assert {piece.adapter_sha256 for piece in pieces} == {old}
    assert text_of(iter(pieces)) == fresh(1, "nf4", ORDER)
    assert first_of_other.text + text_of(other) == fresh(2, "nf4", OTHER)
    assert first_of_other.adapter_sha256 == new


@pytest.mark.parametrize("harm", ["other bytes", "gone", "another model's", "not its configuration"])
def test_one_that_cannot_write_is_an_error_and_never_the_base_model(
    model: Path, register: AdapterRegister, tmp_path: Path, fresh: Callable[[int, str, Order], str], harm: str
) -> None:
    engine = following(register, model)
    first = put(register, model, model.parent / "tuned-1")
    text_of(engine.stream(ORDER))
    source = model.parent / "tuned-2"
    if harm == "another model's":
        other = tiny_qwen.build(tmp_path / "other", hidden=64)
        source = tiny_qwen.add_adapter(other, tmp_path / "of-another")
    if harm == "not its configuration":
        source = Path(shutil.copytree(source, tmp_path / "mixed"))
        config = source / "adapter_config.json"
        config.write_text(config.read_text("utf-8").replace("v_proj", "k_proj"), "utf-8")
    second = put(register, model, source)
    place = register.find(second).folder
    if harm == "gone":
        shutil.rmtree(place)
    if harm == "other bytes":
        weights = place / "adapter_model.safetensors"
        weights.chmod(0o600)
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    for _ in range(2):
        with pytest.raises((ModelError, IntegrityError)) as told:
            text_of(engine.stream(ORDER))
        assert second[:12] in str(told.value)
        assert told.value.remedy
        assert str(tmp_path) not in str(told.value)
    assert engine.adapter_sha256 == second
    register.rollback(model.name, "dr-owen")
    pieces = list(engine.stream(ORDER))
    assert {piece.adapter_sha256 for piece in pieces} == {first}
    assert text_of(iter(pieces)) == fresh(1, "nf4", ORDER)


def test_a_register_that_the_log_does_not_bear_out_is_an_error(model: Path, register: AdapterRegister) -> None:
    engine = following(register, model)
    put(register, model, model.parent / "tuned-1")
    text_of(engine.stream(ORDER))
    (register.folder / "register.json").unlink()
    with pytest.raises(IntegrityError, match="register is gone"):
        text_of(engine.stream(ORDER))


def test_engines_over_the_same_weights_take_turns_with_their_adapters(
    model: Path, register: AdapterRegister, fresh: Callable[[int, str, Order], str]
) -> None:
    engine = following(register, model)
    old = put(register, model, model.parent / "tuned-1")
    put(register, model, model.parent / "tuned-2")
    register.retire(old, "dr-owen", "for good")
    again = engine.over(settings_of(model), recorded_adapter(register, None, old))
    plain = engine.over(settings_of(model), recorded_adapter(register, None, None))
    for _ in range(2):
        assert text_of(engine.stream(ORDER)) == fresh(2, "nf4", ORDER)
        assert text_of(again.stream(ORDER)) == fresh(1, "nf4", ORDER)
        assert text_of(plain.stream(ORDER)) == fresh(0, "nf4", ORDER)
    assert engine._loaded is again._loaded is plain._loaded
    assert (again.adapter_sha256, plain.adapter_sha256) == (old, None)


def test_a_recorded_adapter_that_is_not_here_is_told(model: Path, register: AdapterRegister) -> None:
    pinned = model.parent / "tuned-1"
    sha256 = Adapter(pinned).sha256
    with pytest.raises(MissingPartError, match=f"adapter {sha256[:12]}, which wrote this, is neither"):
        recorded_adapter(register, None, sha256)
    with pytest.raises(MissingPartError):
        recorded_adapter(register, model.parent / "tuned-2", sha256)
    found = recorded_adapter(register, pinned, sha256).adapter(installed(settings_of(model)))
    assert found is not None
    assert found.sha256 == sha256


@pytest.mark.parametrize("stated", ['"init_lora_weights": "pissa"', '"use_dora": true'])
def test_only_an_adapter_that_leaves_the_models_own_weights_alone_is_put_on(
    model: Path, tmp_path: Path, stated: str
) -> None:
    source = Path(shutil.copytree(model.parent / "tuned-1", tmp_path / "other"))
    config = source / "adapter_config.json"
    name = stated.split('"')[1]
    was = next(line for line in config.read_text("utf-8").split(", ") if f'"{name}"' in line).strip("{}")
    config.write_text(config.read_text("utf-8").replace(was, stated), "utf-8")
    engine = LocalEngine(settings_of(model), adapters=FixedAdapter(Adapter(source)))
    with pytest.raises(ModelError, match="no plain LoRA"):
        text_of(engine.stream(ORDER))
