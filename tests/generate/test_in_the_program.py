"""The whole program with a tiny Qwen of random weights: asked, refused, recorded, replayed, and never on the network."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from ragmed.answer.json_form import answer_json
from ragmed.drafts import Written
from ragmed.errors import MissingPartError, SettingsError
from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord, Outcome, Verdict
from ragmed.settings import ModelSettings, ServedSettings, Settings
from ragmed.writers import kind_of_generator
from tests.generate import tiny_qwen
from tests.generate.played_engine import PlayedEngine, playing, says
from tests.ui.library_app import LibraryProgram, program_over

QUESTION = "When are antibiotics given in septic shock?"
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_qwen.build(tmp_path_factory.mktemp("models") / "tiny-qwen3")
    tiny_qwen.lock(folder)
    return folder


def program_with(folder: Path, model: Path, **more: object) -> LibraryProgram:
    settings = program_over(folder).settings
    answering = settings.answer.model_copy(update={"generator": "auto"})
    chosen = ModelSettings(name=str(model), answer_tokens=40, quantisation="nf4", **more)  # type: ignore[arg-type]
    return LibraryProgram(settings.model_copy(update={"answer": answering, "model": chosen}))


def asked(program: LibraryProgram) -> tuple[AnswerRecord, str]:
    *events, last = program.assistant.ask(QUESTION)
    assert isinstance(last, Finished)
    return last.record, "".join(event.text for event in events if isinstance(event, Written))


def test_random_weights_write_nothing_that_is_shown(tmp_path: Path, model: Path) -> None:
    program = program_with(tmp_path, model)
    record, told = asked(program)
    assert (record.outcome, record.generation.kind) == (Outcome.ANSWERED, "extractive")
    assert "within three hours" in record.text
    refused = record.refused
    assert refused is not None
    assert refused.generation.text == told
    assert (refused.generation.kind, refused.generation.model_id) == ("qwen", "tiny-qwen3")
    assert (refused.generation.quantisation, refused.generation.sampling) == ("nf4", "greedy")
    assert refused.prompt is not None
    assert "<passage number=" in refused.prompt.user
    form = answer_json(record)
    assert form["refused"]["generator"]["model_id"] == "tiny-qwen3"
    assert form["refused"]["reason"] == refused.reason
    assert str(tmp_path) not in json.dumps(form)
    assert str(model.parent) not in program.records.get(record.record_id).settings.__repr__()


def test_a_replay_in_a_new_program_writes_the_same(tmp_path: Path, model: Path) -> None:
    record, _ = asked(program_with(tmp_path, model))
    again = program_with(tmp_path, model).auditor.replay(record.record_id)
    assert not again.differences
    assert (again.asked, again.same_hits, again.same_text) == (True, True, True)
    other = program_with(tmp_path, model, temperature=0.9, seed=5)
    sampled, _ = asked(other)
    assert sampled.refused is not None
    assert sampled.refused.generation.seed == 5
    assert not other.auditor.replay(sampled.record_id).differences


def test_damaged_weights_are_told_and_the_library_quoted(tmp_path: Path) -> None:
    model = tiny_qwen.build(tmp_path / "damaged")
    tiny_qwen.lock(model)
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00\x00"[:1])
    content = bytearray(weights.read_bytes())
    content[-2] ^= 1
    weights.write_bytes(bytes(content))
    record, told = asked(program_with(tmp_path / "app", model))
    assert told == ""
    assert record.outcome is Outcome.ANSWERED
    assert "The language model could not be used: damaged: model.safetensors" in record.notice


def test_nothing_is_asked_of_a_network(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = program_with(tmp_path, model)

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert asked(program)[0].refused is not None


def test_what_writes_is_chosen_by_the_settings() -> None:
    def kind(generator: str, **more: object) -> str:
        return kind_of_generator(Settings(answer={"generator": generator}, **more))  # type: ignore[arg-type]

    named, served = ModelSettings(name="x"), ServedSettings(url="http://127.0.0.1:1/v1")
    assert kind("auto") == "extractive"
    assert kind("auto", model=named) == "qwen"
    assert kind("auto", served=served) == "served"
    assert kind("auto", model=named, served=served) == "qwen"
    assert kind("served", model=named, served=served) == "served"
    assert kind("extractive", model=named, served=served) == "extractive"
    with pytest.raises(MissingPartError, match="no language model") as missing:
        kind("qwen")
    assert "models pull" in missing.value.remedy
    with pytest.raises(SettingsError, match=r"served\.url"):
        kind("served")


def served_program(folder: Path, engine: PlayedEngine) -> LibraryProgram:
    settings = program_over(folder).settings
    answering = settings.answer.model_copy(update={"generator": "served"})
    served = ServedSettings(url=engine.url, retries=0, context_tokens=4096)
    return LibraryProgram(settings.model_copy(update={"answer": answering, "served": served}))


def test_a_served_engine_s_true_sentence_is_an_answer_and_its_false_one_is_not(
    tmp_path: Path, played: PlayedEngine
) -> None:
    true = "In septic shock, give broad-spectrum antibiotics within three hours of recognition [1]."
    played.replies = [says(f"<think>six hours?</think>{true}\nGive antibiotics within six hours of recognition [1].")]
    record, told = asked(served_program(tmp_path, played))
    assert [claim.text for claim in record.claims] == [true.replace(" [1]", "")]
    assert [one.verdict for one in record.withheld] == [Verdict.NUMBER_MISMATCH]
    assert (record.generation.kind, record.generation.model_id) == ("served", "tiny")
    assert "six hours?" not in told + record.generation.text, "thoughts are no part of an answer"
    assert played.chats()[0].body["temperature"] == 0


def test_a_served_engine_that_is_gone_is_told_and_the_library_quoted(tmp_path: Path) -> None:
    with playing() as engine:
        program = served_program(tmp_path, engine)
    record, told = asked(program)
    assert (told, record.generation.kind, record.outcome) == ("", "extractive", Outcome.ANSWERED)
    assert "could not be used" in record.notice


def test_behind_a_served_engine_that_is_gone_the_local_model_writes(tmp_path: Path, model: Path) -> None:
    with playing() as engine:
        program = served_program(tmp_path, engine)
    chosen = ModelSettings(name=str(model), answer_tokens=40)
    record, told = asked(LibraryProgram(program.settings.model_copy(update={"model": chosen})))
    assert record.refused is not None, "random weights write nothing that holds"
    assert (record.refused.generation.kind, record.refused.generation.text) == ("qwen", told)
    assert told
