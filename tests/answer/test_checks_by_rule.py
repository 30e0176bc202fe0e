"""The rules on numbers, denials, limits, roles and opposites, one sentence of a page and two restatements each."""

from __future__ import annotations

import pytest

from ragmed.answer.alignment import replacements
from ragmed.answer.citations import check, judge
from ragmed.answer.claims import looked_for
from ragmed.records import BlockKind, Verdict
from tests.answer.small_library import SmallSnapshot, document, page, passages_of

NUMBER, DENIAL, WORDS = Verdict.NUMBER_MISMATCH, Verdict.NEGATION_MISMATCH, Verdict.UNSUPPORTED


def verdict(claim: str, page: str) -> Verdict:
    return judge(claim, page)[0]


@pytest.mark.parametrize(
    ("page", "claim", "expected"),
    [
        # numbers at another number's place
        (
            "Drugs may be added for patients with a BMI of 30 kg with no concomitant risk factors, or for patients with a "
            "BMI of 27 kg with concomitant risk factors.",
            "Drugs may be added for patients with a BMI of 27 kg with no concomitant risk factors, or for patients with a "
            "BMI of 30 kg with concomitant risk factors.",
            NUMBER,
        ),
        (
            "Give 6 mg/kg for two doses then 4 mg/kg, or 200 mg every 8 hours for six doses then 300 mg daily.",
            "Give 6 mg/kg for six doses then 4 mg/kg, or 200 mg every 8 hours for six doses then 300 mg daily.",
            NUMBER,
        ),
        (
            "Pressure must be below 185/110 mmHg before thrombolysis and kept below 180/105 mmHg afterwards.",
            "Pressure must be below 180/105 mmHg before thrombolysis and kept below 185/110 mmHg afterwards.",
            NUMBER,
        ),
        ("The enzyme converts T4 into T3 in the liver of healthy adults.", "The enzyme converts T3 into T4 in the liver of healthy adults.", NUMBER),
        ("急诊用CURB-65评分决定是否住院。", "急诊用CURB-15评分决定是否住院。", NUMBER),
        (
            "It is refractory when problems persist after two appropriate injections of adrenaline.",
            "It is refractory when problems persist after one appropriate injection of adrenaline.",
            NUMBER,
        ),
        ("Women with it receive the usual dose and lie flat.", "Women with it receive half the usual dose and lie flat.", NUMBER),
        ("Obesity is a BMI greater than or equal to 30.", "Obesity is a BMI less than or equal to 30.", NUMBER),
        (
            "It is treated with voriconazole 6 mg/kg every 12 hours for two doses then 4 mg/kg, or isavuconazole 200 mg every "
            "8 hours for six doses then 200 mg daily.",
            "Treat it with isavuconazole 200 mg every 8 hours for six doses then 200 mg daily, or with voriconazole every 12 "
            "hours for six doses.",
            NUMBER,
        ),
        # a dose of another drug
        (
            "Vasopressin 0.03 units/min is added when noradrenaline reaches 0.25 µg/kg/min.",
            "Noradrenaline 0.03 units/min is added when vasopressin reaches 0.25 µg/kg/min.",
            NUMBER,
        ),
        # denials
        ("A and B are not part of the first treatment and must not delay adrenaline.", "A and B are part of the first treatment.", DENIAL),
        (
            "Anaerobic cover should not be added for aspiration pneumonia unless an abscess is suspected.",
            "Anaerobic cover should be added for aspiration pneumonia unless an abscess is suspected.",
            DENIAL,
        ),
        ("Hold the anticoagulant for 24 hours after lysis.", "Give the anticoagulant for 24 hours after lysis.", DENIAL),
        # limits
        (
            "Platelets are not recommended for haemorrhage on aspirin unless emergency surgery is planned.",
            "Platelets are not recommended for haemorrhage on aspirin.",
            DENIAL,
        ),
        (
            "Antiplatelet therapy should continue for 12 months after infarction unless bleeding risk is high.",
            "Antiplatelet therapy should continue for 12 months after infarction even if bleeding risk is high.",
            DENIAL,
        ),
        ("Therapy is continued for a year except in severe bleeding.", "Therapy is continued for a year even in severe bleeding.", DENIAL),
        ("A filter should be considered in embolism only when anticoagulation is contraindicated.", "A filter should be considered in embolism.", DENIAL),
        ("Salbutamol should not be used alone for hyperkalaemia.", "Salbutamol should not be used for hyperkalaemia.", DENIAL),
        ("Bicarbonate is not recommended routinely for acidosis.", "Bicarbonate is not recommended for acidosis.", DENIAL),
        ("Injection should not be the only treatment of an ulcer.", "Injection should not be the treatment of an ulcer.", DENIAL),
        ("冠脉综合征患者仅在血氧饱和度低时吸氧。", "冠脉综合征患者应吸氧。", DENIAL),
        # roles
        ("Prasugrel is preferred to ticagrelor in patients who have PCI.", "Ticagrelor is preferred to prasugrel in patients who have PCI.", WORDS),
        ("Varices are treated with TIPS rather than band ligation.", "Varices are treated with band ligation rather than TIPS.", DENIAL),
        ("Bleeding needs an antibiotic before endoscopy.", "Bleeding needs endoscopy before an antibiotic.", WORDS),
        ("In pregnancy, ultrasound is followed by MRI.", "In pregnancy, MRI is followed by ultrasound.", WORDS),
        ("A normal lactate does not exclude ischaemia.", "A raised lactate does not exclude ischaemia.", WORDS),
        ("Give 10 mg twice daily for 7 days, then 5 mg once daily.", "Give 10 mg daily for 7 days, then 5 mg once daily.", NUMBER),
        # routes, drugs, concepts, joiners, opposites
        ("Nimodipine 60 mg by mouth is recommended.", "Nimodipine 60 mg IV is recommended.", WORDS),
        ("奥司他韦75 mg口服，疗程5天。", "奥司他韦75 mg静脉滴注，疗程5天。", WORDS),
        ("Digoxin is continued in heart failure.", "Doxepin is continued in heart failure.", WORDS),
        ("Give noradrenaline for septic shock at once.", "Give adrenaline for septic shock at once.", WORDS),
        ("应静脉滴注去甲肾上腺素维持血压。", "应静脉滴注肾上腺素维持血压。", WORDS),
        (
            "It is used in patients with pneumonia who are treated on the ward.",
            "It is used in patients with meningitis who are treated on the ward.",
            WORDS,
        ),
        (
            "Antibiotics are given for some days and until the patient is clinically stable.",
            "Antibiotics are given for some days or until the patient is clinically stable.",
            WORDS,
        ),
        ("Fever or rash; a source of infection; hypotension.", "Fever or rash; a source of infection; hypertension.", WORDS),
        ("Feet are examined at least annually in diabetes.", "Feet are examined at most annually in diabetes.", WORDS),
        ("Stop dexamethasone if Listeria is confirmed.", "Continue dexamethasone if Listeria is confirmed.", WORDS),
        ("Aspirin for primary prevention should be stopped.", "Aspirin for secondary prevention should be stopped.", WORDS),
        ("社区获得性肺炎3分者，应住院治疗，并评估是否入住ICU。", "社区获得性肺炎3分者，可门诊治疗，并评估是否入住ICU。", WORDS),
    ],
)  # fmt: skip
def test_another_statement_is_flagged_for_its_reason(page: str, claim: str, expected: Verdict) -> None:
    assert verdict(page, page) is Verdict.VERBATIM
    assert verdict(claim, page) is expected


