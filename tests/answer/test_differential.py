"""The differential card: the case read, the library's entries read, and both laid side by side."""

from __future__ import annotations

import pytest

from ragmed.answer.case import read_case
from ragmed.answer.differential import Card, differential_card, in_case
from ragmed.answer.entries import entries
from ragmed.records import BlockKind, Language, Page, Query
from ragmed.text.language import detect_language
from tests.answer.small_library import SmallSnapshot, boxes, document, page, passages_of, plain_page

ITEM, PARAGRAPH, ROW, HEADING = BlockKind.LIST_ITEM, BlockKind.PARAGRAPH, BlockKind.TABLE_ROW, BlockKind.HEADING
ENGLISH = (
    "68-year-old man, CT shows multiple ground-glass nodules in the lungs, tumour markers normal, long-term smoker - "
    "which differential diagnoses should be considered first?"
)
CHINESE = "这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常,有长期吸烟史——下一步该优先考虑哪些鉴别诊断?"
CHEST = document("chest", title="Chest pain", pages=2)
CARD_PAGES = (
    page(
        CHEST,
        (HEADING, "Differential diagnosis"),
        (HEADING, "Pneumothorax"),
        (ITEM, "• Supports: sudden one-sided pain; tall young smoker."),
        (ITEM, "• Speaks against: fever."),
        (ITEM, "• Next test: chest radiograph."),
        (HEADING, "Pneumonia"),
        (ITEM, "• Supports: fever; productive cough; raised CRP."),
        (ITEM, "• Speaks against: normal CRP; no fever."),
        (ITEM, "• Next test: chest radiograph; sputum culture."),
        (HEADING, "Pulmonary embolism"),
        (PARAGRAPH, "Can't miss."),
        (ITEM, "• Supports: haemoptysis; raised D-dimer; above 60 years with recent surgery."),
        (ITEM, "• Speaks against: normal D-dimer."),
    ),
    page(
        CHEST,
        (ITEM, "• Next test: CT pulmonary angiography within 24 hours."),
        (PARAGRAPH, "A raised CRP is common in pneumonia and does not prove it."),
        number=2,
    ),
)


def card_for(question: str, *pages: Page) -> Card | None:
    pages = pages or CARD_PAGES
    snapshot = SmallSnapshot([CHEST], pages)
    query = Query(text=question, language=detect_language(question), english=question, chinese=question)
    return differential_card(query, passages_of(snapshot), snapshot)


@pytest.mark.parametrize("question", [ENGLISH, CHINESE])
def test_the_reference_case_is_read_alike_in_both_languages(question: str) -> None:
    case = read_case(question)
    assert case.age == 68
    assert case.is_vignette
    assert case.facts == {
        ("ground-glass nodule", "present"),
        ("tumour marker", "normal"),
        ("smoking history", "present"),
        ("elderly", "present"),
    }


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("45F with no fever, what next?", ("fever", "absent")),
        ("患者否认发热，下一步?", ("fever", "absent")),
        ("无咳嗽，发热3天", ("cough", "absent")),
        ("无咳嗽，发热3天", ("fever", "present")),
        ("D-dimer raised", ("d-dimer", "raised")),
        ("CRP normal", ("c-reactive protein", "normal")),
        ("C反应蛋白升高", ("c-reactive protein", "raised")),
    ],
)
def test_states_of_findings(question: str, fact: tuple[str, str]) -> None:
    assert fact in read_case(question).facts


@pytest.mark.parametrize(
    ("question", "vignette"),
    [
        (ENGLISH, True),
        (CHINESE, True),
        ("45F, chest pain and haemoptysis. What next?", True),
        ("What is the differential diagnosis of haemoptysis?", True),
        ("What is the dose of adrenaline in adults?", False),
        ("How is pneumonia treated?", False),
        ("肺炎如何治疗?", False),
        ("Who won the cup?", False),
    ],
)
def test_which_questions_want_a_card(question: str, vignette: bool) -> None:
    assert read_case(question).is_vignette is vignette


def test_entries_of_the_regular_form_over_a_page_break() -> None:
    read = entries(CARD_PAGES)
    assert [one.name.text for one in read] == ["Pneumothorax", "Pneumonia", "Pulmonary embolism"]
    assert [one.cannot_miss is not None for one in read] == [False, False, True]
    assert [line.text for line in read[1].against] == ["normal CRP", "no fever"]
    assert [line.text for line in read[2].next_tests] == ["CT pulmonary angiography within 24 hours"]
    assert read[2].next_tests[0].page.number == 2


def test_chinese_entries_with_a_name_that_was_not_read_as_a_heading() -> None:
    guide = document("zh", language=Language.CHINESE)
    read = entries(
        [
            page(
                guide,
                (HEADING, "鉴别诊断"),
                (PARAGRAPH, "结节病"),
                (PARAGRAPH, "不可漏诊。"),
                (ITEM, "• 支持：无症状；发热（夜间；间断）。"),
                (ITEM, "• 不支持：65岁以后发病。"),
                (ITEM, "• 下一步检查：血钙。"),
            )
        ]
    )
    (one,) = read
    assert (one.name.text, one.cannot_miss is not None) == ("结节病", True)
    assert [line.text for line in one.supporting] == ["无症状", "发热（夜间；间断）"]
    assert [line.text for line in one.against] == ["65岁以后发病"]


