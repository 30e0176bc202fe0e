"""The Review page as a reviewer uses it: read, edit, accept, refuse; told of others; and the rows that come of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragmed.entries import ReviewDecision
from tests.e2e.browser import DESK, PHONE, ROOT, served
from tests.e2e.test_app import PICTURE, expect, fits, wait_for_picture, yellow_in_view
from tests.e2e.test_library_page import press, settled
from tests.ports import free_port
from tests.ui.library_app import LibraryProgram
from tests.ui.reviewing import ADRENALINE, ASKED_EN, ASKED_SEPSIS, CALCIUM, SALBUTAMOL, WRONG, Said, reviewing

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.conftest import Visiting

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Waiting:
    """An app in which three words of doctors wait."""

    address: str
    folder: Path
    program: LibraryProgram
    said: Said


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    folder = tmp_path / "app"
    folder.mkdir()
    program, said = reviewing(folder)
    port = free_port()
    with served("-m", "tests.ui.library_app", str(folder), str(port), port=port, log=tmp_path / "log") as address:
        yield Waiting(address, folder, program, said)


def write(page: Page, label: str, words: str) -> None:
    settled(page)
    page.get_by_label(label, exact=True).fill(words)


def reviews(waiting: Waiting) -> dict[str, list[tuple[str, str, str]]]:
    """Feedback id → (decision, user, correction), oldest first."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for one in waiting.program.auditor.review_queue():
        for each in waiting.program.records.reviews(one.feedback.record_id):
            found.setdefault(each.feedback_id, []).append((each.decision.value, each.user, each.correction))
    return found


