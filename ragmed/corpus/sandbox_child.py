"""The child process that readers run in: takes requests on its input, gives readings on its output, one at a time.

Laws of this room: limits stand before any byte of a file is read; it dies with its parent; whatever a library prints
goes nowhere near the pipe; every request gets exactly one answer or the process ends.
"""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import math
import os
import resource
import signal
import sys
import threading
from pathlib import Path

from ragmed.corpus.library import FileToRead
from ragmed.corpus.pulse import Pulse, processor_seconds
from ragmed.corpus.wire import COUNT, FRAME, GOES, SIGN, STAYS, encode_reading
from ragmed.settings import ReaderSettings

_PR_SET_PDEATHSIG = 1
_FILE_BYTES = 1 << 20
"""Readers write nothing; what a library may print, or write to a file of its own, stays under this."""


def main(arguments: list[str]) -> int:
    """``arguments``: the parent's process id."""
    if not die_with(int(arguments[0])):
        return 1
    requests, answers = os.dup(0), os.dup(1)
    silence()
    opening = _receive(requests)
    if opening is None:
        return 0
    settings = ReaderSettings.model_validate_json(opening)
    limit(settings)
    from ragmed.corpus import reading  # after the limits

    version = reading.pipeline_version()  # imports every reader, so that no file pays for it
    gc.freeze()
    _send(answers, json.dumps({"ready": version}).encode())
    while (request := _receive(requests)) is not None:
        fields = json.loads(request)
        file = FileToRead(
            path=Path(fields["path"]),
            source_path=fields["source_path"],
            sha256=fields["sha256"],
            sidecar=Path(fields["sidecar"]) if fields["sidecar"] else None,
            also_at=tuple(fields["also_at"]),
        )
        used = _used_seconds()
        limit_processor(used + processor_seconds(0, settings))

        def tell(pages: int, used: float = used) -> None:
            limit_processor(used + processor_seconds(pages, settings))
            _send(answers, SIGN + COUNT.pack(pages))

        try:
            answer = encode_reading(reading.read_file(file, settings, Pulse(tell)))
        except MemoryError:
            return 2  # the parent says what happened; this process is not to be trusted any more
        except Exception as error:  # noqa: BLE001 - the border: a reader's fault on one file is that file's refusal
            reason = f"the reader failed on it: {type(error).__name__}: {str(error)[:200]}"
            answer = encode_reading(reading.refusal(file, reason, "report it, with the file if it may be shared"))
        goes = not fit_for_another(settings)
        _send(answers, (GOES if goes else STAYS) + answer)
        if goes:
            return 0
    return 0


def fit_for_another(settings: ReaderSettings) -> bool:
    """Whether this process may take another file: not when it has grown too big, nor with a thread still at work on
    the last one, which would use up the next one's time. It says so, goes, and the parent starts a fresh one."""
    return _resident_mib() <= settings.memory_mib / 2 and threading.active_count() == 1


def die_with(parent: int) -> bool:
    """Ask Linux to end this process when the parent's thread ends; False when it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return os.getppid() == parent


def silence() -> None:
    """Standard input and output become nothing: a library that prints must not write into the answers."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    logging.disable(logging.CRITICAL)


def limit(settings: ReaderSettings) -> None:
    """Memory, files written and core dumps of this process, from now on."""
    memory = settings.memory_mib << 20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))


def _used_seconds() -> float:
    """Processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def limit_processor(seconds: float) -> None:
    """The processor time of this process's whole life at which it is stopped, in whole seconds for the kernel."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), hard))


def _resident_mib() -> float:
    """What this process holds now. (``ru_maxrss`` is inherited through ``exec``: a large parent's children would all
    seem large.)"""
    pages = Path("/proc/self/statm")
    if not pages.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(pages.read_text("ascii").split()[1]) * resource.getpagesize() / (1 << 20)


def _receive(descriptor: int) -> bytes | None:
    """One frame, or None at the end of the stream."""
    head = _exactly(descriptor, FRAME.size)
    return None if head is None else _exactly(descriptor, FRAME.unpack(head)[0])


def _exactly(descriptor: int, count: int) -> bytes | None:
    parts = []
    while count:
        part = os.read(descriptor, min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _send(descriptor: int, payload: bytes) -> None:
    view = memoryview(FRAME.pack(len(payload)) + payload)
    while view:
        view = view[os.write(descriptor, view[: 1 << 20]) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
