"""What every test may use: where the third-party test data lie, and a count of what was skipped for want of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ragmed.assemble import Program

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of third-party test data; skips the test where it is missing."""
    if not DATA.is_dir():
        pytest.skip("the third-party test data are not beside this checkout (../shared/data)")
    return DATA


@pytest.fixture(scope="session")
def demonstration_library() -> Path:
    return ROOT / "guidelines"


@pytest.fixture(scope="session")
def demonstration_index(demonstration_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the demonstration library, built once for all tests; tests must not change it."""
    from ragmed import assemble
    from ragmed.settings import load_settings

    folder = tmp_path_factory.mktemp("demonstration") / "index"
    assemble.build_index(load_settings(flags={"library": demonstration_library, "index": folder}))
    return folder


@pytest.fixture(scope="session")
def program(demonstration_library: Path, demonstration_index: Path) -> Program:
    """The whole program over the demonstration library."""
    from ragmed import assemble
    from ragmed.settings import load_settings

    return assemble.open_program(load_settings(flags={"library": demonstration_library, "index": demonstration_index}))
