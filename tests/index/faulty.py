"""A process whose file operations fail, or end it, at a step of one's choice; and what a power cut would leave of them.

Steps are the operations below one folder that change what is on the disk, as Python's audit hooks see them (opening for
writing, rename, mkdir, remove, rmdir, truncate, connecting to SQLite), and every ``fsync``. Each is counted before it is
done. What libraries write without Python (FAISS, SQLite) lies between two steps, inside a folder that is not published.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
import random
import shutil
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from ragmed.errors import RagMedError


class Fault(StrEnum):
    """What happens at the step."""

    KILL = "kill"
    ENOSPC = "enospc"
    EIO = "eio"


DONE, TOLD = 0, 3
"""Exit statuses: it got through; it ended with an error that it told of."""
_EVENTS = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "sqlite3.connect"}


class Watch:
    """Counts the steps below ``folder``, writes them down, and lets the fault happen at step ``at``."""

    def __init__(self, folder: Path, at: int, fault: Fault, log: int) -> None:
        self._folder = str(folder)
        self._at, self._fault, self._log = at, fault, log
        self._taken = 0
        self._busy = False

    def start(self) -> None:
        """From now on, for good: audit hooks cannot be taken away, so this is for a process that ends soon."""
        real = os.fsync

        def fsync(descriptor: int) -> None:
            path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
            if path.startswith(self._folder):
                seen = os.fstat(descriptor)
                self._step({"op": "fsync", "ino": seen.st_ino, "folder": stat.S_ISDIR(seen.st_mode), "path": path})
            real(descriptor)

        os.fsync = fsync
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._busy or (event not in _EVENTS and event != "open"):
            return
        if event == "open":
            path, mode, _ = arguments
            if not isinstance(path, str) or not isinstance(mode, str) or mode[:1] not in ("w", "x", "a"):
                return
            if path.startswith(self._folder):
                self._step({"op": "create", "path": path})
        elif event == "os.rename":
            source, target = self._at_folder(arguments[0], arguments[2]), self._at_folder(arguments[1], arguments[3])
            if source.startswith(self._folder):
                self._step({"op": "rename", "path": source, "to": target, "was": self._content(target)})
        else:
            folder = arguments[-1] if event in ("os.mkdir", "os.remove", "os.rmdir") else -1
            path = self._at_folder(arguments[0], folder)
            if path.startswith(self._folder):
                self._step({"op": event.rpartition(".")[2], "path": path})

    def _at_folder(self, path: object, folder: object) -> str:
        """The whole path of one that may be relative to an open folder."""
        name = os.fspath(path) if isinstance(path, str | os.PathLike) else str(path)
        if Path(name).is_absolute() or not isinstance(folder, int) or folder < 0:
            return name
        self._busy = True
        try:
            return str(Path(f"/proc/self/fd/{folder}").readlink() / name)
        finally:
            self._busy = False

    def _content(self, path: str) -> str | None:
        """What a rename is about to replace."""
        self._busy = True
        try:
            return base64.b64encode(Path(path).read_bytes()).decode() if Path(path).is_file() else None
        finally:
            self._busy = False

    def _step(self, said: dict[str, object]) -> None:
        self._taken += 1
        if self._taken == self._at:
            os.write(self._log, b'{"op": "fault"}\n')
            if self._fault is Fault.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            code = errno.ENOSPC if self._fault is Fault.ENOSPC else errno.EIO
            raise OSError(code, os.strerror(code), str(said["path"]))
        os.write(self._log, json.dumps(said).encode() + b"\n")


def run_with_fault(work: Callable[[], object], folder: Path, at: int, fault: Fault, log: Path) -> int:
    """Exit status of a child that does ``work`` and meets the fault at its step ``at``; the steps before it in ``log``."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    child = os.fork()
    if child:
        os.close(descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 99
    try:
        Watch(folder, at, fault, descriptor).start()
        work()
        status = DONE
    except RagMedError as error:
        os.write(descriptor, json.dumps({"op": "told", "text": str(error)}).encode() + b"\n")
        status = TOLD
    except BaseException as error:  # noqa: BLE001 - the border of the child: what it did not tell of is a finding
        os.write(2, f"step {at}, {fault}: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(status)


def steps_in(log: Path) -> list[dict[str, Any]]:
    """The steps that were taken."""
    return [step for step in _lines(log) if step["op"] not in ("fault", "told")]


def told(log: Path) -> str:
    """What it told of when it ended; empty where it got through or was killed."""
    return next((str(step["text"]) for step in _lines(log) if step["op"] == "told"), "")


def _lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_bytes().splitlines()]


def met(log: Path) -> bool:
    """Whether the work came to the step at which the fault was."""
    return b'{"op": "fault"}' in log.read_bytes()


def inodes(folder: Path) -> frozenset[int]:
    """Of every file below the folder."""
    return frozenset(path.stat().st_ino for path in _files(folder))


def cut_power(
    folder: Path,
    base: Path,
    known: frozenset[int],
    steps: list[dict[str, Any]],
    chance: random.Random,
    *,
    all_lost: bool,
) -> None:
    """Make of ``folder`` what the disk may hold after a power cut: ``base`` is what it held before the ``steps``, and
    ``known`` the inodes of the files that it held then.

    A file written since and not fsynced is whole, cut or empty. Of a folder's entries that were changed since its last
    fsync, the last ones may be undone, in their order; all of them are where ``all_lost``.
    """
    synced = {step["ino"] for step in steps if step["op"] == "fsync" and not step["folder"]}
    for path in _files(folder):
        if path.stat().st_ino in synced | known:
            continue
        size = path.stat().st_size
        os.truncate(path, 0 if all_lost else chance.choice((0, size // 2, size)))
    for step in reversed(_lost(steps, chance, all_lost=all_lost)):
        with contextlib.suppress(FileNotFoundError):
            _undo(step, folder, base)


def _lost(steps: list[dict[str, Any]], chance: random.Random, *, all_lost: bool) -> list[dict[str, Any]]:
    """The steps whose entries did not reach the disk."""
    open_steps: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        if step["op"] == "fsync":
            if step["folder"]:
                open_steps.pop(step["path"], None)
        elif step["op"] != "connect":
            open_steps.setdefault(str(Path(step["path"]).parent), []).append(number)
    lost: list[int] = []
    for numbers in open_steps.values():
        lost += numbers if all_lost else numbers[chance.randint(0, len(numbers)) :]
    return [steps[number] for number in sorted(lost)]


def _undo(step: dict[str, Any], folder: Path, base: Path) -> None:
    path = Path(step["path"])
    old = base / path.relative_to(folder)
    match step["op"]:
        case "rename":
            target = Path(step["to"])
            if target.exists() and path.parent.is_dir():
                target.rename(path)
                if step["was"] is not None:
                    target.write_bytes(base64.b64decode(step["was"]))
        case "create":
            if not old.exists():
                path.unlink()
        case "mkdir":
            if not old.exists():
                shutil.rmtree(path)
        case "remove" | "rmdir":
            if old.exists() and not path.exists() and path.parent.is_dir():
                _restore(old, path)


def _restore(old: Path, path: Path) -> None:
    if old.is_dir():
        path.mkdir()  # what was in it comes back by itself, where its removal was lost too
    else:
        shutil.copyfile(old, path)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
