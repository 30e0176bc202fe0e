"""Building the index from the first page: once at a time, and every end is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ragmed.errors import BadInputError
from ragmed.interfaces import Progress
from ragmed.ui.desk import Desk, Indexing, Stage
from ragmed.ui.first_run import files_in, step
from ragmed.ui.words import Words
from tests.ui.small_library import SmallProgram


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_second_start_does_not_build_twice() -> None:
    gate, built = threading.Event(), []

    def build(progress: Progress) -> None:
        progress("reading", 1, 4)
        gate.wait(20)
        built.append(1)

    indexing = Indexing(build)
    assert indexing.stage == Stage()
    indexing.start()
    wait_for(lambda: indexing.stage.done == 1)
    indexing.start()
    assert indexing.stage.state == "running"
    assert (indexing.stage.what, indexing.stage.total) == ("reading", 4)
    gate.set()
    wait_for(lambda: indexing.stage.state == "done")
    assert built == [1]


def test_a_failure_tells_what_happened_and_what_to_do() -> None:
    def build(_progress: Progress) -> None:
        raise BadInputError("guidelines: no such folder", remedy="name another with --library")

    indexing = Indexing(build)
    indexing.start()
    wait_for(lambda: indexing.stage.state == "failed")
    assert indexing.stage.message == "guidelines: no such folder"
    assert indexing.stage.remedy == "name another with --library"


def test_an_error_nobody_foresaw_ends_the_waiting_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def build(_progress: Progress) -> None:
        raise ZeroDivisionError

    indexing = Indexing(build)
    indexing.start()
    wait_for(lambda: indexing.stage.state == "failed")
    assert indexing.stage.message == "ZeroDivisionError"
    assert "building the index failed" in caplog.text
    indexing.start()
    wait_for(lambda: indexing.stage.state == "failed")


def test_time_left_is_by_the_rate_of_the_step_at_hand() -> None:
    stage = Stage(state="running", what="embed", done=25, total=100, since=100.0)
    assert stage.seconds_left(110.0) == pytest.approx(30.0)
    assert Stage(state="running", what="embed", done=1, total=100, since=0.0).seconds_left(9.0) is None
    assert Stage(state="running", what="embed", done=1, total=0).seconds_left(9.0) is None
    assert Stage(state="done", done=1, total=1).seconds_left(9.0) is None


def test_a_step_in_words() -> None:
    assert step(Stage(state="running", what="reading", done=3, total=14), Words("en")) == "Reading files, 3 of 14"
    assert step(Stage(state="running", what="reading", done=3, total=14), Words("zh")) == "读取文件，3 / 14"
    assert step(Stage(state="running", what="something new"), Words("en")) == "something new"


def test_before_the_first_snapshot_there_is_none(tmp_path: Path) -> None:
    program = SmallProgram(tmp_path, published=False)
    assert Desk(program, Indexing(program.build)).current() is None


def test_only_files_that_can_be_documents_are_counted(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.PDF", "sub/b.md", "c.toml", "d.py"):
        (tmp_path / name).write_text("x")
    assert files_in(tmp_path) == 2
    assert files_in(tmp_path / "nowhere") == 0
