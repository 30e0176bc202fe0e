"""The inbox: uploaded files wait here, in the index folder, until they are published.

Laws of this room:

* An upload never touches the library; ``ragmed.index.build`` moves the files there when it publishes.
* What a browser calls a file is not trusted: only the last part of the name is kept, of letters that any file system
  takes, never hidden, never the name of a register or a sidecar.
* Nothing that waits is lost: another file under a name that is taken gets a number behind its own.
* A file is there whole or not at all, and its owner alone can read it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from ragmed.canonical import sha256_bytes, sha256_file, write_private
from ragmed.corpus.library import INBOX, SUFFIXES
from ragmed.errors import BadInputError, LimitExceededError, NotFoundError, NotPossibleError

MIB = 1 << 20
_MOST_BYTES = 180
"""Of a name in UTF-8; file systems take 255, and numbers and temporary endings are put behind it."""
_UNSAFE = re.compile(r'[<>:"|?*\x00-\x1f\x7f]+')
# readers of a library pass over names that begin so
_HIDING = "._~ "


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """A file that waits."""

    name: str
    size: int
    """Bytes."""
    staged_at: str
    """UTC, ISO 8601."""
    path: Path


class Inbox:
    """The staged files of one index folder."""

    def __init__(self, index_folder: Path, *, upload_mib: int) -> None:
        """``upload_mib``: a larger file is refused."""
        self.folder = index_folder / INBOX
        self._upload_mib = upload_mib

    def stage(self, name: str, content: bytes) -> StagedFile:
        """Keep an uploaded file. The same bytes under the same name are the same file.

        Raises BadInputError for a name of no kind that is read, LimitExceededError, NotPossibleError (disk).
        """
        wanted = safe_name(name)
        if len(content) > self._upload_mib * MIB:
            raise LimitExceededError(
                f"{wanted}: larger than {self._upload_mib} MiB",
                remedy="raise app.upload_mib in the settings, or put the file into the library folder itself",
            )
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = self._free_place(wanted, sha256_bytes(content))
            if not place.is_file():
                write_private(place, [content])
        except OSError as error:
            raise NotPossibleError(
                f"{wanted}: the upload cannot be kept: {error.strerror or error}",
                remedy="free some space, or make the index folder writable, and upload it again",
            ) from error
        return _staged(place)

    def files(self) -> tuple[StagedFile, ...]:
        """What waits, by name."""
        if not self.folder.is_dir():
            return ()
        found = (path for path in self.folder.iterdir() if path.is_file() and not path.is_symlink())
        shown = (path for path in found if not path.name.startswith("."))
        return tuple(_staged(path) for path in sorted(shown, key=lambda path: path.name.casefold()))

    def remove(self, name: str) -> None:
        """Take a file out again. Raises NotFoundError for any other name than one that ``files`` gives."""
        known = {file.name: file.path for file in self.files()}
        if name not in known:
            raise NotFoundError(f"{name}: not in the inbox", remedy="look at the inbox again; it may be published")
        known[name].unlink(missing_ok=True)

    def _free_place(self, wanted: str, digest: str) -> Path:
        """Where the file goes: under its name, unless another lies there. Names that differ in case only are one."""
        taken = {file.name.casefold(): file.path for file in self.files()}
        stem, suffix = wanted[: -len(PurePosixPath(wanted).suffix)], PurePosixPath(wanted).suffix
        number, name = 1, wanted
        while (path := taken.get(name.casefold())) is not None:
            if sha256_file(path) == digest:
                return path
            number += 1
            name = f"{stem}-{number}{suffix}"
        return self.folder / name


def safe_name(name: str) -> str:
    """The name that an uploaded file is kept under. Raises BadInputError where no kind that is read is left."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    # letters that cannot be seen could make one name look like another
    visible = "".join(letter for letter in last if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co"))
    plain = " ".join(_UNSAFE.sub("-", visible).split()).lstrip(_HIDING).rstrip(". ")
    suffix = PurePosixPath(plain).suffix
    stem = plain[: len(plain) - len(suffix)].rstrip(". ")
    if suffix.lower() not in SUFFIXES or not stem:
        raise BadInputError(
            f"{plain or 'a file without a name'}: files of this kind are not read",
            remedy=f"upload one of {', '.join(sorted(SUFFIXES))}",
        )
    while len(stem.encode()) + len(suffix) > _MOST_BYTES:
        stem = stem[:-1]
    return stem.rstrip(". ") + suffix


def _staged(path: Path) -> StagedFile:
    seen = path.stat()
    at = datetime.fromtimestamp(seen.st_mtime, UTC).isoformat(timespec="seconds")
    return StagedFile(name=path.name, size=seen.st_size, staged_at=at, path=path)
