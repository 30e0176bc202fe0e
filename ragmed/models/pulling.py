"""``ragmed models pull`` of a hub's model: listing, refusals, parts, files, and the lock last.

Order is the law here. What can be refused is refused before the first large byte (names, architecture, disk). All
files lie complete and checked beside the old ones, the headers of the weights included, before the first is put in
place; from then until the new lock is written the folder has no lock and counts as half downloaded. Running it again
goes on where it stopped.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from ragmed.canonical import canonical_json, sync_folder, write_atomic
from ragmed.errors import BadInputError, IntegrityError, ModelError, NotPossibleError
from ragmed.interfaces import Progress, no_progress
from ragmed.models.asking import client_for, read_whole
from ragmed.models.classifier import ClassifierShape
from ragmed.models.download import PartialFile
from ragmed.models.hashing import Megabytes, git_blob, hash_file
from ragmed.models.hold import held, writing
from ragmed.models.hubs import Ask, Hub, HubFile, HuggingFace, Listing, ModelScope
from ragmed.models.lock_file import (
    FORMAT,
    LOCK_FILE,
    PULLING_FILE,
    ModelFile,
    ModelLock,
    read_lock,
    write_lock,
)
from ragmed.models.places import folder_name, hub_id
from ragmed.models.safetensors import parameters, weight_faults, weights_in
from ragmed.models.shape import ModelShape, read_either
from ragmed.models.tiers import DISK_MARGIN, gib
from ragmed.models.wanted import CONFIG, INDEX, TOKENIZER, WEIGHTS, files_in, from_hub, is_read, leftovers_in

HUBS: dict[str, tuple[type[HuggingFace] | type[ModelScope], str]] = {
    "huggingface": (HuggingFace, "https://huggingface.co"),
    "modelscope": (ModelScope, "https://www.modelscope.cn"),
}
"""By name: the hub's interface and its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What came of a pull."""

    folder: str
    """The folder's name below the folder of models."""
    lock: ModelLock
    fetched: int
    """Bytes of the files that were not here before."""


def pull(
    name: str,
    models: Path,
    *,
    source: str = "huggingface",
    revision: str = "",
    endpoint: str = "",
    token: str = "",
    progress: Progress = no_progress,
    pause: Callable[[float], None] = time.sleep,
) -> Pulled:
    """The model ``name`` (an id or a short name) into its folder below ``models``, whole and locked.

    ``revision``: branch, tag or commit; empty: the hub's main one. ``endpoint``: another address of that kind of hub.
    ``pause`` is called with seconds before a broken connection is tried again.

    Raises BadInputError, NotFoundError, ModelError, IntegrityError, NotPossibleError (disk), BusyError.
    """
    model_id = hub_id(name)
    if source not in HUBS:
        raise BadInputError(f"{source!r} is no hub", remedy=f"one of {', '.join(HUBS)}")
    kind, usual = HUBS[source]
    address = endpoint or usual
    with client_for(address, token) as client:

        def ask(where: str, what: str, longest: int) -> bytes:
            return read_whole(client, where, what, longest, pause)

        hub: Hub = kind(ask, address)
        asked = revision or hub.revision
        listing = hub.listing(model_id, asked)
        shape, files = _chosen(ask, hub, listing)
        folder = models / folder_name(model_id)
        with writing(model_id), held(folder, model_id):
            stale = _stale(folder, files, model_id)
            there = {one.path: found for one in files if (found := _there(folder, one, progress)) is not None}
            parts = [PartialFile(folder, one, model_id) for one in files if one.path not in there]
            came = _fetch(client, hub, listing, folder, parts, progress, pause)
            places = {path: folder / path for path in there} | {part.file.path: part.path for part in parts}
            _require_sound(places, shape, model_id)
            _exchange(folder, parts, stale)
            lock = _lock(
                listing, folder, shape, asked, tuple(sorted((there | came).values(), key=lambda one: one.path))
            )
            write_lock(folder, lock)
    return Pulled(folder=folder.name, lock=lock, fetched=sum(one.size for one in came.values()))


