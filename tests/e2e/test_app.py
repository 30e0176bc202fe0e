"""The app in a real browser, over the small library: what a doctor sees, taps and types."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browser import DESK, PHONE
from tests.ui.small_library import HOSTILE, QUESTIONS, kept_id

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.conftest import Visiting

pytestmark = pytest.mark.browser

SHOWN = "section.rm-cited:not([hidden])"
QUOTE = f"{SHOWN} figure.rm-quote:not([hidden])"
PICTURE = f"{SHOWN} .rm-paper img"
LOOKS = [(DESK, "light", "en"), (DESK, "dark", "zh"), (PHONE, "light", "zh"), (PHONE, "dark", "en")]


def expect(page: Page, selector: str):  # type: ignore[no-untyped-def]
    from playwright.sync_api import expect as expecting

    return expecting(page.locator(selector))


def ask(page: Page, question: str) -> None:
    box = page.locator(".stChatInput textarea")
    box.fill(question)
    box.press("Enter")


def wait_for_picture(page: Page) -> None:
    """Until the page image in front is loaded and has been scrolled to its quote."""
    page.locator(PICTURE).wait_for()
    page.wait_for_function(f"() => document.querySelector('{PICTURE}').naturalWidth > 0")
    page.wait_for_function(
        f"() => document.querySelector('{SHOWN} .rm-paper').dataset.placed === document.querySelector('{QUOTE}').dataset.key"
    )


def yellow_in_view(page: Page) -> bool:
    """Whether the marked words can be seen: a pixel of the highlight's colour in the picture's visible part."""
    return bool(
        page.evaluate(
            """(selector) => {
              const image = document.querySelector(selector), paper = image.parentElement;
              const canvas = document.createElement("canvas");
              const scale = image.naturalWidth / image.clientWidth;
              canvas.width = paper.clientWidth; canvas.height = paper.clientHeight;
              const pen = canvas.getContext("2d");
              pen.drawImage(image, paper.scrollLeft * scale, paper.scrollTop * scale,
                paper.clientWidth * scale, paper.clientHeight * scale, 0, 0, canvas.width, canvas.height);
              const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
              for (let i = 0; i < pixels.length; i += 4)
                if (pixels[i] > 240 && pixels[i + 1] > 200 && pixels[i + 2] < 170 && pixels[i + 3]) return true;
              return false;
            }""",
            PICTURE,
        )
    )


def fits(page: Page) -> bool:
    return bool(
        page.evaluate(
            "() => [document.documentElement, ...document.querySelectorAll('.stMain, dialog[open]')]"
            ".every((part) => part.scrollWidth <= part.clientWidth)"
        )
    )


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_question_to_highlighted_page(
    visiting: Visiting, small_app: str, size: tuple[int, int], theme: str, language: str
) -> None:
    page = visiting(small_app, size=size, theme=theme, language=language).go("/")
    question = QUESTIONS["case" if language == "en" else "case_zh"]
    ask(page, question)
    expect(page, "#answer .rm-question").to_have_text(question)
    expect(page, "#answer .rm-written").to_contain_text("No language model" if language == "en" else "语言模型")
    expect(page, ".rm-dx .rm-tag-miss").to_contain_text("Can’t miss" if language == "en" else "不可漏诊")
    expect(page, ".rm-dx").to_contain_text("no source in the library" if language == "en" else "文库中无出处")
    assert re.search(r"[?&]record=[0-9a-f]{32}", page.url)
    assert fits(page)
    expect(page, ".stApp[data-test-script-state=notRunning]").to_be_attached()
    chip = page.locator(".rm-claim .rm-chip").nth(1)
    chip.click()
    wait_for_picture(page)
    assert yellow_in_view(page)
    assert fits(page)
    expect(page, f"{SHOWN} .rm-viewer-head").to_contain_text("2026-06-15" if language == "en" else "2026-05-20")
    assert "cite=1b" in page.url
    dialog_open = page.evaluate("() => document.querySelector('dialog.rm-viewer').open")
    if size == PHONE:
        assert dialog_open, "on a phone the page opens over everything"
        page.locator(f"{SHOWN} [data-close]").click()
        expect(page, "dialog.rm-viewer").not_to_be_visible()
        page.wait_for_url(lambda url: "cite=" not in url)
        assert chip.evaluate("(chip) => chip === document.activeElement"), "focus returns to the chip"
    else:
        answer, evidence = page.locator("#answer").bounding_box(), page.locator(".rm-viewer").bounding_box()
        assert answer and evidence
        assert answer["x"] + answer["width"] <= evidence["x"], "evidence stands beside the answer"
        assert not dialog_open
    background = page.evaluate("() => getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert background == ("rgb(20, 24, 27)" if theme == "dark" else "rgb(255, 255, 255)")
    assert page.evaluate("() => document.documentElement.lang") == ("zh-CN" if language == "zh" else "en")


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_deep_link_opens_exactly_that_citation_in_a_fresh_browser(
    visiting: Visiting, small_app: str, size: tuple[int, int]
) -> None:
    page = visiting(small_app, size=size).go(f"/?record={kept_id('case')}&cite=2b")
    wait_for_picture(page)
    expect(page, QUOTE).to_have_attribute("data-key", "2b")
    expect(page, f"{QUOTE} blockquote").to_contain_text("acid-fast bacilli")
    expect(page, f"{SHOWN} .rm-viewer-head").to_contain_text("page NOD-3 (sheet 3 of 4)")
    assert yellow_in_view(page)


def test_superseded_edition_says_so_in_words_in_list_and_viewer(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go(f"/?record={kept_id('dose')}&cite=2")
    expect(page, f"{SHOWN} .rm-tag-old").to_have_text("Superseded by Version 2.2026")
    expect(page, ".rm-sources .rm-tag-old").to_have_text("Superseded by Version 2.2026")


def test_withheld_sentence_is_folded_struck_through_and_explained(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go(f"/?record={kept_id('dose')}")
    expect(page, ".rm-withheld summary").to_have_text("1 sentence withheld")
    expect(page, ".rm-withheld s").not_to_be_visible()
    page.locator(".rm-withheld summary").click()
    expect(page, ".rm-withheld s").to_have_text("Amoxicillin 1 g three times a day is given for 5 days.")
    expect(page, ".rm-withheld").to_contain_text("a number differs from the page: “1 g” stands on the page as “500 mg”")
    expect(page, ".rm-claims").not_to_contain_text("1 g")


def test_abstention_is_calm_and_names_what_is_near(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app, size=PHONE).go("/")
    ask(page, QUESTIONS["abstain"])
    expect(page, ".rm-calm h2").to_have_text("The library does not cover this.")
    expect(page, ".rm-calm").to_contain_text("Community-acquired pneumonia in adults")
    expect(page, ".rm-viewer").to_have_count(0)
    assert fits(page)


def test_text_of_documents_and_questions_stays_text(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go(f"/?record={kept_id('hostile')}")
    expect(page, ".rm-claim").to_contain_text(HOSTILE)
    expect(page, f"{SHOWN} h2").to_have_text(HOSTILE)
    page.get_by_role("button", name="Recent").click()
    # the same text as a button's label, which Streamlit reads as Markdown
    expect(page, ".st-key-recent-list").to_contain_text(QUESTIONS["hostile"])
    assert page.evaluate("() => window.stolen") is None
    assert page.locator("#answer img, #answer script, .st-key-recent-list :is(img, a, strong, .katex)").count() == 0
    assert page.locator(".st-key-recent-list [data-testid=stIconMaterial]").count() == 0


def test_keys(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go("/")
    expect(page, ".stChatInput textarea").to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(QUESTIONS["case"])
    page.keyboard.press("Enter")
    expect(page, "#answer .rm-claim").to_have_count(3)
    expect(page, QUOTE).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page, QUOTE).to_have_attribute("data-key", "2")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("() => document.activeElement.innerText").startswith("Normal serum tumour markers")
    page.keyboard.press("k")
    assert page.evaluate("() => document.activeElement.innerText").startswith("Persistent ground-glass")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.dataset.cite") == "1"
    page.keyboard.press("Enter")
    expect(page, QUOTE).to_have_attribute("data-key", "1")


def test_escape_closes_the_phone_dialog_and_arrows_turn(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app, size=PHONE).go(f"/?record={kept_id('case')}&cite=1")
    wait_for_picture(page)
    page.locator("[data-step='1']").click()
    expect(page, QUOTE).to_have_attribute("data-key", "1b")
    page.keyboard.press("ArrowRight")
    expect(page, QUOTE).to_have_attribute("data-key", "1c")
    page.keyboard.press("Escape")
    expect(page, "dialog.rm-viewer").not_to_be_visible()


def test_opening_a_citation_asks_nothing_again(visiting: Visiting, small_app: str) -> None:
    visitor = visiting(small_app)
    sent: list[object] = []
    asked: list[str] = []
    visitor.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))  # noqa: PLW0108
    page = visitor.go(f"/?record={kept_id('case')}")
    wait_for_picture(page)
    assert sent, "Streamlit talks over this socket"
    sent.clear()
    page.on("request", lambda request: asked.append(request.url))
    page.locator(".rm-claim .rm-chip").nth(2).click()
    expect(page, QUOTE).to_have_attribute("data-key", "1c")
    wait_for_picture(page)
    assert sent == []
    assert [url for url in asked if "/page/" in url] == [f"{small_app}/page/{kept_id('case')}/1c.png?w=1400"]


def test_language_switch_keeps_the_answer(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go(f"/?record={kept_id('case')}")
    page.locator(".rm-claim .rm-chip").nth(1).click()
    page.get_by_text("中文", exact=True).click()
    expect(page, ".rm-part > h2 >> nth=0").to_have_text("回答")
    expect(page, "#answer .rm-question").to_have_text(QUESTIONS["case"])
    expect(page, QUOTE).to_have_attribute("data-key", "1b")
    page.reload()
    expect(page, ".rm-part > h2 >> nth=0").to_have_text("回答")


def test_recent_and_edit(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go("/")
    page.get_by_role("button", name="Recent").click()
    page.locator(".st-key-recent-list button", has_text="Which antibiotic").first.click()
    expect(page, "#answer .rm-question").to_have_text(QUESTIONS["dose"])
    page.get_by_role("button", name="Edit question").click()
    expect(page, ".stChatInput textarea").to_have_value(QUESTIONS["dose"])


def test_examples_come_from_the_library_and_can_be_asked(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go("/")
    expect(page, ".st-key-examples button").to_have_count(3)
    first = page.locator(".st-key-examples button").first
    question = first.inner_text()
    assert question.startswith("Community-acquired pneumonia in adults: ")
    first.click()
    expect(page, "#answer .rm-question").to_have_text(question)


def test_copy_gives_text_with_full_references(visiting: Visiting, small_app: str) -> None:
    visitor = visiting(small_app)
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=small_app)
    page = visitor.go(f"/?record={kept_id('dose')}")
    page.get_by_role("button", name="Copy text").click()
    expect(page, "[data-copy]").to_have_text("Copied")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert "Amoxicillin 500 mg three times a day for 5 days is given for CURB-65 of 0 or 1. [1]" in copied
    assert "[2] Pulmonary nodules in adults. RagMed demonstration library. Version 1.2025. 2025-03." in copied
    assert "Superseded by Version 2.2026" in copied
    assert kept_id("dose") in copied
    page.locator(".rm-foot [data-copy-link]").click()
    expect(page, ".rm-foot [data-copy-link]").to_have_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == f"{small_app}/?record={kept_id('dose')}"


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_library_page(visiting: Visiting, small_app: str, size: tuple[int, int]) -> None:
    page = visiting(small_app, size=size).go("/library")
    expect(page, ".rm-table tbody tr").to_have_count(3)
    expect(page, ".rm-table").to_contain_text("Superseded by Version 2.2026")
    expect(page, ".rm-remarks").to_contain_text("1 file could not be read")
    expect(page, ".rm-remarks").to_contain_text("scan.pdf")
    expect(page, ".rm-remarks").to_contain_text("What to do: install tesseract (with chi_sim)")
    page.locator(".rm-fold summary").click()
    expect(page, ".rm-notes").to_contain_text("Read by OCR · pages 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 2 more")
    assert fits(page)
    page.get_by_test_id("stPageLink").get_by_text("Ask").click()
    expect(page, ".stChatInput").to_be_visible()


def test_touch_targets_on_a_phone(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app, size=PHONE).go(f"/?record={kept_id('case')}&cite=1")
    wait_for_picture(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll(".rm-chip, dialog button, dialog a, .rm-answer button")]
          .filter((each) => each.offsetParent).map((each) => each.getBoundingClientRect())
          .filter((box) => box.width && Math.min(box.width, box.height) < 32).length"""
    )
    assert small == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_head_of_a_phone_page_is_two_rows(visiting: Visiting, small_app: str, language: str) -> None:
    page = visiting(small_app, size=PHONE, language=language).go("/library")
    expect(page, ".rm-state").to_be_visible()
    expect(page, ".stApp[data-test-script-state=notRunning]").to_be_attached()
    boxes = [one.bounding_box() for one in page.locator(".st-key-top > *").all()]
    middles = sorted(box["y"] + box["height"] / 2 for box in boxes if box)
    assert len(middles) == 7, "name, four pages, the library's state, language"
    assert sum(below - above > 20 for above, below in pairwise(middles)) == 1


