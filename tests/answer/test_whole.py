"""What a model cut out of a sentence is shown as the page's whole sentence; what states nothing is withheld.

The drafts are those that a real Qwen wrote on the demonstration library; each had passed its check.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed.answer.card_judging import of_the_case
from ragmed.answer.differential import Card
from ragmed.answer.extractive import ExtractiveGenerator
from ragmed.answer.judgement import judge_whole
from ragmed.answer.judging import Judged
from ragmed.answer.scripted import ScriptedGenerator
from ragmed.answer.unstated import says_what_is_asked
from ragmed.drafts import Draft
from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord, BlockKind, Candidate, Finding, Generation, Language, Mode, Query, Verdict
from ragmed.text.language import detect_language
from tests.answer.small_library import SmallSnapshot, document, page, passages_of, whole_page_chunks
from tests.answer.test_assistant import Bench

HEADING, ITEM, PARAGRAPH, ROW = BlockKind.HEADING, BlockKind.LIST_ITEM, BlockKind.PARAGRAPH, BlockKind.TABLE_ROW
ADRENALINE = document("anaphylaxis", title="Anaphylaxis")
ADRENALINE_PAGE = page(
    ADRENALINE,
    (HEADING, "First treatment"),
    (PARAGRAPH, "Intramuscular adrenaline for anaphylaxis by age"),
    (ROW, "Age | Dose | Volume"),
    (ROW, "Adult and child over 12 years | 500 micrograms | 0.5 mL"),
    (ROW, "Child 6 months to 6 years | 150 micrograms | 0.15 mL"),
    (PARAGRAPH, "Adrenaline should be given into the outer thigh, and repeated after 5 minutes."),
    (PARAGRAPH, "Adults with anaphylaxis should receive adrenaline 0.5 mg IM."),
)
OTHER = document("others", title="Infection")
OTHER_PAGE = page(
    OTHER,
    (HEADING, "Pneumonia"),
    (
        ITEM,
        "• An adult with non-severe community-acquired pneumonia on a ward should receive ceftriaxone 1–2 g IV daily"
        " with azithromycin 500 mg daily.",
    ),
    (
        ITEM,
        "• An adult with severe community-acquired pneumonia should receive ceftriaxone 2 g IV daily with levofloxacin"
        " 750 mg IV daily.",
    ),
    (HEADING, "Low risk"),
    (
        PARAGRAPH,
        "Low-risk febrile neutropenia can be treated at home after at least 4 hours of observation, if the patient lives"
        " within 1 hour of hospital, is never alone for the first 24 hours and can take tablets.",
    ),
    (HEADING, "Acute cholecystitis"),
    (ITEM, "• Supports: fever, jaundice and right upper quadrant pain; Murphy sign."),
    (HEADING, "Contraindications"),
    (PARAGRAPH, "Thrombolysis is contraindicated in:"),
    (ITEM, "• active bleeding"),
    (ITEM, "• recent stroke"),
    (HEADING, "急救"),
    (PARAGRAPH, "重症社区获得性肺炎应在识别后1小时内给予首剂抗菌药物。"),
    (PARAGRAPH, "Haematemesis with shock needs two large cannulas and senior help at once."),
)
SNAPSHOT = SmallSnapshot(
    [ADRENALINE, OTHER],
    [ADRENALINE_PAGE, OTHER_PAGE],
    [chunk for one in (ADRENALINE_PAGE, OTHER_PAGE) for chunk in whole_page_chunks(one)],
)
PASSAGES = passages_of(SNAPSHOT)
PAGE_LINES = [line.removeprefix("• ") for line in OTHER_PAGE.text.splitlines()]


def judged(text: str, question: str = "What should I do?") -> Judged:
    draft = Draft(generation=Generation(text=text, kind="qwen", model_id="m", revision="1"))
    query = Query(text=question, language=detect_language(question), english=question, chinese=question)
    return judge_whole(draft, PASSAGES, SNAPSHOT, query).prose


def marker_of(words: str) -> int:
    return next(passage.marker for passage in PASSAGES if words in passage.chunk.text)


def shown(claim: str, near: str) -> list[str]:
    """What is shown of a claim that cites the passage with the words ``near``."""
    return [one.text for one, _ in judged(f"{claim} [{marker_of(near)}]").held]


@pytest.mark.parametrize(
    ("claim", "near", "whole"),
    [
        pytest.param(
            "150 micrograms.",
            "150 micrograms",
            "Age | Dose | Volume … Child 6 months to 6 years | 150 micrograms | 0.15 mL",
            id="a cell under its header, beside its row's name",
        ),
        pytest.param(
            "Ceftriaxone 1–2 g IV daily with azithromycin 500 mg daily.",
            "non-severe",
            "An adult with non-severe community-acquired pneumonia on a ward should receive ceftriaxone 1–2 g IV daily"
            " with azithromycin 500 mg daily.",
            id="a dose without whom it is for",
        ),
        pytest.param(
            "Yes, low-risk febrile neutropenia can be treated at home with tablets.",
            "febrile neutropenia",
            "Low-risk febrile neutropenia can be treated at home after at least 4 hours of observation, if the patient"
            " lives within 1 hour of hospital, is never alone for the first 24 hours and can take tablets.",
            id="permission without its conditions",
        ),
        pytest.param(
            "active bleeding",
            "contraindicated in",
            "Thrombolysis is contraindicated in: • active bleeding",
            id="an item without its list's introduction",
        ),
        pytest.param(
            "Adrenaline should be injected into the outer thigh and repeated after 5 minutes.",
            "outer thigh",
            "Adrenaline should be given into the outer thigh, and repeated after 5 minutes.",
            id="a copy with a word changed",
        ),
        pytest.param(
            "社区获得性肺炎住院患者首选抗菌药物。",
            "重症社区",
            "重症社区获得性肺炎应在识别后1小时内给予首剂抗菌药物。",
            id="the question given back",
        ),
    ],
)
def test_what_was_cut_out_is_shown_whole(claim: str, near: str, whole: str) -> None:
    found = judged(f"{claim} [{marker_of(near)}]")
    assert [one.text for one, _ in found.held] == [whole]
    assert found.completed == 1
    ((_, (check,)),) = found.held
    assert check.verdict is Verdict.VERBATIM
    page_text = SNAPSHOT.page(check.citation.document_id, 1).text
    assert page_text[check.citation.start : check.citation.end] == check.citation.quote


@pytest.mark.parametrize(
    ("claim", "near"),
    [
        ("Intramuscular adrenaline for anaphylaxis by age.", "by age"),
        ("Supports: fever, jaundice and right upper quadrant pain; Murphy sign.", "Murphy"),
    ],
)
def test_a_caption_or_a_line_of_a_differential_states_nothing(claim: str, near: str) -> None:
    found = judged(f"{claim} [{marker_of(near)}]")
    assert not found.held
    assert "state nothing by themselves" in found.withheld[0].reason


def test_a_line_of_a_differential_that_names_its_subject_is_a_statement() -> None:
    claim = "Fever, jaundice and right upper quadrant pain support acute cholecystitis."
    assert shown(claim, "Murphy") == [claim]


def test_a_sentence_that_keeps_all_of_the_page_s_stays_as_it_was_written() -> None:
    claim = (
        "Within 1 hour of hospital, never alone for the first 24 hours, able to take tablets and after at least 4 hours"
        " of observation: then low-risk febrile neutropenia can be treated at home if the patient lives so."
    )
    found = judged(f"{claim} [{marker_of('febrile neutropenia')}]")
    assert ([one.text for one, _ in found.held], found.completed) == ([claim], 0)


def test_a_sentence_of_the_page_stays_and_is_not_counted() -> None:
    claim = "Adrenaline should be given into the outer thigh, and repeated after 5 minutes."
    found = judged(f"{claim} [{marker_of('outer thigh')}]")
    assert ([one.text for one, _ in found.held], found.completed) == ([claim], 0)


def test_two_pieces_of_one_sentence_are_that_sentence_once() -> None:
    near = marker_of("febrile neutropenia")
    found = judged(
        f"Low-risk febrile neutropenia can be treated at home [{near}].\n"
        f"Observation of at least 4 hours for low-risk febrile neutropenia [{near}]."
    )
    assert len(found.held) == 1
    assert found.completed == 2


def test_what_a_claim_made_of_two_sentences_leaves_out_is_shown_of_both() -> None:
    near = marker_of("non-severe")
    both = judged(
        "Pneumonia: ceftriaxone 1–2 g with azithromycin 500 mg daily, or ceftriaxone 2 g with levofloxacin 750 mg IV"
        f" daily [{near}] [{marker_of('levofloxacin')}]."
    )
    assert all("severe community-acquired pneumonia" in one.text for one, _ in both.held)


def test_a_claim_of_two_pages_is_shown_of_both_where_it_leaves_something_out_of_one() -> None:
    outer, home = marker_of("outer thigh"), marker_of("febrile neutropenia")
    found = judged(
        "Adrenaline should be given into the outer thigh, and repeated after 5 minutes; low-risk febrile neutropenia can"
        f" be treated at home after at least 4 hours of observation [{outer}][{home}]."
    )
    assert [one.text.split()[0] for one, _ in found.held] == ["Adrenaline", "Low-risk"]
    assert "is never alone" in found.held[1][0].text


def test_a_claim_in_another_language_names_nothing_to_be_done_that_its_page_does_not() -> None:
    found = judged(f"上消化道出血伴休克时需立即进行胃镜检查 [{marker_of('cannulas')}]。")
    assert not found.held
    assert "胃镜" in found.withheld[0].reason


# --- the whole way ---


def asked(folder: Path, question: str, text: str) -> AnswerRecord:
    bench = Bench(
        folder,
        ScriptedGenerator(text),
        documents=(ADRENALINE, OTHER),
        pages=(ADRENALINE_PAGE, OTHER_PAGE),
        instead=ExtractiveGenerator(),
    )
    *_, last = bench.assistant.ask(question)
    assert isinstance(last, Finished)
    assert bench.store.get(last.record.record_id) == last.record
    return last.record


def test_the_reader_is_told_and_the_draft_is_kept(tmp_path: Path) -> None:
    record = asked(tmp_path, "Which antibiotics for non-severe pneumonia?", "Ceftriaxone 1–2 g IV daily [5].")
    assert record.generation.text == "Ceftriaxone 1–2 g IV daily [5]."
    assert record.text.startswith("An adult with non-severe community-acquired pneumonia")
    assert "Shown whole, as the page has it, because the model had left part of it out: 1." in record.notice


def test_a_child_s_dose_gives_way_to_the_adult_s_that_the_library_has(tmp_path: Path) -> None:
    record = asked(tmp_path, "What dose of adrenaline in an adult with anaphylaxis?", "150 micrograms [1].")
    assert record.refused is not None
    assert "says what was asked" in record.refused.reason
    assert record.claims[0].text == "Adults with anaphylaxis should receive adrenaline 0.5 mg IM."


def test_what_is_given_in_a_milder_disease_does_not_lead() -> None:
    question = "Which antibiotics for severe community-acquired pneumonia?"
    query = Query(text=question, language=Language.ENGLISH, english=question, chinese=question)
    (draft,) = ExtractiveGenerator().generate(query, Mode.ANSWER, PASSAGES)
    assert draft.prose.splitlines()[0].startswith("An adult with severe community-acquired pneumonia")


def test_beside_a_card_no_sentence_is_about_a_disease_that_the_case_does_not_speak_for() -> None:
    prose = judged(
        f"Low-risk febrile neutropenia can be treated at home [{marker_of('febrile neutropenia')}].\n"
        f"An adult with severe community-acquired pneumonia should receive ceftriaxone 2 g IV daily with levofloxacin"
        f" 750 mg IV daily [{marker_of('levofloxacin')}]."
    )
    assert len(prose.held) == 2

    def card(*findings: Finding) -> Card:
        named = Candidate(
            diagnosis="Pneumonia", cannot_miss=False, citation=None, supporting=findings, against=(), next_tests=()
        )
        return Card(candidates=(named,), checks=(), case=(), related=(), withheld=())

    fever = Finding(text="fever", citation=None, in_case=True)
    (only,) = of_the_case(prose, card(fever), PASSAGES, Language.ENGLISH).held
    assert "pneumonia" in only[0].text
    assert of_the_case(prose, card(), PASSAGES, Language.ENGLISH) == prose, "nothing in the case speaks for anything"


LEAD = "Adults with anaphylaxis should receive adrenaline 0.5 mg IM."


def test_what_the_library_leads_with_stands_in_a_model_s_answer(tmp_path: Path) -> None:
    question = "Which antibiotics in community-acquired pneumonia?"
    leads = asked(tmp_path / "quoted", question, "NOT COVERED").claims[0].text
    severe, mild = (
        next(text for text in PAGE_LINES if text.startswith(front))
        for front in ("An adult with severe", "An adult with non-severe")
    )
    other = mild if leads == severe else severe
    record = asked(tmp_path / "written", question, f"{other} [{marker_of('azithromycin')}].")
    assert (record.generation.kind, record.refused) == ("scripted", None)
    assert [claim.text for claim in record.claims] == [other, leads]
    assert "The last sentence is the one that the library leads with" in record.notice
    assert [check.citation.quote for check in record.checks if check.citation.claim == 1] == [leads]


@pytest.mark.parametrize("written", [f"{LEAD[:-1]} [1].", "Adults should receive adrenaline 0.5 mg IM [1]."])
def test_it_is_not_said_twice(tmp_path: Path, written: str) -> None:
    record = asked(tmp_path, "What dose of adrenaline in an adult with anaphylaxis?", written)
    assert record.refused is None
    assert [claim.text for claim in record.claims] == [LEAD]
    assert "leads with" not in record.notice


def test_a_reader_is_told_that_the_page_s_own_sentence_is_in_the_other_language(tmp_path: Path) -> None:
    record = asked(tmp_path, "过敏反应时肾上腺素用多少？", "过敏反应时给肾上腺素 0.5 mg IM [1]。")
    assert [claim.text for claim in record.claims] == [LEAD]
    assert "原文" in record.notice
    assert "英文" in record.notice


# --- each rule by itself: a page for each, whose sentence is said in another order ---

THROAT = document("throat", title="Sore throat")


def said_of(sentence: str, claim: str, *, finish: str = "stop", before: str = "") -> Judged:
    """The claim, behind a sentence that holds where one is given, over a page of one block."""
    snapshot = SmallSnapshot([THROAT], [page(THROAT, (PARAGRAPH, sentence))])
    written = Generation(text=f"{before}{claim} [1]", kind="qwen", model_id="m", revision="1", finish_reason=finish)
    query = Query(text="What helps?", language=Language.ENGLISH, english="What helps?", chinese="")
    return judge_whole(Draft(generation=written), passages_of(snapshot), snapshot, query).prose


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        pytest.param(
            "Bed rest, warm drinks, honey, steam, quiet nights and patience ease a sore throat.",
            "A sore throat is eased by honey.",
            id="most of its words",
        ),
        pytest.param(
            "Honey eases a sore throat at night.", "Yes, at night a sore throat eases with honey.", id="an answer"
        ),
        pytest.param("Honey eases a sore throat within 2 days.", "A sore throat eases with honey.", id="a number"),
        pytest.param(
            "Refractory sore throat eases with honey and steam.",
            "With steam and honey a sore throat eases.",
            id="a circumstance",
        ),
        pytest.param(
            "Severe sore throat eases with honey and steam.", "With steam and honey a sore throat eases.", id="a grade"
        ),
        pytest.param(
            "Honey eases a sore throat and a dry cough when taken warm.",
            "A dry cough and a sore throat ease with honey.",
            id="a condition",
        ),
    ],
)
def test_each_thing_left_out_is_enough(sentence: str, claim: str) -> None:
    found = said_of(sentence, claim)
    assert ([one.text for one, _ in found.held], found.completed) == ([sentence], 1)


def test_nothing_left_out_in_another_order_stays() -> None:
    claim = "With steam and honey a sore throat eases."
    assert [one.text for one, _ in said_of("A sore throat eases with honey and steam.", claim).held] == [claim]


def test_a_claim_put_together_from_words_of_many_sentences_is_withheld() -> None:
    found = said_of("Honey is sweet. Steam is wet. Rest is long.", "Honey, steam and rest.")
    assert not found.held
    assert found.withheld[0].verdict is Verdict.UNSUPPORTED


def test_a_sentence_too_long_for_a_remedy_is_not_shown() -> None:
    long = "Honey eases a sore throat, " + ", ".join(f"as does remedy {'x' * 8}{n}" for n in range(25)) + "."
    found = said_of(long, "Honey eases a sore throat.")
    assert not found.held
    assert "too long" in found.withheld[0].reason


@pytest.mark.parametrize(("finish", "shown"), [("stop", 2), ("length", 1), ("repeated", 1)])
def test_the_last_sentence_of_a_draft_that_was_cut_off_is_not_replaced(finish: str, shown: int) -> None:
    sentence = "Honey eases a sore throat within 2 days. Do not give honey to infants."
    snapshot = SmallSnapshot([THROAT], [page(THROAT, (PARAGRAPH, sentence))])
    text = "Honey eases a sore throat within 2 days [1].\nGive infants [1] honey"
    written = Generation(text=text, kind="qwen", model_id="m", revision="1", finish_reason=finish)
    query = Query(text="What helps?", language=Language.ENGLISH, english="What helps?", chinese="")
    found = judge_whole(Draft(generation=written), passages_of(snapshot), snapshot, query).prose
    both = ["Honey eases a sore throat within 2 days.", "Do not give honey to infants."]
    assert [one.text for one, _ in found.held] == both[:shown]


def test_of_two_pages_cited_the_one_that_has_the_whole_of_it_is_enough() -> None:
    more = "In adults honey eases a sore throat within 2 days."
    own = "Honey eases a sore throat within 2 days."
    cough = document("cough", title="Sore throat and cough")
    snapshot = SmallSnapshot([THROAT, cough], [page(THROAT, (PARAGRAPH, more)), page(cough, (PARAGRAPH, own))])
    written = Generation(text=f"{own} [1][2]", kind="qwen", model_id="m", revision="1")
    query = Query(text="What helps?", language=Language.ENGLISH, english="What helps?", chinese="")
    found = judge_whole(Draft(generation=written), passages_of(snapshot), snapshot, query).prose
    ((claim, checks),) = found.held
    assert (claim.text, len(checks), found.completed) == (own, 2, 0)


def test_a_caption_is_neither_quoted_nor_shown_of_a_model() -> None:
    table = "Honey for a sore throat by age\nAge | Spoons\nAdult | 2 spoons of honey"
    found = said_of(table, "Honey for a sore throat by age.")
    assert not found.held
    snapshot = SmallSnapshot([THROAT], [page(THROAT, (PARAGRAPH, table))])
    question = "How much honey for a sore throat?"
    query = Query(text=question, language=Language.ENGLISH, english=question, chinese="")
    (draft,) = ExtractiveGenerator().generate(query, Mode.ANSWER, passages_of(snapshot))
    assert "2 spoons" in draft.prose
    assert "Honey for a sore throat by age [1]" not in draft.prose


def test_what_is_said_of_another_patient_does_not_answer() -> None:
    children, adults = (
        f"{who} with anaphylaxis should receive adrenaline {dose} mg IM."
        for who, dose in (("Children", "0.15"), ("Adults", "0.5"))
    )
    snapshot = SmallSnapshot([ADRENALINE], [page(ADRENALINE, (PARAGRAPH, children), (PARAGRAPH, adults))])
    question = "What dose of adrenaline in an adult with anaphylaxis?"
    query = Query(text=question, language=Language.ENGLISH, english=question, chinese="")
    passages = passages_of(snapshot)
    for text, fits in ((children, False), (adults, True)):
        written = Generation(text=f"{text} [1]", kind="qwen", model_id="m", revision="1")
        held = judge_whole(Draft(generation=written), passages, snapshot, query).prose.held
        assert says_what_is_asked(query, held, passages) is fits


def test_a_sentence_at_which_a_circle_was_broken_is_whole() -> None:
    sentence = "Honey eases a sore throat within 2 days."
    snapshot = SmallSnapshot([THROAT], [page(THROAT, (PARAGRAPH, sentence))])
    written = Generation(text=f"[1] {sentence}", kind="qwen", model_id="m", revision="1", finish_reason="repeated")
    query = Query(text="What helps?", language=Language.ENGLISH, english="What helps?", chinese="")
    found = judge_whole(Draft(generation=written), passages_of(snapshot), snapshot, query).prose
    assert ([one.text for one, _ in found.held], found.withheld) == ([sentence], ())
