"""Which snapshot is current, which have been, and whether an older one may be opened.

The laws of the room:

* ``CURRENT`` is replaced by one rename. ``history.jsonl`` has a line for each time that it was moved, and what it has
  stays. A publish writes its line after the pointer; a rollback writes one before (``rollback begun``) and one after:
  whenever the writer dies, a reader that finds an older snapshot than before finds the reason too.
* Snapshots are numbered, and numbers are never used again. The highest number that was current is *trusted*; a pointer
  to a lower one is refused, unless the last line of the history is a rollback to it (the rollback attack of TUF,
  https://theupdateframework.github.io/specification/latest/#detect-a-rollback-attack).
* The trusted number lies in ``trusted.json`` in a folder of the settings, which may be on another disk or machine; who
  can write that folder, the history and the index can also deceive.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ragmed.canonical import canonical_json, write_atomic
from ragmed.errors import IntegrityError, NotPossibleError
from ragmed.index.encoding import parse_object, parse_record

POINTER = "CURRENT"
HISTORY = "history.jsonl"
TRUSTED = "trusted.json"
SNAPSHOTS = "snapshots"
PUBLISHED, BEGUN, ROLLED_BACK, ABANDONED = "index", "rollback begun", "rollback", "rollback abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """What ``CURRENT`` says."""

    snapshot_id: str
    manifest_sha256: str

    @property
    def number(self) -> int:
        return number_of(self.snapshot_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A line of the history: the pointer was moved."""

    at: str
    """UTC, ISO 8601."""
    reason: str
    """``index``, ``rollback begun``, ``rollback`` or ``rollback abandoned`` (its writer died before the pointer)."""
    snapshot_id: str
    before: str = ""
    """Of a rollback: the snapshot that was current."""
    by: str = ""
    why: str = ""


def number_of(snapshot_id: str) -> int:
    """The number of ``000012-3fa9c1d2``: 12; 0 for what is no snapshot's id."""
    head = snapshot_id.partition("-")[0]
    return int(head) if head.isdigit() else 0


