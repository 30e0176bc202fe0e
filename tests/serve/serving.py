"""Runs the real server over a small library of real files; two seams are filled: the embedder and what writes.

As a program (``python -m tests.serve.serving FOLDER``) it serves until it is stopped, with a writer that takes a while.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ragmed.answer.assistant import RagMedAssistant
from ragmed.answer.extractive import ExtractiveGenerator
from ragmed.drafts import Draft, Written
from ragmed.interfaces import Assistant
from ragmed.records import Generation, Mode, Passage, Prompt, Query
from ragmed.serve import server
from ragmed.serve.service import Service
from ragmed.settings import ServeSettings
from tests.ui.library_app import LibraryProgram, program_over

DOSE = "How much adrenaline into the thigh?"
SEPSIS = "When are antibiotics given in septic shock?"
FOOTBALL = "Who won the football championship at Wembley?"
UNCHECKED = "The dose is 999 mg of moonlight."


class Writer:
    """Writes ``UNCHECKED`` again and again until it is told to finish or nobody listens any more."""

    kind = "scripted"

    def __init__(self, seconds: float = 30.0) -> None:
        self.begun, self.finish, self.stopped = threading.Event(), threading.Event(), threading.Event()
        self.at_once = 0
        self.most_at_once = 0
        self._seconds = seconds

    def generate(self, query: Query, mode: Mode, passages: Sequence[Passage]) -> Generator[Written | Draft, None, None]:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        until = time.monotonic() + self._seconds
        try:
            self.begun.set()
            while time.monotonic() < until and not self.finish.wait(0.02):
                yield Written(text=UNCHECKED)
            sentence = next(line for line in passages[0].chunk.text.splitlines() if line.strip())
            text = f"{UNCHECKED} [1]\n{sentence.strip()} [1]"
            generation = Generation(text=text, kind=self.kind, model_id="scripted", revision="1")
            yield Draft(generation=generation, prompt=Prompt(system="", user=query.text, passages=tuple(passages)))
        except GeneratorExit:
            self.stopped.set()
            raise
        finally:
            self.at_once -= 1


class WritingProgram(LibraryProgram):
    """The program with a writer in the place of a language model."""

    writer: Writer

    @cached_property
    def assistant(self) -> Assistant:
        quoting = ExtractiveGenerator(self.embedder)
        return RagMedAssistant(
            self.snapshots, self.retriever, self.writer, self.records, self.settings, instead=quoting, user=self.who
        )


def small_program(folder: Path, writer: Writer | None = None, **serve: Any) -> LibraryProgram:
    """The program over ``folder``, its library made where it is not there; ``serve``: its settings."""
    settings = program_over(folder).settings.model_copy(update={"serve": ServeSettings(**serve)})
    if writer is None:
        return LibraryProgram(settings, user=server.SERVE_USER)
    program = WritingProgram(settings, user=server.SERVE_USER)
    object.__setattr__(program, "writer", writer)  # a frozen dataclass, and a field of this class alone
    return program


@dataclass
class Served:
    """A server that runs in a thread."""

    url: str
    service: Service
    program: LibraryProgram
    server: server.Server

    @property
    def v1(self) -> str:
        return f"{self.url}/v1"


@contextmanager
def served(program: LibraryProgram, key: bytes = b"") -> Iterator[Served]:
    """The program, served on a free port of the loopback address until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    server.open_all(program)
    running = server.make_server(program, key)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not running.started:
            time.sleep(0.01)
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", running.service, program, running)
    finally:
        running.should_exit = True
        thread.join(20)
        listening.close()
        program.records.close()
        assert not thread.is_alive()


def eventually(wanted: Any, seconds: float = 5.0) -> bool:
    """Whether ``wanted()`` came true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wanted():
            return True
        time.sleep(0.02)
    return bool(wanted())


def main(folder: str) -> None:
    program = small_program(Path(folder), Writer(seconds=1.5), deadline_seconds=10)
    server.open_all(program)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.run(program, listening)


if __name__ == "__main__":
    main(*sys.argv[1:])
