"""Presidio beside the patterns, where it is installed (``pip install presidio-analyzer``): what it finds, and that it asks nobody."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from ragmed.tune.dataset.identifiers import Scrubber
from ragmed.tune.dataset.presidio import installed_finder

pytest.importorskip("presidio_analyzer", reason="presidio-analyzer is not installed")
spacy = pytest.importorskip("spacy", reason="spaCy is not installed")

MODEL = "en_core_web_sm"
BARE = "Margaret Okafor"
"""A name without a title, which no pattern finds."""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A spaCy model that knows one name, installed for this test under the name of a small English one."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    words = [{"LOWER": word.lower()} for word in BARE.split()]
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": words}])
    nlp.meta.update(name=MODEL.removeprefix("en_"), version="3.8.0")
    package = tmp_path / MODEL
    package.mkdir()
    nlp.to_disk(package / f"{MODEL}-3.8.0")
    (package / "meta.json").write_text(json.dumps(nlp.meta), "utf-8")
    (package / "__init__.py").write_text(
        "from spacy.util import load_model_from_init_py\n\n\n"
        "def load(**more):\n    return load_model_from_init_py(__file__, **more)\n"
    )
    told = tmp_path / f"{MODEL}-3.8.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: en-core-web-sm\nVersion: 3.8.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return MODEL


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts whose addresses are looked for."""
    hosts: list[str] = []

    def refuse(host: str, *_: object, **__: object) -> None:
        hosts.append(host)
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return hosts


def test_without_a_model_it_is_left_aside() -> None:
    if not spacy.util.is_package(MODEL):
        assert installed_finder() is None


def test_a_bare_name_is_found_and_nobody_is_asked(
    model: str, asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    finder = installed_finder()
    assert finder is not None and finder.name.startswith("presidio-analyzer ") and model in finder.name
    text = f"Seen with {BARE} today; mail m.okafor@example.org, NHS number 943 476 5919. Give adrenaline 0.5 mg IM."
    found = [text[one.start : one.end] for one in finder.find(text)]
    assert BARE in found and "943 476 5919" in found
    assert not any("adrenaline" in one for one in found)
    scrub = Scrubber()
    cleaned = scrub.clean(text)
    assert BARE not in cleaned and "example.org" not in cleaned and "adrenaline 0.5 mg IM" in cleaned
    assert scrub.finder == finder.name
    assert asked == []
    assert not [one for one in caplog.records if "Ignoring unsupported" in one.message]
