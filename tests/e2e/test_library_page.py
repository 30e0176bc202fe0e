"""The Library page as a librarian uses it at 16:55: drop, look, decide, publish, and take it back."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browser import DESK, PHONE, served
from tests.e2e.test_app import SHOWN, ask, expect, fits
from tests.ports import free_port
from tests.ui.library_app import KETOACIDOSIS, RESTRICTED, SCANNED, SEPSIS_2, program_over

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.conftest import Visiting

pytestmark = pytest.mark.browser

WHEN = "When are antibiotics given in septic shock?"
BROKEN = b"%PDF-1.7\nnothing more"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "app"


@pytest.fixture
def app(folder: Path) -> Iterator[str]:
    """The app over two guidelines that are published; each test has its own."""
    folder.mkdir()
    port = free_port()
    arguments = ("-m", "tests.ui.library_app", str(folder), str(port))
    with served(*arguments, port=port, log=folder / "log") as address:
        yield address


def drop(page: Page, **files: str | bytes) -> None:
    """Drop files, named with ``__`` for the dot, and wait for the plan."""
    page.locator(".st-key-drop input[type=file]").set_input_files(
        [
            {
                "name": name.replace("__", "."),
                "mimeType": "application/octet-stream",
                "buffer": content.encode() if isinstance(content, str) else content,
            }
            for name, content in files.items()
        ]
    )


def groups(page: Page) -> list[str]:
    expect(page, ".rm-plan .rm-groups").to_be_visible()
    settled(page)
    return [" ".join(text.split()) for text in page.locator(".rm-plan .rm-group > summary").all_inner_texts()]


def publish(page: Page) -> None:
    press(page, "Publish", exact=True)
    expect(page, ".st-key-done h2").to_contain_text("is published.")


def settled(page: Page) -> None:
    """Until the page is drawn whole."""
    expect(page, ".stApp[data-test-script-state=notRunning]").to_be_attached()


def press(page: Page, name: str, *, exact: bool = False) -> None:
    """By the keyboard: every button can be reached so, and none moves away from under it."""
    settled(page)
    page.get_by_role("button", name=name, exact=exact).press("Enter")


def fill(page: Page, name: str, said: str) -> None:
    settled(page)
    page.get_by_role("textbox", name=name).fill(said)


def answer_to(page: Page, question: str) -> str:
    """Ask, perhaps the same again, and wait for the new answer."""
    before = page.locator("#answer").get_attribute("data-record") if page.locator("#answer").count() else ""
    ask(page, question)
    expect(page, f"#answer:not([data-record='{before}']) .rm-claim >> nth=0").to_be_visible()
    return page.locator(".rm-claims").inner_text()


def test_from_a_drop_of_files_to_the_new_answer_and_back(app: str, visiting: Visiting, folder: Path) -> None:
    visitor = visiting(app)
    doctor = visiting(app, size=PHONE).go("/")
    assert "within three hours" in answer_to(doctor, WHEN)

    page = visitor.go("/library?view=update")
    drop(page, sepsis_v2__md=SEPSIS_2, ketoacidosis__md=KETOACIDOSIS, broken__pdf=BROKEN)
    assert groups(page) == ["2 new", "1 superseded", "1 unreadable", "1 unchanged"]
    page.locator(".rm-group-refused summary").click()
    expect(page, ".rm-group-refused").to_contain_text("broken.pdf")
    expect(page, ".rm-group-refused").to_contain_text("What to do:")
    expect(page, ".rm-diff > summary").to_contain_text("Version 1.2026 → Version 2.2026")
    expect(page, ".rm-diff del >> nth=0").to_have_text("within three hours")
    expect(page, ".rm-diff ins >> nth=0").to_have_text("within one hour")
    expect(page, ".rm-impact").to_contain_text("now worded otherwise")
    assert fits(page)
    assert "within three hours" in answer_to(doctor, WHEN), "a plan changes nothing"
    assert sorted(path.name for path in (folder / "library").iterdir()) == ["anaphylaxis.md", "sepsis.md"]

    publish(page)
    expect(page, ".st-key-done h2").to_have_text("Snapshot 2 is published.")
    assert "within one hour" in answer_to(doctor, WHEN), "no reload, no restart"
    doctor.get_by_test_id("stCheckbox").locator("label").click()
    answer_to(doctor, WHEN)
    expect(doctor, "#answer .rm-tag-old >> nth=0").to_have_text("Superseded by Version 2.2026")
    doctor.get_by_test_id("stCheckbox").locator("label").click()

    press(page, "Undo: back to snapshot 1")
    expect(page, "[role=alert]").to_contain_text("a decision bears a name")
    fill(page, "Your name", "Dr Li")
    press(page, "Undo: back to snapshot 1")
    expect(page, ".st-key-done h2").to_have_text("Back at snapshot 1.")
    assert "within three hours" in answer_to(doctor, WHEN)
    page = visitor.go("/library?view=history")
    expect(page, ".rm-history tbody tr >> nth=0").to_contain_text("gone back from 2")
    expect(page, ".rm-history tbody tr >> nth=0").to_contain_text("by Dr Li")
    expect(page, ".rm-history tbody tr").to_have_count(3)


def test_the_way_back_from_the_history(app: str, visiting: Visiting) -> None:
    page = visiting(app).go("/library?view=update")
    drop(page, sepsis_v2__md=SEPSIS_2)
    groups(page)
    publish(page)
    page.get_by_text("History", exact=True).click()
    expect(page, ".rm-history tbody tr").to_have_count(2)
    expect(page, ".st-key-done").to_have_count(0)
    fill(page, "Your name", "Wu")
    fill(page, "Why (optional)", "asked by the ward")
    press(page, "Go back to it")
    expect(page, ".rm-history tbody tr >> nth=0").to_contain_text("asked by the ward")
    expect(page, ".rm-state").to_contain_text("snapshot 1")
    page.get_by_text("Guidelines", exact=True).click()
    expect(page, ".rm-series").to_contain_text("Version 1.2026")
    expect(page, ".rm-series").not_to_contain_text("Version 2.2026")


def test_a_recorded_permission_releases_a_held_document(app: str, visiting: Visiting, folder: Path) -> None:
    page = visiting(app).go("/library?view=update")
    drop(page, restricted__md=RESTRICTED)
    assert groups(page) == ["1 held for the licence", "2 unchanged"]
    expect(page, ".rm-notice blockquote").to_contain_text("may not be used with artificial intelligence tools")
    page.locator(".rm-sheet img").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.rm-sheet img').naturalWidth > 0")
    assert yellow(page, ".rm-sheet img"), "the notice is marked on its page"

    press(page, "Record the permission")
    expect(page, "[role=alert]").to_contain_text("a decision bears a name")
    fill(page, "Your name", "Dr Li")
    fill(page, "Where the permission is written", "Letter of 12 May 2026")
    press(page, "Record the permission")
    expect(page, ".rm-group-new summary").to_contain_text("1 new")
    register = (folder / "library" / "register.toml").read_text("utf-8")
    assert 'by = "Dr Li"' in register and "Letter of 12 May 2026" in register
    publish(page)
    page.get_by_test_id("stPageLink").get_by_text("Ask").click()
    assert "0.9 mg/kg" in answer_to(page, "What is the dose of alteplase in stroke?")
    expect(page, f"{SHOWN} .rm-licence >> nth=-1").to_contain_text("Letter of 12 May 2026 (Dr Li, ")


def test_two_guidelines_of_one_title_are_asked_about_and_parted(app: str, visiting: Visiting, folder: Path) -> None:
    steps = ("airway", "oxygen", "fluids", "cultures", "lactate", "antibiotics")
    ours = "\n\n".join(f"Check {step} when c{place} says so." for place, step in enumerate(steps))
    theirs = "\n\n".join(f"Order {step} if o{place} was missed." for place, step in enumerate(reversed(steps)))
    page = visiting(app).go("/library?view=update")
    drop(
        page,
        ours__md=f"# Burns pathway\n\nPublished 2024-03-01\n\n{ours}\n",
        theirs__md=f"# Burns pathway\n\nPublished 2026-03-01\n\n{theirs}\n",
    )
    assert groups(page) == ["2 new", "2 unchanged"], "neither replaces the other"
    expect(page, ".st-key-question-0").to_contain_text("Do these belong to one guideline?")
    press(page, "Two guidelines")
    expect(page, "[role=alert]").to_contain_text("a decision bears a name")
    fill(page, "Your name", "Dr Li")
    press(page, "Two guidelines")
    expect(page, ".st-key-question-0").to_have_count(0)  # gone for good, or while the plan is made anew
    assert groups(page) == ["2 new", "2 unchanged"]
    expect(page, ".st-key-question-0").to_have_count(0)
    register = folder / "library" / "register.toml"
    assert "[[distinct]]" in register.read_text("utf-8") and 'by = "Dr Li"' in register.read_text("utf-8")
    register.unlink()
    press(page, "Look again")
    expect(page, ".st-key-question-0").to_be_visible()
    press(page, "Editions of one guideline")
    expect(page, ".st-key-question-0").to_have_count(0)
    expect(page, ".rm-diff > summary").to_contain_text("2024-03-01 → 2026-03-01")


def test_a_date_settles_which_of_two_is_newer(app: str, visiting: Visiting, folder: Path) -> None:
    (folder / "library" / "register.toml").write_text(
        "".join(f'[[series]]\nid = "burns"\n[[series.edition]]\nfile = "burns_{name}.md"\n' for name in "ab"), "utf-8"
    )
    page = visiting(app).go("/library?view=update")
    drop(
        page,
        burns_a__md="# Burns\n\nCool a burn for 20 minutes.\n",
        burns_b__md="# Burns\n\nCool a burn for 10 minutes.\n",
    )
    expect(page, ".st-key-question-0").to_contain_text("Which is newer?")
    fill(page, "Your name", "Wu")
    page.get_by_placeholder("Published (2026, 2026-03 or 2026-03-02)").nth(0).fill("2024")
    page.get_by_placeholder("Published (2026, 2026-03 or 2026-03-02)").nth(1).fill("March")
    press(page, "Save")
    expect(page, "[role=alert]").to_contain_text("March")
    page.get_by_placeholder("Published (2026, 2026-03 or 2026-03-02)").nth(1).fill("2026-03")
    press(page, "Save")
    expect(page, ".st-key-question-0").to_have_count(0)
    expect(page, ".rm-diff del >> nth=0").to_have_text("20 minutes")


def test_an_accepted_page_answers(app: str, visiting: Visiting) -> None:
    page = visiting(app).go("/library?view=update")
    drop(page, scanned__md=SCANNED)
    groups(page)
    expect(page, ".rm-read pre").to_contain_text("Give 4 ml/kg for each percent of burned surface")
    page.locator(".rm-sheet img").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.rm-sheet img').naturalWidth > 0")
    fill(page, "Your name", "Wu")
    press(page, "The text is right: accept page 1")
    expect(page, ".rm-read").to_have_count(0)
    publish(page)
    page.get_by_text("Guidelines", exact=True).click()
    expect(
        page,
        ".rm-series tbody tr",
    ).to_have_count(3)
    expect(page, ".rm-series").not_to_contain_text("unused")
    page.get_by_test_id("stPageLink").get_by_text("Ask").click()
    assert "4 ml/kg" in answer_to(page, "How much fluid is given for burned surface in the first day?")


def test_forty_files_are_taken_and_a_wrong_one_is_named(app: str, visiting: Visiting, folder: Path) -> None:
    page = visiting(app).go("/library?view=update")
    many = {f"g{number}__md": f"# Guideline {number}\n\nGive {number} mg of agent {number}.\n" for number in range(40)}
    drop(page, **many, register__toml="[[series]]\n", large__txt=b"x" * ((1 << 20) + 1))
    expect(page, "section[role=alert]").to_contain_text("register.toml: files of this kind are not read")
    expect(page, ".rm-group-new summary").to_have_text(re.compile("40 new"), timeout=60_000)
    assert len(list((folder / "index" / "inbox").iterdir())) == 40
    settled(page)
    page.get_by_text("40 files in the inbox").click()
    press(page, "Remove all")
    expect(page, ".st-key-inbox").to_have_count(0)
    expect(page, ".rm-plan").to_have_count(0)


def test_a_plan_that_no_longer_holds_cannot_be_published(app: str, visiting: Visiting, folder: Path) -> None:
    page = visiting(app).go("/library?view=update")
    drop(page, ketoacidosis__md=KETOACIDOSIS)
    groups(page)
    (folder / "library" / "late.md").write_text("# Late\n\nCame in by another way.\n", "utf-8")
    page.reload()
    expect(page, ".rm-stale").to_contain_text("Look again before you publish")
    assert page.get_by_role("button", name="Publish", exact=True).is_disabled()
    press(page, "Look again")
    expect(page, ".rm-group-new summary").to_contain_text("2 new")


def test_somebody_else_at_work_is_named(app: str, visiting: Visiting, folder: Path) -> None:
    from ragmed.index.lock import writer_lock

    page = visiting(app).go("/library?view=update")
    drop(page, ketoacidosis__md=KETOACIDOSIS)
    groups(page)
    with writer_lock(folder / "index"):
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page, "[role=alert]").to_contain_text("Nothing was published.")
        expect(page, "[role=alert]").to_contain_text("is writing to this index")
    expect(page, ".rm-group-new summary").to_contain_text("1 new")
    publish(page)


def test_work_goes_on_while_the_page_is_left_and_others_see_it(app: str, visiting: Visiting) -> None:
    page = visiting(app).go("/library?view=update")
    other = visiting(app, language="zh").go("/library?view=update")
    settled(other)
    drop(page, sepsis_v2__md=SEPSIS_2)
    expect(page, ".rm-working, .rm-plan").to_be_visible()
    page.get_by_test_id("stPageLink").get_by_text("Ask").click()
    expect(page, ".stChatInput").to_be_visible()
    expect(other, ".rm-plan h2 >> nth=0").to_have_text("变更内容")
    other.get_by_role("button", name="发布", exact=True).click()
    expect(other, ".st-key-done h2").to_have_text("快照 2 已发布。")
    page.get_by_test_id("stPageLink").get_by_text("Library").click()
    expect(page, ".rm-series").to_contain_text("Version 2.2026")


def test_a_question_that_was_not_covered_is_listed(app: str, visiting: Visiting) -> None:
    visitor = visiting(app)
    page = visitor.go("/")
    ask(page, "Who won the football world cup in 2022?")
    expect(page, ".rm-calm h2").to_be_visible()
    answer_to(page, WHEN)
    page = visitor.go("/library?view=coverage")
    expect(page, ".rm-unanswered").to_contain_text("Who won the football world cup in 2022?")
    page.get_by_text("Guidelines", exact=True).click()
    row = page.locator(".rm-series tbody tr", has_text="Sepsis in adults")
    assert row.locator("td").last.inner_text() == "1"


@pytest.mark.parametrize(("size", "theme", "language"), [(DESK, "dark", "zh"), (PHONE, "light", "en")])
def test_every_part_fits_its_window(
    app: str, visiting: Visiting, size: tuple[int, int], theme: str, language: str
) -> None:
    visitor = visiting(app, size=size, theme=theme, language=language)
    page = visitor.go("/library?view=update")
    drop(page, sepsis_v2__md=SEPSIS_2, restricted__md=RESTRICTED, scanned__md=SCANNED, broken__pdf=BROKEN)
    expect(page, ".rm-read pre").to_be_visible()
    settled(page)
    assert fits(page)
    for part, selector in (("guidelines", ".rm-series"), ("history", ".rm-history"), ("coverage", ".rm-coverage")):
        page = visitor.go(f"/library?view={part}")
        expect(page, selector).to_be_visible()
        assert fits(page), part


def test_where_librarians_do_not_work_there_is_the_table_only(visiting: Visiting, tmp_path: Path) -> None:
    port = free_port()
    arguments = ("-m", "tests.ui.library_app", str(tmp_path), str(port), "readonly")
    with served(*arguments, port=port, log=tmp_path / "log") as address:
        page = visiting(address).go("/library?view=update")
        expect(page, ".rm-series tbody tr").to_have_count(2)
        settled(page)
        expect(page, ".st-key-drop, .st-key-library_view").to_have_count(0)
        for document in program_over(tmp_path).snapshots.current().documents():
            assert status(f"{address}/library/page/{document.document_id}/1.png") == 404


def test_pictures_of_pages_are_given_out_for_known_documents_only(app: str) -> None:
    for place in ("d-0123456789abcdef/1", "..%2f..%2fetc%2fpasswd/1", "d-0123456789abcdef/x", "x/1"):
        assert status(f"{app}/library/page/{place}.png") in (400, 404), place


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def yellow(page: Page, selector: str) -> bool:
    """Whether a pixel of the picture has the mark's colour."""
    return bool(
        page.evaluate(
            """(selector) => {
              const image = document.querySelector(selector), canvas = document.createElement("canvas");
              canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
              const pen = canvas.getContext("2d");
              pen.drawImage(image, 0, 0);
              const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
              for (let i = 0; i < pixels.length; i += 4)
                if (pixels[i] > 240 && pixels[i + 1] > 200 && pixels[i + 2] < 170) return true;
              return false;
            }""",
            selector,
        )
    )
