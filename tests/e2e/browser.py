"""A real Chromium for the tests of the app: where it is, how it is started, and what every visit is held to.

Every visit counts requests to another host and errors on the console; ``Visit.close`` fails the test for either.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
DESK, PHONE = (1280, 900), (390, 844)
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60.0
"""Seconds until a server that has not answered is given up."""


def chromium() -> str | None:
    """Path of the browser, ``None`` where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    return "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None


@contextmanager
def served(*arguments: str, port: int, log: Path, environment: dict[str, str] | None = None) -> Iterator[str]:
    """``python arguments…`` serving on ``port``; gives its address once it answers, and ends it afterwards."""
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        try:
            _wait_until_healthy(address, server, log)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            raise AssertionError(f"the server ended with {server.returncode}:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError(f"no answer from {address} in {PATIENCE:.0f} s:\n{log.read_text()}")


@dataclass
class Visit:
    """One visitor: a fresh browser profile with a page open on the app."""

    page: Page
    address: str
    context: BrowserContext
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        self.page.locator(".rm-brand").wait_for()
        return self.page

    def close(self) -> None:
        self.context.close()
        assert self.foreign == [], "the app asked another host"
        assert self.errors == [], "errors on the console"


def visit(
    browser: Browser,
    address: str,
    *,
    size: tuple[int, int] = DESK,
    theme: str = "light",
    language: str = "en",
) -> Visit:
    """A new visitor with this window, this system theme and this language."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,  # type: ignore[arg-type]
        locale=LOCALES[language],
        timezone_id="Asia/Shanghai",
        has_touch=size[0] < 1000,
    )
    page = context.new_page()
    new = Visit(page, address, context)
    own = (address, address.replace("http:", "ws:"), "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else new.foreign.append(request.url))
    page.on("websocket", lambda socket: None if socket.url.startswith(own) else new.foreign.append(socket.url))
    page.on("console", lambda message: new.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: new.errors.append(str(error)))
    return new
