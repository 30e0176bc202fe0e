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
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache
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
    return plain_json(plain(value))


def plain_json(value: Any) -> bytes:
    """The canonical form of what ``plain`` gave, or JSON was read to."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("utf-8")


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


def write_private(path: Path, pieces: Iterable[bytes]) -> int:
    """``write_atomic`` from pieces, for its owner alone (mode 0600). Returns the bytes written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(6)}.part")
    size = 0
    try:
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
            for piece in pieces:
                size += stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return size


_T = TypeVar("_T")


def rebuild(kind: type[_T], value: object) -> _T:
    """The record of type ``kind`` that ``plain`` (or parsed canonical JSON) came from: the exact inverse for records.

    Strict: a field that the record does not have, a missing one without a default, or a value of another type is a
    ValueError that names the place. Fields added later with a default may be missing.
    """
    hashable: Any = kind
    built: _T = _builder(hashable)(value, kind.__name__)
    return built


_Build = Callable[[Any, str], Any]


@lru_cache(maxsize=256)
def _builder(kind: Any) -> _Build:
    """How a value of this type is made; worked out once a type, as pages hold thousands of records."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _optional(kind)
    if origin is tuple:
        return _tuple_builder(get_args(kind))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _record_builder(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_builder(kind)
    return _bytes_of if kind is bytes else _scalar_builder(kind)


def _enum_builder(kind: type[Enum]) -> _Build:
    def build(value: Any, place: str) -> Any:
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"{place}: {value!r} is no {kind.__name__}") from None

    return build


def _scalar_builder(kind: Any) -> _Build:
    def build(value: Any, place: str) -> Any:
        if type(value) is kind:
            return value
        if kind is float and type(value) is int:
            return float(value)
        raise _wrong(value, place, kind.__name__)

    return build


def _bytes_of(value: Any, place: str) -> bytes:
    if not isinstance(value, str):
        raise _wrong(value, place, "Base64 text")
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise ValueError(f"{place}: not valid Base64 text") from None


def _optional(kind: Any) -> _Build:
    (only,) = [option for option in get_args(kind) if option is not NoneType]
    inner = _builder(only)

    def build(value: Any, place: str) -> Any:
        return None if value is None else inner(value, place)

    return build


def _tuple_builder(members: tuple[Any, ...]) -> _Build:
    repeated = len(members) == 2 and members[1] is Ellipsis
    builders = [_builder(member) for member in members if member is not Ellipsis]

    def build(value: Any, place: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise _wrong(value, place, "a list")
        if repeated:
            return tuple([builders[0](item, f"{place}[]") for item in value])
        if len(builders) != len(value):
            raise ValueError(f"{place}: {len(value)} items where {len(builders)} are expected")
        return tuple(builder(item, f"{place}[]") for builder, item in zip(builders, value, strict=True))

    return build


def _record_builder(kind: type[Any]) -> _Build:
    hints = get_type_hints(kind)
    builders = {field.name: _builder(hints[field.name]) for field in dataclasses.fields(kind)}
    required = [
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]

    def build(value: Any, place: str) -> Any:
        if not isinstance(value, Mapping):
            raise _wrong(value, place, "an object")
        for name in required:
            if name not in value:
                raise ValueError(f"{place}: the field {name!r} is missing")
        for name in value:
            if name not in builders:
                raise ValueError(f"{place}: unknown field {name!r}")
        return kind(**{name: builders[name](item, f"{place}.{name}") for name, item in value.items()})

    return build


def _wrong(value: object, place: str, expected: str) -> ValueError:
    return ValueError(f"{place}: {type(value).__name__} where {expected} is expected")
