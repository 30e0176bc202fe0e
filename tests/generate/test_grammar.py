"""A differential card by its schema: whatever random weights would write, it can be read and names only its passages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ragmed.engines import EnginePiece, Message, Order
from ragmed.errors import ModelError
from ragmed.generate import card
from ragmed.generate.grammar import SchemaProcessor, grammar_tokenizer
from ragmed.generate.local import LocalEngine, Speed
from ragmed.settings import ModelSettings
from tests.generate import tiny_qwen

MESSAGES = (
    Message(role="system", content="Write a differential diagnosis as JSON. " * 4),
    Message(role="user", content='Fever and a cough: {"differential": [{"diagnosis": "Pneumonia", "passage": 1}'),
)
KEYS = ("adult", "not_pregnant")
ORDER = Order(messages=MESSAGES, markers=3, max_tokens=900, schema=card.schema(3, KEYS))
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module", params=["qwen2", "qwen3"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_qwen.build(tmp_path_factory.mktemp("models") / f"tiny-{request.param}", kind=request.param)
    tiny_qwen.lock(folder)
    return folder


def written(pieces: Iterator[EnginePiece]) -> tuple[str, str]:
    got = list(pieces)
    return "".join(piece.text for piece in got), got[-1].finish_reason


@pytest.mark.parametrize("speed", [Speed(), Speed(look_ahead=0, reuse_prefix=False)], ids=str)
def test_what_random_weights_write_is_a_card_over_their_passages(model: Path, speed: Speed) -> None:
    engine = LocalEngine(ModelSettings(name=str(model)), speed=speed)
    whole = 0
    for seed in range(4):
        text, ended = written(engine.stream(replace(ORDER, temperature=1.5, seed=seed)))
        drafted = card.read(text)
        assert drafted is not None, text
        if ended == "stop":
            form = json.loads(text)
            assert list(form) == ["differential", "assumptions", "answer"]
            whole += 1
        lines = [*drafted.answer, *(line for one in drafted.candidates for line in (*one.supporting, *one.against))]
        assert all(line.marker in (1, 2, 3) for line in lines), text
        assert all(one.marker in (1, 2, 3) for one in drafted.candidates), text
        assert set(drafted.assumptions) <= set(KEYS)
    assert whole, "no text came to its end"


def test_the_same_card_again(model: Path) -> None:
    engine = LocalEngine(ModelSettings(name=str(model)))
    first = written(engine.stream(replace(ORDER, max_tokens=120)))
    assert first == written(engine.stream(replace(ORDER, max_tokens=120)))
    assert first == written(LocalEngine(ModelSettings(name=str(model))).stream(replace(ORDER, max_tokens=120)))


def test_prose_and_cards_in_turn_do_not_touch_one_another(model: Path) -> None:
    engine = LocalEngine(ModelSettings(name=str(model)))
    prose = replace(ORDER, schema="", max_tokens=30)
    first = written(engine.stream(prose))
    assert written(engine.stream(replace(ORDER, max_tokens=30)))[0].startswith('{"differential": [')
    assert written(engine.stream(prose)) == first


@pytest.mark.parametrize("schema", ["not json", '{"type": "nonsense"}'])
def test_a_schema_that_is_none_is_an_error_with_a_remedy(model: Path, schema: str) -> None:
    engine = LocalEngine(ModelSettings(name=str(model)))
    with pytest.raises(ModelError, match="schema") as caught:
        written(engine.stream(replace(ORDER, schema=schema)))
    assert caught.value.remedy


def allowed(processor: SchemaProcessor, written: list[int], width: int) -> set[int]:
    scores = processor(torch.tensor([written]), torch.zeros(1, width))
    return {number for number, score in enumerate(scores[0].tolist()) if score == 0}


def test_guesses_that_are_not_taken_leave_no_trace() -> None:
    tokenizer = tiny_qwen.tokenizer()
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    vocabulary = grammar_tokenizer(tokenizer, [end])
    schema = (
        '{"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"], "additionalProperties": false}'
    )

    def ids(text: str) -> list[int]:
        return [int(token) for token in tokenizer(text, add_special_tokens=False)["input_ids"]]

    width = len(tokenizer) + 64  # a model may have more rows than its tokenizer has tokens
    fresh = allowed(SchemaProcessor(vocabulary, schema, prompt_length=0), ids('{"a": '), width)
    assert fresh == {*ids("1"), *ids("2")}
    used = SchemaProcessor(vocabulary, schema, prompt_length=0)
    assert allowed(used, ids('{"a": 1'), width) == set(ids("}"))
    assert len(allowed(used, ids('{"a": 3'), width)) == width, "behind a guess that is not allowed nothing is held"
    assert allowed(used, ids('{"a": '), width) == fresh
    assert allowed(used, ids('{"a": 2}'), width) == {end}, "and the end comes where it is whole"


def test_a_tokenizer_of_another_kind_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="cannot be held to a form"):
        grammar_tokenizer(object(), [0])
