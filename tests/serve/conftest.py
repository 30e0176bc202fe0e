"""One small library for all tests of this room; each test serves it as it needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.serving import Served, served, small_program


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("served")
    small_program(made)
    return made


@pytest.fixture(scope="module")
def plain(folder: Path) -> Iterator[Served]:
    """The server as it is without any settings."""
    with served(small_program(folder)) as running:
        yield running
