"""What a served engine is asked, and how its answer is read."""

from __future__ import annotations

import threading
import time

import pytest

from ragmed.engines import EnginePiece, Message, Order
from ragmed.errors import ModelError
from tests.generate.played_engine import (
    DONE,
    ORDER,
    QUESTION,
    Asked,
    PlayedEngine,
    engine_at,
    event,
    says,
    status,
    text_of,
)


def answered(played: PlayedEngine, order: Order = ORDER) -> list[EnginePiece]:
    with engine_at(played.url) as engine:
        return list(engine.stream(order))


def test_the_request_says_what_the_order_says(played: PlayedEngine) -> None:
    played.replies = [says("Give ", "0.5 mg [1].")]
    order = Order(messages=ORDER.messages, markers=2, max_tokens=77, temperature=0.7, top_p=0.9, seed=42)
    pieces = answered(played, order)
    assert text_of(pieces) == "Give 0.5 mg [1]."
    assert [piece.finish_reason for piece in pieces] == ["", "", "stop"]
    body = played.chats()[0].body
    assert body == {
        "model": "tiny",
        "messages": [{"role": "system", "content": "Cite."}, {"role": "user", "content": QUESTION}],
        "stream": True,
        "temperature": 0.7,
        "top_p": 0.9,
        "seed": 42,
        "max_tokens": 77,
        "chat_template_kwargs": {"enable_thinking": False},
        "reasoning_effort": "none",
    }


def test_a_schema_is_asked_for(played: PlayedEngine) -> None:
    played.replies = [says("{}")]
    answered(played, Order(messages=ORDER.messages, markers=1, max_tokens=9, schema='{"type": "object"}'))
    wanted = played.chats()[0].body["response_format"]
    assert wanted["type"] == "json_schema"
    assert wanted["json_schema"]["schema"] == {"type": "object"}


def test_nothing_is_asked_before_the_first_use(played: PlayedEngine) -> None:
    with engine_at(played.url):
        pass
    assert played.asked == []


def test_bytes_cut_anywhere_give_the_same_text(played: PlayedEngine) -> None:
    whole = (
        b": keep-alive\r\n\r\n"
        + event("过敏性").replace(b"\n\n", b"\r\n\r\n")
        + b'data: {"choices":\ndata: [{"delta": {"content": "\xe4\xbc\x91\xe5\x85\x8b"}}]}\n\n'
        + b'event: message\nid: 7\nretry: 9\ndata:{"choices": [], "usage": {"prompt_tokens": 3}}\n\n'
        + event(reason="length")
        + DONE
    )
    for size in (1, 3, 7, len(whole)):
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        played.replies = [lambda one, pieces=pieces: one.stream(*pieces)]
        found = answered(played)
        assert text_of(found) == "过敏性休克", size
        assert found[-1].finish_reason == "length"


def test_thoughts_are_no_text(played: PlayedEngine) -> None:
    played.replies = [
        lambda one: one.stream(
            event(reasoning_content="croup? "),
            event(reasoning="or not"),
            event("<thi"),
            event("nk>never [2]</th"),
            event("ink>\n\nYes [1]"),
            event(" <think>and then"),
            event(reason="stop"),
            DONE,
        )
    ]
    assert text_of(answered(played)) == "Yes [1] "


def test_what_looks_like_the_beginning_of_a_tag_at_the_end_is_text(played: PlayedEngine) -> None:
    played.replies = [says("INR ", "<")]
    assert text_of(answered(played)) == "INR <"


def test_thoughts_without_end_are_stopped(played: PlayedEngine) -> None:
    played.replies = [lambda one: one.stream(*[event(reasoning_content="x" * 1000)] * 50, event(reason="stop"), DONE)]
    with pytest.raises(ModelError, match="more than it was asked for"):
        answered(played, Order(messages=ORDER.messages, markers=1, max_tokens=10))


