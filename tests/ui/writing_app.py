"""The small library's app with an engine that writes from a script: ``python -m tests.ui.writing_app FOLDER PORT FILE``.

FILE holds one draft after another, parted by lines of ``---``; one that begins with ``!`` is the error of a model that
cannot be used.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from functools import cached_property
from pathlib import Path

from ragmed.engines import EnginePiece, Order
from ragmed.errors import ModelError
from ragmed.generate.local import LocalEngine
from ragmed.generate.scripted import ScriptedEngine
from ragmed.settings import ModelSettings
from ragmed.ui import server
from ragmed.ui.desk import Desk, Jobs
from ragmed.writers import Writers
from tests.ui.library_app import LibraryProgram, program_over


class Writing(ScriptedEngine):
    """A script in which a model may fail."""

    model_id = "Qwen3-tiny"

    def stream(self, order: Order) -> Generator[EnginePiece, None, None]:
        if self._texts[0].startswith("!"):
            error = ModelError(self._texts[0].removeprefix("!").strip())
            self._texts = self._texts[1:] or self._texts
            raise error
        yield from super().stream(order)


class ScriptedWriters(Writers):
    """The script writes, whatever the settings name."""

    @cached_property
    def local_engine(self) -> LocalEngine:
        return self.__dict__["script"]  # type: ignore[no-any-return]


class WritingProgram(LibraryProgram):
    @cached_property
    def writers(self) -> Writers:
        writers = ScriptedWriters(self.settings, self.adapters)
        writers.__dict__["script"] = self.__dict__["script"]
        return writers


def writing_program(folder: Path, port: int, texts: list[str], pause: float = 0.15) -> WritingProgram:
    settings = program_over(folder, port).settings
    answering = settings.answer.model_copy(update={"generator": "qwen"})
    program = WritingProgram(
        settings.model_copy(update={"answer": answering, "model": ModelSettings(name="Qwen3-tiny")})
    )
    program.__dict__["script"] = Writing(*texts, pause=pause)
    return program


def main(folder: str, port: str, file: str) -> None:
    texts = [text.strip("\n") for text in Path(file).read_text("utf-8").split("---\n")]
    program = writing_program(Path(folder), int(port), texts)

    def nothing_to_build(*_: object) -> object:
        raise AssertionError("the library is published")

    server.run(Desk(program, Jobs(), nothing_to_build))


if __name__ == "__main__":
    main(*sys.argv[1:])
