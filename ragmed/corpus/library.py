"""Which files of a library folder are read, in which order, and which are passed over and why.

Laws of this room: the order depends on the names alone; a file that is not read is listed with its reason (law 6); a
link out of the library is never followed; the same bytes under two names are one document.
"""

from __future__ import annotations

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
    return Scan(files=_merge(sorted(set(found)), passed), passed_over=tuple(passed))


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


def _merge(found: Sequence[tuple[str, Path]], passed: list[PassedOver]) -> tuple[FileToRead, ...]:
    """One entry a content; a sidecar beside any of its names counts, the first in order."""
    by_hash: dict[str, FileToRead] = {}
    for name, path in found:
        digest = sha256_file(path)
        sidecar = _sidecar_of(path)
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


def _sidecar_of(path: Path) -> Path | None:
    for candidate in (path.with_name(f"{path.name}.toml"), path.with_suffix(".toml")):
        if candidate.is_file():
            return candidate
    return None


def _walk(folder: Path, root: Path, prefix: str, passed: list[PassedOver]) -> Iterator[tuple[str, Path]]:
    patterns = _ignored(folder)
    if patterns is None:
        passed.append(PassedOver(source_path=prefix or ".", reason=f"the folder holds an empty {IGNORE_FILE}"))
        return
    found: list[tuple[str, Path]] = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = f"{prefix}{entry.name}"
        path = Path(entry.path)
        if entry.name.startswith((".", "_")):
            continue
        if any(fnmatch(entry.name, pattern) for pattern in patterns):
            passed.append(PassedOver(source_path=name, reason=f"named in {IGNORE_FILE}"))
        elif entry.is_symlink() and not _inside(path, root):
            passed.append(PassedOver(source_path=name, reason="a link that leads out of the library or nowhere"))
        elif entry.is_symlink() and path.is_dir():
            passed.append(PassedOver(source_path=name, reason="a link to a folder, which is read in its own place"))
        elif entry.is_dir():
            yield from _walk(path, root, f"{name}/", passed)
        elif entry.is_file():
            _sort_out(name, path, found, passed)
        else:
            passed.append(PassedOver(source_path=name, reason="not an ordinary file"))
    yield from found


def _ignored(folder: Path) -> tuple[str, ...] | None:
    """The names and patterns of the folder's ignore file; None when it is empty: the whole folder is meant."""
    file = folder / IGNORE_FILE
    if not file.is_file():
        return ()
    lines = (line.strip().rstrip("/") for line in file.read_text("utf-8", errors="replace").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#")) or None


def _inside(path: Path, root: Path) -> bool:
    target = path.resolve()
    return target.exists() and target.is_relative_to(root)


def _sort_out(name: str, path: Path, found: list[tuple[str, Path]], passed: list[PassedOver]) -> None:
    suffix = path.suffix.lower()
    stem = path.name.lower()
    if suffix == ".toml":
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
