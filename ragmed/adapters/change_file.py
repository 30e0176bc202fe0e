"""The register's file beside the audit log: read cheaply, compared with the log, changed by one writer at a time.

Laws: a change is in the log before it is in the file; what is in the file and not in the log is not in force; a file
that has gone while the log knows of changes is an error, never an empty register.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ragmed.adapters.change import AdapterAction, AdapterChange, Journal
from ragmed.adapters.standing import Base, Standing
from ragmed.canonical import canonical_json, rebuild, write_atomic
from ragmed.errors import IntegrityError, NotPossibleError
from ragmed.hold import exclusive

STATE_FILE = "register.json"
LOCK_FILE = ".lock"
_FORMAT = 1
_NAME = "the adapter register"
_MEND = "restore its folder from a backup; `ragmed audit adapters` tells what the log holds"
_Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    format: int
    changes: tuple[AdapterChange, ...]


class ChangeFile:
    """The chain of changes of one register. Safe to share between threads and processes."""

    def __init__(self, folder: Path, log: Journal | None) -> None:
        self._folder = folder
        self._log = log
        self._lock = threading.Lock()
        self._known: tuple[_Stamp, Standing] | None = None

    def settle(self) -> None:
        """Finish a change that was cut off after it was written down. Raises BusyError, IntegrityError."""
        if self._log is not None and self._read() != tuple(self._log.adapter_changes()):
            with self.writing():
                pass

    def standing(self) -> Standing:
        """Where all adapters stand. Not to be changed. Raises IntegrityError, NotPossibleError."""
        with self._lock:
            stamp = self._stamp()
            if stamp is not None and self._known is not None and self._known[0] == stamp:
                return self._known[1]
            standing = _standing_of(self._read())
            if self._log is not None:
                _compared(standing.changes, self._logged(self._log))
            self._known = None if stamp is None else (stamp, standing)
            return standing

    @staticmethod
    def _logged(log: Journal) -> tuple[AdapterChange, ...]:
        """What the log holds. Its errors name its file, which is no matter of an answer's record."""
        try:
            return tuple(log.adapter_changes())
        except IntegrityError as error:
            raise IntegrityError(
                f"{_NAME} cannot be held against the log, which is damaged", remedy="run `ragmed audit verify`"
            ) from error

    def _stamp(self) -> _Stamp | None:
        """What the file system says of the file: another one after each change, for it is replaced."""
        try:
            found = (self._folder / STATE_FILE).stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(error) from error
        return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size

    def _read(self) -> tuple[AdapterChange, ...]:
        try:
            content = (self._folder / STATE_FILE).read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unreadable(error) from error
        try:
            kept = rebuild(_Kept, json.loads(content))
        except (ValueError, RecursionError):
            raise IntegrityError(f"{_NAME} is damaged: {STATE_FILE} is not in its form", remedy=_MEND) from None
        if kept.format != _FORMAT:
            raise NotPossibleError(
                f"{_NAME} was written by another ragmed (format {kept.format})", remedy="use that version"
            )
        return kept.changes

    def _write(self, changes: tuple[AdapterChange, ...]) -> None:
        try:
            write_atomic(self._folder / STATE_FILE, canonical_json(_Kept(format=_FORMAT, changes=changes)) + b"\n")
        except OSError as error:
            raise NotPossibleError(
                f"{_NAME} cannot be written ({error.strerror}): the change is in the log, and not in force",
                remedy="make room, then run `ragmed tune adapters list`, which finishes it",
            ) from error

    @contextmanager
    def writing(self) -> Iterator[Standing]:
        """What the log holds, all of it in force, and nobody else at work: for ``change``. Raises BusyError,
        IntegrityError, NotPossibleError."""
        if self._log is None:
            raise NotPossibleError(
                f"{_NAME} is open for reading only", remedy="open it with the audit log that its changes go into"
            )
        with ExitStack() as held:
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                held.enter_context(exclusive(self._folder / LOCK_FILE, _NAME, "is changing it"))
            except OSError as error:
                raise NotPossibleError(
                    f"{_NAME} cannot be written ({error.strerror})",
                    remedy="make its folder writable, or name another in model.adapters",
                ) from error
            logged, own = tuple(self._log.adapter_changes()), self._read()
            standing = _standing_of(logged)
            if own != logged:
                if own[: len(logged)] != logged[: len(own)] or len(own) > len(logged):
                    raise IntegrityError(f"{_NAME} holds changes that the log does not bear out", remedy=_MEND)
                self._write(logged)
            yield standing

    def change(
        self, standing: Standing, action: AdapterAction, sha256: str, base: Base, by: str, **more: object
    ) -> None:
        """Into the log, and then in force."""
        assert self._log is not None
        change = AdapterChange(
            number=len(standing.changes) + 1,
            previous=standing.head,
            action=action,
            adapter_sha256=sha256,
            model=base[0],
            revision=base[1],
            at=_now(),
            user=by,
            **more,  # type: ignore[arg-type]
        )
        standing.take(change)
        self._log.append_adapter(change)
        self._write(standing.changes)


def _unreadable(error: OSError) -> NotPossibleError:
    return NotPossibleError(f"{_NAME} cannot be read ({error.strerror})", remedy="make its folder readable")


def _standing_of(changes: tuple[AdapterChange, ...]) -> Standing:
    try:
        return Standing.of(changes)
    except ValueError as error:
        raise IntegrityError(f"{_NAME} is damaged: {error}", remedy=_MEND) from None


def _compared(own: tuple[AdapterChange, ...], logged: tuple[AdapterChange, ...]) -> None:
    """Raises IntegrityError for a register that the log does not bear out, or that has gone since it promoted one."""
    if own != logged[: len(own)]:
        raise IntegrityError(f"{_NAME} holds changes that the log does not bear out", remedy=_MEND)
    if not own and any(one.action is AdapterAction.PROMOTE for one in logged):
        raise IntegrityError(
            f"{_NAME} is gone: the log tells of {len(logged)} changes",
            remedy="restore its folder, or run `ragmed tune adapters list`, which writes it anew from the log",
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
