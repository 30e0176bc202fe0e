"""What a served engine is asked to keep to: patterns of markers, schemas, and what happens where it refuses."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ragmed.engines import Order
from ragmed.errors import ModelError
from ragmed.generate.bounds import PROOF, grammar_of, pattern_of
from tests.generate.played_engine import ORDER, Asked, PlayedEngine, Reply, engine_at, says, status, text_of

SCHEMA = '{"type": "object"}'
JSON_ORDER = Order(messages=ORDER.messages, markers=2, max_tokens=50, schema=SCHEMA)


def calls_itself(played: PlayedEngine, engine: str) -> None:
    played.models = {"data": [{"id": "tiny", "max_model_len": 2048, "owned_by": engine}]}


def refuses(*fields: str) -> Reply:
    """An engine that knows all fields but these."""

    def reply(one: Asked) -> None:
        if any(field in one.body for field in fields):
            one.json({"error": "extra fields not permitted"}, 400)
        else:
            says("Yes [1].")(one)

    return reply


@pytest.mark.parametrize(
    "text",
    [
        "Give 0.5 mg (500 µg) at once [1].",
        "Give 0.5 mg [1][2]. Then wait [2]",
        "第一行 [1]。\n第二行[2]；",
        "One [1].\n\nTwo [2].\n",
        "NOT COVERED",
        "未涵盖。",
    ],
)
def test_what_may_be_written(text: str) -> None:
    assert re.fullmatch(pattern_of(2), text)


@pytest.mark.parametrize(
    "text",
    [
        "Give 0.5 mg at once.",
        "Give 0.5 mg [3].",
        "Give 0.5 mg [0].",
        "Give 0.5 mg [12].",
        "Give 0.5 mg [ward].",
        "Give 0.5 mg 【1】.",
        "Give 0.5 mg [1]. Then wait.",
        "One [1].\nTwo.",
        "One.\nTwo [2].",
        "NOT COVERED. Give 0.5 mg.",
        "[1]",
        "",
    ],
)
def test_what_may_not_be_written(text: str) -> None:
    assert not re.fullmatch(pattern_of(2), text)


def test_a_marker_of_two_digits() -> None:
    assert re.fullmatch(pattern_of(12), "Give 0.5 mg [12].")
    assert not re.fullmatch(pattern_of(12), "Give 0.5 mg [13].")
    assert not re.fullmatch(pattern_of(12), "Give 0.5 mg [02].")
    assert 'number ::= "1" | "2" | "3"' in grammar_of(3)


@pytest.mark.parametrize(
    ("engine", "wanted", "field"),
    [
        ("vllm", "auto", {"structured_outputs": {"regex": pattern_of(2)}}),
        ("sglang", "auto", {"regex": pattern_of(2)}),
        ("llamacpp", "auto", {"grammar": grammar_of(2)}),
        ("vllm", "guided_regex", {"guided_regex": pattern_of(2)}),
        ("", "regex", {"regex": pattern_of(2)}),
        ("vllm", "off", {}),
        ("library", "auto", {}),
        ("", "auto", {}),
    ],
)
def test_each_engine_is_asked_in_its_own_field(
    played: PlayedEngine, engine: str, wanted: str, field: dict[str, Any]
) -> None:
    calls_itself(played, engine)
    played.replies = [says("Yes [1].")]
    with engine_at(played.url, markers=wanted) as served:
        list(served.stream(ORDER))
    body = played.chats()[0].body
    named = ("structured_outputs", "guided_regex", "regex", "grammar", "response_format")
    assert {key: body[key] for key in named if key in body} == field


def test_without_passages_no_marker_is_asked_for(played: PlayedEngine) -> None:
    calls_itself(played, "vllm")
    played.replies = [says("Yes.")]
    with engine_at(played.url) as served:
        list(served.stream(Order(messages=ORDER.messages, markers=0, max_tokens=9)))
    assert "structured_outputs" not in played.chats()[0].body


def test_an_engine_that_refuses_markers_is_asked_once_without_and_that_is_remembered(played: PlayedEngine) -> None:
    calls_itself(played, "sglang")
    played.replies = [refuses("regex")]
    with engine_at(played.url) as served:
        assert text_of(list(served.stream(ORDER))) == "Yes [1]."
        assert ["regex" in one.body for one in played.chats()] == [True, False]
        assert played.chats()[-1].body["reasoning_effort"] == "none", "what was not refused is asked for still"
        list(served.stream(ORDER))
        assert len(played.chats()) == 3
        assert "regex" not in played.chats()[-1].body


def test_markers_stay_where_something_else_is_refused(played: PlayedEngine) -> None:
    calls_itself(played, "vllm")
    played.replies = [refuses("reasoning_effort")]
    with engine_at(played.url) as served:
        list(served.stream(ORDER))
        list(served.stream(ORDER))
    last = played.chats()[-1].body
    assert "structured_outputs" in last
    assert "chat_template_kwargs" in last
    assert "reasoning_effort" not in last


def test_a_schema_that_is_refused_is_left_out_and_markers_are_not(played: PlayedEngine) -> None:
    calls_itself(played, "vllm")
    played.replies = [refuses("response_format")]
    with engine_at(played.url) as served:
        list(served.stream(JSON_ORDER))
        list(served.stream(JSON_ORDER))
        list(served.stream(ORDER))
    bodies = [one.body for one in played.chats()]
    assert ["response_format" in body for body in bodies] == [True, False, False, False]
    assert [json.dumps(body).count("structured_outputs") for body in bodies] == [0, 0, 0, 1]


def test_a_request_that_is_refused_whatever_it_asks_is_an_error_and_teaches_nothing(played: PlayedEngine) -> None:
    calls_itself(played, "vllm")
    played.replies = [status(400)]
    with engine_at(played.url) as served:
        with pytest.raises(ModelError, match="refuses the request"):
            list(served.stream(ORDER))
        asked = len(played.chats())
        played.replies = [says("Yes [1].")]
        list(served.stream(ORDER))
    assert len(played.chats()) == asked + 1
    assert "structured_outputs" in played.chats()[-1].body


def test_another_model_is_asked_anew(played: PlayedEngine) -> None:
    now = [0.0]
    calls_itself(played, "sglang")
    played.replies = [refuses("regex")]
    with engine_at(played.url, clock=lambda: now[0]) as served:
        list(served.stream(ORDER))
        now[0] += 100
        played.models["data"][0]["id"] = "other"
        played.replies = [says("Yes [1].")]
        list(served.stream(ORDER))
    assert "regex" in played.chats()[-1].body


def holding(one: Asked) -> None:
    """An engine that keeps to what it is asked."""
    asked = one.body.get("structured_outputs", {})
    says(PROOF if asked.get("regex") == PROOF else "no")(one)


@pytest.mark.parametrize(
    ("engine", "reply", "found"),
    [
        ("vllm", holding, ("structured_outputs", True)),
        ("vllm", says("no"), ("structured_outputs", False)),
        ("vllm", refuses("structured_outputs"), ("structured_outputs", None)),
        ("library", says("no"), ("", None)),
    ],
)
def test_whether_it_keeps_to_it_is_tried(
    played: PlayedEngine, engine: str, reply: Reply, found: tuple[str, bool | None]
) -> None:
    calls_itself(played, engine)
    played.replies = [reply]
    with engine_at(played.url) as served:
        assert served.markers_held() == found
