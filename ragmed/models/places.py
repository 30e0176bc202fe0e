"""Where a model of a name lies: names people type, ids of hubs, and folders.

``models/OWNER--NAME`` for a model of a hub (ids hold no ``--``, so no two share a folder); a folder that somebody
copied keeps its name. A path is written as a path: with ``./``, ``../``, ``~`` or ``/`` in front.
"""

from __future__ import annotations

import re
from pathlib import Path

from ragmed.errors import BadInputError
from ragmed.models.published import find_published

_MODEL_ID = re.compile(r"(?!.*--)[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


def is_path(name: str) -> bool:
    """Whether the name is written as a path."""
    return name.startswith(("./", "../", "/", "~")) or name in (".", "..")


def as_path(name: str) -> Path:
    """A path as it is typed; ``~`` is the home folder where there is one of that name."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def hub_id(name: str) -> str:
    """The hub's id of a short name or id. Raises BadInputError."""
    known = find_published(name)
    if known is not None:
        return known.model_id
    if not _MODEL_ID.fullmatch(name):
        raise BadInputError(
            f"{name!r} is neither a hub's id nor a known short name",
            remedy="write OWNER/NAME, a name of `ragmed models list`, or a folder as ./FOLDER",
        )
    return name


def folder_name(model_id: str) -> str:
    """The folder that a hub's model has below the folder of models."""
    return model_id.replace("/", "--")


def find_folder(folder: Path, name: str) -> Path | None:
    """The model's folder: of a path, or below ``folder`` by short name, id or folder's name; None where none is."""
    if is_path(name):
        found = as_path(name)
        return found if found.is_dir() else None
    known = find_published(name)
    model_id = known.model_id if known else name
    # a folder given without ./ in the settings is found too, after the models of that name
    places = [folder / folder_name(model_id), Path(name)] if name else []
    return next((place for place in places if place.is_dir()), None)


def model_folders(folder: Path) -> tuple[Path, ...]:
    """Everything below ``folder`` that may be a model, in order of name."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")))
