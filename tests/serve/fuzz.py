"""Schemathesis against the real server over the small library: ``python -m tests.serve.fuzz [EXAMPLES] [SEED]``.

It reads the server's own ``/openapi.json`` and looks for answers that the description does not allow: server errors, other statuses or
forms, wrong requests that are taken, right ones that are not. Everything it makes stays in a folder that is thrown away.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.serve.serving import served, small_program

KEY = b"a-key-of-sixteen-and-more"
SETTINGS = """
[generation]
database = "none"
"""


def fuzzed(folder: Path, examples: int, seed: int, key: bytes = b"") -> subprocess.CompletedProcess[str]:
    """What schemathesis says; its return code is 0 where it finds nothing."""
    (folder / "schemathesis.toml").write_text(SETTINGS, "utf-8")
    with served(small_program(folder, workers=4, queue=100), key) as running:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{running.url}/openapi.json"]
        command += ["--checks", "all", "--max-examples", str(examples), "--seed", str(seed)]
        command += ["--header", f"Authorization: Bearer {key.decode()}"] if key else []
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def main(examples: str = "300", seed: str = "7") -> None:
    for key in (b"", KEY):
        with tempfile.TemporaryDirectory() as folder:
            done = fuzzed(Path(folder), int(examples), int(seed), key)
        print(done.stdout, done.stderr)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
