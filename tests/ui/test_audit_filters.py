"""Filters of the Audit page in its address, and that words which were searched for are in none."""

from __future__ import annotations

import pytest

from ragmed.entries import FeedbackKind, RecordFilter
from ragmed.errors import BadInputError
from ragmed.records import Language, Outcome, Verdict
from ragmed.ui.audit_filters import CHOICES, of_address, said_of
from ragmed.ui.searches import Searches
from ragmed.ui.words import Words


def test_an_address_says_every_filter() -> None:
    searches = Searches()
    address = {
        "search": searches.keep("Mrs Okafor"),
        "since": "2026-11",
        "until": "2026-11-25",
        "user": "ward 3",
        "document": "d-1",
        "series": "nsclc",
        "edition": "Version 2.2026",
        "outcome": "abstained",
        "verdict": "number_mismatch",
        "feedback": "unsafe",
        "language": "zh",
        "before": "17",
        "lang": "zh",
    }
    assert of_address(address, searches) == RecordFilter(
        text="Mrs Okafor",
        since="2026-11",
        until="2026-11-25",
        user="ward 3",
        document_id="d-1",
        series="nsclc",
        edition="Version 2.2026",
        outcome=Outcome.ABSTAINED,
        verdict=Verdict.NUMBER_MISMATCH,
        feedback=FeedbackKind.UNSAFE,
        language=Language.CHINESE,
    )
    assert of_address({}, searches) == RecordFilter()


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_that_is_none_is_an_error_and_every_other_has_words(name: str) -> None:
    with pytest.raises(BadInputError, match=name):
        of_address({name: "nonsense"}, Searches())
    for words in (Words("en"), Words("zh")):
        for option in ("", *CHOICES[name]):
            assert said_of(option, name=name, words=words)


def test_words_that_are_forgotten_are_an_error_and_never_no_filter() -> None:
    address = {"search": Searches().keep("Okafor")}
    with pytest.raises(BadInputError, match="no longer known"):
        of_address(address, Searches())


def test_the_name_of_words_says_nothing_of_them_and_is_of_this_process_alone() -> None:
    one, other = Searches(), Searches()
    name = one.keep("Okafor")
    assert len(name) == 32
    assert "okafor" not in name
    assert one.keep("Okafor") == name
    assert one.keep("okafor") != name
    assert other.keep("Okafor") != name
    assert (one.words(name), other.words(name)) == ("Okafor", None)


def test_the_search_that_was_used_longest_ago_goes_first() -> None:
    searches = Searches(most=2)
    first, second = searches.keep("one"), searches.keep("two")
    assert searches.words(first) == "one"
    third = searches.keep("three")
    assert [searches.words(name) for name in (first, second, third)] == ["one", None, "three"]
