"""Readers run in child processes with limits, so that no file can hang, crash or starve the program.

Laws of this room: every file gets exactly one Reading, in the order asked for, whatever becomes of its child; a child
that breaks a limit is killed with all that it started and replaced; a hung file delays no other; a file has time for
the pages that come out of it, not for its size (see ``pulse``); answers are checked, never executed (see ``wire``);
children are fresh interpreters without torch and die with their parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

import ragmed
from ragmed.corpus.library import FileToRead
from ragmed.corpus.pulse import processor_seconds
from ragmed.corpus.reading import refusal
from ragmed.corpus.wire import COUNT, FRAME, SIGN, STAYS, decode_reading
from ragmed.errors import IntegrityError, NotPossibleError
from ragmed.interfaces import Progress, no_progress
from ragmed.records import Reading
from ragmed.settings import ReaderSettings

_START_SECONDS = 120.0
"""A child that is not ready by then never will be (imports take under 2 s on a busy machine)."""

_AHEAD = 256
"""Readings kept for their turn behind a slow file; bounds the parent's memory."""

_WALL = 4.0
"""Most seconds of wall clock for one of processor time: a machine with several times more work than cores."""

_TRANSFER_SECONDS = 60.0
_SIGN_BYTES = len(SIGN) + COUNT.size
_FILES_PER_CHILD = 2000
"""A child is replaced after so many files, whatever a library may have leaked by then."""


def _wall_seconds(pages: int, settings: ReaderSettings) -> float:
    """The longest that a file may take on the clock, whatever signs come: its child may have been taken over."""
    ocr = settings.ocr_seconds if settings.ocr == "auto" and pages else 0.0
    earned = processor_seconds(pages, settings) - settings.seconds
    return settings.seconds + _WALL * earned + ocr


class _Child:
    """One child process and the file that it is reading."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        root = str(Path(ragmed.__file__).resolve().parent.parent)
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", "ragmed.corpus.sandbox_child", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**kept, "PYTHONPATH": root, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self._settings = settings
        self._buffer = bytearray()
        self.ready = False
        self.served = 0
        self.place: int | None = None
        """The place of its file in the list; None while it has none."""
        self.pages = 0
        """Pages with text that its file has given so far, as it says."""
        self._begun = 0.0
        self._answering = False
        self.deadline = time.monotonic() + _START_SECONDS
        self._write(settings.model_dump_json().encode())

    def fileno(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def give(self, place: int, file: FileToRead) -> None:
        """Have the child read ``file``."""
        self.place, self.pages, self._answering = place, 0, False
        self.served += 1
        self._begun = time.monotonic()
        self.deadline = self._begun + self._settings.seconds
        request = {
            "path": str(file.path.resolve()),
            "source_path": file.source_path,
            "sha256": file.sha256,
            "sidecar": str(file.sidecar.resolve()) if file.sidecar else "",
            "also_at": list(file.also_at),
        }
        self._write(json.dumps(request).encode("utf-8"))

    def _write(self, payload: bytes) -> None:
        """A child that died before it took the request is noticed when its output ends."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(FRAME.pack(len(payload)) + payload)
            self.process.stdin.flush()
        except BrokenPipeError:
            return

    def receive(self) -> tuple[bytes | None, bool]:
        """What has come: a whole payload or None, and whether the stream has ended. Raises IntegrityError."""
        ended = False
        while True:
            try:
                part = os.read(self.fileno(), 1 << 20)
            except BlockingIOError:
                break
            if not part:
                ended = True
                break
            self._buffer += part
            payload = self._frame()
            while payload is not None and payload[:1] == SIGN:
                self._heard(payload)
                payload = self._frame()
            if payload is not None:
                if self._buffer:
                    raise IntegrityError("the reader answered more than was asked", remedy="leave the file out")
                return payload, ended
        return None, ended

    def wait_longer(self, seconds: float) -> None:
        """Nobody listened for so long: that is not the file's fault. Its processor time is counted all the same."""
        self._begun += seconds
        self.deadline += seconds

    def _frame(self) -> bytes | None:
        """The next whole frame of what has come, or None. Raises IntegrityError for one that is too large."""
        if len(self._buffer) < FRAME.size:
            return None
        (size,) = FRAME.unpack_from(self._buffer)
        if size > self._settings.memory_mib << 20:
            raise IntegrityError("the reader's answer is larger than its memory", remedy="leave the file out")
        if len(self._buffer) < FRAME.size + size:
            # a sign comes whole: this is the answer, the file is read, and what is left is to carry it over, once
            if self.place is not None and size > _SIGN_BYTES and not self._answering:
                self._answering = True
                self.deadline = time.monotonic() + _TRANSFER_SECONDS
            return None
        payload = bytes(self._buffer[FRAME.size : FRAME.size + size])
        del self._buffer[: FRAME.size + size]
        return payload

    def _heard(self, payload: bytes) -> None:
        """A sign of progress: so many pages with text so far. Raises IntegrityError."""
        if len(payload) != _SIGN_BYTES or self.place is None:
            raise IntegrityError("the reader gave a sign that means nothing", remedy="leave the file out")
        self.pages = max(self.pages, min(COUNT.unpack(payload[1:])[0], self._settings.pages))
        longest = self._begun + _wall_seconds(self.pages, self._settings)
        self.deadline = min(time.monotonic() + self._settings.seconds, longest)

    def errors(self) -> str:
        """The last of what the child wrote to its error stream."""
        self._errors.seek(0)
        return self._errors.read()[-600:].decode("utf-8", "replace").strip()

    def end(self) -> int:
        """Kill the child with all that it started; its exit status, negative for a signal."""
        ended_by_itself = self.process.poll()
        if ended_by_itself is None and not self._wait_if_closed():
            with contextlib.suppress(ProcessLookupError):  # it ended between the two calls
                os.killpg(self.process.pid, signal.SIGKILL)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # bytes it never took
                    stream.close()
        status = self.process.wait()
        self._errors.close()
        return status

    def _wait_if_closed(self) -> bool:
        """A child whose output has ended is about to end by itself: its own exit status says why."""
        if self.ready and self.place is not None and time.monotonic() >= self.deadline:
            return False
        try:
            self.process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            return False
        return True