def test_thoughts_without_a_beginning_are_a_fault(played: PlayedEngine) -> None:
    played.replies = [says("croup? no", "</think>Yes [1].")]
    with pytest.raises(ModelError, match="thinks aloud"):
        answered(played)


def test_an_engine_that_refuses_extra_fields_is_asked_without_them(played: PlayedEngine) -> None:
    def strict(one: Asked) -> None:
        if "chat_template_kwargs" in one.body or "reasoning_effort" in one.body:
            one.json({"error": "extra fields not permitted"}, 400)
        else:
            says("Yes [1].")(one)

    played.replies = [strict]
    with engine_at(played.url) as engine:
        assert text_of(list(engine.stream(ORDER))) == "Yes [1]."
        assert len(played.chats()) == 3
        last = played.chats()[-1].body
        assert (last["temperature"], last["seed"], last["max_tokens"]) == (0.0, 0, 50)
        assert text_of(list(engine.stream(ORDER))) == "Yes [1]."
        assert len(played.chats()) == 4  # it is remembered


def test_a_request_refused_for_another_reason_does_not_bring_thoughts_back(played: PlayedEngine) -> None:
    played.replies = [status(400), status(400), status(400), says("Yes.")]
    with engine_at(played.url) as engine:
        with pytest.raises(ModelError, match="refuses the request"):
            list(engine.stream(ORDER))
        list(engine.stream(ORDER))
    assert played.chats()[-1].body["chat_template_kwargs"] == {"enable_thinking": False}


def test_closing_the_stream_closes_the_connection(played: PlayedEngine) -> None:
    left = threading.Event()

    def endless(one: Asked) -> None:
        one.stream(event("Begin "))
        try:
            for _ in range(2000):
                one.handler.wfile.write(event("more "))
                time.sleep(0.005)
        except OSError:
            left.set()

    played.replies = [endless]
    with engine_at(played.url) as engine:
        stream = engine.stream(ORDER)
        assert [next(stream).text, next(stream).text] == ["Begin ", "more "]
        assert not left.is_set()
        stream.close()
        assert left.wait(5), "the engine still writes"


def test_an_answer_that_does_not_stop_is_stopped(played: PlayedEngine) -> None:
    played.replies = [lambda one: one.stream(*[event("x" * 1000)] * 50)]
    with pytest.raises(ModelError, match="more than it was asked for"):
        answered(played, Order(messages=ORDER.messages, markers=1, max_tokens=10))


def test_the_answer_has_the_room_that_the_prompt_leaves(played: PlayedEngine) -> None:
    played.models = {"data": [{"id": "tiny", "max_model_len": 300}]}
    played.others["/tokenize"] = lambda one: one.json({"count": 280, "tokens": []})
    played.replies = [says("Yes.")]
    answered(played)
    assert played.chats()[0].body["max_tokens"] == 20


def test_a_prompt_too_long_is_told_and_not_sent(played: PlayedEngine) -> None:
    played.others["/tokenize"] = lambda one: one.json({"count": 2048, "tokens": []})
    with pytest.raises(ModelError, match="2048 tokens, of 2048") as caught:
        answered(played)
    assert "served.context_tokens" in caught.value.remedy
    assert played.chats() == []


def test_streams_of_several_threads_do_not_mix(played: PlayedEngine) -> None:
    def echo(one: Asked) -> None:
        word = one.body["messages"][0]["content"]
        one.stream(*[event(word + " ")] * 20, event(reason="stop"), DONE, pause=0.002)

    played.replies = [echo]
    found: dict[str, str] = {}
    with engine_at(played.url) as engine:

        def ask(word: str) -> None:
            order = Order(messages=(Message(role="user", content=word),), markers=1, max_tokens=50)
            found[word] = text_of(list(engine.stream(order)))

        threads = [threading.Thread(target=ask, args=(f"w{number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {f"w{number}": f"w{number} " * 20 for number in range(8)}
    assert played.paths().count("/v1/models") == 1  # one thread asked, the others waited
