"""Typing slips: what is mended, and above all what is not."""

from __future__ import annotations

import pytest

from ragmed.retrieve.spelling import Speller, alignment_distance, clinical_speller


def nowhere(word: str) -> int:
    return 0


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("metfomin", "metformin", 1),
        ("asprin", "aspirin", 1),
        ("warfrain", "warfarin", 1),  # neighbours swapped
        ("ammoxicilin", "amoxicillin", 2),
        ("same", "same", 0),
        ("insulin", "inulin", 1),
    ],
)
def test_alignment_distance(first: str, second: str, distance: int) -> None:
    assert alignment_distance(first, second, 2) == distance
    assert alignment_distance(second, first, 2) == distance


def test_distance_stops_at_the_limit() -> None:
    assert alignment_distance("metformin", "morphine", 2) == 3
    assert alignment_distance("a", "abcdef", 2) == 3


@pytest.mark.parametrize(
    ("slip", "meant"), [("metfomin", "metformin"), ("pnuemonia", "pneumonia"), ("hyperkalemai", "hyperkalemia")]
)
def test_slips_in_clinical_words_are_mended(slip: str, meant: str) -> None:
    assert clinical_speller().mend(slip, nowhere) == meant


@pytest.mark.parametrize("word", ["football", "spaghetti", "router", "capital", "recipe", "xylophone"])
def test_words_of_other_subjects_are_left_alone(word: str) -> None:
    assert clinical_speller().mend(word, nowhere) == ""


@pytest.mark.parametrize("drug", ["hydralazine", "hydroxyzine", "prednisone", "prednisolone", "clonidine"])
def test_a_known_drug_is_never_turned_into_its_neighbour(drug: str) -> None:
    speller = Speller(("hydralazine", "hydroxyzine", "prednisone", "prednisolone", "clonidine", "clonazepam"))
    assert speller.mend(drug, nowhere) == ""


def test_two_equally_near_words_mend_nothing_unless_the_library_holds_one_more_often() -> None:
    speller = Speller(("cefazolin", "cefazodin"))
    assert speller.mend("cefazoin", nowhere) == ""
    assert speller.mend("cefazoin", lambda word: 3 if word == "cefazolin" else 0) == "cefazolin"


def test_short_words_are_not_guessed() -> None:
    assert Speller(("gut", "colon", "heart")).mend("gout", nowhere) == ""