class Sandbox:
    """A pool of children. Use as a ``with`` block; one thread at a time."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._children: list[_Child] = []
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in list(self._children):
            self._remove(child)
        self._selector.close()

    def process_ids(self) -> tuple[int, ...]:
        """The children alive now."""
        return tuple(child.process.pid for child in self._children)

    def read_all(self, files: Sequence[FileToRead], progress: Progress = no_progress) -> Iterator[Reading]:
        """One Reading a file, in the files' order; the first comes as soon as it is done.

        Raises NotPossibleError when no child can be started at all.
        """
        waiting = deque(enumerate(files))
        done: dict[int, Reading] = {}
        turn = 0
        count = 0
        try:
            while turn < len(files):
                self._employ(waiting, turn)
                for child in self._awaited():
                    place = child.place
                    reading = self._outcome(child, files)
                    if reading is not None and place is not None:
                        done[place] = reading
                        count += 1
                        progress("reading", count, len(files))
                while turn in done:
                    left = time.monotonic()
                    yield done.pop(turn)
                    turn += 1
                    for child in self._children:
                        child.wait_longer(time.monotonic() - left)
        finally:
            # a caller that stopped early leaves children at work on files that nobody wants
            for child in [child for child in self._children if child.place is not None]:
                self._remove(child)

    def _employ(self, waiting: deque[tuple[int, FileToRead]], turn: int) -> None:
        """Give each idle child a file, and start children while there are files for them."""
        wanted = self._settings.workers or os.cpu_count() or 1
        idle = [child for child in self._children if child.ready and child.place is None]
        while idle and waiting and waiting[0][0] < turn + _AHEAD:
            idle.pop().give(*waiting.popleft())
        starting = sum(not child.ready for child in self._children)
        while len(self._children) < wanted and starting < len(waiting):
            child = _Child(self._settings)
            self._children.append(child)
            self._selector.register(child, selectors.EVENT_READ, child)
            starting += 1

    def _awaited(self) -> list[_Child]:
        """The children with something to tell: output, an end, or a limit passed. Waits for the first."""
        active = [child for child in self._children if child.place is not None or not child.ready]
        nearest = min((child.deadline for child in active), default=time.monotonic())
        events = self._selector.select(max(0.0, nearest - time.monotonic()))
        told = [key.data for key, _ in events]
        now = time.monotonic()
        # what a child has already said counts before its limit: the caller may have kept us waiting
        return told or [child for child in active if child.deadline <= now]

    def _outcome(self, child: _Child, files: Sequence[FileToRead]) -> Reading | None:
        """What became of the child's file, if that is known now."""
        file = None if child.place is None else files[child.place]
        try:
            payload, ended = child.receive()
            if payload is not None and not child.ready:
                child.ready = True
                return None
            if payload is not None and file is not None:
                reading = _checked(decode_reading(payload[1:]), file)
                child.place = None
                if ended or payload[:1] != STAYS or child.served >= _FILES_PER_CHILD:
                    self._remove(child)
                return reading
        except IntegrityError as error:
            self._remove(child)
            return None if file is None else refusal(file, str(error), error.remedy)
        if not ended and time.monotonic() < child.deadline:
            return None
        return self._after_end(child, file, ended)

    def _after_end(self, child: _Child, file: FileToRead | None, ended: bool) -> Reading | None:
        """The child ended, or is to be ended, without an answer."""
        if not child.ready:
            words = child.errors()
            self._remove(child)
            raise NotPossibleError(
                f"the process that reads files did not start: {words or 'it gave no reason'}",
                remedy="check the installation with `ragmed doctor`; reader.memory_mib may be too small",
            )
        pages = child.pages
        status = self._remove(child)
        if file is None:
            return None
        if not ended:
            return refusal(file, _stopped(pages, self._settings), _SLOW, limit=True)
        return _crashed(file, status, pages, self._settings)

    def _remove(self, child: _Child) -> int:
        self._selector.unregister(child)
        self._children.remove(child)
        return child.end()


