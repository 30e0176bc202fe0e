"""A learned model and its adapter, and every form of them; tests must not change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tune.export import learned_qwen
from tests.tune.export.made import everything


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of the model and of the adapter."""
    return learned_qwen.build(tmp_path_factory.mktemp("learned"))


@pytest.fixture(scope="session")
def forms(learned: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return everything(tmp_path_factory.mktemp("exports"), *learned)
