"""The lock of a model's folder: where the model is from, at which commit, and every file with size and SHA-256.

Law: the lock is written last and in one rename, so that a folder with a lock was whole when it was written. Beside it
lie a note of what is being pulled, the parts that are not whole yet, and what has been hashed already; all of them are
RagMed's own and no files of the model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ragmed.canonical import plain, rebuild, sha256_of, write_atomic
from ragmed.errors import IntegrityError

LOCK_FILE = "ragmed.lock.json"
PULLING_FILE = "ragmed.pulling.json"
SEEN_FILE = "ragmed.seen.json"
HOLD_FILE = ".ragmed.hold"
PART = ".part"
PART_NOTE = ".part.json"
"""What a part is a part of: lies beside it."""
OWN = frozenset({LOCK_FILE, PULLING_FILE, SEEN_FILE, HOLD_FILE})

FORMAT = 1
_LARGEST = 4 << 20
"""Bytes of the largest lock that is read: a thousand files take a quarter of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model; ``path`` with slashes, from the model's folder."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLock:
    """What was locked."""

    format: int
    source: str
    """``huggingface``, ``modelscope``, or ``folder`` for files that somebody copied."""
    model_id: str
    commit: str
    """The hub's commit; of a folder ``files-`` and the SHA-256 of its list of files."""
    requested: str
    """The revision that was asked for."""
    architecture: str
    parameters: int
    locked_at: str
    files: tuple[ModelFile, ...]
    left_out: tuple[str, ...] = ()
    """Files of the hub that were not fetched, or of the folder that were not locked: nothing reads them."""

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


def files_commit(files: tuple[ModelFile, ...]) -> str:
    """The name of these very files."""
    return f"files-{sha256_of(files)}"


def write_lock(folder: Path, lock: ModelLock) -> None:
    """Put the lock into its place, and the note of the pull away."""
    text = json.dumps(plain(lock), ensure_ascii=False, indent=1)
    write_atomic(folder / LOCK_FILE, text.encode() + b"\n")
    (folder / PULLING_FILE).unlink(missing_ok=True)


def read_lock(folder: Path, name: str) -> ModelLock | None:
    """The folder's lock; None where there is none. Raises IntegrityError for one that is damaged."""
    path = folder / LOCK_FILE
    try:
        with path.open("rb") as stream:
            lock = _sensible(rebuild(ModelLock, json.loads(stream.read(_LARGEST))))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise IntegrityError(
            f"{name}: {LOCK_FILE} is damaged ({error})",
            remedy="pull the model again: whole files are not fetched twice",
        ) from None
    return lock


def _sensible(lock: ModelLock) -> ModelLock:
    if lock.format != FORMAT:
        raise ValueError(f"format {lock.format}")
    if not lock.files or any(not is_safe(file.path) for file in lock.files):
        raise ValueError("its list of files")
    return lock


def is_safe(path: str) -> bool:
    """Whether a file of this name lies in the model's folder on every system, and is none of RagMed's own."""
    parts = path.split("/")
    return (
        0 < len(path) <= 200
        and all(part not in ("", ".", "..") and not part.startswith(".ragmed") for part in parts)
        and not any(mark in '\\:*?"<>|' or mark < " " or "\x7f" <= mark <= "\x9f" for mark in path)
        and path not in OWN
        and not path.endswith((PART, PART_NOTE))
    )
