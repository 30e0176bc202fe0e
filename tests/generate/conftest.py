"""A played engine for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.generate.played_engine import PlayedEngine, playing


@pytest.fixture
def played() -> Iterator[PlayedEngine]:
    with playing() as engine:
        yield engine
