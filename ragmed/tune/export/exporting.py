"""Writes an export: beside its place, then into the log, then by one rename."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.errors import NotPossibleError
from ragmed.generate.loading import Adapter, quiet_libraries, told
from ragmed.hold import exclusive
from ragmed.index.disk import publish_folder, sync_tree
from ragmed.interfaces import Progress, no_progress
from ragmed.models.adopting import lock_folder
from ragmed.models.lock_file import HOLD_FILE
from ragmed.models.store import require_whole
from ragmed.tune.export.adapter_folder import write_adapter
from ragmed.tune.export.card import ADAPTER, CARD, NOTE, Made, card_of
from ragmed.tune.export.merging import Fitted
from ragmed.tune.export.reading import opened
from ragmed.tune.export.wanted import ExportForm
from ragmed.tune.export.writing import Shards, write_beside

if TYPE_CHECKING:
    from ragmed.adapters.change import Obstacle
    from ragmed.adapters.register import RegisteredAdapter
    from ragmed.models.store import InstalledModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written."""

    folder: Path
    made: Made
    revision: str
    """Of a model: what records will name its bytes by; empty for an adapter alone."""
    bytes: int


def export(
    form: ExportForm,
    model: InstalledModel,
    adapter: RegisteredAdapter,
    out: Path,
    *,
    device: str,
    obstacle: Obstacle | None,
    date: str,
    log: Callable[[str], object],
    progress: Progress = no_progress,
) -> Exported:
    """The folder ``out``, which is not there yet (``wanted.needs_of``).

    ``device``: where matrices are packed: the one that the model runs on here, for another may round otherwise.
    ``log``: called with what is exported once all is written, before it has its name.

    Raises ModelError, IntegrityError, NotPossibleError (the disk; what cannot be merged), BusyError; then nothing is
    there.
    """
    quiet_libraries()
    with told(model.name), _writing(out), _building(out) as folder:
        require_whole(model, progress)
        fitted = Fitted(model, Adapter(adapter.folder, adapter.sha256))
        written = adapter.sha256
        if form is ExportForm.ADAPTER:
            written = write_adapter(adapter.folder, folder, model.name)
        else:
            _write_model(form, model, fitted, folder, device, progress)
            if form is ExportForm.NF4:
                written = write_adapter(adapter.folder, folder / ADAPTER, model.name)
        made = Made(
            form=form,
            name=out.name,
            adapter=adapter,
            written_sha256=written,
            rank=fitted.rank,
            obstacle=obstacle,
            date=date,
        )
        (folder / CARD).write_text(card_of(made), "utf-8")
        note = json.dumps(made.values(), ensure_ascii=False, indent=2)
        (folder / NOTE).write_text(f"{note}\n", "utf-8")
        revision = "" if form is ExportForm.ADAPTER else lock_folder(folder, progress, name=out.name).commit
        (folder / HOLD_FILE).unlink(missing_ok=True)
        sync_tree(folder)
        log(f"{form.value} {out.name} {revision}".rstrip())
        publish_folder(folder, out)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return Exported(folder=out, made=made, revision=revision, bytes=size)


def _write_model(
    form: ExportForm, model: InstalledModel, fitted: Fitted, folder: Path, device: str, progress: Progress
) -> None:
    added = fitted.additions().added if form is ExportForm.MERGED else None
    with opened(model, device) as base:
        shards, names = Shards(folder), base.require(fitted.state)
        for done, name in enumerate(names):
            if added is None and name in base.matrices:
                packed, note = base.packed(name)
                notes = {f"{name}.{part}": tensor for part, tensor in note.as_dict(packed=True).items()}
                shards.add({name: packed, **notes})
            else:
                weight = base.unpacked(name) if name in base.matrices else base.plain(name)
                shards.add({name: weight if added is None else added(name, weight)})
            progress("writing weights", done + 1, len(names))
        shards.finish()
    write_beside(model, folder, four_bits=form is ExportForm.NF4)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """A full or failing disk, whoever met it, in words."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, SafetensorError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise NotPossibleError(
            f"{out.name}: the export cannot be written ({said})", remedy="make room, or give --out another place"
        ) from error


@contextmanager
def _building(out: Path) -> Iterator[Path]:
    """A folder beside ``out``, gone where the block fails; what a killed export left is removed first."""
    building, hold = out.with_name(f".exporting-{out.name}"), out.with_name(f".exporting-{out.name}.hold")
    with ExitStack() as held:
        held.enter_context(exclusive(hold, out.name, "is exporting to it"))
        held.callback(hold.unlink, missing_ok=True)
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        held.callback(shutil.rmtree, building, ignore_errors=True)
        yield building
