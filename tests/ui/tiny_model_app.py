"""The small library's app with a tiny Qwen of random weights: ``python -m tests.ui.tiny_model_app FOLDER PORT MODEL``."""

from __future__ import annotations

import sys
from pathlib import Path

from ragmed.settings import Settings
from ragmed.ui import server
from ragmed.ui.desk import Desk, Jobs
from tests.generate.test_in_the_program import program_with
from tests.ui.library_app import LibraryProgram


def tiny_program(folder: Path, port: int, model: Path) -> LibraryProgram:
    settings: Settings = program_with(folder, model).settings
    return LibraryProgram(settings.model_copy(update={"app": settings.app.model_copy(update={"port": port})}))


def main(folder: str, port: str, model: str) -> None:
    program = tiny_program(Path(folder), int(port), Path(model))

    def nothing_to_build(*_: object) -> object:
        raise AssertionError("the library is published")

    server.run(Desk(program, Jobs(), nothing_to_build))


if __name__ == "__main__":
    main(*sys.argv[1:])
