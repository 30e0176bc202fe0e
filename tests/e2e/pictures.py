"""Makes the pictures of docs/pictures from the real app over the demonstration library: ``python -m tests.e2e.pictures``.

Not a test: run it when the pages have changed, and look at what it made.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ragmed import assemble
from ragmed.settings import load_settings
from tests.e2e.browser import DESK, FLAGS, PHONE, ROOT, chromium, free_port, served, visit
from tests.e2e.test_app import ask, wait_for_picture
from tests.e2e.test_app_demonstration import CASE_EN, CASE_ZH

PATIENCE = 120_000


@dataclass(frozen=True)
class Shot:
    name: str
    question: str
    size: tuple[int, int] = DESK
    theme: str = "light"
    language: str = "en"
    chip: str = ""
    """Selector of a citation to open first."""


SHOTS = (
    Shot("ask-desk", CASE_EN),
    Shot("ask-desk-dark-zh", CASE_ZH, theme="dark", language="zh"),
    Shot("ask-phone", CASE_EN, size=PHONE),
    Shot("evidence-phone", CASE_EN, size=PHONE, chip=".rm-claim .rm-chip"),
    Shot("evidence-phone-dark-zh", CASE_ZH, size=PHONE, theme="dark", language="zh", chip=".rm-claim .rm-chip"),
    Shot("differential-desk", CASE_EN, chip=".rm-dx .rm-in-case .rm-chip"),
    Shot("abstention-desk", "Who won the football world cup in 2022?"),
)


def main() -> None:
    pictures = ROOT / "docs" / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        index, library, port = Path(folder) / "index", ROOT / "guidelines", free_port()
        assemble.build_index(load_settings(flags={"library": library, "index": index}))
        arguments = ["-m", "ragmed.cli", "app", "--port", str(port), "--library", str(library), "--index", str(index)]
        with served(*arguments, port=port, log=Path(folder) / "log") as address, sync_playwright() as playwright:
            program = chromium()
            if program is None:
                sys.exit("no Chromium on this machine")
            browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
            for shot in SHOTS:
                visitor = visit(browser, address, size=shot.size, theme=shot.theme, language=shot.language)
                page = visitor.go("/")
                ask(page, shot.question)
                page.locator("#answer").wait_for(timeout=PATIENCE)
                settle(page, shot)
                page.screenshot(path=pictures / f"{shot.name}.png")
                visitor.close()
            visitor = visit(browser, address)
            visitor.go("/library").locator(".rm-table").wait_for()
            visitor.page.screenshot(path=pictures / "library-desk.png")
            visitor.close()
            browser.close()


def settle(page: Page, shot: Shot) -> None:
    """Open the citation asked for, and wait until nothing more will move."""
    if shot.chip:
        page.locator(shot.chip).first.click()
    if shot.chip or (shot.size == DESK and page.locator("dialog.rm-viewer").count()):
        wait_for_picture(page)
    if shot.name.startswith("differential"):
        page.locator(".rm-dx").evaluate("(card) => card.scrollIntoView({ block: 'start' })")
    page.evaluate("() => document.activeElement.blur()")


if __name__ == "__main__":
    main()
