"""Run as a program: kill a publishing process at every step it takes on the disk, and look what readers see.

``python -m tests.index.crash_points BASE`` publishes over a copy of the index BASE (or into an empty folder, with
``--first``) in a child that is killed at its n-th file operation, for n = 1, 2, … until it gets through. After each
kill: the snapshot that ``CURRENT`` names is the old one or the new one, every byte verifies, and publishing again ends
with the new one and nothing left over. Prints how many points there were.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from ragmed.errors import NoIndexError
from ragmed.index.history import published_ids
from ragmed.index.store import SnapshotStore
from tests.index.support import library, publish, reading

STEPS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "shutil.rmtree", "sqlite3.connect")


def new_library() -> tuple:  # type: ignore[type-arg]
    return (library()[1], reading("new.txt", ["Measure potassium before insulin is started."]))


def publish_and_die(index: Path, step: int) -> int:
    """Exit status of a child that publishes and is killed at its ``step``-th file operation."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    taken = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal taken
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][:1] in ("w", "x", "a")
        if (writes or event in STEPS) and str(index) in str(arguments[0]):
            taken += 1
            if taken == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    publish(index, new_library())
    os._exit(0)


def current(index: Path) -> str:
    """Number and content of the current snapshot; empty before the first."""
    try:
        snapshot = SnapshotStore(index).current()
    except NoIndexError:
        return ""
    faults = SnapshotStore(index).verify().faults
    assert not faults, faults
    return f"{snapshot.manifest.number} {snapshot.manifest.content_sha256}"


def main(base: Path, *, first: bool) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole"
        index = Path(scratch) / "index"
        if not first:
            shutil.copytree(base, whole)
        old = current(whole)
        publish(whole, new_library())
        new = current(whole)
        assert old != new
        step = 0
        seen = set()
        status = -signal.SIGKILL
        while status:
            step += 1
            shutil.rmtree(index, ignore_errors=True)
            if first:
                index.mkdir()
            else:
                shutil.copytree(base, index)
            status = publish_and_die(index, step)
            assert status in (0, -signal.SIGKILL), status
            found = current(index)
            assert found in (old, new), f"step {step}: {found}"
            seen.add(found)
            publish(index, new_library())
            assert current(index) == new, f"step {step}: {current(index)} after publishing again"
            left = [path for path in index.rglob("*") if path.name.startswith(".building") or ".part" in path.name]
            assert not left, f"step {step}: {left}"
            assert {path.name for path in (index / "snapshots").iterdir()} == set(published_ids(index)), step
        assert seen == {old, new}, "some kills came before the pointer moved, some after"
        print(step)


if __name__ == "__main__":
    main(Path(sys.argv[1]), first="--first" in sys.argv)
