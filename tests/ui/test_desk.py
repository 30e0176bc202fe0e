"""Work at the library: one job at a time, every end is told, and what it gave is there for whoever comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ragmed.errors import BadInputError
from ragmed.interfaces import FileProgress, Progress
from ragmed.ui.desk import Desk, Jobs, Program, Proof, Stage
from ragmed.ui.first_run import files_in
from ragmed.ui.job_view import step
from ragmed.ui.words import Words
from tests.ui.small_library import SmallProgram


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def ended(jobs: Jobs) -> Stage:
    wait_for(lambda: jobs.stage.state != "running")
    return jobs.stage


def test_a_second_start_does_not_run_twice() -> None:
    gate, built = threading.Event(), []

    def build(progress: Progress, files: FileProgress) -> str:
        progress("reading", 1, 4)
        files(("a.md", "b.md"), 1)
        gate.wait(20)
        built.append(1)
        return "report"

    jobs = Jobs()
    assert jobs.stage == Stage()
    assert jobs.start("publish", build)
    wait_for(lambda: jobs.stage.files_done == 1)
    assert not jobs.start("plan", build)
    running = jobs.stage
    assert (running.job, running.what, running.total, running.files) == ("publish", "reading", 4, ("a.md", "b.md"))
    gate.set()
    assert ended(jobs).state == "done"
    assert built == [1]
    assert (jobs.result("publish"), jobs.result("plan")) == ("report", None)
    assert jobs.stage.serial > running.serial, "whoever looks can see that something ended"


def test_what_a_job_gave_stays_until_it_is_forgotten() -> None:
    jobs = Jobs()
    jobs.start("plan", lambda _progress, _files: "plan")
    ended(jobs)
    jobs.start("rollback", lambda _progress, _files: "gone back")
    ended(jobs)
    assert (jobs.result("plan"), jobs.result("rollback")) == ("plan", "gone back")
    before = jobs.stage.serial
    jobs.forget("plan")
    assert (jobs.result("plan"), jobs.result("rollback")) == (None, "gone back")
    assert (jobs.stage.state, jobs.stage.serial) == ("idle", before + 1)


def test_a_failure_tells_what_happened_and_what_to_do_and_keeps_the_last_result() -> None:
    def fail(_progress: Progress, _files: FileProgress) -> None:
        raise BadInputError("guidelines: no such folder", remedy="name another with --library")

    jobs = Jobs()
    jobs.start("plan", lambda _progress, _files: "plan")
    ended(jobs)
    jobs.start("plan", fail)
    stage = ended(jobs)
    assert (stage.state, stage.job) == ("failed", "plan")
    assert stage.message == "guidelines: no such folder"
    assert stage.remedy == "name another with --library"
    assert jobs.result("plan") == "plan"


def test_an_error_nobody_foresaw_ends_the_waiting_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_progress: Progress, _files: FileProgress) -> None:
        raise ZeroDivisionError

    jobs = Jobs()
    for _ in range(2):
        assert jobs.start("publish", fail)
        assert ended(jobs).message == "ZeroDivisionError"
    assert "publish failed" in caplog.text


def test_time_left_of_a_step_is_by_its_rate() -> None:
    stage = Stage(state="running", what="verify", done=25, total=100, since=100.0)
    assert stage.seconds_left(110.0) == pytest.approx(30.0)
    assert Stage(state="running", what="verify", done=1, total=100, since=0.0).seconds_left(9.0) is None
    assert Stage(state="running", what="verify", done=1, total=0).seconds_left(9.0) is None
    assert Stage(state="done", done=1, total=1).seconds_left(9.0) is None


def test_time_left_of_a_job_over_files_is_by_the_files_done() -> None:
    stage = Stage(state="running", what="embedding", done=9, total=9, began=100.0, files=("a", "b"), files_done=1)
    assert stage.share == pytest.approx(0.45)
    assert stage.seconds_left(145.0) == pytest.approx(55.0)
    written = Stage(state="running", what="index", done=1, total=2, files=("a", "b"), files_done=2)
    assert written.share == pytest.approx(0.95)
    assert Stage(state="running", files=("a",), files_done=0).seconds_left(9.0) is None


def test_a_step_in_words() -> None:
    assert step(Stage(state="running", what="reading", done=3, total=14), Words("en")) == "Reading files, 3 of 14"
    assert step(Stage(state="running", what="reading", done=3, total=14), Words("zh")) == "读取文件，3 / 14"
    assert step(Stage(state="running", what="something new"), Words("en")) == "something new"


def test_before_the_first_snapshot_there_is_none(tmp_path: Path) -> None:
    program = SmallProgram(tmp_path, published=False)
    assert Desk(program, Jobs(), program.build).current() is None


def test_only_files_that_can_be_documents_are_counted(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.PDF", "sub/b.md", "c.toml", "d.py"):
        (tmp_path / name).write_text("x")
    assert files_in(tmp_path) == 2
    assert files_in(tmp_path / "nowhere") == 0


def test_a_long_verification_keeps_no_librarian_from_publishing_and_bears_the_time_of_its_beginning() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def verify(*, progress: Progress) -> str:
        progress("entries", 1, 2)
        begun.set()
        assert go_on.wait(20)
        return "what was found"

    program = SimpleNamespace(auditor=SimpleNamespace(verify=verify))
    desk = Desk(cast("Program", program), Jobs(), lambda _progress, _files: "published")
    before = datetime.now(UTC).isoformat(timespec="milliseconds")
    desk.verify()
    assert begun.wait(20)
    assert (desk.audits.stage.state, desk.audits.stage.what) == ("running", "entries")
    desk.replay("another audit waits")
    assert desk.audits.stage.job == "verify"
    desk.build_index()
    assert ended(desk.jobs).state == "done"
    go_on.set()
    ended(desk.audits)
    proof = desk.audits.result("verify")
    assert isinstance(proof, Proof)
    assert proof.found == "what was found"
    assert before <= proof.at <= datetime.now(UTC).isoformat(timespec="milliseconds")
