"""One file of a hub into ``FILE.part``, taken up where it stopped.

Laws: bytes of two states of a file are never glued together (a part is gone on with only if the hub still lists the
same size and hash, and the server's ETag is the same); nothing beyond the listed size is written; a part becomes a file
only when size and hash agree.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from ragmed.canonical import canonical_json, rebuild, write_atomic
from ragmed.errors import IntegrityError, ModelError
from ragmed.models.asking import BUSY, TRIES, CutError, raise_for, unreachable, wait_after
from ragmed.models.hashing import git_blob, hash_file, nobody
from ragmed.models.hubs import HubFile
from ragmed.models.lock_file import PART, PART_NOTE, ModelFile

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What a part is a part of."""

    size: int
    sha256: str
    blob: str
    etag: str


class PartialFile:
    """A file on its way: its part, and what the part belongs to."""

    def __init__(self, folder: Path, file: HubFile, name: str) -> None:
        """``name``: the model's, for messages."""
        self.file = file
        self.path = folder / f"{file.path}{PART}"
        self.note = folder / f"{file.path}{PART_NOTE}"
        self._name = name
        self._etag = ""

    @property
    def what(self) -> str:
        return f"{self._name}: {self.file.path}"

    def begin(self) -> int:
        """Bytes of an earlier try that may be gone on with; a part of something else is removed."""
        try:
            note = rebuild(_Note, json.loads(self.note.read_bytes()))
            size = self.path.stat().st_size
        except (OSError, ValueError, RecursionError):
            note, size = None, 0
        same = note is not None and (note.size, note.sha256, note.blob) == (
            self.file.size,
            self.file.sha256,
            self.file.blob,
        )
        if note is None or not same or size > self.file.size:
            self.remove()
            return 0
        self._etag = note.etag
        return size

    def fetch(
        self,
        client: httpx.Client,
        address: str,
        pause: Callable[[float], None],
        told: Callable[[int], None] = nobody,
    ) -> ModelFile:
        """All of it, checked. ``told`` hears of bytes as they come, negative where some are thrown away.

        Raises ModelError (the connection stays broken), NotFoundError, IntegrityError, OSError.
        """
        done = furthest = self.begin()
        failed = 0
        self.path.touch()
        while done < self.file.size:
            reason = self._try(client, address, done, told)
            done = self.path.stat().st_size
            failed = 0 if done > furthest else failed + 1
            furthest = max(done, furthest)
            if done < self.file.size:
                if failed >= TRIES:
                    raise unreachable(self.what, reason)
                wait_after(failed, pause)
        return self._checked()

    def _try(self, client: httpx.Client, address: str, done: int, told: Callable[[int], None]) -> Exception:
        """One connection. Returns why it ended, for the case that the file is not whole yet."""
        headers = {"Range": f"bytes={done}-"} if done else {}
        if done and self._etag:
            headers["If-Range"] = self._etag
        try:
            with client.stream("GET", address, headers=headers) as response:
                if response.status_code in BUSY:
                    return CutError(f"it answered {response.status_code}")
                if response.status_code == 416 and done:  # the file is shorter there than this part
                    self._start_anew(done, told)
                    return CutError("the hub has no such range")
                raise_for(response, self.what)
                if not self._goes_on(response, done):
                    self._start_anew(done, told)
                    if response.status_code == 206:
                        return CutError("the file has changed")
                self._write(response, told)
        except httpx.HTTPError as error:
            return error
        return CutError("the connection ended early")

    def _goes_on(self, response: httpx.Response, done: int) -> bool:
        """Whether the body follows on the bytes that are here, of the same state of the file."""
        etag = response.headers.get("ETag", "")
        etag = "" if etag.startswith("W/") else etag  # a weak one may stand for other bytes
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise ModelError(f"{self.what}: the hub sends it packed", remedy="check --endpoint")
        follows = not done and response.status_code == 200
        if done and response.status_code == 206:
            stated = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            follows = bool(stated) and (int(stated[1]), int(stated[2])) == (done, self.file.size) if stated else False
            follows = follows and etag == self._etag
        if not done or response.status_code == 200:
            self._etag = etag
            note = _Note(size=self.file.size, sha256=self.file.sha256, blob=self.file.blob, etag=etag)
            write_atomic(self.note, canonical_json(note))
        return follows

    def _start_anew(self, done: int, told: Callable[[int], None]) -> None:
        os.truncate(self.path, 0)
        told(-done)

    def _write(self, response: httpx.Response, told: Callable[[int], None]) -> None:
        with self.path.open("ab") as stream:
            for piece in response.iter_raw():
                if stream.tell() + len(piece) > self.file.size:
                    stream.close()
                    self.remove()
                    raise IntegrityError(
                        f"{self.what}: the hub sends more than the {self.file.size:,} bytes that it lists",
                        remedy="try again; if it stays so, do not use this hub",
                    )
                stream.write(piece)
                told(len(piece))
            stream.flush()
            os.fsync(stream.fileno())

    def _checked(self) -> ModelFile:
        found = hash_file(self.path)
        if (self.file.sha256 and found != self.file.sha256) or (
            self.file.blob and git_blob(self.path) != self.file.blob
        ):
            self.remove()
            raise IntegrityError(
                f"{self.what}: its bytes are not those that the hub lists (SHA-256 is {found})",
                remedy="run it again: the file is fetched anew; if it stays so, do not use this hub",
            )
        return ModelFile(path=self.file.path, size=self.file.size, sha256=found)

    def place(self) -> None:
        """The whole part becomes the file."""
        os.replace(self.path, self.path.with_name(self.path.name.removesuffix(PART)))
        self.note.unlink(missing_ok=True)

    def remove(self) -> None:
        """Throw the part away."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)
        self._etag = ""
