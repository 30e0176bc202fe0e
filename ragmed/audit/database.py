"""One SQLite file of RagMed's: opened privately, in WAL mode, told apart from others, and its faults put into words.

Laws of this room: what a ``writing`` block ends with survives a power cut (``synchronous=FULL``); a block is one
transaction; what is deleted is overwritten (``secure_delete``). Connections are kept open between blocks, because
closing the last one of a WAL database writes it all out; each is used by one thread at a time, never by a forked
child, and never on after the file was replaced by another. A newer schema is refused by name.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ragmed.canonical import sync_folder
from ragmed.errors import BadInputError, BusyError, IntegrityError, NotPossibleError

WAIT_SECONDS = 10.0
_KEPT_OPEN = 4
Make = Callable[[sqlite3.Connection, int], None]
"""Brings the tables from a version (0: none) to today's, inside a transaction that holds the write lock."""


class Database:
    """A file and its open connections. Safe to share between threads."""

    def __init__(self, path: Path, *, application: int, schema: int, make: Make, holds: str) -> None:
        """Nothing is opened or made before the first block. ``holds``: what it is for, in an error's words."""
        self.path = path
        self._application = application
        self._schema = schema
        self._make = make
        self._holds = holds
        self._idle = _Idle()
        weakref.finalize(self, self._idle.close)

    def exists(self) -> bool:
        """Raises NotPossibleError where that cannot be told: a folder that may not be entered, a name too long."""
        with self._explaining():
            return self.path.exists()

    def close(self) -> None:
        """Close what is idle; the next block opens the file again."""
        self._idle.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction that sees the file as it is now. Keep it short: it holds up tidying."""
        with self._block("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that alone may write; all is kept at the end of the block, or nothing."""
        with self._block("BEGIN IMMEDIATE") as connection:
            yield connection

    def truncate_log(self) -> bool:
        """Move the write-ahead log into the file and empty it; False while a reader needs it."""
        with self._explaining():
            connection, identity = self._taken()
            try:
                connection.execute("PRAGMA busy_timeout=100")  # whoever asks waits and asks again
                (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError as error:
                if (error.sqlite_errorcode & 0xFF) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    raise
                busy = 1
            finally:
                connection.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000:.0f}")
                self._idle.give(connection, identity)
            return not busy

    @contextmanager
    def _block(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._explaining():
            connection, identity = self._taken(creating=begin != "BEGIN")
            usable = False
            try:
                connection.execute(begin)
                self._check_version(connection)
                yield connection
                connection.execute("COMMIT")
                usable = True
            except GeneratorExit:
                raise
            except sqlite3.IntegrityError:
                connection.execute("ROLLBACK")
                usable = True
                raise
            finally:
                if usable:
                    self._idle.give(connection, identity)
                else:
                    connection.close()  # an open transaction is rolled back

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error
        except UnicodeDecodeError as error:
            # of stored text, or of SQLite's own words where they quote a damaged schema
            raise IntegrityError(
                f"{self.path}: damaged: it holds text that is no UTF-8", remedy="restore the file from a backup"
            ) from error
        except OSError as error:
            raise self._unkept(error) from error

    def _taken(self, *, creating: bool = False) -> tuple[sqlite3.Connection, tuple[int, int]]:
        if creating:
            self._create_private()
        identity = _identity(self.path)
        connection = self._idle.take(identity)
        return connection or self._opened(), _identity(self.path)

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
            self._bring_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _create_private(self) -> None:
        """Make the file, readable by its owner alone, before SQLite does."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            sync_folder(self.path.parent)

    def _check_version(self, connection: sqlite3.Connection) -> int:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > self._schema:
            raise NotPossibleError(
                f"{self.path}: written by a newer ragmed (schema {version}, this one reads {self._schema})",
                remedy="use the newer ragmed, or name another index folder",
            )
        return int(version)

    def _bring_up(self, connection: sqlite3.Connection) -> None:
        if self._check_version(connection) == self._schema:
            return
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if tables and application != self._application:
            raise BadInputError(
                f"{self.path}: a database, but not of RagMed's {self._holds}",
                remedy="move it away or name another index folder",
            )
        try:
            self._make_tables(connection)
        except sqlite3.OperationalError as error:
            if not tables or (error.sqlite_errorcode & 0xFF) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
                raise
            raise NotPossibleError(
                f"{self.path}: written by an older ragmed, and this user may not bring it up to date",
                remedy="let the user who owns the file ask a question, or list the answers, once",
            ) from error

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        _write_ahead(connection)
        connection.execute("BEGIN IMMEDIATE")
        version = self._check_version(connection)
        if version < self._schema:  # another process may have been quicker
            self._make(connection, version)
            connection.execute(f"PRAGMA application_id={self._application}")
            connection.execute(f"PRAGMA user_version={self._schema}")
        connection.execute("COMMIT")
        if 0 < version < self._schema:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what was removed shall not stand in the log

    def _explained(self, error: sqlite3.DatabaseError) -> BusyError | IntegrityError | NotPossibleError:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return BusyError(
                f"{self.path}: another process has held it for {WAIT_SECONDS:.0f} s", remedy="try again in a moment"
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return IntegrityError(f"{self.path}: damaged: {error}", remedy="restore the file from a backup")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            return NotPossibleError(
                f"{self.path}: this user may not write it; SQLite needs that to keep an answer, and even to read one",
                remedy="make the folder writable, or run it as the user who owns the file, or on a copy of the folder",
            )
        return self._unkept(error)

    def _unkept(self, error: Exception) -> NotPossibleError:
        return NotPossibleError(
            f"{self.path}: what was to be recorded cannot be kept: {error}",
            remedy="make the folder writable or free some space; an answer that is not kept is not shown, and a "
            "change that is not kept is not made",
        )


class _Idle:
    """Connections that nobody uses at the moment, of one process and one file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._connections: list[tuple[tuple[int, int], sqlite3.Connection]] = []
        self._inherited: list[object] = []

    def take(self, identity: tuple[int, int]) -> sqlite3.Connection | None:
        with self._lock:
            self._after_fork()
            while self._connections:
                known, connection = self._connections.pop()
                if known == identity:
                    return connection
                connection.close()
        return None

    def give(self, connection: sqlite3.Connection, identity: tuple[int, int]) -> None:
        with self._lock:
            self._after_fork()
            if len(self._connections) < _KEPT_OPEN:
                self._connections.append((identity, connection))
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            self._after_fork()
            while self._connections:
                self._connections.pop()[1].close()

    def _after_fork(self) -> None:
        if self._process != os.getpid():
            # SQLite forbids to use them here, and to close them would drop the parent's locks: let them be
            self._inherited.append(self._connections)
            self._connections, self._process = [], os.getpid()


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Keep a write-ahead log. Of several that switch a new file at once SQLite refuses one without waiting for the
    others, lest they wait for each other; so that one tries again."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if (error.sqlite_errorcode & 0xFF) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino
