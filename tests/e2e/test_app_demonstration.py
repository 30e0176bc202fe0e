"""The app as ``ragmed app`` serves it, over the demonstration library: the reference case, from question to page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browser import DESK, PHONE, served
from tests.e2e.test_app import PICTURE, QUOTE, SHOWN, ask, expect, fits, wait_for_picture, yellow_in_view
from tests.ports import free_port

if TYPE_CHECKING:
    from tests.e2e.conftest import Visiting

pytestmark = pytest.mark.browser

CASE_ZH = "这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常,有长期吸烟史——下一步该优先考虑哪些鉴别诊断?"
DOSE = "adrenaline dose in anaphylaxis"
CASE_EN = (
    "68-year-old man, CT shows multiple ground-glass nodules in both lungs, tumour markers normal, long smoking history: "
    "which differential diagnoses come first?"
)


@pytest.fixture(scope="module")
def app(
    demonstration_library: Path, demonstration_index: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of the app; its answers are kept in a copy of the index."""
    folder = tmp_path_factory.mktemp("app")
    shutil.copytree(demonstration_index, folder / "index")
    port = free_port()
    arguments = ["-m", "ragmed.cli", "app", "--port", str(port)]
    arguments += ["--library", str(demonstration_library), "--index", str(folder / "index")]
    with served(*arguments, port=port, log=folder / "log") as address:
        yield address


@pytest.mark.parametrize(
    ("question", "language", "size", "first"),
    [(CASE_ZH, "zh", DESK, "肺腺癌"), (CASE_EN, "en", PHONE, "adenocarcinoma")],
)
def test_reference_case(
    visiting: Visiting, app: str, question: str, language: str, size: tuple[int, int], first: str
) -> None:
    page = visiting(app, size=size, language=language).go("/")
    ask(page, question)
    expect(page, "#answer").to_be_visible(timeout=60_000)  # the first question waits for the model to be read
    expect(page, ".rm-dx-row >> nth=0").to_contain_text(first)
    assert page.locator(".rm-claim").count() >= 2
    assert page.locator(".rm-claim:not(:has(.rm-chip))").count() == 0, "every claim is cited"
    assert page.locator(".rm-claim .rm-shape-cross").count() == 0
    page.locator(".rm-claim .rm-chip").first.click()
    wait_for_picture(page)
    assert yellow_in_view(page)
    expect(page, f"{SHOWN} .rm-viewer-head").to_contain_text("2026-")
    assert fits(page)
    link = page.url
    again = visiting(app, size=size, language=language)
    other = again.go(link.removeprefix(app))
    wait_for_picture(other)
    assert other.locator(f"{QUOTE} blockquote").inner_text() == page.locator(f"{QUOTE} blockquote").inner_text()
    assert other.locator(PICTURE).get_attribute("src") == page.locator(PICTURE).get_attribute("src")


def test_off_subject_question_gets_an_abstention(visiting: Visiting, app: str) -> None:
    page = visiting(app).go("/")
    ask(page, "Who won the football world cup in 2022?")
    expect(page, ".rm-calm h2").to_have_text("The library does not cover this question.", timeout=60_000)
    assert page.locator(".rm-calm li").count() >= 1


def test_older_editions_answer_only_when_asked_for_and_say_so(visiting: Visiting, app: str) -> None:
    page = visiting(app).go("/")
    question = "surveillance chest CT after resection of stage I non-small cell lung cancer"
    ask(page, question)
    expect(page, "#answer .rm-claim >> nth=0").to_be_visible(timeout=60_000)
    expect(page, "#answer .rm-sources .rm-tag-old").to_have_count(0)
    page.get_by_test_id("stCheckbox").locator("label").click()
    ask(page, question)
    expect(page, "#answer .rm-tag-old >> nth=0").to_have_text("Superseded by Version 2.2026", timeout=60_000)


@pytest.mark.parametrize(("size", "language"), [(DESK, "en"), (PHONE, "zh")])
def test_an_assumption_is_turned_and_put_back(
    visiting: Visiting, app: str, size: tuple[int, int], language: str
) -> None:
    page = visiting(app, size=size, language=language).go("/")
    ask(page, DOSE)
    expect(page, "#answer .rm-claim >> nth=0").to_contain_text("0.5 mg IM", timeout=60_000)
    adult = page.url
    older = page.get_by_test_id("stCheckbox").locator("label")
    older.click()
    names = {"en": ("adult", "child"), "zh": ("成人", "儿童")}[language]
    chip = page.get_by_role("button", name=re.compile(f"{names[0]}.*{names[1]}"), pressed=False)
    expect(page, "[data-testid=stCheckbox] input:checked").to_be_attached()
    expect(page, ".stApp[data-test-script-state=notRunning]").to_be_attached()  # the tick has drawn the page anew
    chip.press("Enter")
    expect(page, "#answer .rm-question").to_have_text(f"{DOSE} (child)", timeout=60_000)
    expect(page, "#answer .rm-claim >> nth=0").to_contain_text("Child 6–12 years | 300 micrograms")
    assert page.url != adult, "a record of its own"
    assert fits(page)
    expect(page, "[data-press=flip-adult]").to_have_attribute("aria-pressed", "true")
    expect(page, "[data-press=flip-adult]").to_be_focused()
    assert page.get_by_test_id("stCheckbox").locator("input").is_checked(), "the choices are kept"
    page.get_by_role("button", name=re.compile(f"{names[1]}.*{names[0]}"), pressed=True).click()
    expect(page, "#answer .rm-question").to_have_text(DOSE, timeout=60_000)
    expect(page, "#answer .rm-claim >> nth=0").to_contain_text("0.5 mg IM")
    # the answers before it stay: by their address, and by the browser's own way back
    page.go_back()
    expect(page, f"#answer .rm-question:text-is('{DOSE} (child)')").to_be_visible()
    expect(page, "#answer").to_have_count(1)
    other = visiting(app, size=size, language=language).go(adult.removeprefix(app))
    expect(other, "#answer .rm-question").to_have_text(DOSE)


def test_library_page_lists_every_edition(visiting: Visiting, app: str) -> None:
    page = visiting(app).go("/library")
    expect(page, ".rm-table tbody tr >> nth=14").to_be_attached()
    expect(page, ".rm-table").to_contain_text("Superseded by Version 2.2026")
    expect(page, ".rm-table").to_contain_text("急性冠脉综合征")
    assert fits(page)
