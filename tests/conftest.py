"""What every test may use: where the third-party test data lie, and a count of what was skipped for want of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
