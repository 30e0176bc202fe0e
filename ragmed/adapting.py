"""What becomes of an adapter: the register, the gate, a promotion and back, an export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.assemble import open_program
from ragmed.errors import BadInputError, NotPossibleError
from ragmed.interfaces import no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ragmed.adapters.register import RegisteredAdapter
    from ragmed.interfaces import Progress
    from ragmed.models.store import InstalledModel
    from ragmed.settings import Settings
    from ragmed.tune.export.exporting import Exported
    from ragmed.tune.export.wanted import Needs
    from ragmed.tune.gate.running import Gated

DATASET_SEED = 7
"""What ``ragmed tune dataset`` parts the series by, if nothing else is said."""


def adapters(settings: Settings) -> tuple[RegisteredAdapter, ...]:
    """All of the register, in the order in which they were added; a change that was cut off is finished first."""
    register = open_program(settings).adapters
    register.settle()
    return register.all()


def add_adapter(settings: Settings, folder: Path, *, by: str) -> RegisteredAdapter:
    """A candidate of the model that the settings name, from its folder or that of the run that made it.

    Raises MissingPartError where no model is here, BadInputError.
    """
    from ragmed.canonical import sha256_file
    from ragmed.models.store import installed
    from ragmed.tune.lora.run_folder import MANIFEST, RunFolder

    run = RunFolder(folder)
    made_by = sha256_file(folder / MANIFEST) if run.finished else ""
    folder = run.adapter if run.finished else folder
    model = installed(settings.model)
    register = open_program(settings).adapters
    return register.add(folder, model=model.name, revision=model.revision, made_by=made_by, by=by)


def promote_adapter(
    settings: Settings, sha256: str, *, by: str, why: str = "", without_gate: bool = False
) -> RegisteredAdapter:
    """Raises what ``AdapterRegister.promote`` raises, and NotPossibleError for an adapter of another model than the
    settings name."""
    from ragmed.generate.prompt import REVISION
    from ragmed.models.store import installed

    register = open_program(settings).adapters
    revision = ""
    if settings.model.name:
        model, one = installed(settings.model), register.find(sha256)
        if model.name != one.model:
            raise NotPossibleError(
                f"adapter {one.sha256[:12]} is one of {one.model}, and {model.name} writes here",
                remedy="name that model in model.name",
            )
        revision = model.revision
    return register.promote(sha256, by, why, without_gate, installed=revision, prompt_revision=REVISION)


def retire_adapter(settings: Settings, sha256: str, *, by: str, why: str = "") -> RegisteredAdapter:
    """Raises what ``AdapterRegister.retire`` raises."""
    return open_program(settings).adapters.retire(sha256, by, why)


def roll_back_adapter(settings: Settings, model: str, *, by: str, why: str = "") -> RegisteredAdapter | None:
    """To what wrote before with ``model`` (empty: the one that the settings name); None: the base model writes."""
    from ragmed.models.store import installed

    register = open_program(settings).adapters
    if model:
        return register.rollback(model, by, why)
    if not settings.model.name:
        raise BadInputError("no language model is named", remedy="say which with --model, or set model.name")
    here = installed(settings.model)
    return register.rollback(here.name, by, why, revision=here.revision)


def gate_adapter(
    settings: Settings,
    adapter: str,
    *,
    by: str,
    out: Path | None = None,
    seed: int | None = None,
    passages: int = 0,
    most: int = 0,
    permitted: Sequence[str] = (),
    progress: Progress = no_progress,
) -> Gated:
    """Ask base, current and candidate; the register keeps what came of it.

    ``adapter``: a run's folder, or an adapter's hash in the register. ``seed`` and ``passages`` (of a prompt): the
    dataset's; None and 0: as the run says.
    """
    from datetime import UTC, datetime

    from ragmed.adapters.verdict import GateVerdict
    from ragmed.generate.adapters import FixedAdapter
    from ragmed.generate.loading import Adapter
    from ragmed.generate.local import LocalEngine
    from ragmed.models.store import installed
    from ragmed.tune.gate.questions import gate_questions
    from ragmed.tune.gate.running import run_gate

    program = open_program(settings)
    register, snapshot, model = program.adapters, program.snapshots.current(), installed(settings.model)
    register.settle()
    candidate, rows = _candidate(settings, adapter, by)
    _require_its_model(candidate, model)
    current = register.promoted(model.name, model.revision)
    asked = gate_questions(
        snapshot,
        program.retriever,
        passages=passages or int(rows.get("passages") or settings.retrieve.passages),
        seed=int(rows.get("seed") or DATASET_SEED) if seed is None else seed,
        most=most,
        permitted=permitted,
        progress=progress,
    )
    weights = LocalEngine(settings.model, adapters=FixedAdapter(None))

    def engine_of(sha256: str | None) -> LocalEngine:
        if sha256 is None:
            return weights
        found = register.opened(sha256)
        return weights.over(settings.model, FixedAdapter(Adapter(found.folder, found.sha256)))

    moment = datetime.now(UTC)
    gated = run_gate(
        asked,
        snapshot,
        engine_of,
        candidate=candidate.sha256,
        current=current.sha256 if current else None,
        out=out or settings.index / "gates" / f"{candidate.sha256[:12]}-{moment:%Y%m%dT%H%M%SZ}",
        answer_tokens=settings.model.answer_tokens,
        progress=progress,
    )
    register.gated(
        GateVerdict(
            adapter_sha256=candidate.sha256,
            model=model.name,
            revision=model.revision,
            current_sha256=current.sha256 if current else None,
            passed=gated.judgement.passed,
            reasons=gated.judgement.reasons,
            questions_sha256=gated.questions_sha256,
            report_sha256=gated.report_sha256,
            prompt_revision=str(gated.values["prompt_revision"]),
            at=moment.isoformat(timespec="milliseconds"),
        ),
        by,
    )
    return gated


def export_adapter(
    settings: Settings,
    adapter: str,
    form: str,
    out: Path,
    *,
    by: str,
    why: str = "",
    without_gate: bool = False,
    told: Callable[[Needs], None],
    progress: Progress = no_progress,
) -> Exported:
    """An adapter in a form that other engines take; ``form``: of ``ExportForm``; ``told``: what it takes, beforehand.

    ``adapter``: a run's folder, or an adapter's hash in the register. Raises what ``AdapterRegister.export`` raises,
    NotPossibleError for an adapter of another model than the settings name, and what ``export`` raises.
    """
    from datetime import UTC, datetime

    from ragmed.generate.loading import device_of
    from ragmed.generate.prompt import REVISION
    from ragmed.models.store import installed
    from ragmed.models.tiers import Device, possible_bits
    from ragmed.tune.export.exporting import export
    from ragmed.tune.export.wanted import ExportForm, needs_of

    register, model = open_program(settings).adapters, installed(settings.model)
    register.settle()
    found, _ = _candidate(settings, adapter, by)
    _require_its_model(found, model)
    found, obstacle = register.may_leave(found.sha256, by, why, without_gate, prompt_revision=REVISION)
    needs = needs_of(ExportForm(form), model, found.folder, out)
    told(needs)
    here = device_of(settings.model)

    def log(exported: str) -> None:
        register.export(found.sha256, by, why, without_gate, exported=exported, prompt_revision=REVISION)

    return export(
        ExportForm(form),
        model,
        found,
        out,
        device=here if possible_bits(here) == "nf4" else Device.CPU,
        obstacle=obstacle,
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        log=log,
        progress=progress,
    )


def _require_its_model(adapter: RegisteredAdapter, model: InstalledModel) -> None:
    if (adapter.model, adapter.revision) != (model.name, model.revision):
        raise NotPossibleError(
            f"adapter {adapter.sha256[:12]} was made for {adapter.model} {adapter.revision[:12]}, and"
            f" {model.name} {model.revision[:12]} is here",
            remedy="name the model that it was tuned on in model.name",
        )


def _candidate(settings: Settings, adapter: str, by: str) -> tuple[RegisteredAdapter, Mapping[str, Any]]:
    """The adapter in the register, put there if it is a run's, and what is known of the rows that it learned from."""
    import json

    from ragmed.adapters.files import RUN_FILE
    from ragmed.tune.lora.run_folder import RunFolder

    run = RunFolder(Path(adapter))
    if run.folder.is_dir():
        return add_adapter(settings, run.folder, by=by), run.manifest()["dataset"] if run.finished else {}
    found = open_program(settings).adapters.find(adapter)
    manifest = found.folder / RUN_FILE
    return found, json.loads(manifest.read_bytes())["dataset"] if manifest.is_file() else {}