def test_the_loose_form_takes_only_the_name_and_what_stands_beside_it() -> None:
    read = entries(
        [
            page(
                CHEST,
                (HEADING, "Causes of chest pain to consider"),
                (ITEM, "• Pneumonia: fever and cough."),
                (ITEM, "• Ask the patient to sit up."),
                (ROW, "Pulmonary embolism | haemoptysis | D-dimer"),
            )
        ]
    )
    assert [(one.name.text, [line.text for line in one.supporting]) for one in read] == [
        ("Pneumonia", ["fever and cough"]),
        ("Pulmonary embolism", ["haemoptysis"]),
    ]


def test_a_list_that_is_no_differential_gives_no_entries() -> None:
    assert entries([page(CHEST, (HEADING, "Treatment"), (ITEM, "• Pneumonia: amoxicillin."))]) == ()


def test_the_card_marks_what_is_in_the_case_and_orders_by_it() -> None:
    card = card_for("45F, productive cough and fever, CRP raised. Differential?")
    assert card is not None
    assert [one.diagnosis for one in card.candidates] == ["Pneumonia", "Pulmonary embolism", "Pneumothorax"]
    pneumonia, _, pneumothorax = card.candidates
    assert [line.text for line in pneumonia.supporting if line.in_case] == ["fever", "productive cough", "raised CRP"]
    assert not any(line.in_case for line in pneumonia.against)
    assert [line.text for line in pneumothorax.against if line.in_case] == ["fever"]


def test_absence_counts_against() -> None:
    card = card_for("45F, cough, no fever, CRP normal. Differential?")
    assert card is not None
    (pneumonia,) = [one for one in card.candidates if one.diagnosis == "Pneumonia"]
    assert [line.text for line in pneumonia.against if line.in_case] == ["normal CRP", "no fever"]
    assert not any(line.in_case for line in pneumonia.supporting)


def test_a_line_with_more_than_the_case_has_is_not_in_the_case() -> None:
    case = read_case("68岁男性，多发磨玻璃结节，鉴别诊断?")
    assert not in_case("ground-glass nodules that persist beyond 3 months", case)
    assert in_case("ground-glass nodules", case)
    assert in_case("age above 65 years with ground-glass nodules", case)
    assert not in_case("age above 70 years with ground-glass nodules", case)
    assert not in_case("ground-glass nodules with fever", case)


def test_every_line_is_cited_word_for_word() -> None:
    card = card_for("45F, productive cough and fever, CRP raised. Differential?")
    assert card is not None
    for one in card.candidates:
        for line in (*one.supporting, *one.against, *one.next_tests):
            assert line.citation is not None
            check = card.checks[line.citation]
            assert check.verdict.holds
            assert line.text in " ".join(check.citation.quote.split())
        assert one.citation is not None
        assert card.checks[one.citation].citation.quote == one.diagnosis


def test_findings_of_one_item_share_a_quote() -> None:
    card = card_for("45F, productive cough and fever, CRP raised. Differential?")
    assert card is not None
    pneumonia = card.candidates[0]
    (shared,) = {line.citation for line in pneumonia.supporting}
    assert shared is not None
    assert card.checks[shared].citation.quote == "fever; productive cough; raised CRP"
    assert {line.citation for line in pneumonia.against}.isdisjoint({shared})
    # name, for, against, next test: four places to open for a diagnosis, and one for each finding of the case
    assert len(card.checks) <= 4 * len(card.candidates) + len(card.case)


def test_hidden_words_are_withheld_from_the_card() -> None:
    first = CARD_PAGES[0]
    start = first.text.index("productive cough")
    from dataclasses import replace

    spoiled = replace(first, boxes=boxes(first.text, hidden=(start, start + 16)), width=595.0, height=842.0)
    card = card_for("45F, productive cough and fever. Differential?", spoiled, CARD_PAGES[1])
    assert card is not None
    assert "productive cough" not in [line.text for one in card.candidates for line in one.supporting]
    assert [one.text for one in card.withheld] == ["productive cough"]


def test_a_finding_that_the_library_says_nothing_of_has_no_source() -> None:
    card = card_for("45F, CRP raised, itching. Differential?")
    assert card is not None
    told = {one.text: one.citation for one in card.case}
    assert told["itching"] is None
    cited = told["CRP raised"]
    assert cited is not None
    assert card.checks[cited].citation.quote == "A raised CRP is common in pneumonia and does not prove it."


def test_no_entries_no_card() -> None:
    assert (
        card_for("45F, fever and cough. Differential?", plain_page(CHEST, "Fever and cough are common."), CARD_PAGES[1])
        is None
    )


def test_one_language_a_card() -> None:
    chinese = document("zh", language=Language.CHINESE)
    zh = page(chinese, (HEADING, "鉴别诊断"), (HEADING, "肺炎"), (ITEM, "• 支持：发热；咳嗽。"))
    snapshot = SmallSnapshot([CHEST, chinese], [*CARD_PAGES, zh])
    for question, names in (("患者发热、咳嗽，鉴别诊断?", {"肺炎"}), ("fever and cough, differential?", {"Pneumonia"})):
        query = Query(text=question, language=detect_language(question), english=question, chinese=question)
        card = differential_card(query, passages_of(snapshot), snapshot)
        assert card is not None
        assert {check.citation.document_id for check in card.checks} == {"d-zh" if names == {"肺炎"} else "d-chest"}
        assert names <= {one.diagnosis for one in card.candidates}
