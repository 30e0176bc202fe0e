"""One pull at a time into a model's folder: an ``flock``, which the kernel frees however its holder ends."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragmed.errors import BusyError, NotPossibleError
from ragmed.models.lock_file import HOLD_FILE


@contextmanager
def held(folder: Path, name: str) -> Iterator[None]:
    """Hold the folder for writing. Raises BusyError where another process does."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / HOLD_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"{name}: another process is pulling or locking this model",
                remedy="wait until it has finished, or end it",
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Turns a full, read-only or failing disk into a NotPossibleError with the remedy."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise NotPossibleError(
            f"{name}: its folder cannot be written ({error.strerror})",
            remedy=f"{'make room' if full else 'check the folder'} and run it again: it goes on where it stopped",
        ) from error
