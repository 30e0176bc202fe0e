"""What every test may use: where the third-party test data lie, the demonstration library, its index, the program.

The suite runs in several workers (``make test``), a file of tests in one of them. They share nothing but what is built
once for all and then copied.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from ragmed.assemble import Program

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
if "PYTEST_XDIST_WORKER" in os.environ:
    # a worker for each core: a pool of threads in each, of which all wait for the slowest, would only be in the way
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# tests are never timed: beside another worker an example may take longer than Hypothesis thinks fit
settings.register_profile("suite", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

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
    """An index of the demonstration library, built once for all tests; tests must not change it.

    The workers of one run have a copy each: what is asked of the program is kept beside the index.
    """
    from ragmed import assemble
    from ragmed.settings import load_settings

    folder = tmp_path_factory.mktemp("demonstration") / "index"
    built = folder
    if "PYTEST_XDIST_WORKER" in os.environ:
        built = tmp_path_factory.getbasetemp().parent / "demonstration" / "index"
    built.parent.mkdir(exist_ok=True)
    with (built.parent / "built").open("a+") as done:
        fcntl.flock(done, fcntl.LOCK_EX)
        done.seek(0)
        if not done.read():
            shutil.rmtree(built, ignore_errors=True)  # what a worker left that failed
            assemble.build_index(load_settings(flags={"library": demonstration_library, "index": built}))
            done.write("built\n")
    if built != folder:
        shutil.copytree(built, folder)
    return folder


@pytest.fixture(scope="session")
def program(demonstration_library: Path, demonstration_index: Path) -> Program:
    """The whole program over the demonstration library."""
    from ragmed import assemble
    from ragmed.settings import load_settings

    return assemble.open_program(load_settings(flags={"library": demonstration_library, "index": demonstration_index}))
