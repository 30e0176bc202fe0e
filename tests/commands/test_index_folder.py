"""An index folder that cannot be entered: said in words, whatever is asked of it. (A name that is too long stands for a
folder without permission, which a test that runs as root cannot have.)"""

from __future__ import annotations

import subprocess
import sys

import pytest

LONG = "x" * 300


@pytest.mark.parametrize(
    "words",
    [("ask", "How much adrenaline?"), ("search", "adrenaline"), ("audit", "list"), ("audit", "verify"),
     ("tune", "review", "list"), ("tune", "adapters", "list"), ("snapshots", "list")],
    ids=lambda words: "-".join(words[:3]).split("?")[0].replace(" ", "-"),
)  # fmt: skip
def test_a_folder_that_cannot_be_entered_is_told_with_the_remedy(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "ragmed.cli", *words, "--index", LONG]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in done.stderr
    assert done.returncode in (2, 3), done.stderr
    assert "what to do:" in done.stderr
