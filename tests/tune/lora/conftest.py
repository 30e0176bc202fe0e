"""A tiny Qwen, rows, and a finished run of each form; tests must not change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed.tune.dataset.rows import Form
from ragmed.tune.lora.training import Ran, WantedRun, run
from tests.generate import tiny_qwen
from tests.tune.lora.rows_on_disk import everything, settings_for


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_qwen.build(tmp_path_factory.mktemp("models") / "tiny", hidden=64, layers=3)
    tiny_qwen.lock(folder)
    return folder


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return everything(tmp_path_factory.mktemp("rows") / "rows")


@pytest.fixture(scope="session")
def sft(tiny: Path, rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    out = tmp_path_factory.mktemp("runs") / "sft"
    return run(settings_for(tiny), WantedRun(form=Form.SFT, dataset=rows, out=out))
