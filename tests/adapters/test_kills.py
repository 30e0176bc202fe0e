"""A change that is killed at any of its steps leaves the old state or the new one, and is in the log where it is in
force."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_kill_at_any_step_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.adapters.kills", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert not [line for line in lines if line.startswith("WRONG")], lines[:20]
    steps = {name: int(count) for name, count in map(str.split, lines)}
    assert sorted(steps) == ["add", "promote", "rollback"]
    assert all(count > 30 for count in steps.values()), "the kills did not reach the work"
