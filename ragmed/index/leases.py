"""Who reads a snapshot: a shared lock on its manifest, held as long as it is open.

The laws of the room:

* A lock is the kernel's and ends with its holder, however that ends; nothing is written, so a read-only folder will do.
* A reader that got the lock looks whether the snapshot is still there: it may have been collected in between.
* Who wants to remove a snapshot needs the lock for itself alone, and does not wait for it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragmed.errors import NotFoundError
from ragmed.index.manifest import MANIFEST


def lease(folder: Path) -> int:
    """A descriptor that holds the snapshot in ``folder``; close it to let go.

    Raises NotFoundError where the snapshot is not, or no longer, there.
    """
    path = folder / MANIFEST
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise _gone(folder) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except BaseException:
        os.close(descriptor)
        raise
    # a collector renames the folder before it removes it
    if not path.exists() or path.stat().st_ino != os.fstat(descriptor).st_ino:
        os.close(descriptor)
        raise _gone(folder)
    return descriptor


@contextmanager
def nobody_reads(folder: Path) -> Iterator[bool]:
    """Whether no reader holds the snapshot; while the block runs, none can begin."""
    try:
        descriptor = os.open(folder / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield True
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def _gone(folder: Path) -> NotFoundError:
    return NotFoundError(f"no snapshot {folder.name}", remedy="list them with `ragmed snapshots list`")