def _checked(reading: Reading, file: FileToRead) -> Reading:
    """``reading``, if it is about the file that was asked for."""
    own = reading.document
    same = (reading.source_path, reading.sha256) == (file.source_path, file.sha256)
    if not same or (own is not None and (own.document_id, own.source_path) != (file.document_id, file.source_path)):
        raise IntegrityError("the reader answered about another file", remedy="leave the file out and report it")
    return reading


_SLOW = "leave it out, or if it is to be trusted raise reader.seconds or split it"


def _stopped(pages: int, settings: ReaderSettings) -> str:
    seconds = f"{settings.seconds:.0f} s" if settings.seconds >= 1 else f"{settings.seconds:g} s"
    if not pages:
        return f"reading it took longer than {seconds} and no page with text came out"
    return f"after {pages} pages with text, reading it took longer than its time ({seconds} from page to page)"


def _crashed(file: FileToRead, status: int, pages: int, settings: ReaderSettings) -> Reading:
    if status == -signal.SIGXCPU:
        after = f" for {pages} pages with text" if pages else " and no page with text came out"
        reason = f"reading it took more than {processor_seconds(pages, settings):.0f} s of processor time{after}"
        return refusal(file, reason, _SLOW, limit=True)
    if status in (2, -signal.SIGKILL):
        reason = f"reading it needed more memory than {settings.memory_mib} MiB"
        return refusal(file, reason, "raise reader.memory_mib, or split the file", limit=True)
    if status in (-signal.SIGABRT, -signal.SIGTRAP):
        # what a library written in C++ does where it gets no more memory
        reason = f"the reader broke off: it needed more memory than {settings.memory_mib} MiB, or the file is damaged"
        return refusal(file, reason, "get it again, or if it is to be trusted raise reader.memory_mib", limit=True)
    name = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    return refusal(file, f"the reader crashed on it ({name})", "the file is damaged or hostile; get it again")
