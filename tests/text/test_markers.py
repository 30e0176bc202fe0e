"""Markers are one thing for all who look for them."""

from __future__ import annotations

import pytest

from ragmed.text.markers import BEGUN, MARKER, numbers_of


@pytest.mark.parametrize(
    ("inside", "numbers"),
    [("1", [1]), ("1, 3", [1, 3]), ("2–4", [2, 3, 4]), ("1、2，5", [1, 2, 5]), ("1-900", [1, 900]), ("4-2", [4, 2])],
)
def test_every_number_that_a_marker_names(inside: str, numbers: list[int]) -> None:
    assert numbers_of(inside) == numbers


def test_the_space_before_a_marker_goes_with_it() -> None:
    assert MARKER.sub("", "Give 5 mg [1]. 给药 【2，3】。") == "Give 5 mg. 给药。"


@pytest.mark.parametrize("text", ["Use [ICU] rules", "[a1]", "[1234]", "[]"])
def test_other_brackets_are_no_markers(text: str) -> None:
    assert MARKER.search(text) is None


@pytest.mark.parametrize("text", ["Give 5 mg [", "Give 5 mg [1", "Give 5 mg [1,", "Give 5 mg [1]"])
def test_one_that_is_being_written_is_seen(text: str) -> None:
    assert BEGUN.sub("", text) == "Give 5 mg"