def read_pointer(index_folder: Path) -> Pointer | None:
    """The published snapshot, or None before the first. Raises IntegrityError for a file that is no pointer."""
    path = index_folder / POINTER
    try:
        value = parse_object(path.read_bytes(), str(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise cannot_be_read(index_folder, error) from error
    try:
        return Pointer(snapshot_id=str(value["snapshot_id"]), manifest_sha256=str(value["manifest_sha256"]))
    except KeyError as error:
        raise IntegrityError(f"{path}: no {error}", remedy="point it to a snapshot that verifies") from None


def cannot_be_read(index_folder: Path, error: OSError) -> NotPossibleError:
    """What is said of an index folder that may not be entered."""
    return NotPossibleError(
        f"{index_folder}: the index cannot be read ({error.strerror})",
        remedy="let this user enter the folder, or name another one with --index",
    )


def read_history(index_folder: Path) -> tuple[Move, ...]:
    """Every move, oldest first. Raises IntegrityError that names the line."""
    path = index_folder / HISTORY
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return tuple(
        parse_record(Move, parse_object(line, f"{path}, line {number}"), f"{path}, line {number}")
        for number, line in enumerate(lines, start=1)
    )


def publish_pointer(index_folder: Path, pointer: Pointer, *, at: str, by: str = "") -> None:
    """Make a finished snapshot the current one, and say so in the history."""
    with _told_truly(index_folder, pointer):
        write_atomic(index_folder / POINTER, canonical_json(pointer) + b"\n")
        _add(index_folder, Move(at=at, reason=PUBLISHED, snapshot_id=pointer.snapshot_id, by=by))


def mend_history(index_folder: Path) -> None:
    """Say in the history what a writer that died behind the pointer could not: its snapshot has been current, answers
    may cite it, and it is to be kept. The caller holds the writer lock."""
    pointer = read_pointer(index_folder)
    if pointer is None:
        return
    moves = read_history(index_folder)
    at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    last = moves[-1] if moves else None
    if last and last.reason == BEGUN:
        if last.snapshot_id == pointer.snapshot_id:
            _add(index_folder, replace(last, reason=ROLLED_BACK))
        else:
            _add(index_folder, Move(at=at, reason=ABANDONED, snapshot_id=pointer.snapshot_id))
    elif all(move.snapshot_id != pointer.snapshot_id for move in moves):
        _add(index_folder, Move(at=at, reason=PUBLISHED, snapshot_id=pointer.snapshot_id))


def roll_pointer_back(index_folder: Path, pointer: Pointer, *, at: str, by: str, why: str) -> None:
    """Make an older snapshot the current one, and say so in the history before and after."""
    current = read_pointer(index_folder)
    before = current.snapshot_id if current else ""
    move = Move(at=at, reason=BEGUN, snapshot_id=pointer.snapshot_id, before=before, by=by, why=why)
    _add(index_folder, move)
    with _told_truly(index_folder, pointer):
        write_atomic(index_folder / POINTER, canonical_json(pointer) + b"\n")
        _add(index_folder, replace(move, reason=ROLLED_BACK))


@contextmanager
def _told_truly(index_folder: Path, pointer: Pointer) -> Iterator[None]:
    """A disk that fails behind the pointer has not failed the reader: say that the snapshot answers, or may."""
    try:
        yield
    except OSError as error:
        try:
            if read_pointer(index_folder) != pointer:
                raise
        except (OSError, IntegrityError) as again:
            if again is error:
                raise
            said = "may be current or not"
        else:
            said = "answers now"
        raise NotPossibleError(
            f"{index_folder}: snapshot {pointer.snapshot_id} {said}: the disk failed while that was written down "
            f"({error})",
            remedy="look again with `ragmed snapshots list`; the next writer completes the history",
        ) from error


def _add(index_folder: Path, move: Move) -> None:
    """The whole file is replaced: a line that is half written would be a line that cannot be read."""
    path = index_folder / HISTORY
    known = {"at": move.at, "reason": move.reason, "snapshot_id": move.snapshot_id}
    more = {key: value for key in ("before", "by", "why") if (value := getattr(move, key))}
    write_atomic(path, (path.read_bytes() if path.is_file() else b"") + canonical_json(known | more) + b"\n")


def published_ids(index_folder: Path) -> tuple[str, ...]:
    """Every snapshot that has been current once and is still there, oldest first."""
    known = {move.snapshot_id for move in read_history(index_folder)}
    pointer = read_pointer(index_folder)
    if pointer is not None:  # a writer may have died between the pointer and the history
        known.add(pointer.snapshot_id)
    return tuple(sorted(name for name in known if (index_folder / SNAPSHOTS / name).is_dir()))


def next_number(index_folder: Path, trust: Path) -> int:
    """A number above all that were ever current, those collected since too."""
    pointer = read_pointer(index_folder)
    known = [number_of(move.snapshot_id) for move in read_history(index_folder)]
    return max([*known, pointer.number if pointer else 0, trusted_number(trust)]) + 1


def trusted_number(trust: Path) -> int:
    """The highest number that was current as far as is known; 0 before the first. Raises IntegrityError."""
    path = trust / TRUSTED
    try:
        value = parse_object(path.read_bytes(), str(path))
    except FileNotFoundError:
        return 0
    number = value.get("number")
    if not isinstance(number, int):
        raise IntegrityError(f"{path}: no number", remedy="restore it from a backup, or remove it to trust this index")
    return number


def trust_number(trust: Path, number: int) -> None:
    """Remember the number where it is the highest. A folder that cannot be written is left alone: its owner reads."""
    if number <= trusted_number(trust):
        return
    try:
        trust.mkdir(parents=True, exist_ok=True)
        with _alone_in(trust):  # readers write it too, and the highest of them is meant
            if number > trusted_number(trust):
                write_atomic(trust / TRUSTED, canonical_json({"number": number}) + b"\n")
    except OSError:
        return


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def check_trusted(index_folder: Path, pointer: Pointer, trusted: int) -> None:
    """Raises IntegrityError for an older snapshot than was trusted, unless it is a recorded rollback."""
    if pointer.number >= trusted:
        return
    moves = read_history(index_folder)
    last = moves[-1] if moves else None
    if last and last.reason in (BEGUN, ROLLED_BACK, ABANDONED) and last.snapshot_id == pointer.snapshot_id:
        return
    if last and last.reason == BEGUN and last.before == pointer.snapshot_id:
        return  # its writer died, or has not come to the pointer yet
    raise IntegrityError(
        f"{index_folder / POINTER}: names snapshot {pointer.number}, but {trusted} was current here before, and no "
        "rollback is recorded",
        remedy=f"if the older one is wanted: `ragmed snapshots rollback {pointer.number}`; else restore the index "
        "folder, and ask who changed it",
    )
