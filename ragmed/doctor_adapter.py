"""The doctor's word on the adapter that answers: pinned, promoted, or none. Nothing is hashed or loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ragmed.adapters.files import ADAPTER_FILES
from ragmed.adapters.register import AdapterRegister
from ragmed.audit.log import SqliteLog
from ragmed.errors import RagMedError
from ragmed.examined import Examined
from ragmed.models.store import installed

if TYPE_CHECKING:
    from pathlib import Path

    from ragmed.settings import Settings


def with_adapter(finding: Examined, settings: Settings) -> Examined:
    """What is said of the local model that answers, and with which adapter. A fault stays as it is."""
    if finding.state == "fault":
        return finding
    try:
        words, remedy = _found(settings)
    except RagMedError as error:
        words, remedy = f"{error}; the library is quoted instead", error.remedy
    state = "short" if remedy else finding.state
    return replace(
        finding,
        state=state,
        found=f"{finding.found}; {words}",
        remedy="; ".join(filter(None, (finding.remedy, remedy))),
    )


def _found(settings: Settings) -> tuple[str, str]:
    """In words, and what to do where something is not as it should be."""
    pinned = settings.model.adapter
    if pinned is not None:
        words = f"with adapter {pinned.name}, which model.adapter names: no gate has let it through, for none was asked"
        if _incomplete(pinned):
            return f"{words}; its files are not there, so that the library is quoted", "name its folder, or none"
        return words, "leave model.adapter empty, and promote one: `ragmed tune promote`"
    from ragmed.assemble import RECORDS_FILE

    model = installed(settings.model)
    log = SqliteLog(settings.index / RECORDS_FILE, settings.audit)
    try:
        register = AdapterRegister(settings.adapter_register, log)
        promoted = register.promoted(model.name, model.revision)
        others = [one for one in register.all() if one.state.value == "promoted" and one.model == model.name]
    finally:
        log.close()
    if promoted is None:
        if others:
            words = f"adapter {others[0].sha256[:12]} is promoted for revision {others[0].revision[:12]} of the model"
            return f"{words}, which is not the one here: it writes without one", "tune and gate one for this revision"
        return "without an adapter", ""
    how = f"with adapter {promoted.sha256[:12]}, promoted {promoted.changed_at} by {promoted.changed_by}"
    if promoted.overridden:
        how += f", without the gate: {promoted.overridden.words}"
    if _incomplete(promoted.folder):
        return f"{how}; its files are gone, so that the library is quoted", "add it again, or `ragmed tune rollback`"
    return how, "run `ragmed tune gate` on it" if promoted.overridden else ""


def _incomplete(folder: Path) -> bool:
    return any(not (folder / name).is_file() for name in ADAPTER_FILES)
