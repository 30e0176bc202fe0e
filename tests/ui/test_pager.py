"""The row of passages: bounded, and every passage can be come by."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ragmed.ui.pager import in_window


def row(current: int, count: int) -> str:
    """The row as it is seen, passages from 1, gaps as dots."""
    shown = [place for place in range(count) if in_window(place, current, count)]
    said = [str(shown[0] + 1)]
    for before, place in pairwise(shown):
        said += ["…"] * (place - before > 1) + [str(place + 1)]
    return " ".join(said)


@pytest.mark.parametrize(
    ("current", "count", "seen"),
    [
        (0, 1, "1"),
        (1, 2, "1 2"),
        (0, 12, "1 2 3 … 12"),
        (4, 12, "1 2 3 4 5 6 7 … 12"),
        (5, 12, "1 … 4 5 6 7 8 … 12"),
        (7, 12, "1 … 6 7 8 9 10 11 12"),
        (11, 12, "1 … 10 11 12"),
        (3, 7, "1 2 3 4 5 6 7"),
    ],
)
def test_the_first_the_last_and_those_near_are_shown(current: int, count: int, seen: str) -> None:
    assert row(current, count) == seen


def test_a_row_never_grows_beyond_nine_places() -> None:
    assert max(len(row(current, 200).split()) for current in range(200)) <= 9
