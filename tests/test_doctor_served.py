"""What the doctor says of a served engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed.doctor_served import examine_served
from ragmed.examined import Examined
from ragmed.settings import AnswerSettings, ServedSettings, Settings
from tests.generate.played_engine import VLLM_MODELS, Reply, playing, says, status
from tests.ports import free_port


def examined(url: str, generator: str = "served", **served: object) -> list[Examined]:
    answer = AnswerSettings(generator=generator)  # type: ignore[arg-type]
    return list(examine_served(Settings(answer=answer, served=ServedSettings(url=url, **served))))  # type: ignore[arg-type]


def test_no_engine_no_word() -> None:
    assert examined("") == []


def test_what_answers_is_told() -> None:
    with playing() as played:
        played.others["/tokenize"] = lambda one: one.json({"count": 5, "tokens": []})
        line, markers = examined(played.url)
        assert (line.state, markers.state) == ("fine", "fine")
        assert "checked afterwards alone: the engine is not asked for more" in markers.found
        assert line.found == f"tiny (tiny-qwen) at {played.url[7:-3]}; context 2,048 tokens, counted"


def test_an_engine_that_cannot_count_is_short() -> None:
    with playing() as played:
        line, _ = examined(played.url)
        assert (line.state, line.found.endswith("2,048 tokens, overestimated")) == ("short", True)
        assert "docs/deploy.md" in line.remedy


@pytest.mark.parametrize(
    ("reply", "state", "words"),
    [
        (says("held"), "fine", "no line ends without a passage's number (structured_outputs)"),
        (says("no"), "short", "it takes `structured_outputs` and does not keep to it"),
        (status(400), "short", "it refuses `structured_outputs`"),
    ],
)
def test_whether_an_engine_is_held_to_markers(reply: Reply, state: str, words: str) -> None:
    with playing() as played:
        played.models = {"data": [{**VLLM_MODELS["data"][0], "owned_by": "vllm"}]}
        played.replies = [reply]
        markers = examined(played.url)[1]
        assert (markers.subject, markers.state) == ("engine's markers", state)
        assert words in markers.found
        assert bool(markers.remedy) == (state == "short")


@pytest.mark.parametrize(("generator", "state"), [("served", "fault"), ("auto", "short")])
def test_an_engine_that_is_away(generator: str, state: str) -> None:
    [line] = examined(f"http://127.0.0.1:{free_port()}/v1", generator, retries=0)
    assert (line.state, "cannot be reached" in line.found) == (state, True)
    assert line.remedy


def test_a_wrong_address_or_key_is_a_line_not_a_traceback() -> None:
    assert examined("nonsense")[0].state == "fault"
    with playing() as played:
        played.others["/v1/models"] = status(401)
        [line] = examined(played.url)
        assert "refuses the key" in line.found


def test_a_key_that_others_can_read(tmp_path: Path) -> None:
    key = tmp_path / "engine.key"
    key.write_text("sk-1")
    key.chmod(0o644)
    with playing() as played:
        assert [line.subject for line in examined(played.url, key_file=key)] == [
            "engine",
            "engine's markers",
            "engine's key",
        ]
        key.chmod(0o600)
        assert [line.subject for line in examined(played.url, key_file=key)] == ["engine", "engine's markers"]


def test_plain_http_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with playing() as played:
        port = int(played.url.rsplit(":", 1)[1].removesuffix("/v1"))
        real = socket.getaddrinfo
        elsewhere = "engine.ward.example"  # a name that this machine alone knows
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *rest, **more: real("127.0.0.1" if host == elsewhere else host, *rest, **more),
        )
        lines = examined(f"http://{elsewhere}:{port}/v1")
        assert [line.subject for line in lines] == ["engine", "engine's markers", "engine's network"]
