"""Headers of safetensors files, and whether a model's weights are all there by what the headers say.

The format (huggingface.co/docs/safetensors): 8 bytes, little endian, the header's length; the header, JSON, by tensor
its type, shape and [start, end) in what follows; then the numbers. No number is read here.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

from ragmed.models.classifier import ClassifierShape
from ragmed.models.four_bits import is_bytes
from ragmed.models.shape import ModelShape
from ragmed.models.wanted import INDEX, WEIGHTS

_LONGEST = 100_000_000
"""Bytes of a header, as the format's own reader limits them."""
_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1}
_BYTES |= {"U8": 1, "BOOL": 1, "U16": 2, "U32": 4, "U64": 8}
MOST = 10
"""Of tensors that are missing or wrong, so many are named."""
_FLOATS = frozenset({"F32", "F16", "BF16"})
"""What the weights of a model may be before they are quantised here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with one file of a model."""

    kind: str
    """``missing``, ``short``, ``changed``, ``extra``, ``header``, ``index`` or ``shape``."""
    path: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """What a header says of one tensor."""

    type: str
    shape: tuple[int, ...]


def read_header(path: Path) -> dict[str, Tensor]:
    """The tensors of one file. Raises ValueError with what is wrong: its header, or a tensor out of its bounds."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(_LONGEST, size - 8):
            raise ValueError("it does not begin with a header")
        try:
            header = json.loads(stream.read(length))
        except (ValueError, RecursionError):
            raise ValueError("its header is no JSON") from None
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")  # noqa: TRY004 - one kind of error for a damaged file
    header.pop("__metadata__", None)
    room = size - 8 - length
    spans = sorted((*_span(name, said, room), name) for name, said in header.items())
    end = 0
    for begin, stop, name in spans:
        if begin != end:
            raise ValueError(f"tensor {name} does not begin where the one before ends")
        end = stop
    if end != room:
        raise ValueError(f"its tensors end at byte {end:,} of {room:,}")
    return {name: Tensor(type=said["dtype"], shape=tuple(said["shape"])) for name, said in header.items()}


def _span(name: str, said: Any, room: int) -> tuple[int, int]:
    try:
        kind, shape, (begin, end) = said["dtype"], said["shape"], said["data_offsets"]
        whole = all(type(one) is int and one >= 0 for one in (*shape, begin, end))
        fits = whole and end <= room and end - begin == _BYTES[kind] * prod(shape)
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(f"tensor {name[:100]} is out of the file's bounds")
    return begin, end


def weights_in(folder: Path) -> dict[str, Path]:
    """The weights of a folder and their index: name and path."""
    found = [*folder.glob(f"*{WEIGHTS}"), folder / INDEX]
    return {path.name: path for path in sorted(found) if path.is_file()}


def weight_faults(places: Mapping[str, Path], shape: ModelShape | ClassifierShape) -> Iterator[Fault]:
    """Whether the weights are all there: each header, the index against the headers, the tensors against the shape.

    ``places``: where each weights file and the index lie now, by the name that they have or will have.
    """
    files = sorted(name for name in places if name.endswith(WEIGHTS))
    indexed = _index(places.get(INDEX))
    faults: list[Fault] = []
    if isinstance(indexed, Fault):
        faults.append(indexed)
        indexed = None
    for name in sorted({*(indexed or {}).values()} - {*files}):
        faults.append(Fault(kind="missing", path=name, words=f"{INDEX} names it, and it is not there"))
    if not files:
        faults.append(Fault(kind="missing", path=f"model{WEIGHTS}", words="there are no weights"))
    tensors: dict[str, Tensor] = {}
    for name in files:
        try:
            header = read_header(places[name])
        except ValueError as error:
            faults.append(Fault(kind="header", path=name, words=str(error)))
            continue
        stray = [tensor for tensor, file in (indexed or {}).items() if file == name and tensor not in header]
        if stray:
            faults.append(Fault(kind="index", path=name, words=f"{INDEX} puts {stray[0][:100]} here, and it is not"))
        tensors |= header
    # without a file or its header, that its tensors are missing says nothing more
    yield from faults or islice(_shape_faults(tensors, shape), MOST)


def _index(path: Path | None) -> dict[str, str] | Fault | None:
    if path is None:
        return None
    try:
        found = json.loads(path.read_bytes())["weight_map"]
        if all(isinstance(name, str) and "/" not in name and name.endswith(WEIGHTS) for name in found.values()):
            return dict(found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return Fault(kind="index", path=INDEX, words="it does not say which file holds which tensor")


def parameters(places: Mapping[str, Path], shape: ModelShape | ClassifierShape) -> int:
    """All numbers of the network; of one that judges pairs, as many as its sound headers tell of."""
    if isinstance(shape, ModelShape):
        return shape.parameters()
    files = [read_header(place) for name, place in places.items() if name.endswith(WEIGHTS)]
    return sum(prod(one.shape) for file in files for one in file.values() if one.type in _FLOATS)


def _shape_faults(tensors: dict[str, Tensor], shape: ModelShape | ClassifierShape) -> Iterator[Fault]:
    """The matrices that the configuration asks for: there, of their size, and of 16 or 32 bits, or packed to bytes."""
    packed = isinstance(shape, ModelShape) and shape.four_bits
    for name, wanted in shape.tensors().items():
        found = tensors.get(name)
        if found is None:
            yield Fault(kind="shape", path=name, words="no file holds this tensor")
        elif found.shape != wanted:
            said = "×".join(map(str, found.shape))
            yield Fault(kind="shape", path=name, words=f"it is {said}, config.json says {'×'.join(map(str, wanted))}")
        elif packed and is_bytes(name):
            if found.type != "U8":
                yield Fault(kind="shape", path=name, words=f"its numbers are {found.type}, config.json says 4 bits")
        elif found.type not in _FLOATS:
            yield Fault(kind="shape", path=name, words=f"its numbers are {found.type}, not of 16 or 32 bits")
