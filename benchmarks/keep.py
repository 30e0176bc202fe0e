"""What `ragmed eval` finds, kept as benchmarks/results/NAME.json beside its command and machine.

    python benchmarks/keep.py oncall questions oncall_dev.jsonl --index INDEX --baseline rrf
    python benchmarks/keep.py medquad retrieval medquad --cache CACHE --baseline rrf
    python benchmarks/keep.py pubmedqa retrieval pubmedqa --cache CACHE --baseline rrf
    python benchmarks/keep.py claims claims kqa.jsonl

Only sums are kept: no question, claim or evidence. Paths are kept by their last part.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from machine import machine, save


def main() -> None:
    name, *asked = sys.argv[1:]
    before = os.getloadavg()
    done = subprocess.run(
        [sys.executable, "-m", "ragmed.cli", "eval", *asked, "--json"], stdout=subprocess.PIPE, check=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    command = " ".join(["ragmed eval", *(Path(one).name if "/" in one else one for one in asked)])
    save(name, {"command": command, "machine": machine(), "load_average": [before, os.getloadavg()], "figures": found})


if __name__ == "__main__":
    main()
