"""A port for a server that must be told one before it starts.

The kernel gives such a port (port 0) to anybody who asks between the look and the start: another worker of the suite
does. These lie below the ports that a kernel hands out by itself, and each worker has its own.
"""

from __future__ import annotations

import os
import random
import socket

FIRST, LAST = 20_000, 32_767
WORKERS = 64
"""So many workers share no port."""


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    ports = list(range(FIRST + worker, LAST + 1, WORKERS))
    random.SystemRandom().shuffle(ports)  # not seeded: another run of the suite may be under way
    for port in ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port between {FIRST} and {LAST} is free")
