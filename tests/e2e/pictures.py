"""Makes the pictures of docs/pictures from the real app over the demonstration library: ``python -m tests.e2e.pictures``.

Not a test: run it when the pages have changed, and look at what it made.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ragmed import assemble
from ragmed.settings import load_settings
from tests.e2e.browser import DESK, FLAGS, PHONE, ROOT, chromium, served, visit
from tests.e2e.test_app import ask, wait_for_picture
from tests.e2e.test_app_demonstration import CASE_EN, CASE_ZH
from tests.ports import free_port

PATIENCE = 120_000
NODULE_FOLLOW_UP = "surveillance chest CT after resection of stage I non-small cell lung cancer"


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
            browser.close()
        library_pictures(Path(folder) / "librarian", pictures)


def library_pictures(folder: Path, pictures: Path) -> None:
    """The Library page while the second edition of a guideline comes in; the first has answered a question."""
    library, index, port = folder / "library", folder / "index", free_port()
    shutil.copytree(ROOT / "guidelines", library)
    newer = library / "nsclc-v2-2026.pdf"
    upload = newer.rename(folder / newer.name)
    broken = folder / "sepsis-annex.pdf"
    broken.write_bytes(b"%PDF-1.7\nthe rest was lost")
    assemble.build_index(load_settings(flags={"library": library, "index": index}))
    arguments = ["-m", "ragmed.cli", "app", "--port", str(port), "--library", str(library), "--index", str(index)]
    with served(*arguments, port=port, log=folder / "log") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        visitor = visit(browser, address)
        page = visitor.go("/")
        for question in (NODULE_FOLLOW_UP, "Who won the football world cup in 2022?"):
            ask(page, question)
            page.locator("#answer .rm-question", has_text=question).wait_for(timeout=PATIENCE)
        page = visitor.go("/library")
        page.locator(".rm-series").wait_for()
        drawn(page)
        page.screenshot(path=pictures / "library-desk.png")
        page = visitor.go("/library?view=update")
        page.locator(".st-key-drop input[type=file]").set_input_files([upload, broken])
        page.locator(".rm-plan").wait_for(timeout=PATIENCE)
        drawn(page)
        page.locator(".rm-plan").evaluate("(plan) => plan.scrollIntoView({ block: 'start' })")
        page.screenshot(path=pictures / "library-plan.png")
        phone = visit(browser, address, size=PHONE, theme="dark", language="zh")
        phone.go("/library?view=update").locator(".rm-plan").wait_for(timeout=PATIENCE)
        drawn(phone.page)
        phone.page.locator(".rm-plan").evaluate("(plan) => plan.scrollIntoView({ block: 'start' })")
        phone.page.screenshot(path=pictures / "library-plan-phone-dark-zh.png")
        phone.close()
        page.get_by_role("button", name="Publish", exact=True).click()
        page.locator(".st-key-done h2").wait_for(timeout=PATIENCE)
        drawn(page)
        page.screenshot(path=pictures / "library-done.png")
        for part, selector in (("history", ".rm-history"), ("coverage", ".rm-coverage")):
            page = visitor.go(f"/library?view={part}")
            page.locator(selector).wait_for(timeout=PATIENCE)
            drawn(page)
            page.screenshot(path=pictures / f"library-{part}.png")
        page = visitor.go("/audit")
        page.locator(".rm-audit").wait_for(timeout=PATIENCE)
        drawn(page)
        page.screenshot(path=pictures / "audit-desk.png")
        page.get_by_role("link", name=NODULE_FOLLOW_UP).click()
        page.locator(".rm-aside").wait_for(timeout=PATIENCE)
        drawn(page)
        page.screenshot(path=pictures / "audit-answer.png")
        page = visitor.go("/audit?view=proof")
        page.locator(".st-key-verify button").click()
        page.locator(".rm-proof").wait_for(timeout=PATIENCE)
        drawn(page)
        page.screenshot(path=pictures / "audit-proof.png")
        page = visitor.go("/audit?view=days")
        page.locator(".rm-chart").first.wait_for(timeout=PATIENCE)
        drawn(page)
        page.screenshot(path=pictures / "audit-days.png")
        phone = visit(browser, address, size=PHONE, theme="dark", language="zh")
        phone.go("/audit").locator(".rm-audit").wait_for(timeout=PATIENCE)
        drawn(phone.page)
        phone.page.screenshot(path=pictures / "audit-phone-dark-zh.png")
        phone.close()
        visitor.close()
        browser.close()


def drawn(page: Page) -> None:
    """Until the page is drawn whole and its pictures are there."""
    page.locator(".stApp[data-test-script-state=notRunning]").wait_for(state="attached", timeout=PATIENCE)
    page.wait_for_load_state("networkidle")


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