def test_the_row_of_passages_is_turned_by_arrows_and_shows_the_key(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go(f"/?record={kept_id('case')}&cite=1")
    wait_for_picture(page)
    page.locator(".rm-viewer-row a[aria-current]").press("ArrowRight")
    expect(page, "section.rm-cited:not([hidden]) .rm-viewer-key").to_have_text("1b")
    page.locator(".rm-viewer-row a[aria-current]").press("End")
    expect(page, "section.rm-cited:not([hidden]) .rm-viewer-key").to_have_text("2b")
    assert page.evaluate("() => document.activeElement.closest('.rm-viewer-row') !== null")
    page.locator(".rm-viewer-row a[aria-current]").press("Home")
    expect(page, ".rm-count").to_have_text("1 of 6")


def test_unknown_record_says_so(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go("/?record=ffffffffffffffff")
    expect(page, ".rm-calm").to_contain_text("This link names an answer that is not kept here.")


def test_an_error_says_what_to_do_and_shows_no_internals(visiting: Visiting, small_app: str) -> None:
    page = visiting(small_app).go("/")
    ask(page, "refused")
    expect(page, "[role=alert]").to_contain_text("index/chunks.sqlite: not the bytes of the manifest")
    expect(page, "[role=alert]").to_contain_text("What to do: build the index again")
    ask(page, "fault")
    expect(page, "[role=alert]").to_contain_text("The fault is noted in the program’s log.")
    assert "secret" not in page.content()
    expect(page, ".rm-working").to_have_count(0)
    ask(page, QUESTIONS["dose"])
    expect(page, "#answer .rm-claim").to_have_count(3)


def test_filled_buttons_can_be_read_in_the_dark(empty_app: str, visiting: Visiting) -> None:
    page = visiting(empty_app, theme="dark").go("/")
    button = page.get_by_role("button", name="Build the index")
    assert button.locator("p").evaluate("(label) => getComputedStyle(label).color") == "rgb(11, 20, 22)"


def test_first_run_builds_the_index_with_one_button(empty_app: str, visiting: Visiting) -> None:
    page = visiting(empty_app).go("/")
    expect(page, ".rm-first").to_contain_text("No library has been indexed yet.")
    expect(page, ".rm-first").to_contain_text("1 file")
    page.get_by_role("button", name="Build the index").click()
    expect(page, ".stChatInput").to_be_visible()
    expect(page, ".rm-state").to_contain_text("3 guidelines")


def read(url: str, host: str | None = None) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


def test_page_images_are_cacheable_pngs_of_kept_citations_only(small_app: str) -> None:
    status, headers, body = read(f"{small_app}/page/{kept_id('case')}/1b.png?w=300")
    assert (status, headers["content-type"], body[:8]) == (200, "image/png", b"\x89PNG\r\n\x1a\n")
    assert "immutable" in headers["cache-control"]
    assert int.from_bytes(body[16:20], "big") == 300
    assert read(f"{small_app}/page/{kept_id('case')}/9.png")[0] == 404
    assert read(f"{small_app}/page/ffffffffffffffff/1.png")[0] == 404
    for path in ("/page/..%2f..%2fetc/1.png", f"/page/{kept_id('case')}/1.png?w=-5", f"/page/{kept_id('case')}/x.png"):
        assert read(small_app + path)[0] in (400, 404), path
    wide = read(f"{small_app}/page/{kept_id('case')}/1.png?w=99999999999")[2]
    assert int.from_bytes(wide[16:20], "big") == 2400


@pytest.mark.parametrize("path", ["/", "/library", "/health", "/ui/keys.js", "/_stcore/health", "/nothing"])
def test_every_response_carries_the_security_headers(small_app: str, path: str) -> None:
    headers = read(small_app + path)[1]
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert "img-src 'self' data: blob:;" in policy
    assert "unsafe-eval" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_another_name_for_this_machine_is_refused(small_app: str) -> None:
    """DNS rebinding: a page elsewhere whose name has come to mean 127.0.0.1 gets nothing."""
    assert read(f"{small_app}/health", host="evil.example")[0] == 400