@pytest.mark.parametrize(
    ("page", "claim"),
    [
        ("If the patient is pregnant, ACE inhibitors should not be used.", "ACE inhibitors should not be used if the patient is pregnant."),
        ("Anaerobic cover should not be added unless an abscess is suspected.", "Add anaerobic cover only if an abscess is suspected."),
        ("It should continue for 12 months unless bleeding risk is high.", "Continue it for 12 months if the bleeding risk is not high."),
        ("Use warfarin rather than apixaban in this syndrome.", "In this syndrome, use warfarin instead of apixaban."),
        ("PCI is preferred to fibrinolysis in pregnancy.", "In pregnancy, have PCI rather than fibrinolysis."),
        ("Calcium stabilises the heart and does not lower potassium.", "Calcium stabilises the heart but does not reduce potassium."),
        ("In stroke without thrombolysis or thrombectomy, wait.", "In stroke with neither thrombolysis nor thrombectomy, wait."),
        ("Bicarbonate is not given, except with severe acidosis.", "Avoid bicarbonate unless there is severe acidosis."),
        ("Osimertinib 80 mg by mouth daily is recommended.", "Osimertinib 80 mg by mouth once daily is recommended."),
        ("Osimertinib 80 mg once daily is recommended.", "Osimertinib 80 mg daily is recommended."),
        ("A single dose is given before incision.", "One dose is given before incision."),
        ("Bronchoscopy is preferably done during resection rather than as a separate procedure.", "Bronchoscopy is best done during resection, not as a separate procedure."),
        ("Crystalloids are preferred to 0.9% saline.", "Crystalloids are preferred over 0.9% saline."),
        ("Hydrocortisone 200 mg IV per day is given.", "Give IV hydrocortisone 200 mg per day."),
        ("心电图正常不能排除高钾血症。", "心电图正常也不能除外高钾血症。"),
        ("影像已证实的肺炎，不应因降钙素原正常而不用抗菌药物。", "肺炎经影像证实后，即使降钙素原正常也应使用抗菌药物。"),
        ("血钾≥6.0 mmol/L时停药。", "血钾达到或超过6.0 mmol/L时停药。"),
        ("结节每年复查CT，共5年。", "结节每年复查一次CT，共5年。"),
        ("停止溶栓和抗凝，急查头颅CT。", "停用溶栓和抗凝药，急查头颅CT。"),
        ("MRSA pneumonia is treated for a week.", "Methicillin-resistant Staphylococcus aureus pneumonia is treated for a week."),
        ("Keep it low.", "It is kept low."),
        ("Keep it below the limit and record the pressure.", "Patients need it to be kept below the limit; recommend to record the pressure."),
    ],
)  # fmt: skip
def test_the_same_statement_in_other_words_holds(page: str, claim: str) -> None:
    assert judge(claim, page) == (Verdict.SUPPORTED, "")


