"""One pull at a time into a model's folder, and a disk's faults in words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragmed.errors import NotPossibleError
from ragmed.hold import exclusive
from ragmed.models.lock_file import HOLD_FILE


@contextmanager
def held(folder: Path, name: str) -> Iterator[None]:
    """Hold the folder for writing. Raises BusyError where another process does."""
    with exclusive(folder / HOLD_FILE, name, "is pulling or locking this model"):
        yield


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
