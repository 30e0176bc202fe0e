"""What differs and weighs: numbers, doses, denials, strengths."""

from __future__ import annotations

import pytest

from ragmed.text.weight import weighs


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Give 80 mg daily.", "Give 160 mg daily."),
        ("Give 80 mg daily.", "Give 80 mcg daily."),
        ("Give it once daily.", "Give it twice daily."),
        ("CT at 6 months.", "CT."),
        ("Patients should be scanned.", "Patients may be scanned."),
        ("It is recommended.", "It is not recommended."),
        ("Testing is not required.", "Testing is recommended."),
        ("Offer aspirin.", "Consider aspirin."),
        ("Give it (category 2A).", "Give it (category 1)."),
        ("Give it.", "Avoid it."),
        ("strong recommendation for it", "weak recommendation for it"),
        ("age of 50 or more", "age of more than 50"),
        ("患者应卧床", "患者可卧床"),
        ("患者应卧床", "患者不应卧床"),
        ("推荐使用", "首选使用"),
        ("每日2次", "每日3次"),
        ("推荐（Ⅰ类）", "推荐（Ⅱ类）"),
    ],
)
def test_it_weighs(old: str, new: str) -> None:
    assert weighs(old, new)
    assert weighs(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Give aspirin to adults.", "Give aspirin to all adults."),
        ("The test is recommended.", "The test should be done."),
        ("See Table 3 and page 12.", "See Table 4 and page 19."),
        ("It was better.12", "It was better.15"),
        ("It was better [4].", "It was better [5]."),
        ("Give not more than 5 mg.", "Give at most 5 mg."),
        ("患者的反应良好", "患者情况良好"),
        ("非小细胞肺癌", "肺癌"),
    ],
)
def test_it_does_not(old: str, new: str) -> None:
    assert not weighs(old, new)


def test_of_what_is_added_or_removed_all_differs() -> None:
    assert weighs("", "Give 5 mg.")
    assert weighs("Do not give it.", "")
    assert not weighs("", "Lung cancer is common.")