def test_a_clause_that_denies_may_be_left_out_with_what_it_denies() -> None:
    page = "支架植入后1个月内不得自行停用双联抗血小板药，非急诊手术应推迟。"
    assert verdict("支架植入后1个月内不得自行停用双联抗血小板药。", page) is Verdict.SUPPORTED


def test_only_sentences_in_one_order_are_aligned() -> None:
    (found,) = replacements("Give 5 mg to adults with asthma at night.", "Give 7 mg to adults with asthma at night.")
    assert (found.claim, found.page) == ("5 mg", "7 mg")
    assert not list(replacements("At night, adults with asthma get 5 mg.", "Give 7 mg to adults with asthma at night."))


@pytest.mark.parametrize(
    ("page", "claim", "holds"),
    [
        (
            "Give enoxaparin 40 mg in pneumonia unless there is bleeding.",
            "肺炎患者给予依诺肝素 40 mg。",
            False,
        ),
        (
            "Give enoxaparin 40 mg in pneumonia unless there is bleeding.",
            "肺炎给予依诺肝素 40 mg，出血时除外。",
            True,
        ),
        ("Give enoxaparin 40 mg in pneumonia.", "肺炎给予依诺肝素 40 mg。", True),
        ("肺炎给予依诺肝素 40 mg，出血者除外。", "Give enoxaparin 40 mg in pneumonia.", False),
        (
            "肺炎给予依诺肝素 40 mg，除非出血。",
            "Give enoxaparin 40 mg in pneumonia unless there is bleeding.",
            True,
        ),
        # a limit of another matter
        (
            "Give enoxaparin 40 mg in pneumonia. Do not give warfarin unless there is atrial fibrillation.",
            "肺炎给予依诺肝素 40 mg。",
            True,
        ),
    ],
)
def test_a_limit_is_not_lost_in_the_other_language(page: str, claim: str, holds: bool) -> None:
    found, reason = judge(claim, page)
    assert found.holds is holds, reason
    if not holds:
        assert found is DENIAL


@pytest.mark.parametrize(
    ("claim", "page", "holds"),
    [
        (
            "Acute pancreatitis is treated with antibiotics within 1 hour.",
            "Sepsis is treated with antibiotics within 1 hour of recognition.",
            False,
        ),
        (
            "Intracerebral hemorrhage on warfarin is treated with vitamin K 10 mg.",
            "Intracerebral haemorrhage on warfarin is treated with vitamin K 10 mg IV.",
            True,
        ),
        (
            "A heart attack is treated with aspirin 300 mg.",
            "Myocardial infarction is treated with aspirin 300 mg.",
            True,
        ),
    ],
)
def test_a_claim_is_about_a_disease_of_its_page(claim: str, page: str, holds: bool) -> None:
    assert verdict(claim, page).holds is holds


@pytest.mark.parametrize(
    ("title", "heading", "holds"),
    [("Sepsis", "Treatment", True), ("Guide", "Sepsis", True), ("Guide", "Treatment", False)],
)
def test_the_disease_may_stand_in_the_headings_or_the_title_alone(title: str, heading: str, holds: bool) -> None:
    sentence = "Antibiotics are given within 1 hour of recognition."
    guide = document("guide", title=title)
    made = page(guide, (BlockKind.HEADING, heading), (BlockKind.PARAGRAPH, sentence))
    snapshot = SmallSnapshot([guide], [made])
    passage = passages_of(snapshot)[-1]
    cited = looked_for(sentence, passage.marker, passage, 0)
    assert check(f"In sepsis {sentence.lower()}", cited, snapshot).verdict.holds is holds
