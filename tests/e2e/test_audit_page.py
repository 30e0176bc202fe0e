"""The Audit page as an auditor uses it, and the word that a doctor leaves under an answer."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragmed.index.collect import Retention
from ragmed.index.folder_store import FolderStore
from ragmed.interfaces import Finished
from ragmed.records import Outcome
from tests.adapters.made import adapter_files
from tests.audit.damage import unguarded
from tests.e2e.browser import DESK, PHONE, served
from tests.e2e.test_app import expect, fits, wait_for_picture, yellow_in_view
from tests.e2e.test_library_page import WHEN, answer_to, drop, fill, groups, press, publish, settled
from tests.ports import free_port
from tests.ui.library_app import SEPSIS_2, program_over

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.browser import Visit
    from tests.e2e.conftest import Visiting

pytestmark = pytest.mark.browser

DOSE = "What is the dose of adrenaline in anaphylaxis?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "app"


@pytest.fixture
def app(folder: Path) -> Iterator[str]:
    """The app over two guidelines that are published; each test has its own."""
    folder.mkdir()
    port = free_port()
    with served("-m", "tests.ui.library_app", str(folder), str(port), port=port, log=folder / "log") as address:
        yield address


def answered(page: Page, question: str) -> str:
    """Ask and wait for the answer and, where it stands beside it, its page; the record's id."""
    answer_to(page, question)
    if (page.viewport_size or {})["width"] == DESK[0]:
        wait_for_picture(page)
    return record_of(page)


def record_of(page: Page) -> str:
    found = page.locator("#answer").get_attribute("data-record")
    assert found
    return found


def test_an_empty_log_says_so(app: str, visiting: Visiting) -> None:
    page = visiting(app).go("/audit")
    expect(page, ".rm-calm").to_contain_text("No answer has been recorded yet.")


