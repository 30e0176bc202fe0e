"""Content that can be destroyed: each answer is encrypted with a key of its own, and erasing it is destroying that key.

Laws of this room: AES-256-GCM, a fresh nonce each time; salt and content never leave in plain. Keys stand in a file of
their own (mode 0600), numbered like the answers' entries and made some ahead, so that keeping an answer waits for one
disk only. A destroyed key is overwritten where it stood and its number stays, so that "destroyed" and "lost"
differ; when ``destroy`` returns, no copy of it is left in the file or in its write-ahead log.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
import zlib
from typing import TYPE_CHECKING

from ragmed.entries import Opening
from ragmed.errors import BusyError, IntegrityError

if TYPE_CHECKING:
    from ragmed.audit.database import Database

SALT_BYTES = 32
KEY_BYTES = 32
_NONCE_BYTES = 12
_AHEAD = 256
"""Keys made at once: 8 KiB, so that one append in so many waits for the disk twice."""
_DESTROYED = bytes(KEY_BYTES)
_PLAIN, _SEALED = b"\x00", b"\x01"
_TABLE = "CREATE TABLE keys (number INTEGER PRIMARY KEY, key BLOB NOT NULL CHECK (length(key) = 32)) STRICT"


def seal(key: bytes, opening: Opening, commitment: bytes) -> bytes:
    """``opening`` encrypted, bound to its entry's commitment."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    packed = zlib.compress(opening.salt + opening.content, 1)
    return _SEALED + nonce + AESGCM(key).encrypt(nonce, packed, commitment)


def unseal(key: bytes, sealed: bytes, commitment: bytes) -> Opening:
    """The inverse of ``seal``. Raises IntegrityError for a wrong key or changed bytes."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        if sealed[:1] != _SEALED:
            raise IntegrityError("the content is not in a known form")
        packed = AESGCM(key).decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], commitment)
        plain = zlib.decompress(packed)
    except (InvalidTag, ValueError, zlib.error):
        raise IntegrityError("the content does not open: it, its key or its commitment was changed") from None
    return Opening(salt=plain[:SALT_BYTES], content=plain[SALT_BYTES:])


def unsealed(opening: Opening) -> bytes:
    """The stored form of what stays readable for ever (an erasure)."""
    return _PLAIN + opening.salt + opening.content


def open_unsealed(stored: bytes) -> Opening:
    """The inverse of ``unsealed``. Raises IntegrityError."""
    if stored[:1] != _PLAIN:
        raise IntegrityError("the content is not in a known form")
    return Opening(salt=stored[1 : 1 + SALT_BYTES], content=stored[1 + SALT_BYTES :])


def make_keys(connection: sqlite3.Connection, version: int) -> None:
    """The table of keys; ``version`` is the file's own, 0 for a new one."""
    if version == 0:
        connection.execute(_TABLE)


class KeyStore:
    """Keys by the number of the answer's entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def key(self, number: int) -> bytes | None:
        """The key of the answer with this number; None where it was destroyed. Raises IntegrityError: it is lost."""
        if not self._database.exists():
            raise self._lost(number)
        with self._database.reading() as connection:
            found = _read(connection, number)
        if found is None:
            raise self._lost(number)
        return None if found == _DESTROYED else found

    def fresh(self, number: int) -> bytes:
        """The key for a new answer, on the disk before this returns. Call it by whoever alone may append."""
        if self._database.exists():
            with self._database.reading() as connection:
                found = _read(connection, number)
            if found not in (None, _DESTROYED):
                return found
        with self._database.writing() as connection:
            # a number that was used before belongs to entries that are no longer there: its key is replaced
            made = [(one, secrets.token_bytes(KEY_BYTES)) for one in range(number, number + _AHEAD)]
            connection.executemany(
                "INSERT INTO keys (number, key) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET key = excluded.key"
                f" WHERE keys.number = {number:d}",
                made,
            )
            key = _read(connection, number)
        if key is None:
            raise self._lost(number)
        return key

    def destroy(self, number: int, *, wait: float = 10.0) -> None:
        """Overwrite the key and every copy of it. Raises BusyError when a reader kept a copy alive too long."""
        with self._database.writing() as connection:
            connection.execute("UPDATE keys SET key = ? WHERE number = ?", (_DESTROYED, number))
        end = time.monotonic() + wait
        while not self.tidy():
            if time.monotonic() > end:
                raise BusyError(
                    f"{self._database.path}: the key is destroyed, but a copy may be left in the file beside it",
                    remedy="erase it again when nobody reads",
                )
            time.sleep(0.01)

    def kept(self, numbers: list[int]) -> list[int]:
        """Those of ``numbers`` whose key is still there."""
        if not numbers or not self._database.exists():
            return []
        with self._database.reading() as connection:
            return [number for number in numbers if _read(connection, number) not in (None, _DESTROYED)]

    def tidy(self) -> bool:
        """Move the write-ahead log into the file and empty it; False while a reader needs it."""
        return self._database.truncate_log()

    def close(self) -> None:
        """Close what is open; the next call opens it again."""
        self._database.close()

    def _lost(self, number: int) -> IntegrityError:
        return IntegrityError(
            f"{self._database.path}: the key of entry {number} is lost",
            remedy="restore this file from its own backup; without the key the answer stays unreadable",
        )


def _read(connection: sqlite3.Connection, number: int) -> bytes | None:
    row = connection.execute("SELECT key FROM keys WHERE number = ?", (number,)).fetchone()
    return None if row is None else row[0]
