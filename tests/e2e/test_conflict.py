"""Two guidelines that differ, in a real browser: both sides beside one another, each opening its page; and in the audit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragmed import assemble
from ragmed.settings import load_settings
from tests.e2e.browser import DESK, PHONE, served
from tests.e2e.test_app import ask, expect, fits, wait_for_picture
from tests.ports import free_port

if TYPE_CHECKING:
    from tests.e2e.conftest import Visiting

pytestmark = pytest.mark.browser

FRONT = "---\ntitle: {title}\npublisher: {publisher}\ndate: {date}\n---\n\n# {title}\n\n"
OLD = FRONT.format(title="Anaphylaxis in hospital", publisher="Northern College", date="2021-05-01")
NEW = FRONT.format(title="Anaphylaxis in the clinic", publisher="Southern Society", date="2025-02-01")
QUESTION = "What dose of intramuscular adrenaline in anaphylaxis?"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("differing")
    library = folder / "library"
    library.mkdir()
    more = "Lie the patient flat and raise the legs in anaphylaxis. Observe for some hours afterwards.\n"
    old = f"{OLD}## Adrenaline\n\nAdults with anaphylaxis should receive adrenaline 0.3 mg intramuscularly.\n\n{more}"
    new = f"{NEW}## Treatment\n\nIn anaphylaxis, adrenaline 0.5 mg intramuscularly should be given to adults.\n\n{more}"
    (library / "old.md").write_text(old, "utf-8")
    (library / "new.md").write_text(new, "utf-8")
    assemble.build_index(load_settings(flags={"library": library, "index": folder / "index"}))
    return folder / "index"


@pytest.fixture
def app(index: Path) -> Iterator[str]:
    port = free_port()
    arguments = ("-m", "ragmed.cli", "app", "--port", str(port), "--library", str(index.parent / "library"))
    with served(*arguments, "--index", str(index), port=port, log=index.parent / "log") as address:
        yield address


def test_both_sides_are_shown_open_their_pages_and_are_proved(app: str, index: Path, visiting: Visiting) -> None:
    for size, language, title, newer in (
        (DESK, "en", "Two guidelines differ", "Newer"),
        (PHONE, "zh", "两份指南说法不一", "较新"),
    ):
        page = visiting(app, size=size, language=language).go("/")
        ask(page, QUESTION)
        expect(page, ".rm-differ h2").to_have_text(title)
        expect(page, ".rm-differ figure").to_have_count(2)
        newest = page.locator(".rm-differ figure").first
        assert "Southern Society" in newest.inner_text()
        assert newer in newest.inner_text()
        assert newest.locator("strong").inner_text() == "0.5 mg"
        assert page.locator(".rm-differ figure").last.locator("strong").inner_text() == "0.3 mg"
        assert fits(page)
        newest.locator(".rm-chip").click()
        wait_for_picture(page)
        expect(page, ".rm-viewer section:not([hidden]) blockquote:visible").to_contain_text("adrenaline 0.5 mg")
    done = subprocess.run(
        [sys.executable, "-m", "ragmed.cli", "audit", "verify", "--deep", "--index", str(index)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
