"""Every bomb under the limits that the program has by default: ``python -m tests.corpus.bombs_at_defaults``.

The suite runs the same files under tighter limits, to be quicker. Exit 1 where one ends otherwise than there.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from ragmed.corpus.sandbox import Sandbox
from ragmed.settings import ReaderSettings
from tests.corpus.bombs import READ, REFUSED
from tests.corpus.test_bombs import made


def main() -> int:
    """Prints a line for each file: seconds since the one before, and what became of it."""
    others = 0
    with tempfile.TemporaryDirectory() as folder, Sandbox(ReaderSettings()) as sandbox:
        makers = [*REFUSED, *READ]
        files = [made(Path(folder) / make.__name__, make) for make in makers]
        begun = last = time.monotonic()
        for make, reading in zip(makers, sandbox.read_all(files), strict=True):
            now = time.monotonic()
            refused = reading.document is None
            print(f"{now - last:5.1f} s  {'refused' if refused else 'read   '}  {reading.source_path}")
            others += refused != (make in REFUSED)
            last = now
    print(f"{len(makers)} files, {last - begun:.0f} s, {others} ended otherwise than expected")
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())
