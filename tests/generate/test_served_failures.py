"""When a served engine fails: what is tried again, what is not, what is said, and what is never said."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from ragmed.errors import ModelError
from tests.generate.played_engine import (
    ORDER,
    QUESTION,
    Asked,
    PlayedEngine,
    engine_at,
    event,
    playing,
    says,
    status,
    text_of,
)
from tests.ports import free_port

KEY = "sk-secret-9f3a"


def fails(played: PlayedEngine, **settings: object) -> ModelError:
    with engine_at(played.url, **settings) as engine, pytest.raises(ModelError) as caught:
        list(engine.stream(ORDER))
    assert caught.value.remedy
    return caught.value


def cut(one: Asked) -> None:
    one.cut()


@pytest.mark.parametrize(
    "fault", [status(429), status(502), status(503), status(504), cut], ids=["429", "502", "503", "504", "cut"]
)
def test_what_may_pass_is_tried_again(played: PlayedEngine, fault: Callable[[Asked], None]) -> None:
    played.replies = [fault, fault, says("Yes [1].")]
    waits: list[float] = []
    with engine_at(played.url, sleep=waits.append) as engine:
        assert text_of(list(engine.stream(ORDER))) == "Yes [1]."
    assert len(played.chats()) == 3
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1.0  # doubled, with jitter


def test_tries_have_an_end(played: PlayedEngine) -> None:
    played.replies = [status(503)]
    assert "overloaded or not ready (503)" in str(fails(played, retries=2))
    assert len(played.chats()) == 3
    played.asked.clear()
    fails(played, retries=0)
    assert len(played.chats()) == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (401, "refuses the key"),
        (403, "refuses the key"),
        (404, "does not know the model"),
        (500, "fails"),
        (418, "ref"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(played: PlayedEngine, code: int, said: str) -> None:
    played.replies = [status(code)]
    assert said in str(fails(played))
    assert len(played.chats()) == 1


def test_the_engine_says_how_long_to_wait(played: PlayedEngine) -> None:
    in_four = format_datetime(datetime.now(UTC) + timedelta(seconds=4), usegmt=True)
    played.replies = [status(429, Retry_After="3"), status(503, Retry_After=in_four), says("Yes.")]
    waits: list[float] = []
    with engine_at(played.url, sleep=waits.append) as engine:
        list(engine.stream(ORDER))
    assert waits[0] == 3.0
    assert 2.0 <= waits[1] <= 4.0


def test_nobody_waits_for_a_minute(played: PlayedEngine) -> None:
    played.replies = [status(429, Retry_After="60")]
    fails(played)
    assert len(played.chats()) == 1


def test_an_engine_that_is_not_there() -> None:
    port, waits = free_port(), []
    away = pytest.raises(ModelError, match=f"127.0.0.1:{port} cannot be reached")
    with engine_at(f"http://127.0.0.1:{port}/v1", sleep=waits.append) as engine, away:
        list(engine.stream(ORDER))
    assert len(waits) == 2


@pytest.mark.parametrize(
    "ending",
    [
        lambda one: one.stream(event("Give 5 ")),
        lambda one: (one.stream(event("Give 5 ")), one.cut()),
        lambda one: one.stream(event("Give 5 "), b'data: {"error": {"message": "CUDA out of memory"}}\n\n'),
        lambda one: one.stream(event("Give 5 "), b'event: error\ndata: {"message": "oh"}\n\n'),
        lambda one: one.stream(event("Give 5 "), b'error: {"code": 500}\n\n'),
        lambda one: one.stream(event("Give 5 "), event(reason="abort")),
        lambda one: one.stream(event("Give 5 "), b"data: {nonsense\n\n"),
    ],
)
def test_an_answer_that_breaks_off_is_no_answer_and_no_second_is_glued_to_it(
    played: PlayedEngine, ending: Callable[[Asked], None]
) -> None:
    played.replies = [ending, says("mg [1].")]
    heard = ""
    with engine_at(played.url) as engine, pytest.raises(ModelError):
        for piece in engine.stream(ORDER):
            heard += piece.text
    assert heard == "Give 5 "
    assert len(played.chats()) == 1


def test_an_engine_that_falls_silent(played: PlayedEngine) -> None:
    go = threading.Event()

    def silent(one: Asked) -> None:
        one.stream(event("Give "))
        go.wait(10)

    played.replies = [silent]
    began = time.monotonic()
    assert "silent for 0.2 s" in str(fails(played, silence_seconds=0.2))
    assert time.monotonic() - began < 5
    go.set()


def test_comments_that_keep_the_connection_open_are_no_answer(played: PlayedEngine) -> None:
    played.replies = [lambda one: one.stream(*[b": ping\n\n"] * 200, pause=0.02)]
    assert "silent for 0.2 s" in str(fails(played, silence_seconds=0.2))


def test_no_redirect_is_followed(played: PlayedEngine, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    with playing() as other:
        other.replies = [says("stolen")]
        played.replies = [status(307, Location=f"{other.url}/chat/completions")]
        assert "not followed" in str(fails(played, key_file=key))
        assert other.asked == []


def test_no_proxy_of_the_environment_is_asked(played: PlayedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        played.replies = [says("Yes.")]
        with engine_at(played.url) as engine:
            list(engine.stream(ORDER))
        assert proxy.asked == []


def test_pages_that_are_no_engine(played: PlayedEngine) -> None:
    played.others["/v1/chat/completions"] = lambda one: one.raw(b"<html>Welcome</html>", kind="text/html")
    assert "not understood" in str(fails(played))
    played.others["/v1/models"] = lambda one: one.raw(b"<html>Welcome</html>", kind="text/html")
    assert "not understood" in str(fails(played))
    assert "silent" not in str(fails(played))


def test_a_line_without_end_is_not_kept(played: PlayedEngine) -> None:
    played.replies = [lambda one: one.stream(b"data: ", *[b"x" * 65536] * 64)]
    assert "line without end" in str(fails(played))


def test_neither_key_nor_question_are_told(
    played: PlayedEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = tmp_path / "engine.key"
    key.write_text(KEY + "\n")
    told, shown = [], []
    for fault in (status(400), status(401), status(404), status(429), status(500), cut, says("Yes [1].")):
        played.replies = [fault]
        with engine_at(played.url, key_file=key) as engine:
            shown.append(repr(engine) + repr(vars(engine)))
            try:
                list(engine.stream(ORDER))
            except ModelError as error:
                told += [str(error), error.remedy, repr(error), "".join(traceback.format_exception(error))]
    assert {one.headers.get("Authorization") for one in played.asked} == {f"Bearer {KEY}"}
    everything = "\n".join([*told, *shown, caplog.text])
    assert "Zebulon" not in everything
    assert QUESTION not in everything
    assert KEY not in everything
    assert str(tmp_path) not in "\n".join(told)


def test_a_key_file_that_holds_none(played: PlayedEngine, tmp_path: Path) -> None:
    played.replies = [says("Yes.")]
    assert "engine.key: no such key file" in str(fails(played, key_file=tmp_path / "engine.key"))
    for content in (b"", b"two words", b"\xff\xfe", b"a\nb"):
        (tmp_path / "engine.key").write_bytes(content)
        assert "engine.key: the key file" in str(fails(played, key_file=tmp_path / "engine.key"))
    assert played.asked == []


def test_an_engine_that_fails_again_and_again_is_left_alone(played: PlayedEngine) -> None:
    now = [100.0]
    played.replies = [status(500)]
    with engine_at(played.url, clock=lambda: now[0], rest_seconds=30) as engine:
        for _ in range(3):
            with pytest.raises(ModelError, match="fails"):
                list(engine.stream(ORDER))
        asked = len(played.asked)
        now[0] += 10
        with pytest.raises(ModelError, match="left alone for another 20 s"):
            list(engine.stream(ORDER))
        assert engine.count(ORDER.messages) > 0
        assert len(played.asked) == asked, "it was asked nevertheless"
        now[0] += 21
        played.replies = [says("Yes [1].")]
        assert text_of(list(engine.stream(ORDER))) == "Yes [1]."
        assert text_of(list(engine.stream(ORDER))) == "Yes [1]."


def test_the_one_that_may_try_lets_the_others_in_with_its_first_word(played: PlayedEngine) -> None:
    now = [0.0]
    played.replies = [status(500)]
    with engine_at(played.url, clock=lambda: now[0], rest_seconds=30) as engine:
        for _ in range(3):
            with pytest.raises(ModelError):
                list(engine.stream(ORDER))
        now[0] = 31.0
        played.replies = [lambda one: one.stream(event("Yes "), event("[1]."), event(reason="stop"))]
        trial, other = engine.stream(ORDER), engine.stream(ORDER)
        assert next(trial).text == "Yes "
        assert next(other).text == "Yes "
        other.close()
        trial.close()


def test_answers_that_break_off_count_as_failures(played: PlayedEngine) -> None:
    played.replies = [lambda one: one.stream(event("Give 5 "))]
    with engine_at(played.url, clock=lambda: 0.0) as engine:
        for _ in range(3):
            with pytest.raises(ModelError, match="in the middle"):
                list(engine.stream(ORDER))
        with pytest.raises(ModelError, match="left alone"):
            list(engine.stream(ORDER))


def test_wrong_keys_do_not_open_the_breaker(played: PlayedEngine) -> None:
    played.replies = [status(401)]
    with engine_at(played.url) as engine:
        for _ in range(5):
            with pytest.raises(ModelError, match="refuses the key"):
                list(engine.stream(ORDER))
