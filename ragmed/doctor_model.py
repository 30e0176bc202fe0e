"""The doctor's lines about language models: the tier, its default, what is here, and which generator will answer.

Looks at names, sizes and configurations; nothing is hashed, loaded or asked over a network.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.doctor_adapter import with_adapter
from ragmed.errors import MissingPartError, ModelError, RagMedError, SettingsError
from ragmed.examined import Examined
from ragmed.models import tiers
from ragmed.models.checking import WHOLE, Listed, list_models
from ragmed.models.places import find_folder
from ragmed.models.store import installed, shown
from ragmed.models.tiers import Bits, Device, gib

if TYPE_CHECKING:
    from ragmed.machine import Machine
    from ragmed.settings import ModelSettings, Settings

_RUNTIME = ("torch", "transformers", "bitsandbytes")


def examine_models(settings: Settings, machine: Machine) -> Iterator[Examined]:
    """The accelerator, the default for it, the models on this machine, and what will answer."""
    yield Examined(
        subject="GPU",
        state="short" if machine.trouble else "fine",
        found=f"{machine.words}; {machine.trouble}" if machine.trouble not in ("", machine.words) else machine.words,
        remedy=machine.remedy,
    )
    yield _default(settings.model, machine)
    models = list_models(settings.model, settings.answer.entailment_model)
    yield _here(models, settings.model.folder)
    yield _answers(settings, machine, models)


def _default(settings: ModelSettings, machine: Machine) -> Examined:
    choice = tiers.choose(
        machine.device, machine.memory_bytes, _free_disk(settings.folder), matrix_units=machine.matrix_units
    )
    if choice.model is None or choice.forecast is None:
        return Examined(subject="language model", state="fine", found=f"{choice.tier.value}: {choice.why}")
    there = find_folder(settings.folder, choice.model.model_id) is not None
    how = "" if there else f" (`ragmed models pull {choice.model.short}`)"
    usable = gib(tiers.usable_bytes(machine.device, machine.memory_bytes))
    return Examined(
        subject="language model",
        state="fine",
        found=f"{choice.tier.value}: default {choice.model.model_id}{how}, {_bits(choice.quantisation)}, prompts of "
        f"{choice.prompt_tokens:,} tokens: {_told(choice.forecast)} of {usable}; {choice.why}",
    )


def _told(forecast: tiers.Forecast) -> str:
    return (
        f"{gib(forecast.total)} (weights {gib(forecast.weights)}, KV cache {gib(forecast.cache)}, activations "
        f"{gib(forecast.activations)}, program and loading {gib(forecast.program)})"
    )


def _bits(quantisation: str) -> str:
    return "4 bits" if quantisation == "nf4" else "16 bits"


def _free_disk(folder: Path) -> int:
    folder = folder.resolve()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _here(models: tuple[Listed, ...], folder: Path) -> Examined:
    if not models:
        return Examined(subject="models here", state="fine", found=f"none in {folder}")
    words = "; ".join(f"{one.name} ({one.state}{_named(one)})" for one in models)
    broken = [one for one in models if one.state != WHOLE]
    return Examined(
        subject="models here",
        state="short" if broken else "fine",
        found=words,
        remedy="see `ragmed models list`; `ragmed models check` hashes every file" if broken else "",
    )


def _named(one: Listed) -> str:
    return ", named in model.name" if one.answers else ", named in answer.entailment_model" if one.checks else ""


def _answers(settings: Settings, machine: Machine, models: tuple[Listed, ...]) -> Examined:
    wanted = settings.answer.generator
    if wanted == "qwen" and not settings.model.name:
        return _fault("answer.generator is qwen, and model.name names no model", "set model.name, or answer.generator")
    if wanted == "served" and not settings.served.url:
        return _fault("answer.generator is served, and served.url names no engine", "set served.url")
    if wanted == "qwen" or (wanted == "auto" and settings.model.name):
        finding = with_adapter(_local(settings.model, machine, models), settings)
        # a model that was only offered may be missing: the library is quoted instead
        return replace(finding, state="short") if wanted == "auto" and finding.state == "fault" else finding
    if wanted == "served" or (wanted == "auto" and settings.served.url):
        which = settings.served.model or "its first model"
        found = f"{which} of the engine at {settings.served.url}, which was not asked now"
        return Examined(subject="answers", state="fine", found=found)
    ready = all(find_spec(name) is not None for name in ("faiss", "torch"))
    return Examined(
        subject="answers",
        state="fine" if ready else "fault",
        found=f"verbatim quotes, no language model (Python {sys.version_info.major}.{sys.version_info.minor})",
    )


def _fault(found: str, remedy: str) -> Examined:
    return Examined(subject="answers", state="fault", found=found, remedy=remedy)


def _local(settings: ModelSettings, machine: Machine, models: tuple[Listed, ...]) -> Examined:
    name = shown(settings.name)
    try:
        _require_packages(name)
        model = installed(settings)
        _require_sizes(name, next(one for one in models if one.answers))
        device = _place(settings, machine)
        if why := tiers.missing_bits(model.config, device, settings.quantisation):
            raise SettingsError(f"{name}: {why}", remedy="set model.quantisation and model.device to auto")
    except RagMedError as error:
        return _fault(f"{error}; the library is quoted instead", error.remedy)
    memory = machine.memory_bytes if device is machine.device else machine.system_bytes
    tokens = settings.prompt_tokens or tiers.prompt_tokens_of(device, memory)
    bits = _held(settings, tiers.default_bits(model.config, device, memory, tokens, matrix_units=machine.matrix_units))
    forecast = tiers.forecast(model.config, device, bits.quantisation, tokens)
    usable = tiers.usable_bytes(device, memory)
    held = _bits(bits.quantisation) + (f" ({bits.why})" if bits.why else "")
    words = f"{model.name} in {held} on {device.value}, prompts of {tokens:,} tokens: {_told(forecast)}"
    if memory and forecast.total > usable:
        return Examined(
            subject="answers",
            state="short",
            found=f"{words}, and only {gib(usable)} may be taken: it does not fit",
            remedy="name a smaller model in model.name, or set model.prompt_tokens lower",
        )
    words += f" of {gib(usable)}; each claim is checked, as ever"
    return Examined(subject="answers", state="fine", found=words)


def _require_packages(name: str) -> None:
    missing = [package for package in _RUNTIME if find_spec(package) is None]
    if missing:
        raise MissingPartError(f"{name}: {', '.join(missing)} are not installed", remedy="run `make run` again")


def _require_sizes(name: str, listed: Listed) -> None:
    if listed.state != WHOLE:
        raise ModelError(f"{name}: {listed.words}", remedy="see `ragmed models check`")


def _place(settings: ModelSettings, machine: Machine) -> Device:
    """Where the model will run. Raises SettingsError for what this machine has not."""
    if settings.device not in ("auto", machine.device.value, "cpu"):
        raise SettingsError(
            f"model.device is {settings.device}, and this machine has none", remedy="set model.device to auto"
        )
    device = machine.device if settings.device == "auto" else Device(settings.device)
    if settings.quantisation == "nf4" and tiers.possible_bits(device) != "nf4":
        raise SettingsError(f"there are no 4 bits on {device.value}", remedy="set model.quantisation to auto")
    return device


def _held(settings: ModelSettings, default: Bits) -> Bits:
    """As the settings name it, or the default; of what is named and slower here that is told."""
    if settings.quantisation == "auto":
        return default
    why = "named in model.quantisation"
    if settings.quantisation != default.quantisation and default.why:
        why += f"; {default.why}"
    return Bits(quantisation=settings.quantisation, why=why)
