"""What an answer takes for granted: read from the question, turned on by pages, asked the other way and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.answer.assumptions import KEYS, MOST, TABLE, assumptions_of, is_added, label, toggled
from ragmed.answer.circumstances import Circumstance
from ragmed.answer.patient import Said, said_of_patient
from ragmed.records import Assumption, BlockKind, Language, Outcome, Passage, Query
from tests.answer.small_library import SmallSnapshot, document, page, passages_of, plain_page
from tests.answer.test_assistant import Bench

ENGLISH, CHINESE = Language.ENGLISH, Language.CHINESE
CIRCUMSTANCES = {row.key: row.circumstance for row in TABLE}
QUESTIONS = ["adrenaline dose in anaphylaxis", "How much, and how?", "过敏性休克用多少肾上腺素？", "ends in a space "]


def asked(text: str) -> Query:
    language = CHINESE if any("一" <= character <= "鿿" for character in text) else ENGLISH
    return Query(text=text, language=language, english=text, chinese=text)


def found(*sentences: str, title: str = "Anaphylaxis") -> tuple[Passage, ...]:
    """A passage for each sentence, the best found first."""
    guide = document("guide", title=title, pages=len(sentences))
    pages = [plain_page(guide, sentence, number=number) for number, sentence in enumerate(sentences, 1)]
    return passages_of(SmallSnapshot([guide], pages))


def keys(assumptions: tuple[Assumption, ...], *, holds: bool = True) -> list[str]:
    return [one.key for one in assumptions if one.holds is holds]


# --- the question, put the other way ---


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
@pytest.mark.parametrize("key", KEYS)
def test_turned_is_read_back_and_turned_again_is_the_question_itself(
    question: str, language: Language, key: str
) -> None:
    other = toggled(question, key, language)
    assert other.startswith(question)
    assert said_of_patient(other)[CIRCUMSTANCES[key]] is Said.NAMED
    assert keys(assumptions_of(asked(other), ()), holds=False) == [key]
    assert is_added(other, key)
    assert toggled(other, key, language) == question


@pytest.mark.parametrize("first", KEYS)
def test_two_that_are_turned_are_taken_back_in_any_order(first: str) -> None:
    question = "What is the dose?"
    second = KEYS[(KEYS.index(first) + 2) % len(KEYS)]
    one, other = toggled(question, first, ENGLISH), toggled(question, second, CHINESE)
    both = other + TABLE[KEYS.index(first)].phrases[0]
    assert toggled(both, first, ENGLISH) == other
    assert toggled(both, second, ENGLISH) == one


def test_words_of_the_reader_are_never_taken_away() -> None:
    question = "Dose in a child (child) with croup"
    assert toggled(question, "adult", ENGLISH) == question
    assert not is_added(question, "adult")
    assert toggled("dose in pregnancy", "not_pregnant", ENGLISH) == "dose in pregnancy"


def test_every_state_has_a_label_in_both_languages() -> None:
    labels = [
        label(Assumption(key=key, holds=holds), language)
        for key in KEYS
        for holds in (True, False)
        for language in ("en", "zh")
    ]
    assert len(set(labels)) == len(labels) == 4 * len(KEYS)
    assert label(Assumption(key="of a later table"), "en") == "of a later table"


# --- what a question says of its patient ---


@pytest.mark.parametrize(
    ("question", "circumstance", "said"),
    [
        ("adrenaline dose in anaphylaxis", Circumstance.CHILD, Said.OPEN),
        ("68-year-old man with chest pain", Circumstance.CHILD, Said.DENIED),
        ("68-year-old man with chest pain", Circumstance.PREGNANCY, Said.IMPOSSIBLE),
        ("68-year-old man with chest pain", Circumstance.ELDERLY, Said.NAMED),
        ("80-year-old with fever", Circumstance.PREGNANCY, Said.IMPOSSIBLE),
        ("28-year-old with cystitis", Circumstance.PREGNANCY, Said.OPEN),
        ("8-year-old with croup", Circumstance.CHILD, Said.NAMED),
        ("8-year-old with croup", Circumstance.PREGNANCY, Said.IMPOSSIBLE),
        ("Six-year-old with a TSH of 7", Circumstance.CHILD, Said.NAMED),
        ("Man had BCG as a child", Circumstance.CHILD, Said.IMPOSSIBLE),
        ("dose in a child", Circumstance.PREGNANCY, Said.IMPOSSIBLE),
        ("dose in pregnancy", Circumstance.CHILD, Said.IMPOSSIBLE),
        ("dose for adults", Circumstance.CHILD, Said.DENIED),
        ("dose for adults and for children", Circumstance.CHILD, Said.BOTH),
        ("not pregnant, cystitis", Circumstance.PREGNANCY, Said.DENIED),
        ("no known renal impairment", Circumstance.KIDNEY, Said.DENIED),
        ("creatinine clearance 20, dose", Circumstance.KIDNEY, Said.NAMED),
        ("first antibiotic in febrile neutropenia", Circumstance.IMMUNE, Said.NAMED),
        ("no drug allergies", Circumstance.PENICILLIN, Said.DENIED),
        ("allergic to penicillin", Circumstance.PENICILLIN, Said.NAMED),
        ("on warfarin, head injury", Circumstance.ANTICOAGULATED, Said.NAMED),
        ("how to begin warfarin", Circumstance.ANTICOAGULATED, Said.DENIED),
        ("Child-Pugh score of 9", Circumstance.CHILD, Said.OPEN),
        ("68岁男性，胸痛", Circumstance.PREGNANCY, Said.IMPOSSIBLE),
        ("3岁患儿发热", Circumstance.CHILD, Said.NAMED),
        ("negative pregnancy test, low abdominal pain", Circumstance.PREGNANCY, Said.OPEN),
        ("异位妊娠怎么治疗", Circumstance.PREGNANCY, Said.OPEN),
        ("非妊娠女性尿路感染", Circumstance.PREGNANCY, Said.DENIED),
        ("无肾功能不全", Circumstance.KIDNEY, Said.DENIED),
        ("对青霉素过敏", Circumstance.PENICILLIN, Said.NAMED),
    ],
)
def test_what_is_said_of_the_patient(question: str, circumstance: Circumstance, said: Said) -> None:
    assert said_of_patient(question)[circumstance] is said


# --- which are shown ---

DOSE = "adrenaline dose in anaphylaxis"
CHILD = "Children with anaphylaxis are given adrenaline 0.3 mg."
PREGNANT = "Pregnant women with anaphylaxis lie on the left side."
KIDNEY = "In renal impairment nothing changes in anaphylaxis."
IMMUNE = "Immunocompetent adults with anaphylaxis may go home."
BLOOD = "Patients taking warfarin may bleed in anaphylaxis."


def test_only_what_the_pages_turn_on_is_shown() -> None:
    assert assumptions_of(asked(DOSE), found("Adults with anaphylaxis receive adrenaline 0.5 mg.")) == ()
    assert assumptions_of(asked(DOSE), found(CHILD, PREGNANT)) == (
        Assumption(key="adult"),
        Assumption(key="not_pregnant"),
    )


def test_the_weightiest_stands_first_and_four_are_shown_at_most() -> None:
    more = found(PREGNANT, CHILD, KIDNEY, IMMUNE, BLOOD)
    assert keys(assumptions_of(asked(DOSE), more)) == ["not_pregnant", "adult", "kidneys_normal", "immunocompetent"]
    assert len(keys(assumptions_of(asked(DOSE), more))) == MOST


def test_a_sentence_about_something_else_turns_nothing() -> None:
    other = found("Children with croup are given dexamethasone.", title="Croup")
    assert assumptions_of(asked(DOSE), other) == ()
    assert keys(assumptions_of(asked(DOSE), found("Children are given 0.3 mg."))) == ["adult"]  # under its title


def test_a_list_of_literature_turns_nothing() -> None:
    assert assumptions_of(asked(DOSE), found("Cox A, Dunn B. Anaphylaxis in children. 2016;39(8):1458.")) == ()


def test_what_cannot_be_is_never_shown_whoever_puts_it_forward() -> None:
    man = asked("man of 68 years, 68-year-old, adrenaline dose in anaphylaxis")
    assert keys(assumptions_of(man, found(CHILD, PREGNANT, KIDNEY), KEYS)) == [
        "kidneys_normal", "immunocompetent", "no_penicillin_allergy", "no_anticoagulant",
    ]  # fmt: skip
    assert "not_pregnant" not in keys(assumptions_of(asked("dose for a child"), found(PREGNANT), ["not_pregnant"]))


def test_what_a_model_puts_forward_is_shown_though_no_page_turns_on_it() -> None:
    told = assumptions_of(asked(DOSE), found(CHILD), ["immunocompetent", "no such key"])
    assert sorted(keys(told)) == ["adult", "immunocompetent"]


def test_lines_of_a_card_turn_it_too() -> None:
    case = asked("fever and cough, what could this be?")
    assert keys(assumptions_of(case, (), lines=["HIV or other immunosuppression"])) == ["immunocompetent"]


def test_a_question_about_no_patient_takes_nothing_for_granted() -> None:
    assert assumptions_of(asked("What is anaphylaxis?"), found(CHILD, PREGNANT)) == ()


def test_chinese_pages_and_questions() -> None:
    told = assumptions_of(asked("肺炎首选什么抗生素？"), found("妊娠期肺炎患者不应使用喹诺酮类。", title="肺炎"))
    assert keys(told) == ["not_pregnant"]


# --- the whole way ---

GUIDE = document("guide", title="Anaphylaxis", pages=2)
PAGES = (
    plain_page(GUIDE, "Adults with anaphylaxis receive adrenaline 0.5 mg IM.", number=1),
    page(
        GUIDE,
        (BlockKind.HEADING, "Special groups"),
        (BlockKind.PARAGRAPH, "Children with anaphylaxis receive adrenaline 0.3 mg IM from 6 to 12 years."),
        number=2,
    ),
)


def test_the_other_patient_gets_the_other_dose(tmp_path: Path) -> None:
    bench = Bench(tmp_path, documents=(GUIDE,), pages=PAGES)
    adult = bench.ask(DOSE)
    assert adult.claims[0].text.startswith("Adults")
    assert adult.assumptions == (Assumption(key="adult"),)
    child = bench.ask(toggled(DOSE, "adult", ENGLISH))
    assert child.claims[0].text.startswith("Children")
    assert child.assumptions == (Assumption(key="adult", holds=False),)
    assert bench.store.get(child.record_id) == child
    again = bench.ask(toggled(child.question, "adult", ENGLISH))
    assert replace(again, record_id="", timings_ms=adult.timings_ms) == replace(adult, record_id="")


def test_an_age_says_child_as_well_as_the_word(tmp_path: Path) -> None:
    bench = Bench(tmp_path, documents=(GUIDE,), pages=PAGES)
    assert bench.ask("8-year-old with anaphylaxis: adrenaline dose?").claims[0].text.startswith("Children")


def test_an_abstention_says_what_was_asked_for_and_assumes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, documents=(GUIDE,), pages=PAGES, coverage=0.0)
    record = bench.ask(toggled(DOSE, "adult", ENGLISH))
    assert record.outcome is Outcome.ABSTAINED
    assert record.assumptions == (Assumption(key="adult", holds=False),)
    assert bench.ask(DOSE).assumptions == ()
