"""Numbers with units: offsets, spellings, ranges, comparators, and what is no quantity."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.text.numbers import Quantity, identifiers, quantities


def only(text: str) -> Quantity:
    (found,) = quantities(text)
    return found


@pytest.mark.parametrize(
    ("text", "value", "high", "unit", "comparator"),
    [
        ("give 500 mg", "500", None, "mg", ""),
        ("500mg", "500", None, "mg", ""),
        ("500 毫克", "500", None, "mg", ""),
        ("50 mcg", "50", None, "mcg", ""),
        ("50 µg", "50", None, "mcg", ""),
        ("50 μg", "50", None, "mcg", ""),
        ("50 micrograms", "50", None, "mcg", ""),
        ("50微克", "50", None, "mcg", ""),
        ("1,000 mg", "1000", None, "mg", ""),
        ("12,500 units", "12500", None, "u", ""),
        ("0.05 mg/kg/day", "0.05", None, "mg/kg/day", ""),
        ("50 mg per day", "50", None, "mg/day", ""),
        ("50 mg a day", "50", None, "mg/day", ""),
        ("50 mg daily", "50", None, "mg/day", ""),
        ("10 µg/kg/min", "10", None, "mcg/kg/min", ""),
        ("5.5 mmol/L", "5.5", None, "mmol/l", ""),
        ("5.5 mmol/l", "5.5", None, "mmol/l", ""),
        ("90 mm Hg", "90", None, "mmhg", ""),
        ("90 毫米汞柱", "90", None, "mmhg", ""),
        ("30 kg/m²", "30", None, "kg/m2", ""),
        ("30 kg/m2", "30", None, "kg/m2", ""),
        ("12 × 10⁹/L", "12", None, "10^9/l", ""),
        ("12 x 10^9/L", "12", None, "10^9/l", ""),
        ("a 68-year-old", "68", None, "year", ""),
        ("68岁", "68", None, "year", ""),
        ("5–10 mg", "5", "10", "mg", ""),
        ("5 to 10 mg", "5", "10", "mg", ""),
        ("5 mg to 10 mg", "5", "10", "mg", ""),
        ("between 3 and 6 months", "3", "6", "month", ""),
        ("3～6个月", "3", "6", "month", ""),
        ("15%～25%", "15", "25", "%", ""),
        ("≥ 6 mm", "6", None, "mm", ">="),
        ("6 mm or more", "6", None, "mm", ">="),
        ("at least 6 mm", "6", None, "mm", ">="),
        ("no less than 6 mm", "6", None, "mm", ">="),
        ("more than 6 mm", "6", None, "mm", ">"),
        ("＞6 mm", "6", None, "mm", ">"),
        ("below 6 mm", "6", None, "mm", "<"),
        ("no more than 4 g per day", "4", None, "g/day", "<="),
        ("up to 4 g", "4", None, "g", "<="),
        ("within 10 minutes", "10", None, "min", "<="),
        ("60岁以上", "60", None, "year", ">="),
        ("至少随访5年", "5", None, "year", ">="),
        ("不超过4 g", "4", None, "g", "<="),
        ("不足3天", "3", None, "day", "<"),
        ("about 50 mg", "50", None, "mg", "~"),
        ("infuse over 24 hours", "24", None, "h", ""),
        ("over 65 years", "65", None, "year", ">"),
        ("120/80 mmHg", "120", None, "/80 mmhg", ""),
        ("1:1000", "1", None, ":1000", ""),
        ("score ≤ -2.5", "-2.5", None, "", "<="),
        ("twice daily", "2", None, "times/day", ""),
        ("three times a day", "3", None, "times/day", ""),
        ("bid", "2", None, "times/day", ""),
        ("q8h", "8", None, "h", ""),
        ("every 8 hours", "8", None, "h", ""),
        ("每日3次", "3", None, "times/day", ""),
        ("每日三次", "3", None, "times/day", ""),
        ("两片", "2", None, "tablet", ""),
        ("十二周", "12", None, "week", ""),
        ("six weeks", "6", None, "week", ""),
        ("stage IV", "4", None, "stage", ""),
        ("Ⅲ期", "3", None, "stage", ""),
        ("2型糖尿病", "2", None, "type", ""),
        ("type 2 diabetes", "2", None, "type", ""),
    ],
)
def test_reading_one_quantity(text: str, value: str, high: str | None, unit: str, comparator: str) -> None:
    found = only(text)
    assert (found.value, found.high, found.unit, found.comparator) == (
        Decimal(value),
        None if high is None else Decimal(high),
        unit,
        comparator,
    )


@pytest.mark.parametrize(
    "text", ["CURB-65", "HbA1c", "vitamin B12", ["CYFRA", "21-1"][0], "PaO2", "一般情况", "十二指肠", "one of them"]
)
def test_a_digit_inside_a_name_and_an_empty_number_word_are_no_quantity(text: str) -> None:
    assert quantities(text) == ()


def test_names_with_digits_are_told_apart_from_doses() -> None:
    assert identifiers("CURB-65, HbA1c and PaO2; 50mg, q8h, 30 kg/m2") == {"curb65", "hba1c", "pao2"}


def test_units_are_never_merged() -> None:
    grams, milligrams = only("0.5 g"), only("500 mg")
    assert grams.key != milligrams.key


def test_a_decimal_comma_is_not_guessed() -> None:
    found = only("2,5 mg")
    assert found.key not in {only("2.5 mg").key, only("25 mg").key, only("5 mg").key, only("2 mg").key}
    assert found.key == only("give 2,5 mg").key


def test_two_units_make_two_quantities_and_no_range() -> None:
    first, second = quantities("6 weeks to 3 months")
    assert (first.unit, second.unit, first.high, second.high) == ("week", "month", None, None)


def test_a_date_is_no_range() -> None:
    assert all(quantity.high is None for quantity in quantities("published 2018-03-05"))


def test_spans_are_the_written_words() -> None:
    text = "Give 5–10 mg/kg twice daily, at least 3 days; 结节≥6 mm者3～6个月复查。"
    assert [text[one.start : one.end] for one in quantities(text)] == [
        "5–10 mg/kg",
        "twice daily",
        "at least 3 days",
        "≥6 mm",
        "3～6个月",
    ]


@given(
    st.text(
        alphabet=st.sampled_from("0123456789.,-–～/:% mgkLl年岁月次三两≥<约to or more at least次每日ⅣIV"), max_size=60
    )
)
def test_any_text_gives_ordered_spans_inside_it(text: str) -> None:
    reached = 0
    for one in quantities(text):
        assert reached <= one.start < one.end <= len(text)
        reached = one.end


@given(
    st.decimals(min_value=0, max_value=99999, places=2), st.sampled_from(["mg", "mL", "mmol/L", "%", "weeks", "毫克"])
)
def test_a_number_with_its_unit_is_read_back(value: Decimal, unit: str) -> None:
    assert only(f"dose {value} {unit} now").value == value
