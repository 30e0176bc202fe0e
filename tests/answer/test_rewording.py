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
        ("Without exclusion, it excludes nothing.", "Disease is not ruled out.", "not excluded"),
        ("Give it again if there is no improvement.", "If he has not improved, give it again.", "no improvement"),
        ("Call the surgeon at once.", "Call the surgeon without delay.", "at once"),
        ("In people with no fever, no cough.", "In people without fever or cough.", "without fever, without cough"),
        ("In people without cough or fever.", "In people with no fever and no cough.", "no fever or cough"),
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
        (
            "A normal tryptase does not exclude anaphylaxis.",
            "Anaphylaxis may be present with a normal tryptase.",
            "A normal tryptase rules out anaphylaxis.",
        ),
        (
            "A negative biopsy does not exclude cancer, and the nodule is followed.",
            "After a negative biopsy the nodule is still followed, for cancer is not ruled out.",
            "After a negative biopsy the nodule is not followed, for cancer is ruled out.",
        ),
        (
            "Repeat the injection after 5 minutes if there is no improvement.",
            "If the patient is not better after 5 minutes, repeat the injection.",
            "If the patient is better after 5 minutes, repeat the injection.",
        ),
        (
            "PET is not recommended for pure nodules, because low uptake does not exclude cancer.",
            "Pure nodules should not have PET, as cancer is not excluded by low uptake.",
            "Pure nodules should have PET, as cancer is excluded by low uptake.",
        ),
        (
            "Antibiotics should not be given to patients who have no fever, no cough and no sputum.",
            "In patients without fever or cough and without sputum, antibiotics should not be given.",
            "In patients without fever or cough and without sputum, antibiotics should be given.",
        ),
        (
            "Operate on a perforation within 1–3 hours.",
            "A perforation should go to an operation within 3 hours.",
            "A perforation should go to an operation within 3 days.",
        ),
        (
            "Patients over 65 years with belly pain need CT.",
            "With belly pain, patients older than 65 need CT.",
            "With belly pain, patients younger than 65 need CT.",
        ),
        (
            "Give salbutamol 5 mg, or 2.5 mg under 5 years.",
            "Give salbutamol 5 mg, and 2.5 mg to children under 5.",
            "Give salbutamol 5 mg, and 2.5 mg to children under 8.",
        ),
        (
            "Call the surgeon when the aorta is wider than 3 cm.",
            "An aorta above 3 cm: call the surgeon.",
            "An aorta below 3 cm: call the surgeon.",
        ),
        (
            "Appendicectomy needs one dose of an antibiotic and no antibiotic later.",
            "Appendicectomy needs one dose of an antibiotic, and none later.",
            "Appendicectomy needs one dose of an antibiotic, and another later.",
        ),
        (
            "Give oxygen in infarction only if saturation is below 90%.",
            "In infarction do not give oxygen unless saturation is less than 90%.",
            "In infarction do not give oxygen if saturation is less than 90%.",
        ),
        (
            "Thresholds differ between assays.",
            "Thresholds are not the same in all assays.",
            "Thresholds are the same in all assays.",
        ),
        (
            "Older adults may present only with falls, and may have no fever.",
            "In older adults falls may be all there is, and fever may be absent.",
            "In older adults falls may be all there is, and fever is present.",
        ),
    ],
)
def test_the_same_in_other_words_holds_and_its_wrong_twin_is_flagged(page: str, same: str, other: str) -> None:
    assert judge(same, page) == (Verdict.SUPPORTED, "")
    assert not judge(other, page)[0].holds


@pytest.mark.parametrize(
    ("page", "denied", "faithful"),
    [
        (
            "A beta-blocker is recommended after infarction, and should not be given IV in heart failure or shock.",
            "A beta-blocker should be given IV in heart failure after infarction.",
            "A beta-blocker is recommended after infarction.",
        ),
        (
            "Severe pneumonia needs a beta-lactam with a fluoroquinolone, and never a fluoroquinolone alone.",
            "Severe pneumonia needs a fluoroquinolone alone.",
            "Severe pneumonia needs a beta-lactam with a fluoroquinolone.",
        ),
        (
            "Pregnant women can receive azithromycin, and should not receive doxycycline or levofloxacin.",
            "Pregnant women can receive doxycycline and levofloxacin.",
            "Pregnant women can receive azithromycin.",
        ),
        (
            "Hydrocortisone is considered in severe pneumonia, but not in pneumonia caused by influenza.",
            "Hydrocortisone is considered in pneumonia caused by influenza.",
            "Hydrocortisone is considered in severe pneumonia.",
        ),
        # what stands behind the denial is said of the other half, too
        (
            "In shock the surgeon on call clamps vessels with blunt forceps under direct vision, and does not stitch"
            " them during transport to hospital by air.",
            "In shock the surgeon on call stitches vessels during transport to hospital by air.",
            "In shock the surgeon clamps vessels with blunt forceps during transport to hospital by air.",
        ),
        (
            "SGLT2 inhibitors should be stopped on diagnosis and not restarted.",
            "SGLT2 inhibitors should be restarted after diagnosis.",
            "SGLT2 inhibitors should be stopped on diagnosis.",
        ),
        (
            "妊娠期肺炎可用阿奇霉素，不应使用多西环素。",
            "妊娠期肺炎可使用多西环素。",
            "妊娠期肺炎可用阿奇霉素。",
        ),
        # "not only" adds
        (
            "Patients are encouraged not only to ask for the result but also to keep it.",
            "Patients are encouraged to ask for no result.",
            "Patients are encouraged to ask for the result.",
        ),
        (
            "Bicarbonate is not recommended unless pH is below 7.0.",
            "Bicarbonate is recommended if pH is above 7.0.",
            "Only if pH is below 7.0 is bicarbonate recommended.",
        ),
    ],
)
def test_what_the_page_forbids_is_not_advised_from_its_other_half(page: str, denied: str, faithful: str) -> None:
    assert not judge(denied, page)[0].holds
    assert judge(faithful, page)[0].holds


@pytest.mark.parametrize(
    ("page", "claim"),
    [
        ("Operate on a perforation within 1–3 hours.", "Operate on a perforation within 1 hour."),
        ("A score is given, and patients over 65 years need CT.", "With a score over 65 they need CT."),
        ("Give 2.5 mg under 5 kg.", "Give 2.5 mg to children under 5."),
        ("Give 2.5 mg under 50 years.", "Give 2.5 mg to children under 50."),
        (
            "Increase the dose when renal function is normal.",
            "The dose is not increased when renal function is normal.",
        ),
        ("No further change of aspirin is needed.", "Stop aspirin."),
    ],
)
def test_what_only_sounds_like_the_same_is_flagged(page: str, claim: str) -> None:
    assert not judge(claim, page)[0].holds


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
