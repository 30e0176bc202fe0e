"""What an export is to be, and what it will take of disk and memory."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.adapters.files import ADAPTER_FILES
from ragmed.errors import BadInputError, NotPossibleError
from ragmed.models.tiers import DISK_MARGIN, gib
from ragmed.models.wanted import WEIGHTS

if TYPE_CHECKING:
    from ragmed.models.store import InstalledModel

SHARD = 2_000_000_000
"""Bytes of a file of weights at most: what is held in memory of them at once."""
_PROGRAM = int(1.5e9)
"""Python with torch and transformers, bytes."""


class ExportForm(StrEnum):
    """What is written."""

    ADAPTER = "adapter"
    """The adapter alone, for an engine that has the model."""
    MERGED = "merged"
    """The model in 16 bits with the adapter in its weights."""
    NF4 = "nf4"
    """The model in 4 bits, and the adapter beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What an export takes, bytes."""

    disk: int
    free: int
    """Of the disk that it goes to."""
    memory: int

    @property
    def words(self) -> str:
        return f"about {gib(self.disk)} of {gib(self.free)} free disk, {gib(self.memory)} memory"


def needs_of(form: ExportForm, model: InstalledModel, adapter: Path, out: Path) -> Needs:
    """Raises BadInputError where ``out`` is there or has nothing to lie in, NotPossibleError where the disk is full."""
    if out.exists() or out.is_symlink():
        raise BadInputError(f"{out}: there is something already", remedy="give --out another folder")
    if not out.parent.is_dir():
        raise BadInputError(f"{out.parent}: no such folder", remedy="make it, or give --out another place")
    shape = model.config
    own = sum((adapter / name).stat().st_size for name in ADAPTER_FILES)
    beside = sum(file.size for file in model.files if not file.path.endswith(WEIGHTS))
    disk = own
    if form is ExportForm.MERGED:
        disk = shape.weight_bytes("none") + beside
    elif form is ExportForm.NF4:
        disk += shape.weight_bytes("nf4") + beside
    needs = Needs(disk=disk, free=shutil.disk_usage(out.parent).free, memory=_memory(form, model))
    require_room(needs)
    return needs


def require_room(needs: Needs) -> None:
    """Raises NotPossibleError where the disk has less."""
    if needs.disk + DISK_MARGIN > needs.free:
        raise NotPossibleError(
            f"the export takes {gib(needs.disk)}, and {gib(needs.free)} of the disk are free",
            remedy="make room, or give --out a folder on another disk",
        )


def _memory(form: ExportForm, model: InstalledModel) -> int:
    """Never the whole model: a file of the weights, or the embeddings where they are larger, and what one matrix takes
    while it is worked at: in 16 bits before and after, and of a merged one its sum and what is added in 32 bits."""
    if form is ExportForm.ADAPTER:
        return _PROGRAM
    shape = model.config
    largest = max(rows * columns for rows, columns in shape.linears())
    held = min(SHARD, shape.weight_bytes("none"))
    return _PROGRAM + max(held, 2 * shape.vocabulary * shape.hidden) + 16 * largest
