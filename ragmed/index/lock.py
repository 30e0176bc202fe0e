"""One writer at a time: an ``flock`` on ``.lock`` in the index folder.

The kernel frees the lock when its holder ends, however it ends, so there is no stale lock to clear. What the file says
(who, where, since when) is for people; nothing is decided by it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ragmed.canonical import canonical_json
from ragmed.errors import BusyError

LOCK_FILE = ".lock"


@contextmanager
def writer_lock(index_folder: Path) -> Iterator[None]:
    """Hold the index for writing. Raises BusyError, which names the holder, where another process has it."""
    index_folder.mkdir(parents=True, exist_ok=True)
    path = index_folder / LOCK_FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"{index_folder}: {_holder(descriptor)} is writing to this index",
                remedy="wait until it has finished, or end it",
            ) from None
        stated = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, canonical_json(stated) + b"\n", 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    """Who the lock file says has it; it may be between two lines of its own."""
    try:
        stated = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {stated['pid']} on {stated['host']} (since {stated['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
