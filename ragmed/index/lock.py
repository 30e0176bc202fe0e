"""One writer of an index at a time: ``hold.exclusive`` on ``.lock`` in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragmed.hold import exclusive

LOCK_FILE = ".lock"


@contextmanager
def writer_lock(index_folder: Path) -> Iterator[None]:
    """Hold the index for writing. Raises BusyError, which names the holder, where another process has it."""
    with exclusive(index_folder / LOCK_FILE, str(index_folder), "is writing to this index"):
        yield