def _chosen(ask: Ask, hub: Hub, listing: Listing) -> tuple[ModelShape | ClassifierShape, tuple[HubFile, ...]]:
    """The shape, and the files to fetch: those that a text model needs, and of weights those of the index."""
    name, by_path = listing.model_id, {one.path: one for one in listing.files if from_hub(one.path)}
    if CONFIG not in by_path:
        raise ModelError(f"{name}: the hub has no {CONFIG} of it", remedy=_OTHER)
    shape = read_either(_small(ask, hub.address(listing, CONFIG), by_path[CONFIG], name), name)
    weights = {f"model{WEIGHTS}"}
    if INDEX in by_path:
        try:
            content = json.loads(_small(ask, hub.address(listing, INDEX), by_path[INDEX], name))
            weights = {str(one) for one in content["weight_map"].values()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ModelError(f"{name}: {INDEX} does not say which files there are", remedy=_OTHER) from None
    missing = sorted(weights - {*by_path})
    if missing:
        raise ModelError(
            f"{name}: the hub has no {missing[0][:100]} of it; pickled weights are never taken", remedy=_OTHER
        )
    made_from = {"vocab.json", "merges.txt"}  # what a Qwen's tokenizer can be made from
    if TOKENIZER not in by_path and (isinstance(shape, ClassifierShape) or not made_from <= {*by_path}):
        raise ModelError(f"{name}: the hub has no tokenizer of it", remedy=_OTHER)
    return shape, tuple(one for path, one in sorted(by_path.items()) if not path.endswith(WEIGHTS) or path in weights)


def _small(ask: Ask, address: str, file: HubFile, name: str) -> bytes:
    """A small file's bytes, to decide by; it is fetched and checked like the others later."""
    if file.size > _SMALL:
        raise ModelError(f"{name}: {file.path} is listed with {file.size:,} bytes", remedy=_OTHER)
    return ask(address, f"{name}: {file.path}", file.size)


_SMALL = 8 << 20
"""Bytes of the largest configuration or index: those of Qwen take up to some hundred kilobytes."""
_OTHER = "take a model that ships safetensors, a configuration and a tokenizer; `ragmed models list` names some"


def _stale(folder: Path, files: Sequence[HubFile], name: str) -> tuple[str, ...]:
    """Files of the revision before that this one lacks. A file of neither that a loader would read is refused."""
    try:
        old = read_lock(folder, name)
    except IntegrityError:
        old = None  # it is about to be replaced
    new = {one.path for one in files}
    before = {one.path for one in old.files} if old else set()
    left = [path for path in files_in(folder) if path not in new and (path in before or is_read(path))]
    for path in left:
        if path not in before:
            raise ModelError(
                f"{name}: its folder holds {path}, which is no file of this model",
                remedy="move it out of the folder, then pull again",
            )
    return tuple(left)


def _fetch(
    client: httpx.Client,
    hub: Hub,
    listing: Listing,
    folder: Path,
    parts: Sequence[PartialFile],
    progress: Progress,
    pause: Callable[[float], None],
) -> dict[str, ModelFile]:
    """All parts, whole and checked, by path; none is in its place yet."""
    wanted = {path for part in parts for path in (part.path, part.note)}
    for left in leftovers_in(folder):
        if left not in wanted:
            left.unlink()  # of another revision, or of a pull that was killed
    begun = sum(part.begin() for part in parts)
    total = sum(part.file.size for part in parts)
    _require_room(folder, listing.model_id, total - begun)
    if parts:
        write_atomic(folder / PULLING_FILE, canonical_json(listing))
    done = Megabytes(progress, "fetching", total, begun)
    return {part.file.path: part.fetch(client, hub.address(listing, part.file.path), pause, done.add) for part in parts}


def _exchange(folder: Path, parts: Sequence[PartialFile], stale: Sequence[str]) -> None:
    """The new files into their places; from the first change on the folder has no lock."""
    for path in stale:
        (folder / path).unlink()
    if parts or stale:
        (folder / LOCK_FILE).unlink(missing_ok=True)
    for part in parts:
        part.place()
    sync_folder(folder)


def _require_sound(places: dict[str, Path], shape: ModelShape | ClassifierShape, name: str) -> None:
    weights = {path: place for path, place in places.items() if path.endswith((WEIGHTS, INDEX))}
    for fault in weight_faults(weights, shape):
        raise IntegrityError(
            f"{name}: {fault.path}: {fault.words}", remedy="the hub itself has it so: take another model or revision"
        )


def _there(folder: Path, file: HubFile, progress: Progress) -> ModelFile | None:
    """The file as it lies in its place already, if the hub tells a hash and it is that."""
    path = folder / file.path
    if not (file.sha256 or file.blob) or not path.is_file() or path.stat().st_size != file.size:
        return None
    if file.blob and git_blob(path) != file.blob:
        return None
    found = hash_file(path, Megabytes(progress, f"looking at {file.path}", file.size).add)
    return ModelFile(path=file.path, size=file.size, sha256=found) if found == (file.sha256 or found) else None


def _require_room(folder: Path, name: str, count: int) -> None:
    free = shutil.disk_usage(folder).free
    if count and count + DISK_MARGIN > free:
        raise NotPossibleError(
            f"{name}: {gib(count)} are to be fetched and {gib(free)} are free",
            remedy="make room, or name another folder in the setting model.folder",
        )


def _lock(
    listing: Listing,
    folder: Path,
    shape: ModelShape | ClassifierShape,
    asked: str,
    files: tuple[ModelFile, ...],
) -> ModelLock:
    taken = {one.path for one in files}
    return ModelLock(
        format=FORMAT,
        source=listing.source,
        model_id=listing.model_id,
        commit=listing.commit,
        requested=asked,
        architecture=shape.architecture,
        parameters=parameters(weights_in(folder), shape),
        locked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        files=files,
        left_out=tuple(sorted(one.path for one in listing.files if one.path not in taken)),
    )
