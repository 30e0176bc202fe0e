"""How things come to lie in the index folder: beside their place first, flushed, then by one rename.

A folder whose name begins with ``.building-`` is nobody's: its writer is at work (and holds the lock) or is dead.
Builders remove such folders when they start.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragmed.canonical import sync_folder
from ragmed.errors import NotPossibleError

BUILDING = ".building-"

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
_SAID = ("No space left", "File too large", "quota exceeded", "requested and", "iostream error")
"""How FAISS, numpy, safetensors and torch report a write that fell short: without an error number."""


@contextmanager
def room_for_writing(
    folder: Path,
    *,
    remedy: str = "make room, or name another folder with --index, and run it again: what was published stays as it "
    "is, and what was finished is taken up",
) -> Iterator[None]:
    """Turns a full, read-only or failing disk, whoever met it, into a NotPossibleError with the remedy."""
    try:
        yield
    except (OSError, RuntimeError, sqlite3.OperationalError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says where it was met
        if getattr(error, "errno", None) == errno.EIO or code == sqlite3.SQLITE_IOERR:
            raise NotPossibleError(
                f"{folder}: the disk failed ({error})",
                remedy="check the disk and run it again: what was published stays as it is",
            ) from error
        if code != sqlite3.SQLITE_FULL and not takes_no_more(error):
            raise
        raise NotPossibleError(f"{folder}: the disk takes no more ({error})", remedy=remedy) from error


def takes_no_more(error: BaseException) -> bool:
    """Whether a full or read-only disk is at the bottom of an error, however a library says it."""
    met: BaseException | None = error
    while met is not None:
        if getattr(met, "errno", None) in _NO_ROOM or any(said in str(met) for said in _SAID):
            return True
        met = met.__cause__ or met.__context__
    return False


def write_file(path: Path, content: bytes) -> None:
    """Write a new file and flush it to the disk."""
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def new_building_folder(parent: Path) -> Path:
    """A new folder in ``parent`` that no reader looks at."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"{BUILDING}{secrets.token_hex(6)}"
    folder.mkdir()
    return folder


def sync_tree(folder: Path) -> None:
    """Flush every file and folder below ``folder`` to the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        else:
            sync_folder(path)
    sync_folder(folder)


def publish_folder(building: Path, place: Path) -> None:
    """Give a finished folder its name, in one rename that survives a power cut."""
    sync_folder(building)
    building.rename(place)
    sync_folder(place.parent)


def remove_leftovers(folder: Path) -> int:
    """Remove what dead writers left in ``folder``; only a holder of the lock may."""
    left = [*folder.glob(f"{BUILDING}*"), *folder.glob(".*.part")] if folder.is_dir() else []
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # a reader that was writing the trusted number has finished
    return len(left)


def copy_file(source: Path, place: Path) -> None:
    """A copy of ``source`` at ``place``: beside it first, flushed, renamed. No hard link: users edit their files."""
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f"{BUILDING}{secrets.token_hex(6)}")
    try:
        shutil.copyfile(source, beside)
        descriptor = os.open(beside, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(beside, place)
        sync_folder(place.parent)
    finally:
        beside.unlink(missing_ok=True)
