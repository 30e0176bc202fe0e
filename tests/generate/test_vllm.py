"""The served engine against a real vLLM with a tiny model and an adapter; ``make vllm-test`` starts one."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections.abc import Callable

import pytest

from ragmed.engines import EnginePiece, Message, Order
from ragmed.errors import ModelError
from ragmed.generate.bounds import grammar_of, pattern_of
from ragmed.generate.served import ServedEngine
from tests.generate.played_engine import engine_at, text_of

URL = os.environ.get("VLLM_TEST_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="no vLLM is served (VLLM_TEST_URL); `make vllm-test` starts one")

MESSAGES = (
    Message(role="system", content="Answer from the passages only."),
    Message(role="user", content="What is the first dose of adrenaline? 肾上腺素的首次剂量是多少？ 0.5 mg ≥ 12 岁"),
)


def order(max_tokens: int = 40, **more: object) -> Order:
    return Order(messages=MESSAGES, markers=1, max_tokens=max_tokens, **more)  # type: ignore[arg-type]


def written(model: str, wanted: Order) -> list[EnginePiece]:
    with engine_at(URL, model=model) as engine:
        return list(engine.stream(wanted))


def metric(name: str, label: str = "") -> float:
    with urllib.request.urlopen(URL.removesuffix("/v1") + "/metrics") as response:
        text = response.read().decode()
    lines = [line for line in text.splitlines() if line.startswith(f"vllm:{name}{{") and label in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def becomes(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_it_streams_and_ends() -> None:
    pieces = written("tiny", order())
    assert len([piece for piece in pieces if piece.text]) > 5
    assert [piece.finish_reason for piece in pieces[:-1]] == [""] * (len(pieces) - 1)
    assert pieces[-1].finish_reason == "length"


def test_base_and_adapter_are_chosen_by_name() -> None:
    base, tuned = text_of(written("tiny", order())), text_of(written("tuned", order()))
    assert base != tuned
    assert base == text_of(written("", order())), "without a name the first that is listed"
    assert base == text_of(written("tiny", order())), "greedy"
    assert tuned == text_of(written("tuned", order()))


def test_seeded_sampling_reproduces() -> None:
    def sampled(seed: int) -> str:
        return text_of(written("tiny", order(temperature=1.0, top_p=0.95, seed=seed)))

    assert sampled(7) == sampled(7)
    assert sampled(7) != sampled(8)


def test_it_counts_as_its_tokenizer_does() -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(os.environ["VLLM_TEST_MODEL"])
    chat = [{"role": message.role, "content": message.content} for message in MESSAGES]
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    exact = len(tokenizer(text, add_special_tokens=False)["input_ids"])
    for model in ("tiny", "tuned"):
        with engine_at(URL, model=model) as engine:
            assert engine.count(MESSAGES) == exact


def test_what_it_tells_of_itself() -> None:
    with engine_at(URL) as base, engine_at(URL, model="tuned") as tuned:
        assert (base.model_id, base.revision, base.context_tokens) == ("tiny", "tiny-qwen2", 1024)
        assert (tuned.model_id, tuned.revision) == ("tuned", "tiny-adapter on tiny-qwen2")
        assert tuned.context_tokens == 1024


def longest(engine: ServedEngine) -> Order:
    """An order that fills the context: the model of ``vllm_model`` does not stop by itself."""
    return order(max_tokens=engine.context_tokens)


def test_an_answer_may_fill_the_context_and_no_more() -> None:
    with engine_at(URL) as engine:
        room = engine.context_tokens - engine.count(MESSAGES)
        before = metric("generation_tokens_total")
        assert list(engine.stream(longest(engine)))[-1].finish_reason == "length"
        assert becomes(lambda: metric("generation_tokens_total") - before == room)


def test_closing_the_stream_ends_the_work_there() -> None:
    with engine_at(URL) as engine:
        room = engine.context_tokens - engine.count(MESSAGES)
        before = metric("generation_tokens_total")
        stream = engine.stream(longest(engine))
        assert next(stream).text
        stream.close()
        assert becomes(lambda: metric("generation_tokens_total") > before and metric("num_requests_running") == 0)
        # the whole answer has exactly as many tokens as there is room: see the test before
        assert metric("generation_tokens_total") - before < room


def test_a_wrong_name_is_a_clear_error() -> None:
    with pytest.raises(ModelError, match=r"has no model 'nope'; it has: tiny, tuned") as caught:
        written("nope", order())
    assert "served.model" in caught.value.remedy
    assert re.match(r"the engine at 127\.0\.0\.1:\d+ ", str(caught.value))


BRACKETS = re.compile(r"[\[\]【】]")
"""What the tiny model writes of its own accord is nonsense; that of brackets there is nothing else is the pattern's work."""


def sampled(seed: int, markers: str, k: int = 2) -> str:
    with engine_at(URL, markers=markers) as engine:
        wanted = Order(messages=MESSAGES, markers=k, max_tokens=60, temperature=2.0, seed=seed)
        return text_of(list(engine.stream(wanted)))


def test_no_marker_points_nowhere_and_no_line_ends_without_one() -> None:
    found = 0
    for seed in range(3):
        text = sampled(seed, "auto")
        found += len(re.findall(r"\[[12]\]", text))
        assert not BRACKETS.search(re.sub(r"\[[12]\]", "", re.sub(r"\[$", "", re.sub(r"\[[12]$", "", text)))), text
        *whole, _cut_off = text.split("\n")
        assert all(re.fullmatch(pattern_of(2), line) for line in whole if line), text
    assert found, "no marker was written at all"


def test_without_it_the_same_model_writes_other_brackets() -> None:
    loose = "".join(sampled(seed, "off") for seed in range(3))
    assert BRACKETS.search(re.sub(r"\[[12]\]", "", loose)) or any(
        not re.fullmatch(pattern_of(2), line) for line in loose.split("\n")[:-1] if line
    )


def test_it_is_known_to_keep_to_markers() -> None:
    with engine_at(URL) as engine:
        assert engine.markers_held() == ("structured_outputs", True)
    with engine_at(URL, markers="guided_regex") as engine:
        assert engine.markers_held() == ("guided_regex", False), "a field of older versions, which it passes over"


def test_the_grammar_for_llama_cpp_means_the_same() -> None:
    """xgrammar reads llama.cpp's notation."""
    asked = {
        "model": "tiny",
        "messages": [{"role": message.role, "content": message.content} for message in MESSAGES],
        "temperature": 2.0,
        "max_tokens": 60,
        "structured_outputs": {"grammar": grammar_of(2)},
    }
    for seed in range(3):
        body = json.dumps({**asked, "seed": seed}).encode()
        request = urllib.request.Request(f"{URL}/chat/completions", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as response:
            text = json.loads(response.read())["choices"][0]["message"]["content"]
        assert not BRACKETS.search(re.sub(r"\[[12]?$", "", re.sub(r"\[[12]\]", "", text))), text
        *whole, _cut_off = text.split("\n")
        assert all(re.fullmatch(pattern_of(2), line) for line in whole if line), text


def test_a_schema_is_kept_to() -> None:
    schema = {
        "type": "object",
        "properties": {"marker": {"enum": [1, 2]}},
        "required": ["marker"],
        "additionalProperties": False,
    }
    pieces = written("tiny", order(schema=json.dumps(schema)))
    assert json.loads(text_of(pieces))["marker"] in (1, 2)
    assert pieces[-1].finish_reason == "stop"
