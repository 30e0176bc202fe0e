"""The breaker's states, by a clock that the test turns, and between threads."""

from __future__ import annotations

import contextlib
import threading

import pytest

from ragmed.errors import ModelError
from ragmed.generate.breaker import FAILURES, Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("the engine", 30.0, clock)


def failing(breaker: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.admit().failed()


def test_two_failures_are_not_enough_and_a_success_forgets_them(breaker: Breaker) -> None:
    failing(breaker, 2)
    breaker.admit().succeeded()
    failing(breaker, 2)
    breaker.admit().ended()


def test_after_three_it_rests_and_says_for_how_long(breaker: Breaker, clock: Clock) -> None:
    failing(breaker)
    clock.now = 12.5
    with pytest.raises(ModelError, match="failed 3 times in a row and is left alone for another 18 s"):
        breaker.admit()


def test_then_one_may_try_and_the_others_still_wait(breaker: Breaker, clock: Clock) -> None:
    failing(breaker)
    clock.now = 30.0
    trial = breaker.admit()
    with pytest.raises(ModelError, match="just being tried again"):
        breaker.admit()
    trial.succeeded()
    breaker.admit().succeeded()


def test_a_trial_that_fails_begins_another_rest(breaker: Breaker, clock: Clock) -> None:
    failing(breaker)
    clock.now = 31.0
    breaker.admit().failed()
    with pytest.raises(ModelError, match="left alone for another 30 s"):
        breaker.admit()
    clock.now = 61.0
    breaker.admit().succeeded()


def test_a_trial_that_says_nothing_gives_its_place_back(breaker: Breaker, clock: Clock) -> None:
    failing(breaker)
    clock.now = 31.0
    breaker.admit().ended()
    breaker.admit().succeeded()


def test_an_answer_begun_lets_the_others_in(breaker: Breaker, clock: Clock) -> None:
    failing(breaker)
    clock.now = 31.0
    trial = breaker.admit()
    trial.answers()
    other = breaker.admit()
    trial.failed()  # it broke off: one more is one too many
    with pytest.raises(ModelError, match="left alone"):
        breaker.admit()
    other.succeeded()
    breaker.admit()


def test_what_is_said_first_counts(breaker: Breaker) -> None:
    for _ in range(5):
        one = breaker.admit()
        one.succeeded()
        one.failed()
        one.ended()
    breaker.admit()


def test_an_old_request_that_ends_does_not_take_the_trial_of_another(breaker: Breaker, clock: Clock) -> None:
    old = breaker.admit()
    failing(breaker)
    clock.now = 31.0
    breaker.admit()
    old.ended()
    with pytest.raises(ModelError, match="just being tried again"):
        breaker.admit()


def test_of_many_threads_one_may_try(breaker: Breaker, clock: Clock) -> None:
    failing(breaker)
    clock.now = 31.0
    ready, admitted = threading.Barrier(16), []

    def go() -> None:
        ready.wait()
        with contextlib.suppress(ModelError):
            admitted.append(breaker.admit())

    threads = [threading.Thread(target=go) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 1
