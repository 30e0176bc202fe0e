"""Which files of a library folder are read, in which order, and which are passed over and why.

Laws of this room: the order depends on the names alone; a file that is not read is listed with its reason (law 6); a
link out of the library is never followed; the same bytes under two names are one document.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from ragmed.canonical import sha256_file, sha256_of, write_atomic
from ragmed.errors import BadInputError, NotFoundError, NotPossibleError

IGNORE_FILE = ".ragmedignore"
INBOX = "inbox"
"""Folder of the index folder where uploaded files wait until they are published."""
SUFFIXES = frozenset(
    (
        ".pdf",
        ".html",
        ".htm",
        ".xhtml",
        ".md",
        ".markdown",
        ".docx",
        ".docm",
        ".epub",
        ".txt",
        ".text",
    )
)
"""Suffixes of the formats that RagMed reads (a test holds this against the readers)."""

_LARGEST = 2 << 30
"""Bytes of a file; no reader could hold more in its memory."""
_DEEPEST = 64
"""Folders in folders; deeper than any library, and far from the depth at which a walk breaks off."""
_LARGEST_NOTE = 1 << 16
"""Bytes of a sidecar or an ignore file, which a person writes."""

_LONGEST_PATH = 4000
"""Bytes; the system opens no path of more than 4,095, and a sidecar's is longer than its document's, an ignore file's
than its folder's."""
_TOO_LONG = "its path is too long to be opened"

