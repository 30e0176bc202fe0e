"""Zip-based formats (DOCX, EPUB), opened as if an enemy had made them.

Laws of this room: no byte is unpacked beyond the limits, whatever the archive declares; nothing is written to disk; no
name leads out of the archive; an archive inside the archive stays closed; XML expands no entity and asks no network.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from pathlib import Path
from types import TracebackType

from lxml import etree

from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.settings import ReaderSettings

ENTRIES = 20_000
"""No book or document of ours has so many parts; a central directory of millions is an attack."""

_RATIO_FROM = 1 << 20
"""Bytes of unpacked size under which the ratio does not matter: tiny XML packs a hundredfold by itself."""

_BLOCK = 1 << 18
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)


class Archive:
    """A zip file read part by part under one budget. Use as a ``with`` block."""

    def __init__(self, path: Path, limits: ReaderSettings) -> None:
        """Raises UnreadableFileError, LimitExceededError."""
        self.name = path.name
        self._packed = max(path.stat().st_size, 1)
        self._limit = limits.archive_mib << 20
        self._ratio = limits.archive_ratio
        self._spent = 0
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise self._broken(str(error)) from None
        try:
            self._check()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def names(self) -> tuple[str, ...]:
        return tuple(self._zip.namelist())

    def has(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str) -> bytes:
        """One part, unpacked. Raises UnreadableFileError when it is missing or damaged, LimitExceededError."""
        if not self.has(name):
            raise self._broken(f"the part {name!r} is missing")
        content = io.BytesIO()
        try:
            with self._zip.open(name) as stream:
                while block := stream.read(_BLOCK):
                    self._spend(len(block))
                    content.write(block)
        except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, OSError, RuntimeError) as error:
            raise self._broken(f"{name}: {error}") from None
        return content.getvalue()

    def xml(self, name: str) -> etree._Element:
        """One part as XML. Raises as ``read`` does, and UnreadableFileError for entities and broken XML."""
        return parse_xml(self.read(name), f"{self.name}: {name}")

    def _check(self) -> None:
        entries = self._zip.infolist()
        if len(entries) > ENTRIES:
            raise LimitExceededError(
                f"{self.name}: {len(entries)} parts in the archive, at most {ENTRIES} are read",
                remedy="the file looks like an attack; get it again from its publisher",
            )
        for entry in entries:
            inside = posixpath.normpath(entry.filename.replace("\\", "/"))
            if inside.startswith(("/", "../")) or inside == ".." or re.match(r"[A-Za-z]:", inside) or "\x00" in inside:
                raise UnreadableFileError(
                    f"{self.name}: the part {entry.filename!r} points outside the archive",
                    remedy="the file looks like an attack; get it again from its publisher",
                )
            if entry.flag_bits & 1:
                raise UnreadableFileError(
                    f"{self.name}: the archive is protected by a password", remedy="save it without the password"
                )
        self._allow(sum(entry.file_size for entry in entries))

    def _spend(self, count: int) -> None:
        self._spent += count
        self._allow(self._spent)

    def _allow(self, unpacked: int) -> None:
        if unpacked > self._limit:
            raise LimitExceededError(
                f"{self.name}: more than {self._limit >> 20} MiB when unpacked",
                remedy="if the file is to be trusted, raise reader.archive_mib",
            )
        if unpacked > _RATIO_FROM and unpacked > self._ratio * self._packed:
            raise LimitExceededError(
                f"{self.name}: unpacks to more than {self._ratio:g} times its size",
                remedy="if the file is to be trusted, raise reader.archive_ratio",
            )

    def _broken(self, reason: str) -> UnreadableFileError:
        return UnreadableFileError(f"{self.name}: damaged archive: {reason}", remedy="get the file again")


def parse_xml(content: bytes, name: str) -> etree._Element:
    """``content`` as XML. Raises UnreadableFileError for entity declarations and for XML that is not well formed."""
    plain = content.replace(b"\x00", b"")  # UTF-16 hides the words otherwise
    if _DOCTYPE.search(plain) and _ENTITY.search(plain):
        raise UnreadableFileError(
            f"{name}: declares XML entities, which can be used for attacks",
            remedy="save the document again with its own program",
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableFileError(f"{name}: not well-formed XML: {error}", remedy="get the file again") from None
