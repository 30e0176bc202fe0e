"""Serves the app over the small library in a process of its own: ``python -m tests.ui.small_app FOLDER PORT [empty]``."""

from __future__ import annotations

import sys
from pathlib import Path

from ragmed.ui import server
from ragmed.ui.desk import Desk, Jobs
from tests.ui.small_library import SmallProgram


def main(folder: str, port: str, *more: str) -> None:
    program = SmallProgram(Path(folder), port=int(port), published="empty" not in more)
    server.run(Desk(program, Jobs(), program.build))


if __name__ == "__main__":
    main(*sys.argv[1:])
