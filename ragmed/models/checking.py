"""``ragmed models check`` and ``list``: what is on this machine, and whether it is what was locked.

``check`` hashes every byte, whatever was seen before. ``list`` looks at sizes only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ragmed.errors import IntegrityError, ModelError, NotFoundError
from ragmed.interfaces import Progress, no_progress
from ragmed.models.classifier import ClassifierShape
from ragmed.models.hashing import hash_files
from ragmed.models.lock_file import LOCK_FILE, ModelLock, read_lock
from ragmed.models.places import find_folder, model_folders
from ragmed.models.safetensors import Fault, weight_faults, weights_in
from ragmed.models.shape import ModelShape, read_classifier, read_either, read_shape
from ragmed.models.store import extra_files, is_half, remedy_for, remember, shown, unlocked
from ragmed.models.wanted import CONFIG, files_in
from ragmed.settings import ModelSettings

WHOLE, HALF, UNLOCKED, DAMAGED = "whole", "half downloaded", "not locked", "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a full check of one model found."""

    name: str
    commit: str
    files: int
    bytes: int
    faults: tuple[Fault, ...]
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One model on this machine."""

    name: str
    folder: str
    """The folder's name."""
    source: str
    commit: str
    bytes: int
    parameters: int
    architecture: str
    state: str
    """``whole`` (by size), ``half downloaded``, ``not locked`` or ``damaged``."""
    words: str
    """What is wrong."""
    answers: bool
    """The settings name it in ``model.name``."""
    checks: bool = False
    """They name it in ``answer.entailment_model``."""


_Read = Callable[[bytes, str], ModelShape | ClassifierShape]


def check_models(
    settings: ModelSettings, name: str = "", progress: Progress = no_progress, *, entailment: str = ""
) -> tuple[Checked, ...]:
    """The model ``name``; without one those of the settings (``entailment``: ``answer.entailment_model``), or else all
    that are here. One of the settings must be of the kind that it is wanted for.

    Raises NotFoundError where there is no such model, or none at all.
    """
    wanted: list[tuple[str, _Read]] = [(name, read_either)] if name else []
    if not name:
        wanted += [(settings.name, read_shape)] if settings.name else []
        wanted += [(entailment, read_classifier)] if entailment else []
    if wanted:
        return tuple(_check(_folder(settings.folder, one), shown(one), progress, read) for one, read in wanted)
    folders = model_folders(settings.folder)
    if not folders:
        raise NotFoundError("there is no language model on this machine", remedy="see `ragmed models list`")
    return tuple(_check(folder, folder.name, progress, read_either) for folder in folders)


def _folder(models: Path, name: str) -> Path:
    folder = find_folder(models, name)
    if folder is None:
        raise NotFoundError(f"{shown(name)}: no such language model on this machine", remedy="see `ragmed models list`")
    return folder


def _check(folder: Path, name: str, progress: Progress, read: _Read) -> Checked:
    faults: list[Fault] = []
    lock: ModelLock | None = None
    try:
        lock = read_lock(folder, name)
        if lock is None:
            raise unlocked(folder, name)
    except (IntegrityError, ModelError) as error:
        faults.append(Fault(kind="lock", path=LOCK_FILE, words=str(error).removeprefix(f"{name}: ")))
    if lock is not None:
        faults += _file_faults(folder, lock, progress)
    faults += [one for one in _content_faults(folder, name, read) if one.path not in {fault.path for fault in faults}]
    return Checked(
        name=lock.model_id if lock else name,
        commit=lock.commit if lock else "",
        files=len(lock.files) if lock else len(files_in(folder)),
        bytes=lock.bytes if lock else _bytes_in(folder),
        faults=tuple(faults),
        remedy=_remedy(faults, lock, folder, name),
    )


