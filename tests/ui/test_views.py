"""What the pages show of a record, read as a browser reads it, and that nothing from outside becomes markup."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.answer.composing import joined
from ragmed.answer.notices import said
from ragmed.errors import NotPossibleError
from ragmed.records import AnswerRecord, Language, Outcome, Timings, Verdict
from ragmed.ui import server, shell
from ragmed.ui.answer_foot import snapshot_number, took
from ragmed.ui.answer_view import answer, written_by
from ragmed.ui.chips import with_tail
from ragmed.ui.evidence_view import viewer
from ragmed.ui.examples import examples
from ragmed.ui.markup import el
from ragmed.ui.words import Words
from tests.ui.small_library import (
    CHINESE,
    HOSTILE,
    NODULES,
    NODULES_OLD,
    PNEUMONIA,
    SmallProgram,
    SmallSnapshot,
    kept_id,
)
from tests.ui.test_markup import Seen

ROOT = Path(__file__).resolve().parents[2]
EN = Words("en")
CURRENT = {document.document_id: document for document in (NODULES_OLD, NODULES, PNEUMONIA, CHINESE)}


def kept(name: str, folder: Path) -> AnswerRecord:
    return SmallProgram(folder).records.get(kept_id(name))


def test_hostile_text_is_shown_as_it_is_and_makes_no_element(tmp_path: Path) -> None:
    record = kept("hostile", tmp_path)
    page = answer(record, EN, {}, shown="1")
    evidence = viewer(record, EN, {}, SmallSnapshot(), "1")
    assert evidence is not None
    for made in (page, evidence):
        seen = Seen(made)
        assert HOSTILE in seen.words
        assert "script" not in seen.tags
        assert not {name for name in seen.attributes if name.startswith("on")}
    assert Seen(page).tags.count("img") == 0
    assert Seen(evidence).tags.count("img") == 1, "one picture a cited page"


def test_a_failed_citation_of_a_shown_claim_is_a_cross_with_its_reason(tmp_path: Path) -> None:
    record = kept("dose", tmp_path)
    first = replace(record.checks[0], verdict=Verdict.NUMBER_MISMATCH, reason="“5 mg” stands on the page as “50 mg”")
    record = replace(record, checks=(first, *record.checks[1:]))
    page = answer(record, EN, CURRENT)
    assert "rm-shape-cross" in page.partition("rm-claims")[2].partition("</li>")[0]
    evidence = viewer(record, EN, CURRENT, None, "1")
    assert "a number differs from the page: “5 mg” stands on the page as “50 mg”" in Seen(evidence or "").words


def test_a_claim_without_citation_says_so(tmp_path: Path) -> None:
    record = replace(kept("dose", tmp_path), checks=())
    assert Seen(answer(record, EN, CURRENT)).words.count("no citation") == 3
    assert viewer(record, EN, CURRENT, None, "") is None


def test_a_citation_of_a_document_that_the_record_lacks_does_not_break_the_page(tmp_path: Path) -> None:
    record = kept("dose", tmp_path)
    lost = replace(record.checks[0], citation=replace(record.checks[0].citation, document_id="", page_number=0))
    page = answer(replace(record, checks=(lost, *record.checks[1:])), EN, CURRENT)
    assert "no citation" in Seen(page).words


def test_what_wrote_it_is_said_for_every_generator(tmp_path: Path) -> None:
    generation = kept("case", tmp_path).generation
    assert written_by(generation, EN) == "Verbatim quotes. No language model wrote this."
    model = replace(generation, kind="qwen", model_id="Qwen/Qwen2.5-7B", adapter_sha256="ab" * 32)
    assert written_by(model, EN) == (
        "Written by Qwen/Qwen2.5-7B (with adapter abababab). Every sentence was checked against its page."
    )


def test_an_older_snapshot_is_said(tmp_path: Path) -> None:
    page = Seen(answer(kept("case", tmp_path), EN, CURRENT, current_snapshot="000012-00000000")).words
    assert "The library has changed since this answer: snapshot 12 is current." in page
    assert "no longer kept" in page
    assert snapshot_number("000012-3fa9c1d2") == "12"


def test_a_rejection_shows_its_notice(tmp_path: Path) -> None:
    record = replace(
        kept("dose", tmp_path), outcome=Outcome.REJECTED, notice="Please type a question.", claims=(), checks=()
    )
    words = Seen(answer(record, EN, CURRENT)).words
    assert "No answer to show." in words
    assert "Please type a question." in words


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.CHINESE])
def test_that_no_number_is_stated_is_read_once_and_before_the_sentences(tmp_path: Path, language: Language) -> None:
    note, after = said("unstated_dose", language), said("withheld", language, count=1)
    told = joined([said("extractive", language), note, after], language)
    record = replace(kept("dose", tmp_path), language=language, notice=told)
    page = Seen(answer(record, EN, CURRENT)).words
    assert page.count(note) == 1
    assert page.index(note) < page.index(record.claims[0].text) < page.index(after)
    assert note not in Seen(answer(replace(record, notice=after), EN, CURRENT)).words


def test_the_quote_is_where_the_boxes_say(tmp_path: Path) -> None:
    evidence = viewer(kept("case", tmp_path), EN, CURRENT, SmallSnapshot(), "1")
    assert evidence is not None
    # fifth line of the drawn page: 120 points and five rows of 18 down a page of 842
    assert f'data-top="{(120 + 5 * 18) / 842:.4f}"' in evidence
    assert 'width="595" height="842"' in evidence


def test_a_chip_keeps_the_last_word_with_it() -> None:
    assert with_tail("one two three", el("i")) == 'one two <span class="rm-tail">three<i></i></span>'
    assert with_tail("肿瘤标志物正常", el("i")) == '肿瘤标<span class="rm-tail">志物正常<i></i></span>'
    assert with_tail("x" * 40, el("i")).startswith("x" * 26 + "<span")


def test_examples_are_of_this_library_in_the_readers_language_first() -> None:
    assert examples(SmallSnapshot(), "en") == (
        "Community-acquired pneumonia in adults: treatment at home",
        "Pulmonary nodules in adults: differential diagnosis of multiple ground-glass nodules",
        "肺结节诊治要点:磨玻璃结节的处理",
    )
    assert examples(SmallSnapshot(), "zh")[0] == "肺结节诊治要点:磨玻璃结节的处理"
    assert examples(SmallSnapshot(kept=()), "en") == ()
    assert all(NODULES_OLD.document_id != document for document in examples(SmallSnapshot(), "en"))
    capitals = replace(PNEUMONIA, title="CURB-65", language=Language.ENGLISH)
    assert examples(SmallSnapshot(kept=(capitals,)), "en") == ("CURB-65: treatment at home",)


def test_the_config_file_says_what_the_server_says() -> None:
    written = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    flat: dict[str, object] = {}

    def flatten(table: dict[str, object], prefix: str) -> None:
        for key, value in table.items():
            if isinstance(value, dict):
                flatten(value, f"{prefix}{key}.")
            else:
                flat[prefix + key] = value

    flatten(written, "")
    assert flat.pop("server.address") == "127.0.0.1"
    assert flat.pop("server.port") == 8501
    assert flat == dict(server.OPTIONS)


def test_streamlit_knows_every_option() -> None:
    from streamlit import config

    config.get_config_options()
    assert set(server.OPTIONS) <= set(config._config_options_template)


def test_the_frame_names_no_other_host_and_runs_nothing_inline() -> None:
    frame = shell.frame()
    assert "http" not in frame.replace("http-equiv", "")
    assert "<script>" not in frame
    assert ".woff2" not in frame
    assert frame.index("/ui/keys.js") < frame.index("./static/js/index"), "keys.js says where Streamlit is"
    assert '<div id="root">' in frame


def test_our_style_and_script_fetch_nothing() -> None:
    for name in shell.ASSETS:
        body = shell._asset(name).decode()
        assert "url(" not in body and "@import" not in body, name
        assert "http" not in body.replace("http://www.w3.org/2000/svg", "").replace("plain http address", ""), name
    assert "innerHTML" not in shell._asset("keys.js").decode()


def test_a_taken_port_is_told_with_its_remedy(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(NotPossibleError, match="cannot listen on") as raised:
            server._check_free("127.0.0.1", taken.getsockname()[1])
    assert "--port" in raised.value.remedy


def test_host_names_are_checked_on_loopback_only() -> None:
    assert len(shell.middleware("127.0.0.1")) == 2
    assert len(shell.middleware("0.0.0.0")) == 1


def test_a_page_that_is_gone_leaves_the_quote_standing(tmp_path: Path) -> None:
    record = kept("case", tmp_path)
    lost = tuple(replace(check, citation=replace(check.citation, page_number=9)) for check in record.checks)
    evidence = viewer(replace(record, checks=lost), EN, CURRENT, SmallSnapshot(), "1")
    assert "Persistent ground-glass nodules" in Seen(evidence or "").words


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_text_colour_has_the_contrast_of_level_aa() -> None:
    sheet = shell._asset("theme.css").decode()
    themes = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    assert len(themes) == 2
    for theme in themes:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", theme))
        pairs = [(ink, ground) for ink in ("ink", "quiet", "accent") for ground in ("ground", "raised", "sunk", "tint")]
        for ink, ground in [*pairs, ("on-accent", "accent"), ("ground", "ink")]:
            light, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


@pytest.mark.parametrize(
    ("timings", "said"),
    [
        ({"evidence": 210.0, "evidence_budget": 1000.0}, ["took 3.0 s", "pages after 0.2 s"]),
        (
            {"evidence": 1400.0, "evidence_budget": 1000.0},
            ["took 3.0 s", "pages after 1.4 s (meant to come within 1.0 s)"],
        ),
        (
            {"first_piece": 2600.0, "first_piece_budget": 2000.0},
            ["took 3.0 s", "first words after 2.6 s (within 2.0 s on a GPU)"],
        ),
        ({"first_piece": 1600.0, "first_piece_budget": 2000.0}, ["took 3.0 s", "first words after 1.6 s"]),
        ({}, ["took 3.0 s"]),  # of a record from before
    ],
)
def test_what_took_longer_than_it_ought_to_is_said(timings: dict[str, float], said: list[str]) -> None:
    whole = Timings(analyse=1, retrieve=2, generate=3, verify=4, total=3000.0, **timings)
    assert list(took(whole, EN)) == said
