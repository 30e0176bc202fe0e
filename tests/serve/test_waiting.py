"""The line before the workers: its bound, everyone's place, and who moves up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import openai
import pytest

from ragmed.serve.faults import RefusedError
from ragmed.serve.line import Line
from ragmed.serve.service import Service
from tests.serve.serving import DOSE, Served, Writer, eventually, served, small_program


def test_first_come_first_served_and_everyone_knows_his_place() -> None:
    line = Line(1, 3)
    moves: dict[str, list[int]] = {name: [] for name in "abcd"}
    a, b, c, d = (line.enter(moves[name].append) for name in "abcd")
    assert [place.position for place in (a, b, c, d)] == [0, 1, 2, 3]
    assert (line.working, line.waiting) == (1, 3)
    line.leave(c)
    assert moves == {"a": [], "b": [], "c": [], "d": [2]}
    line.leave(a)
    line.leave(a)
    assert moves == {"a": [], "b": [0], "c": [], "d": [2, 1]}
    line.leave(d)
    line.leave(b)
    assert (line.working, line.waiting) == (0, 0)


def test_one_more_than_may_wait_is_refused_and_told_when_to_come_back() -> None:
    now = 0.0
    line = Line(2, 1, clock=lambda: now)
    first, *_ = [line.enter(lambda _: None) for _ in range(3)]
    with pytest.raises(RefusedError) as caught:
        line.enter(lambda _: None)
    assert (caught.value.status, caught.value.code, caught.value.more) == (429, "queue_full", {"waiting": 1})
    soon = caught.value.retry_after
    now = 100.0
    line.leave(first)
    assert line.expected_wait() > soon, "it goes by what questions took"


def test_nobody_may_wait_where_the_queue_is_nought() -> None:
    line = Line(1, 0)
    place = line.enter(lambda _: None)
    with pytest.raises(RefusedError):
        line.enter(lambda _: None)
    line.leave(place)
    assert line.enter(lambda _: None).position == 0


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def narrow(folder: Path, writer: Writer) -> Iterator[Served]:
    """One at work, two may wait."""
    with served(small_program(folder, writer, workers=1, queue=2)) as running:
        yield running
        writer.finish.set()


def streamed(stack: ExitStack, running: Served) -> Iterator[str]:
    sent = {"model": "ragmed", "stream": True, "messages": [{"role": "user", "content": DOSE}]}
    response = stack.enter_context(httpx.stream("POST", f"{running.v1}/chat/completions", json=sent, timeout=20))
    return (line for line in response.iter_lines() if line)


def until(lines: Iterator[str], wanted: str) -> str:
    return next(line for line in lines if line.startswith(wanted))


def test_who_waits_sees_his_place_and_who_is_too_many_is_refused(narrow: Served, writer: Writer) -> None:
    with ExitStack() as first, ExitStack() as second, ExitStack() as third:
        streamed(first, narrow)
        assert writer.begun.wait(20)
        next_up, last = streamed(second, narrow), streamed(third, narrow)
        assert until(next_up, ":") == ": position 1"
        assert until(last, ":") == ": position 2"
        with openai.OpenAI(base_url=narrow.v1, api_key="none", max_retries=0) as client:
            with pytest.raises(openai.RateLimitError) as caught:
                client.chat.completions.create(model="ragmed", messages=[{"role": "user", "content": DOSE}])
            assert int(caught.value.response.headers["retry-after"]) >= 1
            assert caught.value.body["waiting"] == 2  # type: ignore[index]
            assert caught.value.type == "rate_limit_error"
        assert httpx.get(f"{narrow.url}/metrics").text.count("ragmed_questions_waiting 2.0") == 1
        second.close()
        assert until(last, ": position") == ": position 1", "he moves up when one before him leaves"
        first.close()
        assert writer.stopped.wait(20)
        writer.finish.set()
        assert until(last, "data: [DONE]")
    assert eventually(lambda: narrow.service.idle)
    assert writer.most_at_once == 1, "never more at work than workers"


def test_a_stream_without_news_says_that_it_is_alive(
    narrow: Served, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragmed.serve.service.BEAT_SECONDS", 0.1)
    with ExitStack() as stack:
        lines = streamed(stack, narrow)
        assert until(lines, ": working")
        writer.finish.set()
        assert until(lines, "data: [DONE]")


def test_a_search_waits_in_the_same_line(narrow: Served, writer: Writer) -> None:
    with ExitStack() as first:
        streamed(first, narrow)
        assert writer.begun.wait(20)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{narrow.v1}/search", json={"query": "sepsis"}, timeout=0.5)
        assert eventually(lambda: narrow.service.line.waiting == 0), "whoever left the line is out of it"
    writer.finish.set()
    assert eventually(lambda: narrow.service.idle)
    assert httpx.post(f"{narrow.v1}/search", json={"query": "sepsis"}).status_code == 200


def test_the_deadline_stops_the_work_of_a_client_that_does_not_read(folder: Path) -> None:
    writer = Writer()
    program = small_program(folder, writer, workers=1, deadline_seconds=0.3)

    async def unread() -> None:
        service = Service(program)
        asked = service.ask(lambda: program.assistant.ask(DOSE), asyncio.Queue().get)  # type: ignore[arg-type, return-value]
        assert await asyncio.to_thread(writer.stopped.wait, 20), "nobody has asked for its events"
        while not service.idle:
            await asyncio.sleep(0.01)
        asked.close()
        service.close()

    with ThreadPoolExecutor(1) as apart:  # where no loop runs: a browser's driver leaves one in this thread
        apart.submit(asyncio.run, unread()).result(60)
    program.records.close()
