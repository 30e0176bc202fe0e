"""A number is asked for and no sentence of the answer has one: the reader is told, and only then."""

from __future__ import annotations

import pytest

from ragmed.answer.asks import Kind
from ragmed.answer.notices import said, unstated_in
from ragmed.answer.unstated import KINDS, unstated
from ragmed.assemble import Program
from ragmed.interfaces import Finished
from ragmed.records import Language, Mode, Outcome, Query

WITHOUT = "Adrenaline is the first treatment of anaphylaxis."


def asked(question: str) -> Query:
    return Query(text=question, language=Language.ENGLISH, english=question, chinese="")


def kind_of(question: str, *sentences: str, headings: str = "") -> Kind | None:
    return unstated(asked(question), [(sentence, headings) for sentence in sentences])


@pytest.mark.parametrize(
    ("question", "sentence", "missing"),
    [
        ("Dose of adrenaline in anaphylaxis?", WITHOUT, Kind.DOSE),
        ("Dose of adrenaline in anaphylaxis?", "Give adrenaline 0.5 mg IM.", None),
        ("过敏性休克肾上腺素剂量？", "成人肌注肾上腺素0.5 mg。", None),
        ("过敏性休克肾上腺素剂量？", "肾上腺素是首选药物。", Kind.DOSE),
        # another drug's dose is none of the one asked for
        (
            "Dose of adrenaline in anaphylaxis?",
            "Hydrocortisone 200 mg IV per day may be given after adrenaline.",
            Kind.DOSE,
        ),
        # a volume is asked for, not a drug's dose
        ("How much fluid in septic shock?", "Hydrocortisone 200 mg IV per day in septic shock.", Kind.DOSE),
        ("How much fluid in septic shock?", "Give 30 mL/kg of crystalloid within 3 hours.", None),
        ("感染性休克补多少液？", "感染性休克每日静脉给予氢化可的松200 mg。", Kind.DOSE),
        ("感染性休克补多少液？", "3小时内补液30 mL/kg。", None),
        # "how much" of something that is no drug: any number may be it
        ("How much training does a coach need?", "A coach completes 12 hours.", None),
        ("How much training does a coach need?", "A coach completes the course.", Kind.DOSE),
        ("How long is doxycycline given for Lyme disease?", "Doxycycline treats Lyme disease.", Kind.DURATION),
        ("How long is doxycycline given for Lyme disease?", "Doxycycline is given for 10 days.", None),
        ("How soon must the cord be decompressed?", "Compression causes weakness.", Kind.TIMING),
        ("How soon must the cord be decompressed?", "Decompress at once.", None),
        ("How often is potassium checked?", "Potassium is watched.", Kind.INTERVAL),
        ("How often is potassium checked?", "Potassium is checked every 4 hours.", None),
        ("What is the target blood pressure?", "Lower the blood pressure.", Kind.THRESHOLD),
        ("What is the target blood pressure?", "Keep it below 140/90 mmHg.", None),
        ("What causes anaphylaxis?", "Stings cause anaphylaxis.", None),
    ],
)
def test_what_no_sentence_states(question: str, sentence: str, missing: Kind | None) -> None:
    assert kind_of(question, sentence) is missing


def test_one_sentence_is_enough_and_the_heading_names_the_drug() -> None:
    question = "Dose of adrenaline in anaphylaxis?"
    assert kind_of(question, WITHOUT, "Give adrenaline 0.5 mg IM.") is None
    assert kind_of(question, "0.5 mg IM, repeated after 5 minutes.", headings="Adrenaline") is None
    assert kind_of(question) is None


def test_of_several_numbers_one_is_enough() -> None:
    question = "Dose of adrenaline and how often?"
    assert kind_of(question, "Repeat adrenaline every 5 minutes.") is None
    assert kind_of(question, WITHOUT) is Kind.DOSE


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_words_in_both_languages(kind: Kind) -> None:
    english, chinese = (said(f"unstated_{kind.value}", one) for one in (Language.ENGLISH, Language.CHINESE))
    assert unstated_in(f"Quoted. {english} More.", Language.ENGLISH) == english
    assert unstated_in(f"摘录。{chinese}其余。", Language.CHINESE) == chinese
    assert english.startswith("None of these sentences states") and chinese.startswith("以下各句均未写明")


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("How much fluid in septic shock?", "None of these sentences states a dose or an amount"),
        ("感染性休克补多少液？", "以下各句均未写明所问的剂量或用量"),
        ("Adrenaline dose for an adult with anaphylaxis", ""),
        ("成人过敏性休克肾上腺素剂量", ""),
    ],
)
def test_the_answer_of_the_demonstration_library_says_so(program: Program, question: str, note: str) -> None:
    *_, last = program.assistant.ask(question, mode=Mode.ANSWER)
    assert isinstance(last, Finished) and last.record.outcome is Outcome.ANSWERED
    if note:
        assert note in last.record.notice
    else:
        assert "None of these" not in last.record.notice and "均未写明" not in last.record.notice
