"""Who may enter, with how much, and what is noted of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from ragmed.errors import NotPossibleError, SettingsError
from ragmed.interfaces import Assistant
from ragmed.serve import server
from ragmed.settings import ServeSettings
from tests.serve.serving import DOSE, Served, served, small_program
from tests.ui.library_app import LibraryProgram

SECRET = "Mrs Moonlight, born 1950"
KEY = b"a-key-of-sixteen-and-more"


class Faulty:
    """An assistant with a fault that quotes the question."""

    def ask(self, question: str, **_: Any) -> Iterator[Any]:
        raise ZeroDivisionError(question)


class FaultyProgram(LibraryProgram):
    @cached_property
    def assistant(self) -> Assistant:
        return Faulty()


def test_neither_questions_nor_addresses_as_they_came_are_logged(
    plain: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        httpx.post(f"{plain.v1}/answers", json={"question": SECRET})
        httpx.get(f"{plain.v1}/search", params={"query": SECRET})
        httpx.get(f"{plain.url}/{SECRET}")
        httpx.post(f"{plain.v1}/answers", json={"question": [SECRET]})
        httpx.get(f"{plain.v1}/models/{SECRET}")
        httpx.get(f"{plain.url}/healthz")  # a line of the log follows its response; those before are there by now
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore", "asyncio"))]
    said = [one.getMessage() for one in ours if one.name == "ragmed.serve.gate"]
    assert [line.rsplit(" ", 2)[0] for line in said] == [
        "POST /v1/answers 200",
        "GET /v1/search 405",
        "GET unmatched 404",
        "POST /v1/answers 400",
        "GET /v1/models/{model} 404",
    ] + ["GET /healthz 200"] * (len(said) - 5)
    assert "oonlight" not in "".join(one.getMessage() for one in ours)
    metrics = httpx.get(f"{plain.url}/metrics").text
    assert "oonlight" not in metrics
    assert "naphylaxis" not in metrics, "no title either"
    assert 'ragmed_requests_total{method="POST",route="/v1/answers",status="200"}' in metrics


@pytest.mark.parametrize("stream", [False, True])
def test_a_fault_of_the_program_tells_no_internals(
    folder: Path, caplog: pytest.LogCaptureFixture, stream: bool
) -> None:
    program = FaultyProgram(small_program(folder).settings)
    with served(program) as running, caplog.at_level(logging.DEBUG):
        for path, body in (
            ("answers", {"question": SECRET, "stream": stream}),
            (
                "chat/completions",
                {"model": "ragmed", "messages": [{"role": "user", "content": SECRET}], "stream": stream},
            ),
        ):
            response = httpx.post(f"{running.v1}/{path}", json=body)
            assert response.status_code == (200 if stream else 500)
            assert '"code":"internal"' in response.text.replace(" ", "")
            assert "ZeroDivision" not in response.text
        assert running.service.idle
        assert 'ragmed_questions_total{outcome="failed"} 2.0' in httpx.get(f"{running.url}/metrics").text
    ours = "".join(one.getMessage() for one in caplog.records if one.name.startswith("ragmed.serve"))
    assert "ZeroDivisionError at " in ours
    assert "test_gate.py:" in ours
    assert "Moonlight" not in ours


def test_another_name_for_this_machine_is_refused(plain: Served) -> None:
    response = httpx.get(f"{plain.v1}/models", headers={"Host": "evil.example:8600"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "wrong_host")
    for name in ("localhost", "127.0.0.1:8600", "[::1]:8600"):
        assert httpx.get(f"{plain.v1}/models", headers={"Host": name}).status_code == 200, name


def test_a_body_without_a_length_is_bounded_too(plain: Served) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(400):
            yield b"x" * 1024
        yield b'"}'

    response = httpx.post(f"{plain.v1}/answers", content=pieces(), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")


def test_a_page_elsewhere_cannot_make_a_browser_ask(plain: Served) -> None:
    sent = f'{{"question": "{DOSE}"}}'
    for kind in ("text/plain", "application/x-www-form-urlencoded"):  # what a browser sends without asking first
        assert httpx.post(f"{plain.v1}/answers", content=sent, headers={"Content-Type": kind}).status_code == 400
    assert httpx.post(f"{plain.v1}/answers", content=sent).status_code == 400
    first = httpx.options(
        f"{plain.v1}/answers", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert first.status_code == 405
    assert "access-control-allow-origin" not in first.headers


def test_a_page_of_the_settings_may_ask_and_no_other(folder: Path) -> None:
    friend = "https://chat.example.org"
    with served(small_program(folder, origins=(friend,)), KEY) as running:
        for origin, allowed in ((friend, friend), ("https://evil.example", None)):
            headers = {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            }
            first = httpx.options(f"{running.v1}/answers", headers=headers)
            assert first.headers.get("access-control-allow-origin") == allowed
        answer = httpx.get(
            f"{running.v1}/models", headers={"Origin": friend, "Authorization": f"Bearer {KEY.decode()}"}
        )
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == friend


def test_every_response_forbids_guessing_and_framing(plain: Served) -> None:
    for path in ("/healthz", "/v1/models", "/nothing"):
        headers = httpx.get(f"{plain.url}{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_no_page_that_fetches_from_elsewhere_is_served(plain: Served) -> None:
    for path in ("/docs", "/redoc"):
        assert httpx.get(f"{plain.url}{path}").status_code == 404


def test_beyond_this_machine_a_key_is_needed(tmp_path: Path) -> None:
    assert server.key_of(ServeSettings()) == b""
    with pytest.raises(SettingsError, match=r"serve.host is 0\.0\.0\.0") as caught:
        server.key_of(ServeSettings(host="0.0.0.0"))
    assert "serve.key_file" in caught.value.remedy
    assert server.key_of(ServeSettings(host="0.0.0.0", without_key=True)) == b""
    file = tmp_path / "key"
    file.write_bytes(KEY + b"\n")
    assert server.key_of(ServeSettings(host="0.0.0.0", key_file=file)) == KEY


@pytest.mark.parametrize("content", [b"", b"short\n", b"two words of some length", "密钥".encode() * 9])
def test_a_key_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="16 ASCII") as caught:
        server.key_of(ServeSettings(key_file=file))
    assert content.decode().strip() == "" or content.decode().strip() not in str(caught.value).replace(str(file), "")
    with pytest.raises(SettingsError, match="cannot be read"):
        server.key_of(ServeSettings(key_file=tmp_path / "absent"))


def test_a_port_that_is_taken_is_named() -> None:
    with server.listen(ServeSettings(port=1).model_copy(update={"port": 0})) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(NotPossibleError, match=f"port {port}"):
            server.listen(ServeSettings(port=port))
