"""A language model's answer in the browser: grey while it is written, stopped, checked, refused, told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragmed.drafts import DraftedCandidate, DraftedCard, DraftedLine
from ragmed.generate.card import written
from ragmed.records import Outcome
from tests.e2e.browser import DESK, PHONE, served
from tests.e2e.test_app import ask, expect, fits, wait_for_picture
from tests.e2e.test_library_page import WHEN
from tests.ports import free_port
from tests.ui.library_app import program_over

if TYPE_CHECKING:
    from tests.e2e.conftest import Visiting

pytestmark = pytest.mark.browser

TRUE = "In septic shock, give broad-spectrum antibiotics within three hours of recognition [1]."
ALSO = "Take two sets of blood cultures before the first dose [1]."
FALSE = "Give antibiotics within six hours of recognition [1]."
Writing = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    return tmp_path / "app"


@pytest.fixture
def writing(folder: Path) -> Iterator[Writing]:
    """``writing(draft, …)``: the address of an app whose engine writes these drafts, a word every 0.15 s."""
    with ExitStack() as running:

        def start(*drafts: str) -> str:
            file = folder / "drafts"
            file.write_text("\n---\n".join(drafts), "utf-8")
            port = free_port()
            arguments = ("-m", "tests.ui.writing_app", str(folder), str(port), str(file))
            return running.enter_context(served(*arguments, port=port, log=folder / "log"))

        yield start


def test_it_is_grey_while_it_is_written_and_checked_before_it_is_an_answer(
    writing: Writing, visiting: Visiting, folder: Path
) -> None:
    page = visiting(writing(f"{TRUE}\n{FALSE}")).go("/")
    ask(page, WHEN)
    expect(page, ".rm-draft").to_contain_text("In septic shock, give")
    assert "[" not in page.locator(".rm-draft").inner_text(), "what is not checked bears no citation"
    expect(page, ".rm-working").to_have_text("Being written; no sentence of it is checked yet")
    expect(page, ".rm-unchecked .rm-sources").to_be_visible()  # the evidence stands there before
    expect(page, ".rm-claim").to_have_count(0)
    expect(page, "#answer .rm-claim").to_have_count(1)
    expect(page, ".rm-claim").to_contain_text("within three hours")
    expect(page, ".rm-draft").to_have_count(0)
    expect(page, ".rm-written").to_contain_text("Qwen3-tiny")
    expect(page, ".rm-written").to_contain_text("nf4")
    expect(page, ".rm-withheld summary").to_contain_text("1 sentence")
    wait_for_picture(page)
    (record,) = program_over(folder).records.recent(5)
    assert record.generation.text.strip() == f"{TRUE}\n{FALSE}"


def test_stop_stops_it_and_what_was_read_is_kept(writing: Writing, visiting: Visiting, folder: Path) -> None:
    page = visiting(writing(" ".join([ALSO] * 30)), size=PHONE).go("/")
    ask(page, WHEN)
    expect(page, ".rm-draft").to_contain_text("Take two")
    assert fits(page)
    stop = page.get_by_role("button", name="Stop").bounding_box()
    assert stop
    assert stop["y"] + stop["height"] < PHONE[1], "to stop is in reach without scrolling"
    expect(page, ".st-key-examples").not_to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page, ".rm-calm h2").to_have_text("Stopped.")
    expect(page, ".rm-calm").to_contain_text("not checked and is not an answer")
    expect(page, ".rm-draft").to_contain_text("Take two")
    (record,) = program_over(folder).records.recent(5)
    assert (record.outcome, record.claims) == (Outcome.REJECTED, ())
    assert page.url.endswith(f"?record={record.record_id}")


def test_a_browser_that_is_gone_stops_it(writing: Writing, visiting: Visiting, folder: Path) -> None:
    visitor = visiting(writing(" ".join([ALSO] * 60)))
    page = visitor.go("/")
    ask(page, WHEN)
    expect(page, ".rm-draft").to_contain_text("Take two")
    page.close()
    records = program_over(folder).records
    until = time.monotonic() + 20
    while not records.recent(1) and time.monotonic() < until:
        time.sleep(0.1)
    (record,) = records.recent(5)
    assert record.generation.finish_reason == "stopped"


def test_a_draft_that_does_not_hold_is_not_shown_and_the_library_quoted(writing: Writing, visiting: Visiting) -> None:
    page = visiting(writing(f"{FALSE}\n{FALSE}")).go("/")
    ask(page, WHEN)
    expect(page, ".rm-instead h2").to_have_text("Quoted instead of written")
    expect(page, ".rm-instead").to_contain_text("2 of its 2 sentences failed their check")
    expect(page, ".rm-claim >> nth=0").to_contain_text("within three hours")
    expect(page, ".rm-written").to_contain_text("No language model wrote this")
    page.locator(".rm-instead summary").click()
    expect(page, ".rm-instead s >> nth=0").to_be_visible()


def test_a_model_that_cannot_be_used_is_told_in_the_reader_s_language(writing: Writing, visiting: Visiting) -> None:
    page = visiting(writing("!model Qwen3-tiny: model.safetensors is half there"), language="zh").go("/")
    ask(page, "感染性休克何时用抗生素？antibiotics septic shock")
    expect(page, ".rm-instead h2").to_have_text("改为原文摘录")
    expect(page, ".rm-instead").to_contain_text("语言模型无法使用：model Qwen3-tiny")


def test_another_question_stops_the_first(writing: Writing, visiting: Visiting, folder: Path) -> None:
    page = visiting(writing(" ".join([ALSO] * 60), TRUE)).go("/")
    ask(page, WHEN)
    expect(page, ".rm-draft").to_contain_text("Take two")
    ask(page, "When are antibiotics given in sepsis?")
    expect(page, ".rm-claim >> nth=0").to_contain_text("within three hours")
    reasons = {record.generation.finish_reason for record in program_over(folder).records.recent(5)}
    assert reasons == {"stop", "stopped"}


def test_changing_the_language_meanwhile_loses_nothing(writing: Writing, visiting: Visiting, folder: Path) -> None:
    page = visiting(writing("\n".join([TRUE, ALSO]))).go("/")
    ask(page, WHEN)
    expect(page, ".rm-draft").to_contain_text("In septic")
    page.get_by_role("radio", name="中文").click()
    expect(page, ".rm-claim").to_have_count(2)
    expect(page, ".rm-written").to_contain_text("Qwen3-tiny")
    assert len(program_over(folder).records.recent(5)) == 1


CHEST = """# Chest pain in adults

