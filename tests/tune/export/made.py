"""A hospital with a learned model and a tuned adapter in its register, and what it exports."""

from __future__ import annotations

from pathlib import Path

from ragmed.adapters.register import AdapterRegister
from ragmed.adapting import add_adapter, export_adapter
from ragmed.assemble import open_program
from ragmed.generate.prompt import REVISION
from ragmed.models.store import installed
from ragmed.settings import ModelSettings, Settings
from ragmed.tune.export.exporting import Exported
from tests.adapters.made import verdict_on

FORMS = ("adapter", "merged", "nf4")


def hospital(folder: Path, base: Path) -> Settings:
    """Nothing is indexed: an export needs no library."""
    return Settings(index=folder / "index", model=ModelSettings(name=str(base), device="cpu"))


def register_of(settings: Settings) -> AdapterRegister:
    return open_program(settings).adapters


def added(settings: Settings, adapter: Path) -> str:
    """A candidate."""
    return add_adapter(settings, adapter, by="dr-owen").sha256


def judged(settings: Settings, sha256: str, *, passed: bool = True, **more: object) -> None:
    """As the gate says it."""
    register, here = register_of(settings), installed(settings.model)
    now = register.promoted(here.name, here.revision)
    stated = {"model": here.name, "revision": here.revision, "prompt_revision": REVISION, **more}
    stated.setdefault("current_sha256", now.sha256 if now else None)
    register.gated(verdict_on(register, sha256, passed=passed, **stated))


def exported(settings: Settings, adapter: str, form: str, out: Path, **more: object) -> Exported:
    told: list[object] = []
    found = export_adapter(settings, adapter, form, out, **{"by": "dr-owen", "told": told.append, **more})  # type: ignore[arg-type]
    assert len(told) == 1
    return found


def everything(folder: Path, base: Path, adapter: Path) -> dict[str, Path]:
    """Every form of an adapter that the gate let through."""
    settings = hospital(folder, base)
    sha256 = added(settings, adapter)
    judged(settings, sha256)
    return {form: exported(settings, sha256, form, folder / f"ward-{form}").folder for form in FORMS}
