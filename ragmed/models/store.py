"""The model that the settings name, for whoever loads it: where it lies, what shape it has, whether it is whole.

Nothing here opens a connection. ``installed`` is quick and looks at names only; ``require_whole`` is asked before
weights are loaded. It hashes every file the first time and whenever the file system says that one has changed (size,
times of change, inode); what it found stays in a small file beside the lock. Whoever can write to the folder *and* to
that file can fool it: the full check is ``ragmed models check``.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ragmed.canonical import canonical_json, rebuild, write_atomic
from ragmed.errors import IntegrityError, MissingPartError, ModelError
from ragmed.interfaces import Progress, no_progress
from ragmed.models.classifier import ClassifierShape
from ragmed.models.hashing import hash_files
from ragmed.models.lock_file import LOCK_FILE, PULLING_FILE, SEEN_FILE, ModelFile, ModelLock, read_lock
from ragmed.models.places import as_path, find_folder, is_path
from ragmed.models.shape import ModelShape, read_classifier, read_shape
from ragmed.models.wanted import CONFIG, files_in, is_read, parts_in
from ragmed.settings import ModelSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedModel:
    """A folder with a lock."""

    name: str
    """As records name it: the hub's id, or the folder's name."""
    folder: Path
    revision: str
    """The hub's commit; ``files-`` and a SHA-256 for a folder that somebody copied."""
    files: tuple[ModelFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledModel(LockedModel):
    """A locked language model of a supported architecture."""

    config: ModelShape


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledClassifier(LockedModel):
    """A locked model that judges pairs of texts."""

    config: ClassifierShape


@dataclass(frozen=True, slots=True, kw_only=True)
class _SeenFile:
    """A file whose bytes were hashed when the file system said this of it."""

    path: str
    size: int
    changed: int
    """Time of the last change of content, ns."""
    touched: int
    """Time of the last change of anything (POSIX ctime), ns: cannot be set back by ordinary means."""
    inode: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    files: tuple[_SeenFile, ...] = ()


def shown(name: str) -> str:
    """A model's name as messages and records may bear it: of a path, the last part alone."""
    return as_path(name).resolve().name if is_path(name) or Path(name).is_absolute() else name


def installed(settings: ModelSettings) -> InstalledModel:
    """The model that ``settings.name`` names.

    Raises MissingPartError (none is named, or nothing of that name is here), ModelError (half downloaded, not locked,
    of an architecture that is not supported), IntegrityError (its lock is damaged).
    """
    if not settings.name:
        raise MissingPartError("no language model is named", remedy="set model.name to a model of `ragmed models list`")
    return open_model(*_found(settings.name, settings.folder, "model.name"))


def installed_entailer(name: str, folder: Path) -> InstalledClassifier:
    """The model that judges pairs of texts which ``answer.entailment_model`` names; ``folder``: that of the models.

    Raises as ``installed``, and ModelError for labels that are not those of such a model.
    """
    locked, config = _locked(*_found(name, folder, "answer.entailment_model"))
    return InstalledClassifier(
        name=locked.name,
        folder=locked.folder,
        revision=locked.revision,
        files=locked.files,
        config=read_classifier(config, shown(name)),
    )


def _found(stated: str, models: Path, setting: str) -> tuple[Path, str]:
    """The folder, and the name for messages. Raises MissingPartError."""
    folder, name = find_folder(models, stated), shown(stated)
    if folder is None:
        remedy = f"check the path in {setting}" if is_path(stated) else f"run `ragmed models pull {name}`"
        raise MissingPartError(f"{name}: no such language model on this machine", remedy=remedy)
    return folder, name


def open_model(folder: Path, name: str) -> InstalledModel:
    """The language model in this folder, called ``name`` in messages. Raises as ``installed``."""
    locked, config = _locked(folder, name)
    return InstalledModel(
        name=locked.name,
        folder=folder,
        revision=locked.revision,
        files=locked.files,
        config=read_shape(config, name),
    )


def _locked(folder: Path, name: str) -> tuple[LockedModel, bytes]:
    """The model of the folder's lock, and its configuration."""
    lock = read_lock(folder, name)
    if lock is None:
        raise unlocked(folder, name)
    try:
        config = (folder / CONFIG).read_bytes()
    except OSError:
        raise ModelError(f"{name}: {CONFIG} is missing", remedy=remedy_for(lock)) from None
    return LockedModel(name=lock.model_id, folder=folder, revision=lock.commit, files=lock.files), config


def unlocked(folder: Path, name: str) -> ModelError:
    """Why a folder without a lock is not used."""
    if is_half(folder):
        return ModelError(f"{name}: only half downloaded", remedy="run the same `ragmed models pull` again: it goes on")
    return ModelError(
        f"{name}: its files are not locked", remedy=f"run `ragmed models pull ./FOLDER` on it ({LOCK_FILE} is missing)"
    )


def is_half(folder: Path) -> bool:
    """Whether a pull into this folder began and has not ended."""
    return (folder / PULLING_FILE).exists() or bool(parts_in(folder))


def remedy_for(lock: ModelLock | None) -> str:
    """How files that are not right become right again."""
    if lock is None or lock.source == "folder":
        return "copy the files again from where they came"
    return f"run `ragmed models pull {lock.model_id}` again: whole files are not fetched twice"


def require_whole(model: LockedModel, progress: Progress = no_progress) -> None:
    """Every file is there with the locked bytes, and none beside them that a loader would read.

    Raises ModelError (a file is missing or short), IntegrityError (other bytes, a file that was added), with its name.
    """
    remedy = "see `ragmed models check`, then pull the model or copy its files again"
    for file in model.files:
        path = model.folder / file.path
        size = path.stat().st_size if path.is_file() else -1
        if size < 0:
            raise ModelError(f"{model.name}: {file.path} is missing", remedy=remedy)
        if size < file.size:
            raise ModelError(f"{model.name}: {file.path} is short ({size:,} of {file.size:,} bytes)", remedy=remedy)
        if size > file.size:
            raise IntegrityError(f"{model.name}: {file.path} is longer than it was locked", remedy=remedy)
    for extra in extra_files(model.folder, model.files):
        raise IntegrityError(f"{model.name}: {extra} was added since the files were locked", remedy=remedy)
    hashes = known_hashes(model.folder)
    unknown = [file.path for file in model.files if file.path not in hashes]
    stats = {path: (model.folder / path).stat() for path in unknown}
    hashes |= hash_files(model.folder, unknown, progress)
    for file in model.files:
        if hashes[file.path] != file.sha256:
            raise IntegrityError(f"{model.name}: {file.path}: its bytes are not the locked ones", remedy=remedy)
    if unknown:
        remember(model.folder, model.files, stats)


def extra_files(folder: Path, files: tuple[ModelFile, ...]) -> tuple[str, ...]:
    """Files that a loader may read and that the lock does not know."""
    known = {file.path for file in files}
    return tuple(path for path in files_in(folder) if path not in known and is_read(path))


def known_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 by path of the files that have not changed since they were hashed, as far as the file system tells."""
    try:
        seen = rebuild(_Seen, json.loads((folder / SEEN_FILE).read_bytes()))
    except (OSError, ValueError, RecursionError):
        return {}
    return {one.path: one.sha256 for one in seen.files if _as_seen(folder / one.path, one)}


def _as_seen(path: Path, seen: _SeenFile) -> bool:
    try:
        now = path.stat()
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino) == (
        seen.size,
        seen.changed,
        seen.touched,
        seen.inode,
    )


def remember(folder: Path, files: tuple[ModelFile, ...], stats: dict[str, os.stat_result]) -> None:
    """That these files had the locked bytes; ``stats``: as they were before they were hashed, of those hashed now."""
    found = []
    for file in files:
        now = stats.get(file.path) or (folder / file.path).stat()
        found.append(
            _SeenFile(
                path=file.path,
                size=now.st_size,
                changed=now.st_mtime_ns,
                touched=now.st_ctime_ns,
                inode=now.st_ino,
                sha256=file.sha256,
            )
        )
    with suppress(OSError):  # a folder that may only be read: the files are hashed each time
        write_atomic(folder / SEEN_FILE, canonical_json(_Seen(files=tuple(found))))
