"""When a library folder has changed, and has come to rest.

The laws of the room: a file that is still being copied is no change yet, so that half a file is never read; nothing is
watched by the kernel's means, which network drives do not have: names, sizes and times are compared every few seconds.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

Shape = frozenset[tuple[str, int, int, int]]


def shape_of(roots: Sequence[Path]) -> Shape:
    """Path, inode, size and time of change of every file below the folders; what cannot be seen is not there."""
    found: set[tuple[str, int, int, int]] = set()
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder, name)
                try:
                    seen = path.stat()
                except OSError:
                    continue  # gone between the two looks
                if stat.S_ISREG(seen.st_mode):
                    found.add((str(path), seen.st_ino, seen.st_size, seen.st_mtime_ns))
    return frozenset(found)


def changes(roots: Sequence[Path], wait: Callable[[], bool]) -> Iterator[None]:
    """Yields at once, and then each time that the folders have changed and look alike twice, one ``wait`` apart.

    ``wait`` waits for a look's interval and says whether to go on. What changes while the caller is at work on a
    change is the next one.
    """
    taken = shape_of(roots)
    yield
    while wait():
        now = shape_of(roots)
        while now != taken:
            before = now
            if not wait():
                return
            now = shape_of(roots)
            if now == before and now != taken:
                taken = now
                yield
                now = shape_of(roots)
