"""What reprinting changes and what only a new edition does."""

from __future__ import annotations

import pytest

from ragmed.text.normal import normal, normal_heading, normal_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Give  oxygen\nat once.", "give oxygen at once"),
        ("• Give oxygen", "3. Give oxygen;"),
        ("(a) Give oxygen", "– Give oxygen"),
        ("the “first” dose", 'the "first" dose'),
        ("non-small cell", "nonsmall cell"),
        ("re\u00adtreat", "retreat"),
        ("5 mg/dL", "5mg/dl"),
        ("was better.[4,5]", "was better.[12]"),
        ("was better.12,13", "was better.7"),
        ("患者 应 卧床。", "患者应卧床"),
        ("→ Stage IV: go to NSCL-J", "Stage IV: go to NSCL-J"),
        ("１０ｍｇ", "10 mg"),
    ],
)
def test_printed_anew_it_is_the_same(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Give 5 mg", "Give 50 mg"),
        ("Give 1.5 mg", "Give 15 mg"),
        ("stage I–II", "stage III"),
        ("≥ 5 mm", "< 5 mm"),
        ("5-10 mg", "510 mg"),
        ("Give aspirin,300 mg", "Give aspirin,150 mg"),
        ("use drug A", "use drug B"),
        ("ALK | | Test", "ALK | Test |"),
        ("应卧床", "不应卧床"),
        ("50% of", "50 of"),
        ("Grade [2] or more", "Grade [3] or more"),
    ],
)
def test_what_a_reader_would_tell_apart_stays_apart(one: str, other: str) -> None:
    assert normal(one) != normal(other)


def test_nothing_with_a_letter_or_a_digit_becomes_empty() -> None:
    for text in ("1.", "a)", "(iv)", "5", "一、", "[1]", "§ 1"):
        assert normal(text), text


def test_headings_are_one_whatever_their_number() -> None:
    assert normal_heading("3.2 Diagnosis") == normal_heading("4.1. Diagnosis") == normal_heading("DIAGNOSIS")
    assert normal_heading("Section 2 Diagnosis") == "diagnosis"
    assert normal_heading("2") == "2"
    assert normal_heading("5 mg of aspirin") != normal_heading("10 mg of aspirin")


def test_words_of_a_form() -> None:
    assert normal_words("give 2.5mg of hba1c 患者应 卧") == ["give", "2.5", "mg", "of", "hba1c", "患者", "者应", "卧"]
