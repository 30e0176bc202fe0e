"""The folder of checkpoints: what was signed of the log, where whoever changes the log cannot reach.

``latest`` is the newest checkpoint; one more is kept each hundred entries, and each day, as ``DATE-SIZE.checkpoint``;
``public.key`` is the key to check them with.

Laws of this room: a checkpoint is never replaced by a smaller one, nor by one of a log that does not go on from it:
what is there then is evidence, and stays until a person moves it away. A folder out of reach stops nothing; since
when, and why, stands in a file beside the log, and a copy of the newest checkpoint that did reach it.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.audit import merkle, stored
from ragmed.audit.note import MOST_BYTES, Verifier, parse_checkpoint
from ragmed.audit.signing import Signer, load_signer
from ragmed.canonical import canonical_json, write_atomic
from ragmed.entries import Checkpoint
from ragmed.errors import IntegrityError, NotPossibleError, RagMedError

if TYPE_CHECKING:
    from ragmed.audit.database import Database
    from ragmed.settings import AuditSettings

LATEST = "latest"
SUFFIX = ".checkpoint"
PUBLIC_KEY = "public.key"
KEPT_EACH = 100
"""Entries between two checkpoints that are kept; a change can be told to lie between two of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """That no checkpoint reaches the folder, since when, and why."""

    since: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the log stands against its checkpoints."""

    found: str
    """In words: how many entries, and of how many the newest checkpoint is."""
    unreached: Unreached | None


class Checkpoints:
    """Signs the log's checkpoints and keeps them in the folder. Safe to share between threads and processes."""

    def __init__(self, database: Database, settings: AuditSettings) -> None:
        """Nothing is opened or made before the first call."""
        beside = database.path
        self.folder = settings.checkpoints or beside.parent / "checkpoints"
        self._database = database
        self._origin = settings.origin
        self._key = settings.key or beside.with_suffix(".ed25519")
        self._every = settings.checkpoint_every
        self._unreached = beside.with_suffix(".unreached")
        self._copy = beside.with_suffix(".checkpoint")
        self._lock = beside.with_suffix(".lock")
        self._covered = 0
        self._background = Background(self._try)

    def signer(self, *, make: bool = True) -> Signer:
        """Raises NotPossibleError, IntegrityError, BadInputError."""
        return load_signer(self._key, self._origin, make=make)

    def follow(self, size: int) -> None:
        """The log has grown to ``size``: a checkpoint is written soon, in the background."""
        if size // self._every > self._covered // self._every:
            self._background.ask()

    def settle(self, seconds: float = 5.0) -> bool:
        """Wait for what the background is at; whether it came to an end."""
        return self._background.settle(seconds)

    def write(self) -> Checkpoint:
        """A checkpoint of the log as it is now, kept in the folder.

        Raises NotPossibleError (the folder is out of reach), IntegrityError (the log does not go on from what is
        there).
        """
        try:
            checkpoint = self._write()
        except (RagMedError, OSError) as error:
            self._note(error)
            if isinstance(error, OSError):
                raise NotPossibleError(
                    f"{self.folder}: no checkpoint can be written: {error.strerror}",
                    remedy="bring the folder back or name another with audit.checkpoints",
                ) from error
            raise
        self._unreached.unlink(missing_ok=True)
        return checkpoint

    def unreached(self) -> Unreached | None:
        """Since when no checkpoint has reached the folder; None: the last one did."""
        try:
            found = json.loads(self._unreached.read_bytes())
            return Unreached(since=str(found["since"]), reason=str(found["reason"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError):
            return Unreached(since="?", reason=f"{self._unreached} cannot be read")

    def standing(self, size: int, subtree: merkle.Subtree) -> Standing:
        """The log of ``size`` entries against the newest checkpoint. Raises IntegrityError, NotPossibleError."""
        unreached = self.unreached()
        if not self._key.exists():
            return Standing(found=f"{size} entries, none signed yet", unreached=unreached)
        try:
            newest = self.latest(self.signer(make=False).verifier)
        except OSError as error:
            missed = Unreached(since=_now(), reason=f"{self.folder}: {error.strerror}")
            return Standing(found=f"{size} entries", unreached=unreached or missed)
        if newest is None:
            return Standing(found=f"{size} entries, no checkpoint in {self.folder}", unreached=unreached)
        _require_growth(newest, size, subtree)
        return Standing(found=f"{size} entries, a checkpoint of {newest.size} in {self.folder}", unreached=unreached)

    def latest(self, verifier: Verifier) -> Checkpoint | None:
        """The newest checkpoint of the folder. Raises IntegrityError, OSError."""
        return _read(self.folder / LATEST, verifier)

    def last_written(self, verifier: Verifier) -> Checkpoint | None:
        """The newest that is known to have reached the folder: an older one there was put back. None: not known."""
        try:
            return _read(self._copy, verifier)
        except (IntegrityError, OSError):
            return None

    def names(self) -> list[str]:
        """Files of the folder that hold checkpoints, the oldest first, ``latest`` last. Raises OSError."""
        if not self.folder.is_dir():
            return []
        kept = sorted(path.name for path in self.folder.iterdir() if path.name.endswith(SUFFIX))
        return [*kept, *([LATEST] if (self.folder / LATEST).exists() else [])]

    def read(self, name: str, verifier: Verifier) -> Checkpoint:
        """One of ``names``. Raises IntegrityError, OSError."""
        found = _read(self.folder / name, verifier)
        if found is None:
            raise IntegrityError("it is gone")
        return found

    def public_key(self) -> bytes:
        """The file in the folder that holds the key to check with; empty where there is none. Raises OSError."""
        path = self.folder / PUBLIC_KEY
        return path.read_bytes() if path.exists() else b""

    def _write(self) -> Checkpoint:
        with self._alone():
            signer = self.signer()
            before = self.latest(signer.verifier)
            with self._database.reading() as connection:
                size = stored.size(connection)
                subtree = stored.subtrees(connection)
                if before is not None:
                    _require_growth(before, size, subtree)
                    if before.size == size:
                        self._covered = size
                        return before
                checkpoint = signer.checkpoint(size, merkle.root(size, subtree))
            self._publish(checkpoint, before, signer.verifier)
            self._covered = size
            return checkpoint

    def _publish(self, checkpoint: Checkpoint, before: Checkpoint | None, verifier: Verifier) -> None:
        note = checkpoint.note.encode("utf-8")
        latest = self.folder / LATEST
        today = datetime.now(UTC).date()
        if before is None:
            write_atomic(self.folder / PUBLIC_KEY, public_line(verifier))
            keep = True
        else:
            day = datetime.fromtimestamp(latest.stat().st_mtime, UTC).date()
            keep = checkpoint.size // KEPT_EACH > before.size // KEPT_EACH or day != today
        write_atomic(latest, note)  # the first of the three: what is older than the others was put back
        if keep:
            write_atomic(self.folder / f"{today.isoformat()}-{checkpoint.size:012}{SUFFIX}", note)
        # no evidence, only a memory of it: not worth waiting for the disk
        part = self._copy.with_name(f".{self._copy.name}.{os.getpid()}.part")
        part.write_bytes(note)
        part.replace(self._copy)

    def _try(self) -> None:
        try:
            self.write()
        except RagMedError:
            return  # noted by ``write``; told by ``doctor`` and when the log is verified

    def _note(self, error: RagMedError | OSError) -> None:
        if self._unreached.exists() or not self._database.path.parent.is_dir():
            return
        reason = f"{self.folder}: {error.strerror}" if isinstance(error, OSError) else str(error)
        try:
            write_atomic(self._unreached, canonical_json({"since": _now(), "reason": reason}))
        except OSError:
            return  # the log's own folder is full or gone: that is told by the next answer that cannot be kept

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer of checkpoints at a time on this machine."""
        descriptor = os.open(self._lock, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def public_line(verifier: Verifier) -> bytes:
    """The public key as it stands in the folder."""
    return f"{verifier}\n".encode()


class Background:
    """Does one piece of work in a thread of its own, once more for each time that it was asked meanwhile."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._asked = False
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        with self._lock:
            self._asked = True
            # after a fork the thread is the parent's, and not alive here
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
                self._thread.start()

    def settle(self, seconds: float) -> bool:
        """Wait; whether nothing is left to do."""
        thread = self._thread
        if thread is None:
            return True
        thread.join(seconds)
        return not thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._asked:
                    self._thread = None
                    return
                self._asked = False
            self._work()


def _require_growth(before: Checkpoint, size: int, subtree: merkle.Subtree) -> None:
    if before.size > size:
        raise IntegrityError(
            f"the log has {size} entries, and a checkpoint of it has {before.size}: its end was cut off",
            remedy="restore the log from a backup; the checkpoint is kept as evidence",
        )
    if merkle.root(before.size, subtree) != before.root:
        raise IntegrityError(
            f"the log is not the one that a checkpoint of {before.size} entries was signed of",
            remedy="restore the log from a backup; the checkpoint is kept as evidence",
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _read(path: Path, verifier: Verifier) -> Checkpoint | None:
    try:
        with path.open("rb") as stream:
            note = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    return parse_checkpoint(note, verifier)
