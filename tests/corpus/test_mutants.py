"""Two thousand damaged files of every format through the real sandbox: each gives one reading. `make fuzz` runs more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = 2100


@pytest.mark.timeout(900)
def test_damaged_files_are_read_or_refused_and_none_takes_the_program_down() -> None:
    command = [sys.executable, "-m", "tests.corpus.mutants", "--files", str(FILES)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stdout, ended.stderr
    result = json.loads(ended.stdout)
    assert result["findings"] == []
    assert result["read"] + result["refused"] == FILES
    assert min(result["read"], result["refused"]) > FILES / 10, "the rules spoil some files and leave others readable"
    assert result["slowest_s"] < 30
