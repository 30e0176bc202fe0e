"""Law 2, a test for each trick. Every one of them fails when its check is taken out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.answer.citations import check, check_claim, judge
from ragmed.answer.verbatim import shown
from ragmed.records import Citation, Page, Verdict
from tests.answer.small_library import SUPERSEDED, SmallSnapshot, boxes, cite, document, plain_page

DOSE = (
    "Give adrenaline 0.5 mg intramuscularly to adults and 0.3 mg to children aged 6 to 12 years; "
    "do not give it intravenously outside a monitored area."
)
FOLLOW = "实性成分≥6 mm者应在3～6个月复查CT，妊娠期禁用碘对比剂，不应仅凭肿瘤标志物正常判定为良性。"
GUIDE = document("guide", pages=2)


def verdict_on(claim: str, page_text: str = DOSE, quote: str = "") -> Verdict:
    page = plain_page(GUIDE, page_text)
    snapshot = SmallSnapshot([GUIDE], [page])
    return check(claim, cite(page, quote or page_text), snapshot).verdict


def test_the_quoted_words_are_verbatim() -> None:
    assert verdict_on(DOSE) is Verdict.VERBATIM
    assert verdict_on(FOLLOW, FOLLOW) is Verdict.VERBATIM


@pytest.mark.parametrize(
    "claim",
    [
        "•  " + DOSE,
        "2. " + DOSE,
        DOSE.rstrip("."),
        DOSE.replace(" ", "\n", 3),
        f"“{DOSE}”",
        DOSE + " [1]",
    ],
)
def test_white_space_bullets_quotes_and_the_final_stop_do_not_matter(claim: str) -> None:
    assert verdict_on(claim) is Verdict.VERBATIM


def test_a_letter_more_is_not_verbatim() -> None:
    assert verdict_on(DOSE.replace("children", "childrens")) is not Verdict.VERBATIM


def test_supported_in_other_words() -> None:
    assert verdict_on("Adults should receive 0.5 mg adrenaline by intramuscular injection.") is Verdict.SUPPORTED
    assert verdict_on("实性成分≥6 mm者应在3～6个月复查CT", FOLLOW) is Verdict.SUPPORTED


def test_supported_across_languages() -> None:
    assert verdict_on("成人肌注肾上腺素0.5 mg") is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("trick", "old", "new"),
    [
        ("number changed", "0.5 mg", "0.6 mg"),
        ("decimal shift", "0.5 mg", "5 mg"),
        ("decimal shift down", "0.5 mg", "0.05 mg"),
        ("unit changed", "0.5 mg", "0.5 g"),
        ("unit changed to micrograms", "0.5 mg", "0.5 µg"),
        ("range end", "6 to 12 years", "6 to 11 years"),
        ("range start", "6 to 12 years", "5 to 12 years"),
        ("range made a number", "6 to 12 years", "12 years"),
        ("unit of time", "12 years", "12 months"),
        ("comparator added", "0.5 mg", "at least 0.5 mg"),
    ],
)
def test_number_tricks(trick: str, old: str, new: str) -> None:
    assert old in DOSE
    assert verdict_on(DOSE.replace(old, new, 1)) is Verdict.NUMBER_MISMATCH, trick


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("≥6 mm", "＜6 mm"),
        ("≥6 mm", "6 mm"),
        ("≥6 mm", "＞6 mm"),
        ("3～6个月", "3～9个月"),
        ("3～6个月", "3～6周"),
        ("6 mm", "6 cm"),
    ],
)
def test_number_tricks_in_chinese(old: str, new: str) -> None:
    assert verdict_on(FOLLOW.replace(old, new, 1), FOLLOW) is Verdict.NUMBER_MISMATCH


def test_two_numbers_swapped() -> None:
    swapped = DOSE.replace("0.5", "X").replace("0.3", "0.5").replace("X", "0.3")
    assert verdict_on(swapped) is Verdict.NUMBER_MISMATCH


def test_a_name_with_another_digit() -> None:
    page = "Use CURB-65 to grade pneumonia in adults in hospital."
    assert verdict_on(page.replace("CURB-65", "CRB-65"), page) is Verdict.NUMBER_MISMATCH


def test_the_reason_names_both_numbers() -> None:
    page = plain_page(GUIDE, DOSE)
    found = check(DOSE.replace("0.5 mg", "5 mg"), cite(page, DOSE), SmallSnapshot([GUIDE], [page]))
    assert found.reason == '"5 mg" stands on the page as "0.5 mg"'
    chinese = check("成人肌注肾上腺素5 mg", cite(page, DOSE), SmallSnapshot([GUIDE], [page]))
    assert chinese.reason == "“5 mg”在页面上写作“0.5 mg”"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("do not give", "give"),
        ("Give adrenaline", "Do not give adrenaline"),
        ("Give adrenaline", "Avoid giving adrenaline"),
    ],
)
def test_negation_added_or_removed(old: str, new: str) -> None:
    assert verdict_on(DOSE.replace(old, new)) is Verdict.NEGATION_MISMATCH


@pytest.mark.parametrize(("old", "new"), [("禁用", "可用"), ("不应仅凭", "应凭"), ("应在", "不应在")])
def test_negation_added_or_removed_in_chinese(old: str, new: str) -> None:
    assert verdict_on(FOLLOW.replace(old, new), FOLLOW) is Verdict.NEGATION_MISMATCH


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("Do not give adrenaline.", False),
        ("Adrenaline should not be given in anaphylaxis.", False),
        ("Do not give adrenaline outside intensive care.", True),
        ("Outside intensive care adrenaline is not given intravenously.", True),
    ],
)
def test_a_denial_is_not_made_wider_than_the_page_has_it(claim: str, holds: bool) -> None:
    verdict, reason = judge(claim, "Do not give adrenaline intravenously outside intensive care.")
    assert verdict.holds is holds
    if not holds:
        assert (verdict, "denies more than the page" in reason) == (Verdict.NEGATION_MISMATCH, True)


@pytest.mark.parametrize(
    ("claim", "page", "holds"),
    [
        ("心电图正常不能排除危险的血钾高。", "心电图正常不能排除危险的高钾血症。", True),
        ("肿瘤标志物正常并不能除外肺癌。", "血清肿瘤标志物正常不能排除肺癌。", True),
        ("支持：咳嗽大于2周；常规抗菌治疗无效。", "支持：咳嗽超过2周；常规抗菌治疗无效。", True),
        ("TSH was measured in patients not on LT4.", "TSH was measured in patients not on levothyroxine.", True),
        ("Use a condom if the partner has no herpes simplex virus.", "Use a condom if the partner has no HSV.", True),
        ("肾上腺素不应给予。", "肾上腺素不应在重症监护室以外静脉给予。", False),
    ],
)
def test_a_denial_in_other_words_for_the_same_thing_is_not_wider(claim: str, page: str, holds: bool) -> None:
    verdict, reason = judge(claim, page)
    assert verdict.holds is holds, reason
    assert holds or verdict is Verdict.NEGATION_MISMATCH


def test_contraindicated_made_indicated() -> None:
    page = "Metformin is contraindicated in severe renal failure."
    assert verdict_on("Metformin is indicated in severe renal failure.", page) is Verdict.NEGATION_MISMATCH
    assert verdict_on("Metformin should be avoided in severe renal failure.", page) is Verdict.SUPPORTED


def test_a_double_denial_that_says_the_same_is_not_held_against_a_claim() -> None:
    page = "非小细胞肺癌患者不良反应增加时应减量，剂量不超过50 mg。"
    assert verdict_on("非小细胞肺癌患者不良反应增加时应减量", page) is Verdict.SUPPORTED


def test_a_quotation_cut_out_of_a_denial() -> None:
    page = "In shock do not give beta blockers to the patient."
    assert (
        verdict_on("give beta blockers to the patient.", page, "give beta blockers to the patient.")
        is Verdict.NEGATION_MISMATCH
    )


def test_a_denial_in_the_line_above_is_another_statement() -> None:
    page = plain_page(GUIDE, "Demonstration, not for care\nGive oxygen.")
    assert (
        check(
            "Give oxygen.",
            cite(page, "Give oxygen."),
            SmallSnapshot([GUIDE], [replace(page, blocks=())], _chunks(page)),
        ).verdict
        is Verdict.VERBATIM
    )


def _chunks(page: Page):  # type: ignore[no-untyped-def]
    from tests.answer.small_library import whole_page_chunks

    return whole_page_chunks(page)


def test_a_marked_omission_is_verbatim_and_may_not_hide_a_denial() -> None:
    page = (
        "Start insulin at once, after fluids, in the emergency department. Bicarbonate should not be given to adults."
    )
    first, second = page.split(". ")
    assert verdict_on("Start insulin at once … in the emergency department.", page, first + ".") is Verdict.VERBATIM
    assert verdict_on("Bicarbonate should … be given to adults.", page, second) is Verdict.NEGATION_MISMATCH
    assert verdict_on("Start insulin at once in the emergency department.", page, first + ".") is Verdict.SUPPORTED


def test_drug_swapped() -> None:
    assert verdict_on(DOSE.replace("adrenaline", "atropine")) is Verdict.UNSUPPORTED
    assert verdict_on("Give labetalolex 0.5 mg", "Give labetalolex 0.5 mg now") is Verdict.SUPPORTED
    assert (
        verdict_on("Give fictolol 0.5 mg now to adults", "Give madeupril 0.5 mg now to adults") is Verdict.UNSUPPORTED
    )


@pytest.mark.parametrize(
    ("page", "old", "new"),
    [
        ("Insert the drain on the left side of the chest.", "left", "right"),
        ("Give it before the meal, with water.", "before", "after"),
        ("This dose is for adults with asthma.", "adults", "children"),
        ("The nodule is most likely benign in this setting.", "benign", "malignant"),
        ("Give prednisolone orally for five days.", "orally", "intravenously"),
        ("Patients with hypotension need urgent review.", "hypotension", "hypertension"),
        ("Stable patients may go home after review.", "Stable", "Unstable"),
        ("引流管置于左侧胸腔。", "左", "右"),
        ("该剂量适用于成人哮喘患者。", "成人", "儿童"),
    ],
)
def test_opposites(page: str, old: str, new: str) -> None:
    assert verdict_on(page.replace(old, new), page) is Verdict.UNSUPPORTED


def test_another_subject_is_unsupported() -> None:
    assert verdict_on("Adrenaline is the first-line treatment of anaphylaxis.") is Verdict.UNSUPPORTED


def test_a_superseded_edition_stays_citable_on_its_own_page() -> None:
    old, new = document("old", **SUPERSEDED), document("newer")
    then, now = (
        plain_page(old, "Repeat CT after 12 months in all adults."),
        plain_page(new, "Repeat CT after 6 months in all adults."),
    )
    snapshot = SmallSnapshot([old, new], [then, now])
    assert check(then.text, cite(then, then.text), snapshot).verdict is Verdict.VERBATIM
    # the words of the old edition, cited from the new one
    assert (
        check(
            then.text, cite(then, then.text, document_id="d-newer", chunk_id=cite(now, now.text).chunk_id), snapshot
        ).verdict
        is Verdict.UNRESOLVABLE
    )


def unresolvable(citation: Citation, *pages: Page) -> str:
    found = check(citation.quote or "Give oxygen.", citation, SmallSnapshot([GUIDE], pages))
    assert found.verdict is Verdict.UNRESOLVABLE
    return found.reason


def test_wrong_page() -> None:
    first, second = plain_page(GUIDE, DOSE), plain_page(GUIDE, "Nothing here." * 20, number=2)
    wrong = cite(first, DOSE, page_number=2, chunk_id=cite(second, "Nothing").chunk_id)
    assert "page 2" in unresolvable(wrong, first, second)


def test_words_that_stand_nowhere() -> None:
    first = plain_page(GUIDE, DOSE)
    unresolvable(replace(cite(first, DOSE), quote="x" * len(DOSE)), first)


def test_offsets_one_off() -> None:
    first = plain_page(GUIDE, DOSE + " More words.")
    right = cite(first, DOSE)
    unresolvable(replace(right, start=1, end=right.end + 1), first)


def test_a_document_page_or_passage_that_does_not_exist() -> None:
    first = plain_page(GUIDE, DOSE)
    right = cite(first, DOSE)
    unresolvable(replace(right, document_id="d-none"), first)
    unresolvable(replace(right, page_number=9), first)
    unresolvable(replace(right, chunk_id="d-guide-p1-5-9"), first)
    unresolvable(replace(right, quote="", end=right.start), first)


def test_a_passage_of_another_page() -> None:
    first, second = plain_page(GUIDE, DOSE), plain_page(GUIDE, FOLLOW, number=2)
    unresolvable(replace(cite(first, DOSE), chunk_id=cite(second, FOLLOW).chunk_id), first, second)


def test_a_quotation_that_cuts_a_number() -> None:
    first = plain_page(GUIDE, "Give 50 mg or 2.5 mg at night.")
    unresolvable(cite(first, "0 mg"), first)
    unresolvable(cite(first, "5 mg at night."), first)
    assert (
        check("2.5 mg at night.", cite(first, "2.5 mg at night."), SmallSnapshot([GUIDE], [first])).verdict
        is Verdict.VERBATIM
    )


def test_hidden_quote_without_ink() -> None:
    start = DOSE.index("do not")
    first = plain_page(GUIDE, DOSE, boxes=boxes(DOSE, hidden=(start, start + 6)), width=595.0, height=842.0)
    assert "do not" in unresolvable(cite(first, DOSE), first)


def test_hidden_quote_off_the_page() -> None:
    first = plain_page(GUIDE, DOSE, boxes=boxes(DOSE, off_page=(5, 15)), width=595.0, height=842.0)
    assert "adrenaline" in unresolvable(cite(first, DOSE), first)


def test_one_hidden_chinese_character() -> None:
    place = FOLLOW.index("禁")
    first = plain_page(GUIDE, FOLLOW, boxes=boxes(FOLLOW, hidden=(place, place + 1)), width=595.0, height=842.0)
    assert "禁" in unresolvable(cite(first, FOLLOW), first)


def test_a_visible_quote_on_a_page_with_geometry() -> None:
    first = plain_page(GUIDE, DOSE, boxes=boxes(DOSE), width=595.0, height=842.0)
    assert check(DOSE, cite(first, DOSE), SmallSnapshot([GUIDE], [first])).verdict is Verdict.VERBATIM


def test_damaged_geometry() -> None:
    first = plain_page(GUIDE, DOSE, boxes=boxes(DOSE)[:-8], width=595.0, height=842.0)
    unresolvable(cite(first, DOSE), first)


def test_an_uncited_claim_never_passes() -> None:
    found = check_claim(DOSE, (), SmallSnapshot([GUIDE], [plain_page(GUIDE, DOSE)]))
    assert (found.verdict, found.checks) == (Verdict.UNSUPPORTED, ())
    assert found.reason


@pytest.mark.parametrize("claim", ["", "  ", "…", "- ", "The of and."])
def test_a_claim_that_says_nothing_never_passes(claim: str) -> None:
    assert not verdict_on(claim).holds


def test_a_second_citation_that_does_not_hold_is_not_shown_with_the_claim() -> None:
    first, second = plain_page(GUIDE, DOSE), plain_page(GUIDE, FOLLOW, number=2)
    found = check_claim(DOSE, (cite(first, DOSE), cite(second, FOLLOW)), SmallSnapshot([GUIDE], [first, second]))
    assert found.verdict is Verdict.VERBATIM
    assert [one.citation.page_number for one in found.checks] == [1]


def test_two_pages_may_bear_out_a_claim_together_and_not_with_a_false_number() -> None:
    first = plain_page(GUIDE, "Alteplase is given within 4.5 hours of stroke onset.")
    second = plain_page(GUIDE, "The dose of alteplase is 0.9 mg/kg.", number=2)
    snapshot = SmallSnapshot([GUIDE], [first, second])
    both = (cite(first, first.text), cite(second, second.text))
    claim = "Alteplase at a dose of 0.9 mg/kg is given within 4.5 hours of stroke onset."
    assert check_claim(claim, both, snapshot).verdict is Verdict.SUPPORTED
    assert len(check_claim(claim, both, snapshot).checks) == 2
    assert check_claim(claim.replace("0.9", "9"), both, snapshot).verdict is Verdict.NUMBER_MISMATCH


def test_judging_loose_text() -> None:
    assert judge(DOSE, DOSE)[0] is Verdict.VERBATIM
    assert judge(DOSE.replace("0.3", "3"), DOSE)[0] is Verdict.NUMBER_MISMATCH


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=80))
def test_any_words_are_verbatim_of_themselves_or_fail_for_a_reason(text: str) -> None:
    verdict, reason = judge(shown(text), text)
    assert verdict is Verdict.VERBATIM or reason
