"""Patient identifiers are gone from what people wrote, and documents keep every word."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ragmed.assemble import Program
from ragmed.entries import FeedbackKind, ReviewDecision
from ragmed.tune.dataset.identifiers import Scrubber
from ragmed.tune.dataset.patterns import KINDS, is_identity_card, is_nhs_number
from tests.tune.dataset.planted import Case, chinese_case, english_case
from tests.tune.dataset.reading_rows import everything, rows, turns
from tests.tune.dataset.ward import Ward

ENGLISH = (
    (
        "what dose of adrenaline is given in anaphylaxis?",
        "Give adrenaline 0.5 mg into the outer thigh muscle as soon as anaphylaxis is suspected.",
    ),
    (
        "When should antibiotics start in septic shock?",
        "Broad-spectrum antibiotics should start within one hour of recognising septic shock.",
    ),
)
CHINESE = ("社区获得性肺炎的重症患者何时使用抗菌药物？", "重症患者应在诊断后1小时内使用抗菌药物。")


def cases(count: int) -> list[tuple[Case, str]]:
    draw = random.Random(11)
    made = []
    for number in range(count):
        if number % 3 == 2:
            made.append((chinese_case(draw, CHINESE[0]), CHINESE[1]))
        else:
            question, answer = ENGLISH[number % 2]
            made.append((english_case(draw, question), answer))
    return made


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A dataset of feedback on 50 questions that are full of identifiers, and all that was planted."""
    folder = tmp_path_factory.mktemp("planted")
    ward = Ward.of(folder)
    held: list[str] = []
    draw = random.Random(12)
    for number, (case, right) in enumerate(cases(50)):
        extra = english_case(draw, "")
        # the model repeats the patient, and the doctor's correction names another
        record = ward.asked(case.text, writes=f"For {extra.text}: give 900 mg [1].\n{right} [1]")
        held += [*case.planted, *extra.planted]
        correction = right
        if number % 2:
            other = english_case(draw, "")
            correction, held = f"{right}\n{other.text}", [*held, *other.planted]
        kind = list(FeedbackKind)[number % len(FeedbackKind)]
        given = ward.auditor.give_feedback(record.record_id, kind, user="dr-lee", correction=correction, note=case.text)
        ward.auditor.review(given.feedback_id, ReviewDecision.ACCEPT, user="dr-owen", note=case.text)
    out = folder / "rows"
    ward.make(out, library=False)
    return out, held


def test_of_five_hundred_planted_identifiers_none_is_left(planted: tuple[Path, list[str]]) -> None:
    out, held = planted
    assert len(held) >= 500
    text = "\n".join(content.decode("utf-8") for content in everything(out).values())
    assert [one for one in held if one in text] == []
    made = rows(out)
    assert len(made) >= 10, "corrections without a patient in them still teach"
    card = (out / "card.json").read_text("utf-8")
    assert all(f'"{kind}"' in card for kind in KINDS)
    assert all("‹" in turns(row)[-2]["content"].rpartition("</passages>")[2] for _, row in made)


def test_every_planted_kind_is_found_by_itself() -> None:
    for case, _ in cases(120):
        scrub = Scrubber(patterns_only=True)
        cleaned = scrub.clean(case.text)
        assert [one for one in case.planted if one in cleaned] == [], case.text
        assert scrub.removed.total() >= len(case.planted) - 1  # a street and its number may be one with the code
        assert cleaned.endswith(case.text[-8:]), "the question stays"


def test_documents_without_identifiers_keep_every_word(program: Program) -> None:
    scrub = Scrubber(patterns_only=True)
    snapshot = program.snapshots.current()
    for row in range(snapshot.chunk_count()):
        (chunk,) = snapshot.chunks([row])
        assert scrub.clean(chunk.text) == chunk.text
    assert not scrub.removed


def test_words_of_medicine_are_no_names() -> None:
    scrub = Scrubber(patterns_only=True)
    for text in (
        "MR angiography and MR CT fusion in MS patients, 5 ms apart",
        "患者高血压，黄疸，石膏固定后；患者白细胞升高，患者何时出院？",
        "值班医生和主管医生及高年资医生会诊，严密观察",
        "Give 0.5 mg/kg every 4-6 hours, 500-1000 ml, at 12:30, 10/12 improved, 120/80 mmHg, BP 140-90",
        "剂量为1000-2000 mg，血压120/80，2024年3月发布，INR 2.0-3.0",
        "NICE NG126, PMID 28240562, version 1.2026, 1,234,567 people, 2026-03-16",
    ):
        assert scrub.clean(text) == text


def test_what_a_passage_says_stays_in_the_answer_and_goes_from_the_question() -> None:
    scrub = Scrubber(patterns_only=True)
    passage = "Report every reaction to Dr Bell, tel 0161 496 0123."
    assert scrub.clean(passage, [passage]) == passage
    assert scrub.clean("Ask Dr Bell on 0161 496 0123 about Mr Crane.", [passage]) == (
        "Ask Dr Bell on 0161 496 0123 about Mr ‹NAME›."
    )
    prompt = (
        f'<passages>\n<passage number="1">\n{passage}\n</passage>\n</passages>\nQuestion: What of Mr Crane, Dr Bell?'
    )
    assert scrub.clean(prompt) == prompt.replace("Mr Crane, Dr Bell", "Mr ‹NAME›, Dr ‹NAME›")


def test_check_digits() -> None:
    assert is_nhs_number("943 476 5919")
    assert not is_nhs_number("943 476 5918")
    assert is_identity_card("11010519491231002X")
    assert not is_identity_card("110105194912310021")
    scrub = Scrubber(patterns_only=True)
    assert scrub.clean("943 476 5919 and 943 476 5918") == "‹NHS_NUMBER› and 943 476 5918"
    assert scrub.clean("号码110105194912310021") == "号码‹IDENTITY_CARD›", "a slip in it, and still somebody's"
    assert scrub.clean("编号910105999912310021") == "编号910105999912310021"


@pytest.mark.parametrize(
    "number", ["07700 900123", "13812345678", "010-65123456", "400-810-1234", "+44 20 7946 0958", "943 476 5919"]
)
def test_a_number_at_the_end_of_a_sentence_is_found_as_one_within_it(number: str) -> None:
    for sentence in (f"Call {number}.", f"Call {number}. Then wait.", f"Call {number}, then wait."):
        assert number not in Scrubber(patterns_only=True).clean(sentence), sentence
    assert Scrubber(patterns_only=True).clean("p = 13812345678.5") == "p = 13812345678.5"
