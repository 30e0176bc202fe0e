"""The folder of one run: what was asked for, checkpoints while it goes, and at the end manifest, adapter and plot.

``plan.json`` is written first and never changed: a run may only be resumed as what it was begun as. ``run.json`` is
written last: a folder without it holds a run that was cut short.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragmed.canonical import plain, write_atomic
from ragmed.errors import BadInputError, BusyError
from ragmed.generate.loading import ADAPTER_FILES
from ragmed.index.disk import BUILDING, new_building_folder, publish_folder, sync_tree

PLAN, MANIFEST, PLOT = "plan.json", "run.json", "loss.png"
ADAPTER, CHECKPOINTS = "adapter", "checkpoints"
_HOLD = ".running"
_STATE = "trainer_state.json"


@dataclass(frozen=True)
class RunFolder:
    """``folder`` need not be there yet."""

    folder: Path

    @property
    def adapter(self) -> Path:
        return self.folder / ADAPTER

    @property
    def checkpoints(self) -> Path:
        return self.folder / CHECKPOINTS

    @property
    def finished(self) -> bool:
        return (self.folder / MANIFEST).is_file()

    def manifest(self) -> Mapping[str, Any]:
        """Of a finished run. Raises BadInputError."""
        if not self.finished:
            raise BadInputError(
                f"{self.folder}: no finished run is here", remedy="finish it with --resume, or name another folder"
            )
        found: Mapping[str, Any] = json.loads((self.folder / MANIFEST).read_bytes())
        return found

    def begin(self, plan: Mapping[str, Any]) -> None:
        """Raises BadInputError where there is something already."""
        if self.folder.exists() and any(self.folder.iterdir()):
            begun = (self.folder / PLAN).is_file() and not self.finished
            raise BadInputError(
                f"{self.folder}: {'a run was begun here' if begun else 'there is something already'}",
                remedy="go on with --resume, or give --out another folder" if begun else "give --out another folder",
            )
        if not self.folder.parent.is_dir():
            raise BadInputError(f"{self.folder.parent}: no such folder", remedy="make it, or give --out another place")
        self.folder.mkdir(mode=0o700, exist_ok=True)
        write_atomic(self.folder / PLAN, _readable(plan))

    def resume(self, plan: Mapping[str, Any]) -> Path | None:
        """The newest whole checkpoint, None where none was written yet.

        Raises BadInputError where nothing was begun, all is finished, or it was begun as something else.
        """
        file = self.folder / PLAN
        if not file.is_file():
            raise BadInputError(f"{self.folder}: no run was begun here", remedy="leave --resume out")
        if self.finished:
            raise BadInputError(f"{self.folder}: this run is finished", remedy="give --out another folder")
        begun, wanted = json.loads(file.read_bytes()), json.loads(_readable(plan))
        if begun != wanted:
            raise BadInputError(
                f"{self.folder}: the run was begun with other {', '.join(_differences(begun, wanted))}",
                remedy="resume it with what its plan.json says, or begin another run",
            )
        for left in self.folder.glob(f"{BUILDING}*"):
            shutil.rmtree(left)
        return next((one for one in self._newest_first() if _is_whole(one)), None)

    def _newest_first(self) -> list[Path]:
        found = [one for one in self.checkpoints.glob("checkpoint-*") if one.name.rpartition("-")[2].isdigit()]
        return sorted(found, key=lambda one: int(one.name.rpartition("-")[2]), reverse=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """One process at a time. Raises BusyError."""
        descriptor = os.open(self.folder / _HOLD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                raise BusyError(f"{self.folder}: this run is going on", remedy="wait for it, or end it") from None
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def new_adapter(self) -> Iterator[Path]:
        """A folder to write the adapter into, which gets its name when the block ends well."""
        building = new_building_folder(self.folder)
        try:
            yield building
            for other in [one for one in building.iterdir() if one.name not in ADAPTER_FILES]:
                other.unlink()
            sync_tree(building)
            if self.adapter.exists():  # of a run that was killed between adapter and manifest
                shutil.rmtree(self.adapter)
            publish_folder(building, self.adapter)
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def finish(self, manifest: Mapping[str, Any], plot: bytes) -> None:
        """The plot, then the manifest; checkpoints are no longer needed."""
        write_atomic(self.folder / PLOT, plot)
        write_atomic(self.folder / MANIFEST, _readable(manifest))
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        (self.folder / _HOLD).unlink(missing_ok=True)


def _is_whole(checkpoint: Path) -> bool:
    """The trainer writes its state last."""
    try:
        json.loads((checkpoint / _STATE).read_bytes())
    except (OSError, ValueError):
        return False
    return True


def _differences(begun: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*begun, *wanted} if begun.get(key) != wanted.get(key))


def _readable(value: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(plain(value), ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()
