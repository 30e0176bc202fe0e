"""What is found in a text, where, in which sense, and what the glosses say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.terms import (
    all_senses,
    all_terms,
    find_abbreviations,
    find_terms,
    gloss_to_chinese,
    gloss_to_english,
    synonyms,
)
from ragmed.terms.everyday import EVERYDAY_WORDS
from ragmed.terms.match import term_of

CASE = "这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常,有长期吸烟史——下一步该优先考虑哪些鉴别诊断?"
FORMS = [form for term in all_terms() for form in (*term.english, *term.chinese)]
FORMS += [sense.abbreviation for sense in all_senses()]
# texts that are dense in matches: table forms, joined and broken by all that a page may hold
JOINTS = st.sampled_from(
    ["", " ", "\n", "-", "/", "，", "。", "'s ", "s ", "  ", "\u3000", "２", "é", "ﬁ", "İ", "\u00ad"]
)
TEXTS = st.lists(st.tuples(st.sampled_from(FORMS), JOINTS, st.text(max_size=3)), max_size=8).map(
    lambda parts: "".join(part for triple in parts for part in triple)
)


def found(text: str) -> list[tuple[str, str]]:
    return [(match.surface, match.term.en) for match in find_terms(text)]


def senses(text: str) -> dict[str, str]:
    return {match.surface: match.sense.expansion for match in find_abbreviations(text)}


@given(TEXTS)
def test_offsets_are_exact_ordered_and_apart(text: str) -> None:
    for matches in (find_terms(text), find_abbreviations(text)):
        reached = 0
        for match in matches:
            assert match.start >= reached
            assert match.end > match.start
            assert text[match.start : match.end] == match.surface
            reached = match.end


def test_every_form_of_every_term_leads_to_it() -> None:
    for term in all_terms():
        for form in (*term.english, *term.chinese):
            assert term_of(form) is term, form
            assert [(match.surface.strip("()."), match.term) for match in find_terms(form)] == [
                (form.strip("()."), term)
            ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ground-Glass Nodules", [("Ground-Glass Nodules", "ground-glass nodule")]),
        ("ground glass\nnodule", [("ground glass\nnodule", "ground-glass nodule")]),
        ("followup", [("followup", "follow-up")]),
        ("Follow up visits", [("Follow up", "follow-up")]),
        ("biopsies", [("biopsies", "biopsy")]),
        ("brain metastases", [("brain metastases", "brain metastasis")]),
        ("differential diagnoses", [("differential diagnoses", "differential diagnosis")]),
        ("Crohn’s disease", [("Crohn’s disease", "Crohn's disease")]),
        ("Graves’ disease", [("Graves’ disease", "Graves disease")]),
        ("hand, foot and\nmouth disease", [("hand, foot and\nmouth disease", "hand, foot and mouth disease")]),
        ("E. coli and H.\npylori", [("E. coli", "Escherichia coli"), ("H.\npylori", "Helicobacter pylori")]),
        ("Crohn disease", [("Crohn disease", "Crohn's disease")]),
        ("crohns disease", [("crohns disease", "Crohn's disease")]),
        ("Sjögren syndrome", [("Sjögren syndrome", "Sjögren syndrome")]),
        ("HAEMORRHAGE", [("HAEMORRHAGE", "bleeding")]),
        ("a heart attack", [("heart attack", "myocardial infarction")]),
        ("type 2 diabetes mellitus", [("type 2 diabetes mellitus", "type 2 diabetes")]),
        ("ＴＹＰＥ　２ diabetes", [("ＴＹＰＥ　２ diabetes", "type 2 diabetes")]),
    ],
)
def test_english_is_matched_over_case_plural_hyphen_and_line_break(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("text", ["feverish", "prefever", "lungwort", "coughdrop", "heart\n\nattack", "heart. attack"])
def test_english_does_not_match_inside_a_word_or_across_a_stop(text: str) -> None:
    assert not {"fever", "lung", "cough", "myocardial infarction"} & {english for _, english in found(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("毛玻璃结节", ["ground-glass nodule"]),
        ("磨砂玻璃影", ["ground-glass opacity"]),
        ("磨玻\n璃结节", ["ground-glass nodule"]),
        ("2 型糖尿病", ["type 2 diabetes"]),
        ("２型糖尿病", ["type 2 diabetes"]),
        ("碘 131", ["radioactive iodine therapy"]),
        ("EGFR突变", ["EGFR mutation"]),
        ("egfr 突变", ["EGFR mutation"]),
        ("高血压合并糖尿病", ["hypertension", "combined with", "diabetes mellitus"]),
        ("⾼⾎压", ["hypertension"]),  # Kangxi radicals, as some PDF fonts encode them
    ],
)
def test_chinese_is_matched_longest_first_over_layout_and_width(text: str, expected: list[str]) -> None:
    assert [english for _, english in found(text)] == expected


def test_chinese_word_with_a_number_does_not_begin_inside_a_longer_number() -> None:
    assert "type 2 diabetes" not in [english for _, english in found("第12型糖尿病")]


def test_blank_line_ends_a_chinese_word() -> None:
    assert "ground-glass nodule" not in [english for _, english in found("磨玻\n\n璃结节")]


def test_the_case_glosses_to_what_an_english_page_would_say() -> None:
    gloss = gloss_to_english(CASE)
    for word in ("multiple", "ground-glass nodule", "tumour marker", "smoking history", "differential diagnosis"):
        assert word in gloss
    assert gloss.startswith("68 years old man patient CT lung multiple ground-glass nodule")
    assert gloss.index("tumour marker") < gloss.index("smoking history") < gloss.index("differential diagnosis")


def test_gloss_to_english_keeps_latin_and_numbers_as_they_stand_and_nothing_else() -> None:
    assert gloss_to_english("在那儿呢，TSH 7.4 mIU/L，SpO2 92%，用 tPA") == "TSH 7.4 mIU/L SpO2 92% tPA"
    assert gloss_to_english("患者 heart attack 后") == "patient heart attack"
    assert gloss_to_english("嗯嗯呃呃") == ""
    assert gloss_to_english("") == ""


def test_gloss_to_chinese_keeps_numbers_and_says_abbreviations_in_both() -> None:
    assert (
        gloss_to_chinese("Metformin in T2DM with an eGFR of 25") == "二甲双胍 T2DM 2型糖尿病 eGFR 估算肾小球滤过率 25"
    )
    assert gloss_to_chinese("ground-glass nodules and a heart attack") == "磨玻璃结节 心肌梗死"
    assert gloss_to_chinese("") == ""


@given(TEXTS)
def test_glosses_are_made_of_preferred_terms_in_order(text: str) -> None:
    reached = 0
    gloss = gloss_to_english(text)
    for match in find_terms(text):
        if any("\u4e00" <= character <= "\u9fff" for character in match.surface):
            at = gloss.find(match.term.en, reached)
            assert at >= 0
            reached = at + len(match.term.en)
    assert not any("\u4e00" <= character <= "\u9fff" for character in gloss)


def test_synonyms_name_every_form_in_both_languages() -> None:
    forms = synonyms("heart attack")
    assert forms[:2] == ("myocardial infarction", "心肌梗死")
    assert {"acute myocardial infarction", "心梗", "急性心梗"} <= set(forms)
    assert synonyms("心梗") == synonyms("Heart Attacks") == forms
    assert synonyms("no such thing") == ()
    assert synonyms("") == ()


@pytest.mark.parametrize(
    ("text", "surface", "expansion"),
    [
        ("CAP with cough and fever", "CAP", "community-acquired pneumonia"),
        ("one CAP 250 mg orally, dispense 30", "CAP", "capsule"),
        ("raised D-dimer, DVT, query PE", "PE", "pulmonary embolism"),
        ("PE: abdomen soft, normal heart sounds, no murmur", "PE", "physical examination"),
        ("pregnant, 34 weeks, proteinuria: PE", "PE", "pre-eclampsia"),
        ("胸痛、咯血、D-二聚体升高，考虑PE", "PE", "pulmonary embolism"),
        ("孕34周，蛋白尿，血压高，PE可能", "PE", "pre-eclampsia"),
        ("SBP 172 mmHg", "SBP", "systolic blood pressure"),
        ("cirrhosis, ascites tapped: SBP, give cefotaxime", "SBP", "spontaneous bacterial peritonitis"),
        ("肝硬化腹水患者SBP", "SBP", "spontaneous bacterial peritonitis"),
        ("ACS with raised troponin", "ACS", "acute coronary syndrome"),
        ("bladder pressure 26 after laparotomy: ACS", "ACS", "abdominal compartment syndrome"),
        ("MS with a diastolic murmur, rheumatic valve", "MS", "mitral stenosis"),
        ("relapsing MS with optic neuritis", "MS", "multiple sclerosis"),
        ("EGFR mutation in lung cancer", "EGFR", "epidermal growth factor receptor"),
        ("creatinine 180, eGFR 32", "eGFR", "estimated glomerular filtration rate"),
        ("a physical examination (PE) before the pregnancy visit at 12 weeks", "PE", "physical examination"),
        ("T3 N0 M0 tumor, resect", "T3", "tumor stage T3"),
        ("TSH normal, T3 low, thyroid", "T3", "triiodothyronine"),
    ],
)
def test_the_rest_of_the_text_chooses_the_sense(text: str, surface: str, expansion: str) -> None:
    assert senses(text)[surface] == expansion


def test_without_cues_the_first_listed_sense_is_taken_and_the_others_are_carried() -> None:
    (match,) = find_abbreviations("PE?")
    assert match.sense.expansion == "pulmonary embolism"
    assert [sense.expansion for sense in match.alternatives][:2] == ["physical examination", "pre-eclampsia"]


def test_abbreviations_are_found_beside_chinese_characters() -> None:
    assert senses("做CT示GGN，查TSH") == {
        "CT": "computed tomography",
        "GGN": "ground-glass nodule",
        "TSH": "thyroid-stimulating hormone",
    }


@pytest.mark.parametrize(
    "text",
    [
        "as it is, or the cap",
        "who may tab the ms",
        "us and all men",
        "MSX",
        "xMS",
        "x_PE",
        "APPEAR",
        "THERAPY OR SURGERY",
        "500 MG in 5MS",
    ],
)
def test_ordinary_words_and_parts_of_words_are_no_abbreviations(text: str) -> None:
    assert not {"AS", "IT", "OR", "cap", "ms", "MS", "MG", "PE", "who", "all", "us", "men"} & set(senses(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dka in t2dm", {"dka": "diabetic ketoacidosis", "t2dm": "type 2 diabetes mellitus"}),
        ("NSAIDs and ARBs", {"NSAIDs": "nonsteroidal anti-inflammatory drug", "ARBs": "angiotensin receptor blocker"}),
        ("5 mg b.i.d. p.o.", {"b.i.d.": "twice daily", "p.o.": "by mouth"}),
        ("68 y/o w/o HTN", {"y/o": "years old", "w/o": "without", "HTN": "hypertension"}),
        ("C. diff after abx", {"C. diff": "Clostridioides difficile", "abx": "antibiotics"}),
        ("NPO, stat, prn", {"NPO": "nil by mouth", "stat": "immediately", "prn": "as needed"}),
        ("pt hx: MI", {"pt": "patient", "hx": "history", "MI": "myocardial infarction"}),
        ("PD-L1 50%", {"PD-L1": "programmed death-ligand 1"}),
    ],
)
def test_hurried_plural_dotted_and_slashed_forms(text: str, expected: dict[str, str]) -> None:
    assert senses(text) == expected


def test_everyday_words_hide_the_one_character_terms_inside_them() -> None:
    assert [match.surface for match in find_terms("从上海坐高铁到杭州，电脑没电了")] == []
    assert [match.surface for match in find_terms("铁的剂量")] == ["铁", "剂量"]
    assert [match.surface for match in find_terms("坐高铁，铁的剂量")] == ["铁", "剂量"]


def test_no_everyday_word_is_the_beginning_of_a_term_or_holds_a_longer_one() -> None:
    forms = {form for term in all_terms() for form in term.chinese if len(form) > 1}
    for word in EVERYDAY_WORDS:
        assert not any(form.startswith(word) for form in forms), word
        assert not any(form in word for form in forms), word
        assert any(form in word for term in all_terms() for form in term.chinese), f"{word} hides nothing"
