"""One writer at a time: an exclusive ``flock`` on a file.

The kernel frees it when its holder ends, however it ends, so there is no stale lock to clear. What the file says (who,
where, since when) is for people; nothing is decided by it.
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


@contextmanager
def exclusive(file: Path, subject: str, doing: str) -> Iterator[None]:
    """Hold ``file``, which is made with its folder where it is not there.

    Raises BusyError where another holds it, which names ``subject``, the holder, and what it is ``doing``.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"{subject}: {_holder(descriptor)} {doing}", remedy="wait until it has finished, or end it"
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
    """Who the file says has it; it may be between two lines of its own."""
    try:
        stated = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {stated['pid']} on {stated['host']} (since {stated['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
