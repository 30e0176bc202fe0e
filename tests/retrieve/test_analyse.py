"""Question → query: language, senses, glosses, slips, long cases."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ragmed.records import Filters, Language, Query
from ragmed.retrieve.analyse import LONG_CASE, Analyser

HELD = frozenset({"football", "patient"})


def analyse(question: str, language: Language | None = None) -> Query:
    return Analyser(lambda word: int(word in HELD)).analyse(question, language, Filters())


QUESTIONS = (
    "How do I treat CAP with CURB-65 of 3?",
    "metfomin before contrast?",
    "这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常,有长期吸烟史——下一步该优先考虑哪些鉴别诊断?",
    "  What is the outlook after a STEMI?  ",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_expansion_stands_in_the_text(question: str) -> None:
    query = analyse(question)
    assert query.text == question.strip()
    assert query.expansions
    for one in query.expansions:
        assert query.text[one.start : one.end] == one.surface


@pytest.mark.parametrize("question", QUESTIONS)
def test_terms_abbreviations_and_slips_never_overlap(question: str) -> None:
    spans = [(one.start, one.end) for one in analyse(question).expansions if one.reason != "intent"]
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_a_chinese_question_gets_english_words() -> None:
    query = analyse("高钾血症伴心电图改变先给什么药？")
    assert query.language is Language.CHINESE
    assert "hyperkal" in query.english.lower()
    assert query.chinese == query.text


def test_an_english_question_gets_chinese_terms() -> None:
    query = analyse("ECG changes in hyperkalaemia")
    assert query.language is Language.ENGLISH
    assert "高钾血症" in query.chinese
    assert query.english.startswith("ECG")


def test_the_language_given_wins_over_detection() -> None:
    assert analyse("STEMI", Language.CHINESE).language is Language.CHINESE


@pytest.mark.parametrize(
    ("question", "sense"),
    [
        ("Antibiotics for CAP with sputum and consolidation in the lung?", "pneumonia"),
        ("MI with ST elevation and chest pain: which antiplatelet?", "myocardial infarction"),
    ],
)
def test_the_sense_of_an_abbreviation_follows_the_question(question: str, sense: str) -> None:
    query = analyse(question)
    assert any(sense in one.english for one in query.expansions)
    assert sense in query.english


def test_a_slip_is_mended_for_the_embedder_and_the_users_word_kept() -> None:
    query = analyse("Can metfomin be given before contrast?")
    assert "metformin" in query.english
    assert "metfomin" in query.text
    assert [(one.surface, one.english) for one in query.expansions if one.reason == "spelling"] == [
        ("metfomin", "metformin")
    ]
    assert "二甲双胍" in query.chinese


def test_a_word_that_the_library_holds_is_not_mended() -> None:
    held = Analyser(lambda word: 1).analyse("Can metfomin be given?", None, Filters())
    assert not [one for one in held.expansions if one.reason == "spelling"]


def test_what_is_asked_about_is_said_in_the_words_of_pages() -> None:
    query = analyse("What is the outlook for Ewing sarcoma?")
    assert "prognosis" in query.english
    assert [one.surface for one in query.expansions if one.reason == "intent"] == ["outlook"]
    assert "prognosis" in analyse("肺癌的预后怎么样？").english


def test_a_question_without_clinical_words_stays_as_it_is() -> None:
    query = analyse("Who painted the Mona Lisa?")
    assert query.english == query.text
    assert query.expansions == ()


def test_a_long_case_keeps_its_question_and_its_findings() -> None:
    story = "He was seen at home by the nurse, who noted that the garden was wet. " * 12
    query = analyse(f"A man with haemoptysis and weight loss. {story} Which test comes first?")
    assert len(query.text) > LONG_CASE > len(query.english)
    assert query.english.startswith("Which test comes first?")
    assert "haemoptysis" in query.english or "hemoptysis" in query.english
    assert "garden" not in query.english
    assert "garden" in query.text


def test_the_same_question_gives_the_same_query() -> None:
    assert all(analyse(question) == analyse(question) for question in QUESTIONS)
