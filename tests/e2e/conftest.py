"""Servers and browsers for the tests that use the app as a person does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e import browser as browsers
from tests.ports import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium; the tests that need it are skipped, and counted, where there is none."""
    program = browsers.chromium()
    if program is None:
        pytest.skip("no Chromium on this machine (on Debian: apt-get install chromium)")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # until, not for: a busy machine is no failure
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, headless=True, args=list(browsers.FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the app over the small library of tests/ui/small_library.py."""
    folder = tmp_path_factory.mktemp("small")
    port = free_port()
    with browsers.served("-m", "tests.ui.small_app", str(folder), str(port), port=port, log=folder / "log") as address:
        yield address


@pytest.fixture
def empty_app(tmp_path: Path) -> Iterator[str]:
    """Address of an app that has no index yet."""
    (tmp_path / "one.md").write_text("# One\n")
    port = free_port()
    log = tmp_path / "log"
    with browsers.served("-m", "tests.ui.small_app", str(tmp_path), str(port), "empty", port=port, log=log) as address:
        yield address


Visiting = Callable[..., browsers.Visit]


@pytest.fixture
def visiting(chromium: Browser) -> Iterator[Visiting]:
    """``visiting(address, size=…, theme=…, language=…)``; every visit is held to its laws at the end of the test."""
    visits: list[browsers.Visit] = []

    def start(address: str, **wishes: object) -> browsers.Visit:
        visits.append(browsers.visit(chromium, address, **wishes))  # type: ignore[arg-type]
        return visits[-1]

    yield start
    for each in visits:
        each.close()
