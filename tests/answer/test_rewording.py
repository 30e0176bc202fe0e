"""Restatements in other words: denials in another form, plain words, numbers said otherwise; and their wrong twins."""

from __future__ import annotations

import pytest

from ragmed.answer.citations import judge
from ragmed.answer.plain_words import plain
from ragmed.answer.rewording import as_on_page
from ragmed.records import Verdict
from ragmed.text.words import words


@pytest.mark.parametrize(
    ("page", "claim", "reworded"),
    [
        ("Examine unexplained pain again.", "Examine pain that has not been explained.", "that unexplained"),
        ("A non-blanching rash is urgent.", "A rash that does not blanch is urgent.", "that non-blanching"),
        ("Otherwise start lysis.", "Do it within 2 hours; if not, start lysis.", "otherwise start"),
        ("A normal value does not exclude it.", "It is possible even if the value is normal.", "is not excluded even"),
        ("Asymptomatic people need none.", "People without symptoms need none.", "Asymptomatic need"),
        ("Stop inactive drugs.", "Stop drugs that are not active.", "that inactive"),
        ("复查仍存在者应活检。", "复查仍未消失者应活检。", "仍存在"),
    ],
)
def test_a_denial_is_worded_as_on_the_page(page: str, claim: str, reworded: str) -> None:
    assert reworded in as_on_page(claim, page)


@pytest.mark.parametrize(
    "claim", ["Examine explained pain again.", "The pain is explained.", "Do not examine the pain.", "No pain is left."]
)
def test_a_claim_without_that_denial_is_left_as_it_is(claim: str) -> None:
    assert as_on_page(claim, "Examine unexplained pain again.") == claim


@pytest.mark.parametrize(
    ("page", "claim"),
    [
        ("Treat inpatients with heparin.", "Treat no patients with heparin."),
        ("Intake with food is advised.", "Do not take it with food."),
        ("Unload the ventricle at once.", "Do not load the ventricle at once."),
        ("Infuse the plasma.", "Do not fuse the plasma."),
        ("Inform the family.", "No form for the family."),
    ],
)
def test_a_word_that_only_looks_like_the_denial_is_not_put_for_it(page: str, claim: str) -> None:
    assert as_on_page(claim, page) == claim


@pytest.mark.parametrize(
    ("page", "same", "other"),
    [
        (
            "A normal lactate does not exclude mesenteric ischaemia.",
            "Mesenteric ischaemia is possible even if the lactate is normal.",
            "A normal lactate excludes mesenteric ischaemia.",
        ),
        (
            "Breathing is slow at a respiratory rate of 12/min or less in adults.",
            "In adults, breathing is slow at a respiratory rate of no more than 12 breaths/min.",
            "Breathing is slow at a respiratory rate of 12/min or more in adults.",
        ),
        (
            "Give aztreonam 2 g IV every 8 hours in severe pneumonia.",
            "In severe pneumonia give aztreonam 2 g IV 8-hourly.",
            "In severe pneumonia give aztreonam 2 g IV 6-hourly.",
        ),
        (
            "Each nodule of 6 mm or more needs another scan.",
            "A nodule that reaches 6 mm needs another scan.",
            "A nodule that reaches 8 mm needs another scan.",
        ),
        (
            "A score of 5–6 needs imaging.",
            "With a score of 5 or 6, imaging is needed.",
            "With a score of 6 or 7, imaging is needed.",
        ),
        (
            "The programme pays for up to 3 hours of teaching.",
            "The programme covers as many as 3 hours of teaching.",
            "The programme covers at least 3 hours of teaching.",
        ),
        (
            "The group lost 8 percent at 1 year and kept 6 percent at 10 years of the study.",
            "In the study the group had lost 8 percent after 1 year and kept off 6 percent at 10 years.",
            "In the study the group lost 6 percent at 1 year and at 10 years had kept off 8 percent.",
        ),
        (
            "A rise of 5 ng/L rules in infarction at 1 hour.",
            "At 1 hour, infarction is ruled in by a rise of 5 ng/L.",
            "A rise of 5 ng/L rules out infarction at 1 hour.",
        ),
    ],
)
def test_the_same_in_other_words_holds_and_its_wrong_twin_is_flagged(page: str, same: str, other: str) -> None:
    assert judge(same, page) == (Verdict.SUPPORTED, "")
    assert not judge(other, page)[0].holds


PAGE = "Survival was 6 percent at 1 year and 8 percent at 10 years."


@pytest.mark.parametrize(
    "claim",
    [
        "At 1 year survival was 6 percent, and 8 percent at 10 years.",
        "Survival was 8 percent at 10 years and 6 percent at 1 year.",
    ],
)
def test_numbers_that_keep_their_partners_may_come_in_another_order(claim: str) -> None:
    assert judge(claim, PAGE)[0].holds


@pytest.mark.parametrize(
    "claim",
    [
        "At 10 years survival was 6 percent, and 8 percent at 1 year.",
        "At 1 year survival was 8 percent, and 6 percent at 10 years.",
        "Survival was 8 and 6 percent at 1 year and 10 years.",
        "Survival was 8 percent at 1 year and 6 percent at 10 years.",
    ],
)
def test_numbers_that_change_partners_are_flagged_in_any_order(claim: str) -> None:
    assert judge(claim, PAGE)[0] is Verdict.NUMBER_MISMATCH


def test_numbers_named_in_two_lists_are_partners_in_their_order() -> None:
    page = "Survival was 6 percent and 8 percent at 1 year and 10 years."
    assert judge("Survival was 6 percent at 1 year and 8 percent at 10 years.", page)[0].holds
    assert judge("Survival was 8 percent at 1 year and 6 percent at 10 years.", page)[0] is Verdict.NUMBER_MISMATCH


def test_plain_words_of_a_group_are_one_and_others_are_not() -> None:
    def stem(word: str) -> str:
        (only,) = words(word)
        return plain(only)

    assert stem("begin") == stem("start") == stem("initiate")
    assert stem("renal") == stem("kidney") != stem("liver")
    assert len({stem(word) for word in ("increase", "reduce", "left", "right", "acute", "chronic")}) == 6
