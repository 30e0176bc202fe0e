"""A tiny model's files, a hub that has them, and a folder to pull into."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.hub import FakeHub, files_of, running_hub
from tests.models.tiny import QWEN2, tiny_config, write_sharded, write_weights


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "MODELSCOPE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's files as a publisher has them; tests must not change it."""
    folder = tmp_path_factory.mktemp("saved") / "tiny"
    folder.mkdir()
    write_weights(folder, tiny_config(QWEN2))
    return folder


@pytest.fixture
def copied(saved_model: Path, tmp_path: Path) -> Path:
    """A copy by hand."""
    return Path(shutil.copytree(saved_model, tmp_path / "by-hand"))


@pytest.fixture(scope="session")
def sharded_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sharded") / "tiny"
    folder.mkdir()
    write_sharded(folder, tiny_config(QWEN2))
    return folder


@pytest.fixture
def hub(saved_model: Path) -> Iterator[FakeHub]:
    with running_hub(FakeHub(files=files_of(saved_model))) as running:
        yield running


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def said(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_bytes())
    return found
