"""Sentence ends in English, Chinese and both; the spans' laws on any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.text.sentences import sentence_spans


def sentences(text: str, **options: bool) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, **options)]


@pytest.mark.parametrize(
    "whole",
    [
        "Give 2.5 mg, e.g. orally, for 3.5 days.",
        "See Dr. Smith vs. placebo, i.e. the control arm.",
        "The dose (No. 3) is fixed.",
        "J. B. Smith et al. (2020) reported this.",
        "E. coli and S. aureus grew in approx. 5 cultures.",
        "It is shown in Fig. 2 and in ref. 14.",
        "1. Stop the drug",
        "2.1. Start at 5 mg",
        "See www.example.org/a.b?c=d for more.",
        "In the U.S. guideline this is absent.",
        "He said “Why?” and left.",
        "给药剂量为2.5 mg，每日两次，连用3.5天。",
        "血肌酐＞133 μmol/L（1.5 mg/dL）者慎用。",
    ],
)
def test_nothing_ends_inside_numbers_abbreviations_and_initials(whole: str) -> None:
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("LDL was 100 mg/dL. The next was 90 mg/dL.", ["LDL was 100 mg/dL.", "The next was 90 mg/dL."]),
        (
            "Give vitamin C. Patients with hepatitis B. Check.",
            ["Give vitamin C.", "Patients with hepatitis B.", "Check."],
        ),
        ("Treatment was better.12,13 The rest failed.[4] Then it ended.", None),
        ("No. The trial failed.", ["No.", "The trial failed."]),
        ("(It failed.) Then it worked.", ["(It failed.)", "Then it worked."]),
        ("no fever. what next? what about steroids", ["no fever.", "what next?", "what about steroids"]),
        ("第一句。第二句！第三句？", ["第一句。", "第二句！", "第三句？"]),
        ("他问：“下一步？”医生答。", ["他问：“下一步？”", "医生答。"]),
        ("患者CT提示GGN.建议随访。Follow up in 3 months.", None),
        ("一\n二\n\n三", ["一", "二", "三"]),
        ("观察……然后手术。", ["观察……", "然后手术。"]),
    ],
)
def test_sentences_end_where_a_reader_stops(text: str, parts: list[str] | None) -> None:
    found = sentences(text)
    if parts is None:
        assert len(found) == 3, found
    else:
        assert found == parts


def test_reference_numbers_stay_with_the_sentence_before() -> None:
    assert sentences("Treatment was better.12,13 The rest failed.") == [
        "Treatment was better.12,13",
        "The rest failed.",
    ]


def test_semicolons_end_only_where_asked() -> None:
    text = "胸痛；气促；咯血。Fever; cough; rash."
    assert len(sentences(text)) == 2
    assert len(sentences(text, semicolons=True)) == 6


def test_wrapped_lines_are_one_sentence_where_said_so() -> None:
    text = "The dose is\n5 mg daily.\n\nAfterwards"
    assert sentences(text, line_ends=False) == ["The dose is\n5 mg daily.", "Afterwards"]
    assert sentences(text) == ["The dose is", "5 mg daily.", "Afterwards"]


def test_a_part_of_a_text_gives_offsets_of_the_whole() -> None:
    text = "One. Two. Three."
    assert sentence_spans(text, start=5, end=9) == ((5, 9),)


@given(
    st.text(alphabet=st.sampled_from('aB3 .,;:!?…。！？；\n\t\r“”"()[]（）Dr汉字\u3000\x1c\u200b'), max_size=200)
    | st.text(max_size=200),
    st.booleans(),
    st.booleans(),
)
def test_spans_cover_every_character_once_in_order(text: str, line_ends: bool, semicolons: bool) -> None:
    spans = sentence_spans(text, line_ends=line_ends, semicolons=semicolons)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


def test_long_text_without_ends_stays_quick() -> None:
    # quadratic behaviour would take minutes here and run into the suite's time limit
    assert len(sentence_spans("e.g. " * 100_000)) >= 1
    assert len(sentence_spans("no. " * 100_000)) >= 1
