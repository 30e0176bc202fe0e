"""``ragmed models pull ./FOLDER``: files that somebody copied are hashed into a lock, so that later changes show.

What this proves: the files are the same as on the day they were locked. What it does not: that they are the
publisher's. A folder that was pulled elsewhere is better copied with its lock, and checked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ragmed.errors import IntegrityError, ModelError, NotFoundError
from ragmed.interfaces import Progress, no_progress
from ragmed.models.hashing import hash_files
from ragmed.models.hold import held, writing
from ragmed.models.lock_file import (
    FORMAT,
    LOCK_FILE,
    ModelFile,
    ModelLock,
    files_commit,
    is_safe,
    read_lock,
    write_lock,
)
from ragmed.models.safetensors import parameters, weight_faults, weights_in
from ragmed.models.shape import read_either
from ragmed.models.store import is_half, unlocked
from ragmed.models.wanted import CONFIG, files_in, is_read

_ADAPTER = "adapter_config.json"


def lock_folder(folder: Path, progress: Progress = no_progress, *, name: str = "") -> ModelLock:
    """Lock the files of ``folder``; ``name``: what the model is called, by itself as the folder.

    Raises NotFoundError, ModelError (no model, half downloaded, an adapter, not supported), IntegrityError (weights
    that are not all there; locked already, and changed since), NotPossibleError (it cannot be written), BusyError.
    """
    if not folder.is_dir():
        raise NotFoundError(f"{folder}: no such folder", remedy="check the path")
    name = name or folder.resolve().name
    with writing(name), held(folder, name):
        return _lock(folder, name, progress)


def _lock(folder: Path, name: str, progress: Progress) -> ModelLock:
    old = read_lock(folder, name)
    if old is None and is_half(folder):
        raise unlocked(folder, name)
    paths = files_in(folder)
    if CONFIG not in paths:
        raise ModelError(f"{name}: there is no {CONFIG}", remedy="name the folder that the model's files lie in")
    if _ADAPTER in paths:
        raise ModelError(f"{name}: this is an adapter, or has one in it", remedy="keep it apart: see model.adapter")
    shape = read_either((folder / CONFIG).read_bytes(), name)
    for fault in weight_faults(weights_in(folder), shape):
        raise IntegrityError(f"{name}: {fault.path}: {fault.words}", remedy="copy the files again")
    read = [path for path in paths if is_read(path)]
    odd = next((path for path in read if not is_safe(path)), None)
    if odd is not None:
        raise ModelError(f"{name}: a file has an odd name: {odd!r}", remedy="move it out of the folder")
    hashes = hash_files(folder, read, progress)
    files = tuple(ModelFile(path=path, size=(folder / path).stat().st_size, sha256=hashes[path]) for path in read)
    if old is not None:
        if old.files != files:
            raise IntegrityError(
                f"{name}: it is locked already, and its files have changed since",
                remedy=f"see `ragmed models check`; to lock them as they are now, remove {LOCK_FILE} first",
            )
        return old
    lock = ModelLock(
        format=FORMAT,
        source="folder",
        model_id=name,
        commit=files_commit(files),
        requested="",
        architecture=shape.architecture,
        parameters=parameters(weights_in(folder), shape),
        locked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        files=files,
        left_out=tuple(path for path in paths if path not in hashes),
    )
    write_lock(folder, lock)
    return lock
