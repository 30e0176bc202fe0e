"""SHA-256 of large files, with word of how far it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from ragmed.interfaces import Progress

_BLOCK = 4 << 20
MEGABYTE = 1_000_000


def nobody(count: int) -> None:
    """Told of bytes, tells nobody."""


def hash_file(path: Path, told: Callable[[int], None] = nobody) -> str:
    """Lower-case hex SHA-256; ``told`` is called with the bytes of each block read."""
    return _digest(path, hashlib.sha256(), told)


def git_blob(path: Path) -> str:
    """The SHA-1 that git names the content by; it tells mistakes, not attacks."""
    start = f"blob {path.stat().st_size}\0".encode()
    return _digest(path, hashlib.sha1(start, usedforsecurity=False), nobody)


def _digest(path: Path, digest: hashlib._Hash, told: Callable[[int], None]) -> str:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            told(len(block))
    return digest.hexdigest()


class Megabytes:
    """Adds up bytes and tells them as megabytes, so that the rate beside them reads as MB/s."""

    def __init__(self, progress: Progress, what: str, total: int, done: int = 0) -> None:
        """``total`` and ``done`` in bytes."""
        self._progress, self._what, self._total, self._done = progress, f"{what} (MB)", total, done

    def add(self, count: int) -> None:
        """So many bytes more; negative where some were thrown away."""
        self._done += count
        self._progress(self._what, self._done // MEGABYTE, max(1, self._total // MEGABYTE))


def hash_files(folder: Path, paths: Sequence[str], progress: Progress) -> dict[str, str]:
    """SHA-256 by path of all these files, which must be there."""
    total = sum((folder / path).stat().st_size for path in paths)
    done = Megabytes(progress, "hashing", total)
    return {path: hash_file(folder / path, done.add) for path in paths}
