"""Writers that are killed: at their n-th step, or at any moment, while others go on.

A step is an SQL statement or a file operation, as Python's audit hooks and SQLite's trace tell of them: nothing of
the program is replaced. What a writer's ``append`` has returned from stands in its own list (one line each, by one
``write``).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from ragmed.audit.log import SqliteLog
from ragmed.errors import RagMedError
from tests.audit.logs import answer, feedback_on

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 4
FATAL_ANSWERS = 12
"""Of the writer that is killed, if it gets so far: how many steps they are depends on what the others do."""
_FILE_STEPS = ("open", "os.rename", "os.link", "os.mkdir", "os.remove", "sqlite3.connect")


def write(folder: Path, writer: int, answers: int, fatal_step: int) -> None:
    """In a process of its own: keep ``answers`` answers, judge some and erase some; die at the step, if there is one."""
    if fatal_step:
        _die_at(fatal_step, folder)
    log = SqliteLog(folder / "records.sqlite")
    done = os.open(folder / f"returned-{writer}", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    for number in range(answers):
        made = answer(10_000 * writer + number)
        log.append(made)
        os.write(done, f"answer {made.record_id}\n".encode())
        if number % 5 == 1:
            log.append_feedback(feedback_on(made, number))
            os.write(done, f"feedback {made.record_id}\n".encode())
        if number % 5 == 2:
            os.write(done, f"erasing {made.record_id}\n".encode())
            log.erase(made.record_id, user="dpo", reason="asked")
            os.write(done, f"erased {made.record_id}\n".encode())


def _die_at(fatal_step: int, folder: Path) -> None:
    steps = 0
    inside = str(folder)

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == fatal_step:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in _FILE_STEPS and inside in str(arguments[0]):
            step()

    class Watched(sqlite3.Connection):
        def __init__(self, *arguments: object, **more: object) -> None:
            super().__init__(*arguments, **more)  # type: ignore[arg-type]
            self.set_trace_callback(step)

    sys.addaudithook(hook)
    sqlite3.connect = partial(sqlite3.connect, factory=Watched)  # type: ignore[assignment]


def _started(folder: Path, writer: int, answers: int, fatal_step: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.audit.kills", str(folder), str(writer), str(answers), str(fatal_step)]
    return subprocess.Popen(command, cwd=ROOT)


def kill_at_steps(scratch: Path, steps: Iterable[int], counts: Counter[str]) -> Iterator[str]:
    """One of four writers is killed at its n-th step, for each of ``steps``, each in a new folder."""
    for step in steps:
        folder = scratch / f"step{step}"
        folder.mkdir(parents=True)
        running = [_started(folder, 0, FATAL_ANSWERS, step), *(_started(folder, one, 4) for one in range(1, WRITERS))]
        codes = [one.wait(120) for one in running]
        counts["killed at a step"] += codes[0] == -signal.SIGKILL
        if any(codes[1:]):
            yield f"step {step}: another writer failed ({codes})"
        yield from (f"step {step}: {one}" for one in wrong_with(folder))
        shutil.rmtree(folder)


def steps_of_a_run(scratch: Path) -> int:
    """How many steps a writer takes, by halving."""
    low, high = 1, 4096
    while low < high:
        middle = (low + high) // 2
        folder = scratch / "steps"
        folder.mkdir(parents=True)
        if _started(folder, 0, FATAL_ANSWERS, middle).wait(120):
            low = middle + 1
        else:
            high = middle
        shutil.rmtree(folder)
    return low


def kill_at_random(scratch: Path, kills: int, chance: random.Random, counts: Counter[str]) -> Iterator[str]:
    """All writers of one folder at a moment each; the next ones go on with what they left."""
    folder = scratch / "random"
    folder.mkdir(parents=True)
    for number in range(0, kills, WRITERS):
        running = [_started(folder, number + one, 10_000) for one in range(WRITERS)]
        begin = time.monotonic()
        moments = sorted(chance.uniform(0.5, 2.5) for _ in running)
        for one, moment in zip(running, moments, strict=True):
            time.sleep(max(0.0, begin + moment - time.monotonic()))
            one.send_signal(signal.SIGKILL)
            one.wait(60)
            counts["killed at a moment"] += 1
        yield from (f"round {number}: {one}" for one in wrong_with(folder))


def wrong_with(folder: Path) -> Iterator[str]:
    """What was returned from and is not there, and what does not verify."""
    log = SqliteLog(folder / "records.sqlite")
    before = log.verify()  # as an auditor would find it, nothing put right
    if not before.sound:
        yield f"{before.faults[:3]}"
    if log.size():
        log.append(answer(0, record_id=f"after-{time.monotonic_ns()}"))
    known = {entry.subject: entry for entry in log.entries() if entry.kind.value == "answer"}
    erased = {entry.subject for entry in log.entries() if entry.kind.value == "erasure"}
    judged = {entry.subject for entry in log.entries() if entry.kind.value == "feedback"}
    for path in folder.glob("returned-*"):
        lines = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        erasing = {name for what, name in lines if what == "erasing"}
        for what, name in lines:
            if what == "answer" and name not in known:
                yield f"{name} was kept and is gone"
            if what == "erased" and name not in erased:
                yield f"{name} was erased and is not"
            if what == "feedback" and name not in judged:
                yield f"{name} was judged and is not"
            if what == "answer" and name in known and name not in erasing:
                try:
                    number = int(name, 16)
                    if log.get(name) != answer(number):
                        yield f"{name} is not as it was kept"
                except RagMedError as error:
                    yield f"{name}: {error}"
    if log.size():
        log.checkpoint()
    found = log.verify()
    yield from (f"{fault}" for fault in found.faults[:3])
    if found.entries:
        yield from found.notes
    if log.keys.kept([known[name].number for name in erased]):
        yield "a key of an erased answer is left"
    log.checkpoints.settle()
    log.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
