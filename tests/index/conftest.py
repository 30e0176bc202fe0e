from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.index.support import library, publish


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    index = tmp_path_factory.mktemp("made") / "index"
    assert publish(index, library()) is not None
    return index


@pytest.fixture
def index(_made: Path, tmp_path: Path) -> Path:
    """An index of the five hand-made documents, to spoil as one likes."""
    return Path(shutil.copytree(_made, tmp_path / "index"))