_PAPERWORK = (
    "readme",
    "license",
    "licence",
    "notice",
    "changelog",
    "contributing",
    "authors",
    "copying",
    "attribution",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToRead:
    """One file, as the sandbox is told to read it."""

    path: Path
    source_path: str
    """POSIX path relative to the library."""
    sha256: str
    sidecar: Path | None = None
    sidecar_sha256: str = ""
    also_at: tuple[str, ...] = ()
    """Other names of the same bytes."""

    @property
    def document_id(self) -> str:
        return f"d-{self.sha256[:16]}"

    @property
    def address(self) -> str:
        """Hex SHA-256 of all that the reading depends on beside the pipeline's version: bytes, sidecar, place."""
        return sha256_of([self.sha256, self.sidecar_sha256, self.source_path, list(self.also_at)])


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A file or folder that is not read, and why."""

    source_path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a library holds."""

    files: tuple[FileToRead, ...]
    passed_over: tuple[PassedOver, ...]


def scan_library(paths: Sequence[Path], staged: Path | None = None) -> Scan:
    """The files under ``paths`` (folders or files). With one folder, source paths are relative to it; with several,
    each begins with its folder's name. The files of ``staged``, a flat folder, count as if they lay in the first of
    the folders, in the place of those of the same name.

    Raises NotFoundError for a path that does not exist, BadInputError when nothing at all can be read.
    """
    found: list[tuple[str, Path]] = []
    passed: list[PassedOver] = []
    for path in paths:
        if path.is_dir():
            prefix = f"{path.resolve().name}/" if len(paths) > 1 else ""
            for name, place in _walk(path, path.resolve(), prefix, passed):
                found.append((name, place))
        elif path.is_file():
            _sort_out(path.name, path, found, passed)
        else:
            raise NotFoundError(f"{path}: no such file or folder", remedy="check the path given as library")
    if staged is not None and staged.is_dir():
        prefix = f"{paths[0].resolve().name}/" if len(paths) > 1 else ""
        laid_over: list[tuple[str, Path]] = []
        for entry in sorted(staged.iterdir()):
            if entry.is_file() and not entry.is_symlink() and not entry.name.startswith("."):
                _sort_out(f"{prefix}{entry.name}", entry, laid_over, passed)
        names = {name for name, _ in laid_over}
        found = [*(one for one in found if one[0] not in names), *laid_over]
    if not found:
        named = ", ".join(str(path) for path in paths) or "the library"
        raise BadInputError(
            f"{named}: no file that RagMed reads ({', '.join(sorted(SUFFIXES))})",
            remedy="put guidelines there, or name another folder with --library",
        )
    roots = [one.resolve() if one.is_dir() else one.resolve().parent for one in (*paths, *([staged] if staged else []))]
    return Scan(files=_merge(sorted(set(found)), roots, passed), passed_over=tuple(passed))


def move_into_library(staged: Path, library: Path) -> tuple[str, ...]:
    """Move the staged files into the library folder, in the place of those of the same name; gives their names.

    Each arrives by one rename; one that was not reached stays staged. Raises NotPossibleError.
    """
    if not staged.is_dir():
        return ()
    moved: list[str] = []
    for entry in sorted(staged.iterdir()):
        if not entry.is_file() or entry.is_symlink() or entry.name.startswith("."):
            continue
        try:
            write_atomic(library / entry.name, entry.read_bytes())
        except OSError as error:
            raise NotPossibleError(
                f"{library}: {entry.name} cannot be put there: {error.strerror or error}",
                remedy="make the library folder writable and its disk not full; the file is still staged",
            ) from error
        entry.unlink()
        moved.append(entry.name)
    return tuple(moved)


def _merge(
    found: Sequence[tuple[str, Path]], roots: Sequence[Path], passed: list[PassedOver]
) -> tuple[FileToRead, ...]:
    """One entry a content; a sidecar beside any of its names counts, the first in order."""
    by_hash: dict[str, FileToRead] = {}
    for name, path in found:
        digest = sha256_file(path)
        sidecar = _sidecar_of(path, roots)
        file = FileToRead(
            path=path,
            source_path=name,
            sha256=digest,
            sidecar=sidecar,
            sidecar_sha256=sha256_file(sidecar) if sidecar else "",
        )
        first = by_hash.get(digest)
        if first is None:
            by_hash[digest] = file
            continue
        passed.append(PassedOver(source_path=name, reason=f"the same file as {first.source_path}"))
        merged = replace(first, also_at=(*first.also_at, name))
        if first.sidecar is None and sidecar is not None:
            merged = replace(merged, sidecar=sidecar, sidecar_sha256=file.sidecar_sha256)
        by_hash[digest] = merged
    return tuple(by_hash.values())


def _sidecar_of(path: Path, roots: Sequence[Path]) -> Path | None:
    for candidate in (path.with_name(f"{path.name}.toml"), path.with_suffix(".toml")):
        if not candidate.is_file() or candidate.stat().st_size > _LARGEST_NOTE:
            continue
        if not candidate.is_symlink() or any(_inside(candidate, root) for root in roots):
            return candidate
    return None


def _walk(
    folder: Path, root: Path, prefix: str, passed: list[PassedOver], depth: int = 0
) -> Iterator[tuple[str, Path]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        # any other trouble is the disk's, and must not look as if documents had been taken away
        if error.errno != errno.ENAMETOOLONG:
            raise
        passed.append(PassedOver(source_path=prefix, reason=_TOO_LONG))
        return
    patterns = _ignored(folder)
    if isinstance(patterns, str):
        passed.append(PassedOver(source_path=prefix or ".", reason=patterns))
        return
    found: list[tuple[str, Path]] = []
    for entry in entries:
        name = f"{prefix}{entry.name}"
        path = Path(entry.path)
        if entry.name.startswith((".", "_")):
            continue
        reason = _no_document(entry, path, root, patterns, depth)
        if reason:
            shown = name.encode("utf-8", "replace").decode("utf-8")
            passed.append(PassedOver(source_path=shown, reason=reason))
        elif entry.is_dir():
            yield from _walk(path, root, f"{name}/", passed, depth + 1)
        else:
            _sort_out(name, path, found, passed)
    yield from found


def _no_document(entry: os.DirEntry[str], path: Path, root: Path, patterns: Sequence[str], depth: int) -> str:
    """Why neither this file is looked at nor this folder walked; empty where it is."""
    if any("\ud800" <= character <= "\udfff" for character in entry.name):
        return "its name is no text (not UTF-8); rename it"
    if any(fnmatch(entry.name, pattern) for pattern in patterns):
        return f"named in {IGNORE_FILE}"
    if entry.is_symlink() and not _inside(path, root):
        return "a link that leads out of the library or nowhere"
    if entry.is_symlink() and path.is_dir():
        return "a link to a folder, which is read in its own place"
    too_long = _TOO_LONG if len(os.fsencode(path)) >= _LONGEST_PATH else ""
    if entry.is_dir():
        return f"more than {_DEEPEST} folders deep" if depth == _DEEPEST else too_long
    return too_long if entry.is_file() else "not an ordinary file"


def _ignored(folder: Path) -> tuple[str, ...] | str:
    """The names and patterns of the folder's ignore file, or why the whole folder is passed over."""
    file = folder / IGNORE_FILE
    if not file.is_file():
        return ()
    if file.stat().st_size > _LARGEST_NOTE:
        return f"its {IGNORE_FILE} is larger than {_LARGEST_NOTE >> 10} KiB"
    lines = (line.strip().rstrip("/") for line in file.read_text("utf-8", errors="replace").splitlines())
    named = tuple(line for line in lines if line and not line.startswith("#"))
    return named or f"the folder holds an empty {IGNORE_FILE}"


def _inside(path: Path, root: Path) -> bool:
    try:
        target = path.resolve()
        return target.exists() and target.is_relative_to(root)
    except (OSError, RuntimeError):  # a ring of links
        return False


def _sort_out(name: str, path: Path, found: list[tuple[str, Path]], passed: list[PassedOver]) -> None:
    suffix = path.suffix.lower()
    stem = path.name.lower()
    if suffix == ".toml":
        if path.stat().st_size > _LARGEST_NOTE:
            reason = f"larger than {_LARGEST_NOTE >> 10} KiB, which no sidecar is"
            passed.append(PassedOver(source_path=name, reason=reason))
        return
    if any(stem.startswith(word) for word in _PAPERWORK) and suffix in (
        "",
        ".md",
        ".txt",
        ".markdown",
        ".text",
        ".html",
    ):
        passed.append(PassedOver(source_path=name, reason="paperwork of the folder, not a document"))
    elif suffix in SUFFIXES and path.stat().st_size > _LARGEST:
        # even a fingerprint of a file with a hole of terabytes would keep all others waiting
        passed.append(PassedOver(source_path=name, reason=f"larger than {_LARGEST >> 30} GiB"))
    elif suffix in SUFFIXES:
        found.append((name, path))
    elif suffix in (".py", ".pyc", ".sh", ".json", ".css", ".js"):
        passed.append(PassedOver(source_path=name, reason="a program's file, not a document"))
    else:
        kind = f"files of the kind {suffix}" if suffix else "files without a suffix"
        passed.append(PassedOver(source_path=name, reason=f"{kind} are not read"))
