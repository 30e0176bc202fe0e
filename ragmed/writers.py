"""Which language model writes, and which judges pairs of texts: chosen from settings, loaded once.

A part of ``assemble``: settings of a replay that ask for the same weights get those that are in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.errors import MissingPartError, SettingsError

if TYPE_CHECKING:
    from ragmed.adapters.register import AdapterRegister
    from ragmed.answer.second_check import SecondCheck
    from ragmed.engines import Engine, Entailer
    from ragmed.generate.adapters import AdapterSource
    from ragmed.generate.local import LocalEngine
    from ragmed.interfaces import Generator
    from ragmed.records import Generation
    from ragmed.settings import ModelSettings, Settings


@dataclass(frozen=True)
class Writers:
    """Nothing is loaded or called before its first use."""

    settings: Settings
    adapters: AdapterRegister

    @cached_property
    def entailer(self) -> Entailer:
        """The model of ``answer.entailment_model``; nothing is loaded before its first use."""
        return _entailer(self.settings)

    def second_check(self, settings: Settings) -> SecondCheck | None:
        """What these settings have checked a second time: by the program's own model where they ask for the same."""
        if not settings.answer.entailment_model:
            return None
        from ragmed.answer.second_check import SecondCheck

        same = _of_entailer(settings) == _of_entailer(self.settings)
        return SecondCheck(self.entailer if same else _entailer(settings), settings.answer.entailment_least)

    @cached_property
    def engine(self) -> Engine:
        """The language model named in the settings; nothing is loaded or called before its first use."""
        return _served_engine(self.settings) if kind_of_generator(self.settings) == "served" else self.local_engine

    @cached_property
    def local_engine(self) -> LocalEngine:
        """The model on this machine: what writes, or stands in where the served engine cannot be used."""
        from ragmed.generate.local import LocalEngine

        return LocalEngine(self.settings.model, adapters=self._adapters_of(self.settings.model))

    def _adapters_of(self, model: ModelSettings) -> AdapterSource:
        """What writes by these settings: the adapter that they name, or else the promoted one."""
        from ragmed.generate.adapters import FixedAdapter, PromotedAdapter
        from ragmed.generate.loading import Adapter

        return FixedAdapter(Adapter(model.adapter)) if model.adapter else PromotedAdapter(self.adapters)

    def _local(self, model: ModelSettings, adapters: AdapterSource | None) -> LocalEngine:
        """The model of these settings: over the program's own weights where they load the same, which are then in
        memory once."""
        from ragmed.generate.local import LocalEngine, same_weights

        own = self.settings.model
        if adapters is None and model == own:
            return self.local_engine
        chosen = adapters or self._adapters_of(model)
        same = bool(own.name) and same_weights(model, own)
        return self.local_engine.over(model, chosen) if same else LocalEngine(model, adapters=chosen)

    def writer(self, settings: Settings, adapters: AdapterSource | None = None) -> Generator:
        """What writes prose by these settings. Behind a served engine stands the model on this machine, where one is
        named."""
        from ragmed.answer.assumptions import KEYS
        from ragmed.generate.in_turn import InTurn
        from ragmed.generate.prose import ProseGenerator

        if kind_of_generator(settings) != "served":
            return ProseGenerator(self._local(settings.model, adapters), settings.model, assumptions=KEYS)
        own = self.settings
        same = (settings.model, settings.served, settings.answer.generator) == (
            own.model,
            own.served,
            own.answer.generator,
        )
        engine = self.engine if same else _served_engine(settings)
        first = ProseGenerator(engine, settings.model, assumptions=KEYS)
        if not settings.model.name:
            return first
        local = self._local(settings.model, adapters)
        return InTurn(first, ProseGenerator(local, settings.model, assumptions=KEYS))

    def recorded_adapter(self, written: Generation) -> AdapterSource:
        """The adapter that wrote this, retired or not. Raises MissingPartError where it is not here any more."""
        from ragmed.generate.adapters import recorded_adapter

        return recorded_adapter(self.adapters, self.settings.model.adapter, written.adapter_sha256)


def kind_of_generator(settings: Settings) -> str:
    """What writes the answers: ``extractive``, ``qwen`` or ``served``. Raises SettingsError, MissingPartError."""
    wanted = settings.answer.generator
    if wanted == "qwen" and not settings.model.name:
        raise MissingPartError(
            "no language model is named in the settings",
            remedy="`ragmed models pull`, then set model.name; or use --generator extractive, which quotes the library",
        )
    if wanted == "served" and not settings.served.url:
        raise SettingsError("served.url is empty", remedy="set it to the engine's address, as http://127.0.0.1:8000/v1")
    if wanted != "auto":
        return wanted
    return "qwen" if settings.model.name else "served" if settings.served.url else "extractive"


def _served_engine(settings: Settings) -> Engine:
    from ragmed.generate.served import ServedEngine

    return ServedEngine(settings.served, answer_tokens=settings.model.answer_tokens)


def _entailer(settings: Settings) -> Entailer:
    from ragmed.generate.entailment import EntailmentModel

    return EntailmentModel(settings.answer, settings.model.folder)


def _of_entailer(settings: Settings) -> tuple[str, str, Path]:
    """What the choice of an entailment model depends on."""
    return settings.answer.entailment_model, settings.answer.entailment_device, settings.model.folder
