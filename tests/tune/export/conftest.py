"""A learned model and its adapter, and every form of them; tests must not change them."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from tests.tune.export import learned_qwen
from tests.tune.export.made import everything


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of the model and of the adapter; built once for all workers."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return learned_qwen.build(tmp_path_factory.mktemp("learned"))
    folder = tmp_path_factory.getbasetemp().parent / "learned"
    folder.mkdir(exist_ok=True)
    with (folder / "built").open("a+") as done:
        fcntl.flock(done, fcntl.LOCK_EX)
        done.seek(0)
        if not done.read():
            shutil.rmtree(folder / "models", ignore_errors=True)  # what a worker left that failed
            learned_qwen.build(folder / "models")
            done.write("built\n")
    return folder / "models" / learned_qwen.MODEL, folder / "models" / learned_qwen.ADAPTER


@pytest.fixture(scope="session")
def forms(learned: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return everything(tmp_path_factory.mktemp("exports"), *learned)
