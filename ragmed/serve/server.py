"""Starts the server and ends it: one process, one port, this machine only unless a key is asked for.

At SIGTERM or SIGINT it takes nothing new (503), finishes what was taken within the deadline, and ends with exit code 0;
a second signal ends it at once.
"""

from __future__ import annotations

import logging
import socket
import sys
import time
from typing import TYPE_CHECKING

import uvicorn

from ragmed.errors import NoIndexError, NotPossibleError, SettingsError
from ragmed.serve.app import make_app
from ragmed.serve.service import Service
from ragmed.settings import LOOPBACK

if TYPE_CHECKING:
    from types import FrameType

    from ragmed.assemble import Program
    from ragmed.settings import ServeSettings, Settings

SERVE_USER = "serve"
"""Who asks, unless ``audit.user`` names somebody: a key names nobody."""
SHORTEST_KEY = 16
_LAST_SECONDS = 5
"""After the last question is answered, for responses that are still being read."""
_log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Uvicorn's server that finishes before it ends."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self.service = service
        self._until = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: take nothing new. Second: end at once. Neither is raised again: the exit code is 0."""
        del sig, frame
        if self.service.stopping:
            self.should_exit = self.force_exit = True
            return
        self.service.stopping = True
        self._until = time.monotonic() + self.service.settings.deadline_seconds

    async def on_tick(self, counter: int) -> bool:
        """Every tenth of a second: whether it is time to end."""
        if self.service.stopping and (self.service.idle or time.monotonic() > self._until):
            self.should_exit = True
        return await super().on_tick(counter)


def serve(settings: Settings) -> None:
    """Serve the program that ``settings`` describe until it is stopped.

    Raises SettingsError (no key, or a bad one), NotPossibleError (the port is taken), and what opening raises.
    """
    from ragmed import assemble

    key = key_of(settings.serve)
    listening = listen(settings.serve)
    program = assemble.open_program(settings, user=SERVE_USER)
    try:
        open_all(program)
        run(program, listening, key)
    finally:
        listening.close()


def open_all(program: Program) -> None:
    """Make every part that answering needs, once, before threads ask for them."""
    _ = (program.records, program.retriever, program.assistant)
    try:
        program.warm()
    except NoIndexError as error:
        _log.warning("%s (%s); /readyz says so until something is published", error, error.remedy)


def run(program: Program, listening: socket.socket, key: bytes = b"") -> None:
    """Serve an opened program on a socket that listens."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"RagMed serves http://{shown}:{port}/v1   (Ctrl+C stops it)", flush=True)  # noqa: T201 - what the user waits for
    server = make_server(program, key)
    try:
        server.run(sockets=[listening])
    finally:
        server.service.close()  # a second signal ends the server without asking its parts


def make_server(program: Program, key: bytes = b"") -> Server:
    """The server over an opened program; it listens where it is told to run."""
    service = Service(program)
    config = uvicorn.Config(
        make_app(service, key=key),
        access_log=False,  # it writes whole addresses; serve.gate has its own
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
    return Server(config, service)


def key_of(settings: ServeSettings) -> bytes:
    """The key that callers must send; empty where none is asked for. Raises SettingsError."""
    if settings.key_file is None:
        if settings.host not in LOOPBACK and not settings.without_key:
            raise SettingsError(
                f"serve.host is {settings.host}, and no key is asked of those who call",
                remedy="name a file with a key in serve.key_file, or say --without-key where a proxy in front asks",
            )
        return b""
    try:
        key = settings.key_file.read_bytes().strip()
    except OSError as error:
        raise SettingsError(
            f"{settings.key_file}: cannot be read: {error.strerror}", remedy="check the path in serve.key_file"
        ) from error
    if len(key) < SHORTEST_KEY or not key.isascii() or len(key.split()) != 1:
        raise SettingsError(
            f"{settings.key_file}: not one word of at least {SHORTEST_KEY} ASCII characters",
            remedy="make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return key


def listen(settings: ServeSettings) -> socket.socket:
    """A socket on the address of the settings. Raises NotPossibleError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise NotPossibleError(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}",
            remedy="choose another with --port, or --host 127.0.0.1",
        ) from error
    return listening