## Differential diagnosis

### Pneumonia

- Supports: fever; productive cough.
- Speaks against: normal CRP.
- Next test: chest radiograph.

### Pulmonary embolism

Can't miss.

- Supports: haemoptysis; sudden chest pain.
- Next test: CT pulmonary angiography.

## Treatment

Start antibiotics within four hours in pneumonia.
"""
CASE = "45F, fever, productive cough, sudden chest pain. Differential diagnosis?"
CARD = DraftedCard(
    candidates=(
        DraftedCandidate(
            diagnosis="Pulmonary embolism",
            marker=1,
            cannot_miss=True,
            supporting=(DraftedLine(text="sudden chest pain", marker=1),),
            against=(DraftedLine(text="normal CRP", marker=1),),
        ),
    ),
    assumptions=("immunocompetent",),
    answer=(DraftedLine(text="Start antibiotics within four hours in pneumonia.", marker=1),),
)


def test_a_model_s_differential_is_told_while_it_is_written_and_shown_like_the_library_s(
    writing: Writing, visiting: Visiting, folder: Path
) -> None:
    library = folder / "library"
    program_over(folder)
    (library / "chest.md").write_text(CHEST, "utf-8")
    (library / "sepsis.md").unlink()
    again = program_over(folder)
    again.build_with(again.settings, dry_run=False, inbox=False)
    for size, language in ((DESK, "en"), (PHONE, "zh")):
        page = visiting(writing(written(CARD)), size=size, language=language).go("/")
        ask(page, CASE)
        expect(page, ".rm-draft").to_contain_text("1. Pulmonary embolism")
        assert "{" not in page.locator(".rm-draft").inner_text()
        expect(page, ".rm-dx > li").to_have_count(2)
        first, second = page.locator(".rm-dx > li").all()
        assert "Pulmonary embolism" in first.inner_text()
        assert "sudden chest pain" in first.locator(".rm-in-case").first.inner_text()
        assert "normal CRP" not in first.inner_text(), "the page says it of pneumonia"
        assert "Pneumonia" in second.inner_text(), "which the model had left out, and the library has"
        expect(page, ".rm-claim").to_contain_text("within four hours")
        expect(page, ".rm-written").to_contain_text("Qwen3-tiny")
        expect(page, ".rm-flip").to_have_count(1)
        expect(page, ".st-key-flips button").to_be_hidden()
        assert fits(page)
