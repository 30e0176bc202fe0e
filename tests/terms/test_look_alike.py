"""The form of the table of look-alike drugs, and that a malformed row is refused by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed.terms import TableError, find_terms, look_alike_pattern, look_alikes
from ragmed.terms.look_alike import LOOK_ALIKE_FILE, read_look_alikes


def test_there_are_enough_pairs_in_both_languages() -> None:
    assert sum(one.isascii() for one, _ in look_alikes()) >= 120
    assert sum(not one.isascii() for one, _ in look_alikes()) >= 40


def test_the_two_names_of_a_pair_are_never_one_drug() -> None:
    for pair in look_alikes():
        (one, other) = (find_terms(name) for name in pair)
        if one and other and one[0].surface.lower() == pair[0] and other[0].surface.lower() == pair[1]:
            assert one[0].term is not other[0].term, pair
            assert {one[0].term.kind, other[0].term.kind} == {"drug"}, pair


def test_the_rows_are_sorted_and_end_plainly() -> None:
    text = LOOK_ALIKE_FILE.read_bytes().decode("utf-8")
    assert text.endswith("\n") and "\r" not in text
    rows = text.splitlines()[1:]
    assert rows == sorted(rows)


def test_names_are_found_as_whole_words() -> None:
    assert [match.group() for match in look_alike_pattern().finditer("Hydroxyzine, not hydralazines")] == [
        "Hydroxyzine"
    ]


@pytest.mark.parametrize(
    "row",
    [
        "en\taspirin\taspirin",
        "en\tone\ttwo\nen\ttwo\tone",
        "zh\tone\t阿司匹林",
        "en\tOne\ttwo",
        "de\tone\ttwo",
        "en\tone",
    ],
)
def test_a_malformed_row_is_refused_by_its_line(row: str, tmp_path: Path) -> None:
    path = tmp_path / "look_alike.tsv"
    path.write_text(f"language\tone\tother\n{row}\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"line [23]"):
        read_look_alikes(path)