def _file_faults(folder: Path, lock: ModelLock, progress: Progress) -> Iterator[Fault]:
    whole, stats = [], {}
    for file in lock.files:
        path = folder / file.path
        if not path.is_file():
            yield Fault(kind="missing", path=file.path, words="it is not there")
        elif (size := path.stat().st_size) < file.size:
            yield Fault(kind="short", path=file.path, words=f"{size:,} of {file.size:,} bytes are there")
        elif size > file.size:
            yield Fault(kind="changed", path=file.path, words=f"{size:,} bytes, locked with {file.size:,}")
        else:
            whole.append(file)
            stats[file.path] = path.stat()
    found = hash_files(folder, [file.path for file in whole], progress)
    right = tuple(file for file in whole if found[file.path] == file.sha256)
    for file in whole:
        if found[file.path] != file.sha256:
            yield Fault(kind="changed", path=file.path, words=f"its SHA-256 is {found[file.path]}, not {file.sha256}")
    for extra in extra_files(folder, lock.files):
        yield Fault(kind="extra", path=extra, words="it was added since the files were locked, and a loader reads it")
    remember(folder, right, stats)


def _content_faults(folder: Path, name: str, read: _Read) -> Iterator[Fault]:
    """Whether configuration and weights belong together, whatever the lock says."""
    try:
        shape = read((folder / CONFIG).read_bytes(), name)
    except OSError:
        yield Fault(kind="missing", path=CONFIG, words="it is not there")
    except ModelError as error:
        yield Fault(kind="shape", path=CONFIG, words=str(error).removeprefix(f"{name}: "))
    else:
        yield from weight_faults(weights_in(folder), shape)


def _remedy(faults: list[Fault], lock: ModelLock | None, folder: Path, name: str) -> str:
    if not faults:
        return ""
    if all(fault.kind == "extra" for fault in faults):
        return "move the files named out of the folder"
    return remedy_for(lock) if lock else unlocked(folder, name).remedy


def _bytes_in(folder: Path) -> int:
    return sum((folder / path).stat().st_size for path in files_in(folder))


def list_models(settings: ModelSettings, entailment: str = "") -> tuple[Listed, ...]:
    """Every model below the folder of models, and those that the settings name, wherever they lie."""
    named, judging = (find_folder(settings.folder, one) if one else None for one in (settings.name, entailment))
    folders = list(model_folders(settings.folder))
    for place in (named, judging):
        if place is not None and not any(place.samefile(one) for one in folders):
            folders.append(place)

    def same(one: Path, other: Path | None) -> bool:
        return other is not None and other.samefile(one)

    return tuple(_listed(one, answers=same(one, named), checks=same(one, judging)) for one in folders)


def _listed(folder: Path, *, answers: bool, checks: bool) -> Listed:
    name, lock = folder.resolve().name, None
    try:
        lock = read_lock(folder, name)
        if lock is None:
            state = HALF if is_half(folder) else UNLOCKED
            words = str(unlocked(folder, name)).removeprefix(f"{name}: ")
        else:
            state, words = _state(folder, lock)
    except IntegrityError as error:
        state, words = DAMAGED, str(error).removeprefix(f"{name}: ")
    return Listed(
        name=lock.model_id if lock else name,
        folder=name,
        source=lock.source if lock else "",
        commit=lock.commit if lock else "",
        bytes=lock.bytes if lock else _bytes_in(folder),
        parameters=lock.parameters if lock else 0,
        architecture=lock.architecture if lock else "",
        state=state,
        words=words,
        answers=answers,
        checks=checks,
    )


def _state(folder: Path, lock: ModelLock) -> tuple[str, str]:
    for file in lock.files:
        path = folder / file.path
        if not path.is_file():
            return DAMAGED, f"{file.path} is missing"
        if path.stat().st_size != file.size:
            return DAMAGED, f"{file.path} has another size than it was locked with"
    for extra in extra_files(folder, lock.files):
        return DAMAGED, f"{extra} was added"
    return WHOLE, "another revision is half downloaded" if is_half(folder) else ""
