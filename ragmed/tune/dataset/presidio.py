"""Presidio, where it is installed: names that stand without a title, and more kinds of numbers.

The package is optional and owned by this module. Only a spaCy model that is on the machine already is used, since
presidio would fetch a missing one (law 7); without a model it is left aside. E-mail addresses are left to the
patterns: presidio's recogniser of them fetches the list of public suffixes. What it finds is English; Chinese goes by
the patterns alone.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from typing import Any, Protocol

from ragmed.tune.dataset.patterns import ADDRESS, NAME, NHS, PHONE, RECORD, Found

_MODELS = ("en_core_web_lg", "en_core_web_trf", "en_core_web_md", "en_core_web_sm")
_KINDS = {
    "PERSON": NAME,
    "PHONE_NUMBER": PHONE,
    "UK_NHS": NHS,
    "US_SSN": RECORD,
    "US_DRIVER_LICENSE": RECORD,
    "US_PASSPORT": RECORD,
    "UK_NINO": RECORD,
    "MEDICAL_LICENSE": RECORD,
    "STREET_ADDRESS": ADDRESS,
}
LEAST_SCORE = 0.5


class Finder(Protocol):
    """Something that finds identifiers beside the patterns."""

    name: str

    def find(self, text: str) -> Iterator[Found]: ...


class PresidioFinder:
    """A ``Finder`` over presidio's analyzer."""

    def __init__(self, analyzer: Any, name: str) -> None:
        self._analyzer = analyzer
        self._entities = sorted(_KINDS.keys() & set(analyzer.get_supported_entities("en")))
        self.name = name

    def find(self, text: str) -> Iterator[Found]:
        for one in self._analyzer.analyze(
            text=text, language="en", entities=self._entities, score_threshold=LEAST_SCORE
        ):
            yield Found(one.start, one.end, _KINDS[one.entity_type])


def installed_finder() -> Finder | None:
    """The analyzer with a model that is on this machine; None where package or model is missing."""
    if importlib.util.find_spec("presidio_analyzer") is None or importlib.util.find_spec("spacy") is None:
        return None
    is_package = import_module("spacy.util").is_package
    model = next((name for name in _MODELS if is_package(name)), "")
    if not model:
        return None
    configuration = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    provider = import_module("presidio_analyzer.nlp_engine").NlpEngineProvider(nlp_configuration=configuration)
    analyzer = import_module("presidio_analyzer").AnalyzerEngine(
        nlp_engine=provider.create_engine(), supported_languages=["en"]
    )
    return PresidioFinder(analyzer, f"presidio-analyzer {version('presidio-analyzer')}, {model} {version(model)}")
