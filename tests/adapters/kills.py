"""Changes of a register that are killed at each of their steps: ``python -m tests.adapters.kills FOLDER``.

A step is an SQL statement or a file operation, as Python's audit hooks and SQLite's trace tell of them; nothing of the
program is replaced. Prints how many steps each change had, and whatever was wrong.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ragmed.adapters.register import AdapterRegister
from ragmed.audit.log import SqliteLog
from ragmed.errors import RagMedError
from tests.adapters.made import MODEL, REVISION, added, promoted, register_over, verdict_on

_FILE_STEPS = ("open", "os.rename", "os.mkdir", "os.remove", "os.chmod", "sqlite3.connect")
_MOST = 400


def prepared(folder: Path) -> None:
    """Two adapters promoted one after the other, and a third that the gate let through."""
    folder.mkdir()
    register = register_over(folder)
    for seed in (1, 2):
        promoted(register, seed)
    register.gated(verdict_on(register, added(register, 3)))
    close(register)


def close(register: AdapterRegister) -> None:
    log = register._file._log
    assert isinstance(log, SqliteLog)
    log.checkpoints.settle()
    log.close()


def log_of(register: AdapterRegister) -> SqliteLog:
    return SqliteLog(register.folder.parent / "records.sqlite")


def third(register: AdapterRegister) -> str:
    return register.all()[2].sha256


CHANGES: dict[str, Callable[[AdapterRegister], object]] = {  # a gate's word and a retirement go the way of a promotion
    "add": lambda register: added(register, 4),
    "promote": lambda register: register.promote(third(register), "dr-owen"),
    "rollback": lambda register: register.rollback(MODEL, "dr-owen"),
}


def die_at(fatal_step: int, folder: Path) -> None:
    steps, inside = 0, str(folder)

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


def told(register: AdapterRegister) -> tuple[object, ...]:
    """What answering goes by, and what a list shows: times left out."""
    now = register.promoted(MODEL, REVISION)
    states = tuple((one.sha256, one.state, one.overridden) for one in register.all())
    return (now.sha256 if now else None, states)


def wrong_with(folder: Path, old: tuple[object, ...], new: tuple[object, ...], fatal_step: int) -> list[str]:
    """What is not as it should be after a kill."""
    register = register_over(folder)
    wrong = []
    try:
        found = told(register)
        if found not in (old, new):
            wrong.append(f"step {fatal_step}: neither the old state nor the new one")
        changes, logged = register.changes(), tuple(log_of(register).adapter_changes())
        if changes != logged[: len(changes)]:
            wrong.append(f"step {fatal_step}: in force and not in the log")
        register.settle()
        if register.changes() != logged:
            wrong.append(f"step {fatal_step}: not finished")
        if told(register) not in (old, new):
            wrong.append(f"step {fatal_step}: finished, and neither state")
        if not log_of(register).verify().sound:
            wrong.append(f"step {fatal_step}: the log does not verify")
        if told(register)[0] is not None:
            register.opened(str(told(register)[0]))
        added(register, 5)  # and it goes on
    except RagMedError as error:
        wrong.append(f"step {fatal_step}: {error}")
    close(register)
    return wrong


def main(folder: Path) -> None:
    prepared(folder / "before")
    for name, change in CHANGES.items():
        done = folder / f"{name}-done"
        shutil.copytree(folder / "before", done)
        register = register_over(done)
        old = told(register)
        change(register)
        new = told(register)
        close(register)
        steps = 0
        for fatal_step in range(1, _MOST):
            killed = folder / f"{name}-killed"
            shutil.copytree(folder / "before", killed)
            child = os.fork()
            if child == 0:
                die_at(fatal_step, killed)
                own = register_over(killed)
                change(own)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            for line in wrong_with(killed, old, new, fatal_step):
                print(f"WRONG {name}: {line}")
            shutil.rmtree(killed)
            if not os.WIFSIGNALED(status):
                break
            steps = fatal_step
        print(f"{name} {steps}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