def test_find_open_prove_and_take_away(app: str, visiting: Visiting, folder: Path, tmp_path: Path) -> None:
    visitor = visiting(app)
    page = visitor.go("/")
    first = answered(page, WHEN)
    answered(page, DOSE)
    page = visitor.go("/library?view=update")
    drop(page, sepsis_v2__md=SEPSIS_2)
    groups(page)
    publish(page)

    page = visitor.go("/audit")
    expect(page, ".rm-audit tbody tr").to_have_count(2)
    fill(page, "Words in question or answer", "adrenaline")
    page.keyboard.press("Enter")
    expect(page, ".rm-audit tbody tr").to_have_count(1)
    expect(page, ".rm-audit tbody th").to_contain_text(DOSE)
    fill(page, "Words in question or answer", "septic")
    page.keyboard.press("Enter")
    expect(page, ".rm-audit tbody th").to_contain_text(WHEN)
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON Lines").click()
    assert "septic" not in download.value.url, "what was searched for is in no address"
    exported = [json.loads(line) for line in download.value.path().read_text("utf-8").splitlines()]
    assert [one["record_id"] for one in exported] == [first]
    assert "septic" not in json.dumps(exported), "what was asked is exported only when that is wanted"

    page = visitor.go(f"/audit?record={first}")
    expect(page, "#answer .rm-claim >> nth=0").to_contain_text("within three hours")
    expect(page, ".rm-aside .rm-tag-old >> nth=0").to_have_text("worded otherwise now")
    expect(page, ".rm-aside del >> nth=0").to_have_text("within three hours")
    expect(page, ".rm-aside").to_contain_text("entry 1")
    press(page, "Ask it again")
    expect(page, ".rm-replayed").to_contain_text("bit for bit")
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the evidence").click()
    bundle = tmp_path / "bundle.zip"
    download.value.save_as(bundle)
    unpacked = tmp_path / "unpacked"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(bundle), str(unpacked)], check=True)
    command = [sys.executable, "-I", "-S", "verify.py"]
    verified = subprocess.run(command, cwd=unpacked, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout
    assert "SOUND" in verified.stdout

    page = visitor.go("/audit?view=days")
    expect(page, ".rm-columns").to_have_count(2)
    expect(page, ".rm-chart >> nth=0").to_contain_text("answered 2")
    page.locator(".rm-days summary").click()
    expect(page, ".rm-days tbody tr").to_have_count(1)
    page = visitor.go("/audit?view=proof")
    press(page, "Verify", exact=True)
    expect(page, ".rm-proof[role=status] h2").to_contain_text("Everything that was checked is as it was written.")


def test_a_changed_source_is_found_and_its_entry_named(app: str, visiting: Visiting, folder: Path) -> None:
    visitor = visiting(app)
    answered(visitor.go("/"), DOSE)  # its page's picture, too, is made from the source
    for source in (folder / "index" / "sources").iterdir():
        source.chmod(0o600)
        source.write_bytes(source.read_bytes() + b" ")
    page = visitor.go("/audit?view=proof")
    press(page, "Verify", exact=True)
    expect(page, ".rm-proof[role=alert] h2").to_contain_text("not as")
    expect(page, ".rm-proof tbody th >> nth=0").to_have_text("entry 1")


def form_open(page: Page) -> None:
    """The feedback form stands open: its button is a toggle, and what is being drawn anew is not visible meanwhile."""
    from playwright.sync_api import TimeoutError as NotThereError

    for _ in range(4):
        settled(page)
        try:
            page.get_by_label("Your name or role").wait_for(state="visible", timeout=4_000)
        except NotThereError:
            press(page, "Say what you think of it")
        else:
            return
    expect(page, "[data-testid=stForm]").to_be_visible()


def test_a_doctor_s_word_is_recorded_beside_the_answer(app: str, visiting: Visiting, folder: Path) -> None:
    visitor = visiting(app)
    page = visitor.go("/")
    record = answered(page, DOSE)
    form_open(page)
    page.get_by_label("As it should read").fill("0.3 mg for small adults")
    press(page, "Record it")
    expect(page, "[data-testid=stForm] .rm-calm[role=alert]").to_contain_text("Say who you are")
    assert program_over(folder).records.feedback(record) == (), "no word without a name"
    form_open(page)
    assert page.get_by_label("As it should read").input_value() == "0.3 mg for small adults", "nothing typed is lost"
    page.get_by_label("Your name or role").fill("Dr Li")
    press(page, "Record it")
    expect(page, "[role=status].rm-meta").to_contain_text("Recorded in the log beside the answer")
    expect(page, "[data-testid=stForm]").to_have_count(0)  # it closes
    (said,) = program_over(folder).records.feedback(record)
    assert (said.user, said.correction, said.kind.value) == ("Dr Li", "0.3 mg for small adults", "right")
    form_open(page)
    assert page.get_by_label("As it should read").input_value() == "", "the next word begins empty"
    assert page.get_by_label("Your name or role").input_value() == "Dr Li"
    page = visitor.go(f"/audit?record={record}")
    expect(page, ".rm-aside").to_contain_text("0.3 mg for small adults")


def test_an_erased_answer_shows_that_and_no_more(app: str, visiting: Visiting, folder: Path) -> None:
    visitor = visiting(app)
    page = visitor.go("/")
    record = answered(page, DOSE)
    program_over(folder).records.erase(record, user="Wu", reason="Letter 7")
    page = visitor.go(f"/audit?record={record}")
    expect(page, ".rm-calm").to_contain_text("by Wu: Letter 7")
    assert "adrenaline" not in page.locator(".st-key-audit").inner_text().lower()


def test_a_cited_page_opens_over_the_answer_and_closes_again(app: str, visiting: Visiting) -> None:
    for size in (DESK, PHONE):
        visitor = visiting(app, size=size)
        record = answered(visitor.go("/"), WHEN)
        page = visitor.go(f"/audit?record={record}")
        link = page.locator(".rm-aside a[data-cite]").nth(1)
        link.click()
        wait_for_picture(page)
        assert yellow_in_view(page)
        assert page.url.endswith(f"/audit?record={record}&cite=1b")
        page.keyboard.press("Escape")
        expect(page, "dialog.rm-viewer").not_to_be_visible()
        page.wait_for_url(lambda url: "cite=" not in url)
        page = visitor.go(f"/audit?record={record}&cite=1b")
        wait_for_picture(page)  # a link opens the very page


def many(folder: Path, count: int) -> None:
    """Answers of the last days, half of them not covered, every third by ward 3."""
    program = program_over(folder)
    one = next(event.record for event in program.assistant.ask(WHEN) if isinstance(event, Finished))
    for number in range(count):
        made = replace(one, record_id=f"{number:016x}", user="ward 3" if number % 3 == 0 else "ward 4")
        if number % 2:
            made = replace(
                made, outcome=Outcome.ABSTAINED, claims=(), checks=(), text="", question=f"Malaria {number}?"
            )
        program.records.append(made)


def test_filters_and_the_place_in_the_list_survive_an_opened_answer(app: str, visiting: Visiting, folder: Path) -> None:
    many(folder, 240)
    visitor = visiting(app)
    page = visitor.go("/audit")
    expect(page, ".rm-audit tbody tr").to_have_count(50)
    page.get_by_text("More filters").click()
    fill(page, "User", "ward 4")  # while the fold still opens
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_role("combobox", name="Outcome").click()
    page.get_by_role("option", name="not covered").click()
    expect(page, ".st-key-audit-user input").to_have_value("ward 4")
    expect(page, ".st-key-audit-outcome-en input").to_have_value("not covered")
    expect(page, ".rm-audit tbody tr >> nth=0").to_contain_text("Malaria 239?")
    fill(page, "Words in question or answer", "malaria")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "search=" in url)
    settled(page)
    press(page, "Older answers")
    expect(page, ".rm-audit tbody tr >> nth=0").to_contain_text("Malaria 89?")
    expect(page, ".rm-audit tbody tr").to_have_count(30)
    assert "malaria" not in page.url.lower(), "what is searched for is in no address"
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text("utf-8").count("\n") == 81, "all eighty, not only the page in front"
    page.locator(".rm-audit a >> nth=0").click()
    expect(page, ".rm-aside").to_be_visible()
    page.get_by_role("link", name="All answers").click()
    expect(page, ".rm-audit tbody tr").to_have_count(30)
    expect(page, ".rm-audit tbody tr >> nth=0").to_contain_text("Malaria 89?")
    expect(page, ".st-key-audit-text input").to_have_value("malaria")
    expect(page, ".st-key-audit-user input").to_have_value("ward 4")
    press(page, "Newest answers")
    expect(page, ".rm-audit tbody tr >> nth=0").to_contain_text("Malaria 239?")
    page.get_by_role("radio", name="中文").click()  # a choice is the same in every language
    expect(page, ".st-key-audit-outcome-zh input").to_have_value("未覆盖")
    fill(page, "用户", "ward 3")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "ward+3" in url or "ward%203" in url)
    assert "outcome=abstained" in page.url
    page.get_by_role("radio", name="EN").click()
    expect(page, ".st-key-audit-outcome-en input").to_have_value("not covered")
    fill(page, "From", "last week")
    page.keyboard.press("Enter")
    expect(page, ".rm-calm[role=alert]").to_contain_text("'last week' is no time")
    expect(page, ".rm-calm[role=alert]").to_contain_text("What to do: write 2026")


