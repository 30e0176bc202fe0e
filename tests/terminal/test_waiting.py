"""Progress in a log: a line now and then, with figures that a person can act on."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from ragmed.terminal.waiting import Steps, progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_line_tells_done_total_rate_and_time_left(clock: Clock) -> None:
    steps = Steps(clock)
    steps("reading", 0, 600)
    clock.now = 10
    steps("reading", 120, 600)
    assert steps.line() == "reading: 120/600, 12.0/s, 40 s left"
    clock.now = 20  # nothing has been heard since, and the rate says so
    assert steps.line() == "reading: 120/600, 6.0/s, 80 s left"


def test_what_an_earlier_run_had_done_does_not_count_as_speed(clock: Clock) -> None:
    steps = Steps(clock)
    steps("embedding", 1000, 2000)
    clock.now = 100
    steps("embedding", 1100, 2000)
    assert steps.line() == "embedding: 1,100/2,000, 1.0/s, 15 min left"


def test_steps_at_work_together_share_a_line_and_an_end_is_told_once(clock: Clock) -> None:
    steps = Steps(clock)
    steps("reading", 0, 4)
    clock.now = 2
    steps("reading", 4, 4)
    steps("embedding", 0, 0)
    clock.now = 12
    steps("embedding", 50, 0)
    assert steps.line() == "reading: 4/4, 2.0/s; embedding: 50, 5.0/s"
    assert steps.line() == "embedding: 50, 5.0/s"
    steps("embedding", 60, 60)
    assert steps.untold
    assert steps.line() == "embedding: 60/60, 6.0/s"
    assert not steps.untold
    clock.now = 30
    assert steps.line() == "at work for 30 s"


def test_no_time_left_is_guessed_from_the_first_moments(clock: Clock) -> None:
    steps = Steps(clock)
    steps("reading", 0, 1000)
    clock.now = 1
    steps("reading", 1, 1000)
    assert steps.line() == "reading: 1/1,000, 1.0/s"


def test_a_step_cannot_write_control_characters_into_the_log(clock: Clock) -> None:
    steps = Steps(clock)
    steps("rea\x1b[31mding", 0, 0)
    assert steps.line() == "rea[31mding: 0"


def test_a_log_gets_lines_while_the_work_is_silent_and_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    with progress(every=0.01) as show:
        show("reading", 1, 3)
        end = time.monotonic() + 10
        written = ""
        while "reading: 1/3" not in written and time.monotonic() < end:
            written += capfd.readouterr().err
        show("reading", 3, 3)
    written += capfd.readouterr().err
    assert written.splitlines()[-1].startswith("reading: 3/3")


def test_quick_work_leaves_no_line_and_stdout_is_left_alone() -> None:
    script = "from ragmed.terminal import progress\nwith progress() as show: show('reading', 1, 2)\nprint('{}')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{}\n", "")


def test_an_error_of_the_work_comes_through() -> None:
    with pytest.raises(ValueError, match="broken"), progress(every=0.01):
        raise ValueError("broken")
