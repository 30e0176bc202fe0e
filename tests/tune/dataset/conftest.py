"""The ward, and a dataset of its library; tests must not change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tune.dataset.ward import Ward


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return Ward.of(tmp_path_factory.mktemp("ward"))


@pytest.fixture(scope="session")
def dataset(ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("datasets") / "rows"
    ward.make(folder, across=True, formats=("ms-swift", "llama-factory"))
    return folder
