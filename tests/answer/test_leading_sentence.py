"""What a doctor reads first: for each kind of question on the demonstration library, the words that must lead.

The questions are written from how doctors ask, one or two for each kind of answer, in both languages. ``leads`` are
words of which one must stand in the first claim; ``never`` are words that must not.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ragmed.assemble import Program
from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord, Mode, Outcome

SHORT = 4
"""Claims of an answer that is no list and no case."""


@dataclass(frozen=True)
class Asked:
    """A question and what its first claim has to hold: one of the alternatives of every group."""

    kind: str
    question: str
    leads: tuple[tuple[str, ...], ...]
    never: tuple[str, ...] = ()
    missed: str = ""
    """Why the answer is known not to lead with it yet."""


QUESTIONS = (
    # dose
    Asked("dose", "First dose of adrenaline in anaphylaxis?", (("0.5 mg", "500 micrograms"), ("drenaline",))),
    Asked("dose", "how much insulin per hour in DKA?", (("0.1 units/kg/h",),)),
    Asked("dose", "alteplase dose ischaemic stroke", (("0.9 mg/kg",),)),
    Asked("dose", "What dose of dexamethasone do I give in bacterial meningitis?", (("10 mg IV",), ("examethasone",))),
    Asked("dose", "急性冠脉综合征阿司匹林负荷剂量是多少？", (("150～300 mg",), ("阿司匹林",))),
    Asked("dose", "高钾血症葡萄糖酸钙用多少？", (("葡萄糖酸钙",), ("30 mL",))),
    Asked("dose", "noradrenaline starting dose for septic shock", (("µg/kg/min",), ("oradrenaline",))),
    # route
    Asked(
        "route", "By what route should adrenaline be given in anaphylaxis?", (("IM", "intramuscular"), ("drenaline",))
    ),
    # duration
    Asked("duration", "How long to anticoagulate after a PE?", (("3 months",),)),
    Asked("duration", "How many days of antibiotics for community-acquired pneumonia?", (("5 days", "3–4 days"),)),
    Asked("duration", "支架术后双抗要吃多久？", (("12个月",),), missed="not among the passages found"),
    # timing
    Asked("timing", "How soon must antibiotics go in for septic shock?", (("within 1 hour",),)),
    Asked("timing", "door to ECG time in chest pain", (("10 minutes",), ("ECG",))),
    Asked("timing", "疑似急性冠脉综合征多长时间内要做心电图？", (("10分钟",), ("心电图",))),
    # threshold
    Asked("threshold", "At what haemoglobin should I transfuse in upper GI bleeding?", (("70 g/L",),)),
    Asked("threshold", "Potassium level at which insulin must not be started in DKA?", (("3.5 mmol/L",), ("nsulin",))),
    Asked("threshold", "血钾多少算重度高钾血症？", (("6.5 mmol/L",),)),
    Asked("threshold", "blood pressure limit before thrombolysis in stroke", (("185/110",),)),
    # test choice
    Asked("test", "First imaging test for suspected pulmonary embolism?", (("CT pulmonary angiography",),)),
    Asked(
        "list",
        "What blood test confirms anaphylaxis and when do I take it?",
        (("tryptase",),),
        missed="sentences on recognising anaphylaxis by blood pressure stand before it",
    ),
    # first-line treatment
    Asked("first line", "First-line vasopressor in septic shock?", (("oradrenaline",), ("first",))),
    Asked("first line", "Which antibiotic first for suspected bacterial meningitis in an adult?", (("eftriaxone",),)),
    Asked("first line", "住院非重症社区获得性肺炎首选什么抗生素？", (("头孢曲松", "左氧氟沙星"),)),
    # contraindication
    Asked(
        "contraindication",
        "When is thrombolysis contraindicated in pulmonary embolism?",
        (("contraindication",), ("haemorrhagic stroke", "active bleeding")),
    ),
    Asked("contraindication", "Can I give tranexamic acid in GI bleeding?", (("ranexamic",), ("not",))),
    Asked("contraindication", "哪些情况不能用硝酸甘油？", (("硝酸",), ("禁用",))),
    # definition
    Asked("definition", "What is febrile neutropenia?", (("38.3",),)),
    Asked(
        "definition",
        "什么是部分实性结节？",
        (("部分实性结节",), ("实性成分",)),
        missed="not among the passages found",
    ),
    # follow-up
    Asked("follow-up", "When should the chest X-ray be repeated after pneumonia?", (("6 weeks",),)),
    Asked("follow-up", "肺炎出院后多久复查胸片？", (("6周",),)),
    # list
    Asked("list", "Which ECG changes suggest hyperkalaemia?", (("T wave",),)),
    Asked("list", "criteria for diagnosing diabetic ketoacidosis", (("ketones of 3.0",), ("7.3",))),
    # a case: what to think of first, not what to give
    Asked(
        "case",
        "A 24-year-old with vomiting, Kussmaul breathing and glucose 28 mmol/L: differential?",
        (("ketoacidosis",), ("diagnos", "suspect", "consider")),
        never=("125 mL/h",),
    ),
    Asked(
        "case",
        "70-year-old woman, sudden breathlessness and pleuritic pain after hip surgery, clear lungs: what could it be?",
        (("embolism",), ("uspect", "diagnos", "consider", "likely")),
        never=("mg/kg",),
    ),
)


def asked(program: Program, question: str) -> AnswerRecord:
    *_, last = program.assistant.ask(question)
    assert isinstance(last, Finished)
    return last.record


@pytest.mark.parametrize("one", QUESTIONS, ids=[f"{one.kind}: {one.question}" for one in QUESTIONS])
def test_the_first_sentence_answers(program: Program, one: Asked) -> None:
    if one.missed:
        pytest.xfail(one.missed)
    record = asked(program, one.question)
    assert record.outcome is Outcome.ANSWERED
    first = record.claims[0].text
    for group in one.leads:
        assert any(word in first for word in group), (group, first)
    for word in one.never:
        assert word not in first
    if record.mode is Mode.ANSWER and one.kind != "list":
        assert len(record.claims) <= SHORT