def asked_and_replaced(folder: Path) -> str:
    """An answer, and a new edition of what it cites; the answer's id."""
    program = program_over(folder)
    record = next(event.record.record_id for event in program.assistant.ask(WHEN) if isinstance(event, Finished))
    (folder / "library" / "sepsis.md").write_text(SEPSIS_2, "utf-8")
    program.build_with(program.settings, dry_run=False, inbox=False)
    program.records.checkpoints.settle(60)
    program.records.checkpoints.write()  # here and now: they have to be there to be taken away
    return record


def test_what_is_gone_is_said_everywhere(visiting: Visiting, folder: Path) -> None:
    """The snapshot collected, the checkpoints out of reach: nothing breaks, and nothing claims to have been checked."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as another:  # whose end lets go of the snapshot
        record = another.submit(asked_and_replaced, folder).result()
    retention = Retention(keep_days=0, keep_last=1, cited=frozenset())
    gone = FolderStore(folder / "index").collect(retention, dry_run=False)
    assert gone.snapshots, "the old snapshot is collected"
    (folder / "index" / "checkpoints").rename(folder / "elsewhere")
    port = free_port()
    arguments = ("-m", "tests.ui.library_app", str(folder), str(port))
    with served(*arguments, port=port, log=folder / "log") as address:
        visitor = visiting(address)
        page = _of_what_is_gone(visitor, record)
        page.close()  # before the server goes, which the page would report


def _of_what_is_gone(visitor: Visit, record: str) -> Page:
    page = visitor.go(f"/audit?record={record}")
    expect(page, ".rm-aside .rm-tag-old >> nth=0").to_have_text("cannot be compared")
    press(page, "Ask it again")
    expect(page, ".rm-replayed").to_contain_text("It cannot be asked again here.")
    page.locator(".rm-aside a[data-cite] >> nth=0").click()
    expect(page, "dialog.rm-viewer .rm-paper-failed >> nth=0").to_be_visible()
    page = visitor.go("/audit?view=proof")
    press(page, "Verify", exact=True)
    expect(page, ".rm-proof[role=status] h2").to_contain_text("Something could not be checked")
    expect(page, ".rm-unproven").to_contain_text("2 citations")
    expect(page, ".rm-unproven").to_contain_text("checkpoint")
    return page


def test_a_damaged_answer_keeps_nobody_from_the_others(app: str, visiting: Visiting, folder: Path) -> None:
    visitor = visiting(app)
    page = visitor.go("/")
    answered(page, DOSE)
    with unguarded(folder / "index" / "records.sqlite") as log:
        (sealed,) = log.execute("SELECT sealed FROM contents").fetchone()
        log.execute("UPDATE contents SET sealed = ?", (sealed[:99] + bytes([sealed[99] ^ 1]) + sealed[100:],))
    page = visitor.go("/")
    answered(page, WHEN)
    page = visitor.go("/audit")
    expect(page, ".rm-audit tbody tr").to_have_count(2)
    expect(page, ".rm-audit tbody").to_contain_text("Its content does not open: press Verify")
    page.get_by_role("link", name="CSV").click()
    expect(page, ".rm-alone h2").to_have_text("This could not be made.")
    assert [error for error in visitor.errors if "409" not in error] == []
    visitor.errors.clear()  # the browser notes the status of that page
    page.get_by_role("link", name="Verify").click()
    press(page, "Verify", exact=True)
    expect(page, ".rm-proof[role=alert] h2").to_contain_text("not as")


def test_an_erased_answer_says_so_to_the_doctor_who_has_its_link_and_takes_no_word(
    app: str, visiting: Visiting, folder: Path
) -> None:
    visitor = visiting(app)
    page = visitor.go("/")
    record = answered(page, DOSE)
    press(page, "Say what you think of it")
    page.get_by_label("Your name or role").fill("Dr Li")
    program_over(folder).records.erase(record, user="Wu", reason="Letter 7")
    press(page, "Record it")
    expect(page, ".rm-calm[role=status]").to_contain_text("by Wu: Letter 7")
    assert len(program_over(folder).records.entries_of(record)) == 2, "the answer and its erasure, and no word after it"
    page = visitor.go(f"/?record={record}")
    expect(page, ".rm-calm[role=status]").to_contain_text("by Wu: Letter 7")


@pytest.mark.parametrize(("size", "theme", "language"), [(DESK, "dark", "zh"), (PHONE, "light", "en")])
def test_every_part_fits_its_window(
    app: str, visiting: Visiting, size: tuple[int, int], theme: str, language: str
) -> None:
    visitor = visiting(app, size=size, theme=theme, language=language)
    page = visitor.go("/")
    record = answered(page, WHEN)
    for place, selector in (
        ("/audit", ".rm-audit"),
        ("/audit?view=proof", ".st-key-verify"),
        ("/audit?view=days", ".rm-days"),
        (f"/audit?record={record}", ".rm-aside"),
    ):
        page = visitor.go(place)
        expect(page, selector).to_be_visible()
        settled(page)
        assert fits(page), place


def test_where_auditors_do_not_work_there_is_no_page(visiting: Visiting, tmp_path: Path) -> None:
    port = free_port()
    arguments = ("-m", "tests.ui.library_app", str(tmp_path), str(port), "readonly")
    with served(*arguments, port=port, log=tmp_path / "log") as address:
        visitor = visiting(address)
        page = visitor.go("/")
        record = answered(page, DOSE)
        expect(page, "[data-testid=stPageLink]").to_have_count(2)
        for go in (
            lambda: visitor.go("/audit"),
            lambda: visitor.go(f"/audit?record={record}"),
            lambda: visitor.go("/review"),
            # past the server's own answer, as one page of the app goes to another
            lambda: page.evaluate(
                "() => { history.pushState({}, '', '/audit'); dispatchEvent(new Event('popstate')) }"
            ),
        ):
            go()
            page.wait_for_timeout(1000)
            settled(page)
            expect(page, ".st-key-left").to_be_visible()  # the Ask page instead
            expect(page, ".st-key-audit, .st-key-review").to_have_count(0)
        for path in (f"/audit/bundle/{record}.zip", "/audit/export.csv"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(address + path, timeout=10)
            assert refused.value.code == 404
        page.close()  # before the server goes, which the page would report


@pytest.mark.parametrize(
    ("path", "line", "tag", "why"),
    [
        (
            "/audit",
            "2 changes of tuned adapters, 1 promoted without the gate",
            "promoted without the gate",
            "It had not been",
        ),
        ("/audit?lang=zh", "微调适配器变更 2 次，1 次未经评估关卡即启用", "未经评估关卡即启用", "此前未经评估关卡"),
    ],
    ids=["en", "zh"],
)
def test_a_promotion_without_the_gate_is_seen(
    app: str, visiting: Visiting, folder: Path, path: str, line: str, tag: str, why: str
) -> None:
    register = program_over(folder).adapters  # another process than the app's
    sha256 = register.add(adapter_files(folder / "tuned"), model="tiny", revision="r1", by="dr-owen").sha256
    register.promote(sha256, "dr-owen", "ticket 7", True)
    page = visiting(app, size=PHONE).go(path)
    summary = page.locator(".rm-adapters summary")
    expect(page, ".rm-adapters summary").to_have_text(line)
    summary.click()
    expect(page, ".rm-adapters .rm-tag-old").to_have_text(tag)
    expect(page, ".rm-adapters li >> nth=0").to_contain_text("ticket 7")
    expect(page, ".rm-adapters li >> nth=0").to_contain_text(why)
    expect(page, ".rm-adapters li >> nth=0").to_contain_text("dr-owen")
    assert fits(page)
