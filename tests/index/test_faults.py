"""Publish, rollback and gc under faults at every file operation, readers looking on (law 3). `make faults` runs longer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS = 1100


@pytest.mark.timeout(1200)
def test_whatever_fails_readers_see_the_old_snapshot_or_the_new_one() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.index.faults", "--runs", str(RUNS), "--every", "3"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout, ended.stderr
    result = json.loads(ended.stdout)
    assert result["findings"] == [], ended.stderr
    assert result["runs"] >= RUNS
    assert result["reads"] > RUNS, "readers were at it all the while"
    kinds = {
        f"{work} {fault}"
        for work in ("first publish", "publish", "rollback", "collect")
        for fault in ("kill", "enospc", "eio", "power cut")
    }
    assert kinds <= set(result["by_kind"]), "each kind of work met each kind of fault"
    assert result["by_kind"]["first publish kill"] > 60, "so many steps at which a writer may die"
