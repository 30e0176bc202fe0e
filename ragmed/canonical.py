"""Hashing, canonical JSON and atomic writes: what makes "the same" checkable.

Canonical JSON here is UTF-8, keys sorted, no spaces, no NaN, enums as their values and records as objects
(the part of RFC 8785 that RagMed's records need; floats print as Python's shortest form).
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

_BLOCK = 1 << 20


def plain(value: object) -> Any:
    """``value`` as JSON's own types. Records become objects, bytes Base64 text. Raises TypeError on anything else."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")


def canonical_json(value: object) -> bytes:
    """The one byte form of ``value``. Raises ValueError for NaN and infinities."""
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode(
        "utf-8"
    )


def sha256_bytes(content: bytes) -> str:
    """Lower-case hex SHA-256."""
    return hashlib.sha256(content).hexdigest()


def sha256_of(value: object) -> str:
    """SHA-256 of the canonical JSON form."""
    return sha256_bytes(canonical_json(value))


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut (POSIX: fsync of the directory)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` in one rename: a reader sees the old bytes or the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


_T = TypeVar("_T")


def rebuild(kind: type[_T], value: object) -> _T:
    """The record of type ``kind`` that ``plain`` (or parsed canonical JSON) came from: the exact inverse for records.

    Strict: a field that the record does not have, a missing one without a default, or a value of another type is a
    ValueError that names the place. Fields added later with a default may be missing.
    """
    built: _T = _built(kind, value, kind.__name__)
    return built


def _built(kind: Any, value: Any, place: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        if value is None and NoneType in get_args(kind):
            return None
        (only,) = [option for option in get_args(kind) if option is not NoneType]
        return _built(only, value, place)
    if origin is tuple:
        return _built_tuple(get_args(kind), value, place)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _built_record(kind, value, place)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is bytes:
        if not isinstance(value, str):
            raise ValueError(f"{place}: {type(value).__name__} where Base64 text is expected")
        return base64.b64decode(value, validate=True)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{place}: {type(value).__name__} where {kind.__name__} is expected")
    return value


def _built_tuple(members: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{place}: {type(value).__name__} where a list is expected")
    if len(members) == 2 and members[1] is Ellipsis:
        members = (members[0],) * len(value)
    if len(members) != len(value):
        raise ValueError(f"{place}: {len(value)} items where {len(members)} are expected")
    return tuple(
        _built(member, item, f"{place}[{number}]")
        for number, (member, item) in enumerate(zip(members, value, strict=True))
    )


def _built_record(kind: type[Any], value: Any, place: str) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(f"{place}: {type(value).__name__} where an object is expected")
    fields = get_type_hints(kind)
    unknown = sorted(set(value) - set(fields))
    if unknown:
        raise ValueError(f"{place}: unknown field {unknown[0]!r}")
    for field in dataclasses.fields(kind):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and field.name not in value:
            raise ValueError(f"{place}: the field {field.name!r} is missing")
    return kind(**{name: _built(fields[name], item, f"{place}.{name}") for name, item in value.items()})