def dataset(waiting: Waiting, out: Path) -> tuple[int, list[str]]:
    """The exit code of `ragmed tune dataset` and the answers that its rows teach."""
    command = ["-m", "ragmed.cli", "tune", "dataset", "--no-library-rows", "--out", str(out)]
    paths = ["--library", str(waiting.folder / "library"), "--index", str(waiting.folder / "index")]
    done = subprocess.run(
        [sys.executable, *command, *paths], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    rows = [
        json.loads(line) for file in sorted((out / "sft").iterdir()) for line in file.read_text("utf-8").splitlines()
    ]
    assert "王建国" not in "".join(file.read_text("utf-8") for file in out.rglob("*.json*")), "no patient in any row"
    return done.returncode, [row["messages"][-1]["content"] for row in rows]


def test_edited_refused_accepted_and_what_comes_of_it(waiting: Waiting, visiting: Visiting, tmp_path: Path) -> None:
    page = visiting(waiting.address, language="zh").go("/review")
    expect(page, ".rm-review-head .rm-meta >> nth=0").to_have_text("待审 3 条中最早的一条")
    assert page.locator(".rm-review-head mark").all_inner_texts() == ["王建国", "20261107"]
    expect(page, "#answer .rm-claim").to_contain_text(CALCIUM)
    expect(page, ".rm-becomes").to_contain_text("没有页面证实此句")
    expect(page, ".rm-short blockquote").to_contain_text("聚苯乙烯磺酸钠15 g")
    expect(page, ".rm-becomes").to_contain_text("病历号")

    edited = f"{CALCIUM[:-1]}[1]。\n{SALBUTAMOL}"
    write(page, "应改为", edited)
    press(page, "核对")
    expect(page, ".rm-becomes h3").to_have_text("按您的文字，将成为")
    expect(page, ".rm-becomes strong").to_have_text("1 条 SFT 样本、1 条 DPO 样本、1 条 KTO 样本")
    press(page, "准许")
    expect(page, ".rm-calm[role=alert]").to_contain_text("请先填写姓名或职务")
    assert reviews(waiting) == {}, "no review by nobody"
    assert page.get_by_label("应改为", exact=True).input_value() == edited, "nothing typed is lost"
    write(page, "姓名或职务", "陈医生")
    press(page, "准许")
    expect(page, ".st-key-review-told [role=status]").to_have_text("已按您的文字准许，审阅人 陈医生。")

    expect(page, ".rm-review-head h2").to_contain_text(ASKED_EN)
    assert page.evaluate("() => document.activeElement.dataset.item") == waiting.said.wrong.feedback_id
    write(page, "理由（可不填）", "剂量错误")
    press(page, "拒绝")
    expect(page, ".rm-review-head h2").to_contain_text(ASKED_SEPSIS)
    expect(page, ".rm-becomes strong").to_have_text("1 条 KTO 样本")
    expect(page, ".st-key-review-right input[aria-label='姓名或职务'] >> nth=-1").to_have_value("陈医生")  # said once
    press(page, "准许")
    expect(page, ".rm-calm[role=status]").to_contain_text("没有待审内容")

    said = waiting.said
    assert reviews(waiting) == {
        said.chinese.feedback_id: [("edit", "陈医生", edited)],
        said.wrong.feedback_id: [("refuse", "陈医生", "")],
        said.right.feedback_id: [("accept", "陈医生", "")],
    }
    counts = {one.review.note: one.review.at for one in waiting.program.auditor.review_queue() if one.review}
    assert counts["剂量错误"] > said.right.at
    code, taught = dataset(waiting, tmp_path / "rows")
    assert code == 0
    (row,) = taught
    assert CALCIUM[:-1] in row
    assert SALBUTAMOL[:-1] in row
    assert WRONG not in row
    page = page.context.pages[0]
    page.goto(f"{waiting.address}/audit?record={said.chinese.record_id}")
    expect(page, ".rm-aside").to_contain_text("陈医生")  # the entry of the review, among the others


def test_a_decision_of_somebody_else_is_told_and_nothing_lost(waiting: Waiting, visiting: Visiting) -> None:
    said = waiting.said
    page = visiting(waiting.address).go(f"/review?feedback={said.wrong.feedback_id}")
    write(page, "As it should read", ADRENALINE)
    for tongue, label in (
        ("中文", "应改为"),
        ("EN", "As it should read"),
        ("中文", "应改为"),
        ("EN", "As it should read"),
    ):
        page.locator(".st-key-language_switch button", has_text=tongue).click()
        expect(page, f".st-key-review-right textarea[aria-label='{label}']").to_have_value(ADRENALINE)
        expect(page, ".rm-review-head h2").to_contain_text(ASKED_EN)
    write(page, "Your name or role", "Dr Owen")
    waiting.program.auditor.review(said.wrong.feedback_id, ReviewDecision.REFUSE, user="Dr Chan")
    press(page, "Accept", exact=True)
    expect(page, ".rm-calm[role=alert]").to_contain_text("Meanwhile refused by Dr Chan. Yours is not recorded")
    expect(page, ".rm-review-head").to_contain_text("refused by Dr Chan")
    assert reviews(waiting)[said.wrong.feedback_id] == [("refuse", "Dr Chan", "")]
    assert page.get_by_label("As it should read", exact=True).input_value() == ADRENALINE
    press(page, "Accept", exact=True)
    expect(page, ".st-key-review-told").to_contain_text("Accepted in your words, by Dr Owen.")
    assert reviews(waiting)[said.wrong.feedback_id][1:] == [("edit", "Dr Owen", ADRENALINE)]

    press(page, "Look at it again")  # a later review outweighs an earlier one
    expect(page, ".rm-review-head").to_contain_text("accepted in other words by Dr Owen")
    expect(page, ".st-key-review-right .rm-sources").to_contain_text("refused by Dr Chan")
    press(page, "Refuse", exact=True)
    expect(page, ".st-key-review-told").to_contain_text("Refused, by Dr Owen.")
    assert [each[0] for each in reviews(waiting)[said.wrong.feedback_id]] == ["refuse", "edit", "refuse"]


def test_what_would_be_no_row_is_accepted_only_when_asked_for_twice(waiting: Waiting, visiting: Visiting) -> None:
    said = waiting.said
    visitor = visiting(waiting.address)
    page = visitor.go(f"/review?feedback={said.wrong.feedback_id}")
    write(page, "Your name or role", "Dr Owen")
    press(page, "Accept", exact=True)
    expect(page, ".rm-calm[role=alert]").to_contain_text("Not recorded yet: no row would come of it.")
    assert reviews(waiting) == {}
    write(page, "As it should read", "")
    press(page, "Accept", exact=True)
    expect(page, ".rm-calm[role=alert]").to_contain_text("The correction is empty.")
    write(page, "As it should read", WRONG)
    press(page, "Accept", exact=True)
    expect(page, ".rm-calm[role=alert]").to_contain_text("Not recorded yet")
    press(page, "Accept", exact=True)
    expect(page, ".st-key-review-told").to_contain_text("Accepted, by Dr Owen.")
    assert reviews(waiting) == {said.wrong.feedback_id: [("accept", "Dr Owen", "")]}

    expect(page, ".rm-review-head h2").to_contain_text("王建国")
    # its page's picture is there, which would else be asked for in vain
    page.wait_for_function(f"() => document.querySelector('{PICTURE}')?.src.includes('{said.chinese.record_id}')")
    page.wait_for_function(f"() => document.querySelector('{PICTURE}').naturalWidth > 0")
    waiting.program.auditor.erase(said.chinese.record_id, reason="letter 4")
    press(page, "Accept", exact=True)  # of what was erased while she looked at it
    expect(page, ".st-key-review-told [role=alert]").to_contain_text("Its answer may have been erased.")
    expect(page, ".rm-review-head h2").to_contain_text(ASKED_SEPSIS)
    page = visitor.go(f"/review?feedback={said.chinese.feedback_id}")
    expect(page, ".rm-calm[role=alert]").to_contain_text("Its answer may have been erased.")
    page = visitor.go("/review?view=all")
    expect(page, "[class*=st-key-review-line-]").to_have_count(2)
    assert "王建国" not in page.locator(".st-key-review").inner_text()


@pytest.mark.parametrize(("size", "theme", "language"), [(DESK, "dark", "zh"), (PHONE, "light", "en")])
def test_it_fits_opens_its_pages_and_is_reached_by_keys(
    waiting: Waiting, visiting: Visiting, size: tuple[int, int], theme: str, language: str
) -> None:
    said = waiting.said
    waiting.program.auditor.review(said.right.feedback_id, ReviewDecision.ACCEPT, user="Dr Chan")
    visitor = visiting(waiting.address, size=size, theme=theme, language=language)
    for path in ("/review?view=all", f"/review?feedback={said.right.feedback_id}", "/review"):
        page = visitor.go(path)
        settled(page)
        assert fits(page), path
        expect(page, ".st-key-top [data-testid=stPageLink]").to_have_count(4)
        tops = [one.bounding_box() for one in page.locator(".st-key-top [data-testid=stPageLink]").all()]
        assert len({round(one["y"]) for one in tops if one}) == 1, "one row for the four pages"
    page.locator("#answer .rm-chip >> nth=0").click()
    wait_for_picture(page)
    assert yellow_in_view(page)
    page.keyboard.press("Escape")
    expect(page, "dialog.rm-viewer").not_to_be_visible()
    labels = (
        ["应改为", "理由（可不填）", "姓名或职务"]
        if language == "zh"
        else ["As it should read", "Why, if you like", "Your name or role"]
    )
    page.get_by_label(labels[0], exact=True).focus()
    reached = []
    for _ in range(8):
        reached.append(page.evaluate("() => document.activeElement.ariaLabel || document.activeElement.innerText"))
        page.keyboard.press("Tab")
    buttons = ["核对", "准许", "拒绝"] if language == "zh" else ["Check", "Accept", "Refuse"]
    assert [one for one in reached if one in (*labels, *buttons)] == [labels[0], buttons[0], *labels[1:], *buttons[1:]]
    page = visitor.go("/review?language=en&view=all")
    expect(page, "[class*=st-key-review-line-]").to_have_count(2)
    assert "王建国" not in page.locator(".st-key-review").inner_text()


def test_without_a_word_it_says_so(visiting: Visiting, tmp_path: Path) -> None:
    port = free_port()
    with served("-m", "tests.ui.library_app", str(tmp_path), str(port), port=port, log=tmp_path / "log") as address:
        page = visiting(address).go("/review")
        expect(page, ".rm-calm").to_contain_text("Nobody has said anything of an answer yet.")
        page.close()  # before the server goes, which the page would report
