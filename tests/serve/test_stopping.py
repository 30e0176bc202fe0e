"""The server as a process of its own: what a signal does, and what stands on its screen."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.serve.serving import DOSE, eventually

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.serve.serving", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    assert eventually(lambda: _alive(found[0]), 10)
    return found[0]


def _alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_signal_finishes_what_is_at_work_and_takes_nothing_new(process: subprocess.Popen[str]) -> None:
    url = address_of(process)
    sent = {"question": DOSE}
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(httpx.post, f"{url}/v1/answers", json=sent, timeout=20) for _ in range(3)]  # one waits
        assert eventually(lambda: "ragmed_questions_waiting 1.0" in httpx.get(f"{url}/metrics").text)
        process.send_signal(signal.SIGTERM)
        assert eventually(lambda: httpx.get(f"{url}/readyz").status_code == 503)
        refused = httpx.post(f"{url}/v1/answers", json=sent)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "stopping")
        assert int(refused.headers["retry-after"]) > 0
        assert httpx.get(f"{url}/healthz").status_code == 200
        answers = [one.result() for one in running]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.json()["outcome"] for answer in answers} == {"answered"}
    _, log = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "adrenaline" not in log
    assert "POST /v1/answers 200" in log
    assert "Traceback" not in log


def test_a_second_signal_ends_it_at_once(process: subprocess.Popen[str]) -> None:
    url = address_of(process)
    sent = {"model": "ragmed", "stream": True, "messages": [{"role": "user", "content": DOSE}]}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=sent, timeout=20) as response:
        lines = response.iter_lines()
        assert json.loads(next(lines)[6:])
        process.send_signal(signal.SIGINT)
        assert eventually(lambda: httpx.get(f"{url}/readyz").status_code == 503)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_the_command_serves_the_demonstration_library(demonstration_index: Path, tmp_path: Path) -> None:
    """``ragmed serve`` itself, with the real embedder."""
    with httpx.Client() as client, _command(demonstration_index) as running:
        url = address_of(running)
        assert client.get(f"{url}/readyz").status_code == 200
        question = "感染性休克首选哪种升压药？"
        sent = {"model": "ragmed", "messages": [{"role": "user", "content": question}]}
        message = client.post(f"{url}/v1/chat/completions", json=sent, timeout=30).json()["choices"][0]["message"]
        assert message["outcome"] == "answered"
        assert "**出处**" in message["content"]
        running.send_signal(signal.SIGTERM)
        _, log = running.communicate(timeout=20)
        assert running.returncode == 0
        assert "升压药" not in log


def _command(index: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ragmed.cli", "serve", "--index", str(index), "--port", str(free_port())]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )


def test_without_a_key_the_command_listens_to_no_other_machine() -> None:
    command = [sys.executable, "-m", "ragmed.cli", "serve", "--host", "0.0.0.0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment, timeout=60)
    assert done.returncode == 2
    assert "no key is asked" in done.stderr
    assert "--without-key" in done.stderr
    assert "Traceback" not in done.stderr
