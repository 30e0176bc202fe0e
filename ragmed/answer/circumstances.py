"""Special circumstances that a sentence is about: a question that names none means the usual adult.

Laws of this room: a circumstance is only read where the words say it; a sentence loses a little for each circumstance
that the question does not name, and nothing where the question names it. The words are here and nowhere else: what a
question says of its patient (``patient``) and what an answer takes for granted (``assumptions``) are read by them.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


class Circumstance(StrEnum):
    """What makes a patient or a moment unlike the usual one."""

    PREGNANCY = "pregnancy"
    CHILD = "child"
    KIDNEY = "kidney"
    IMMUNE = "immune"
    PENICILLIN = "penicillin"
    ANTICOAGULATED = "anticoagulated"
    ELDERLY = "elderly"
    ALLERGY = "allergy"
    ARREST = "arrest"
    FAILED = "failed"
    ALTERNATIVE = "alternative"
    PREVENTION = "prevention"
    SHOCK = "shock"


OF_PATIENT = (
    Circumstance.CHILD,
    Circumstance.PREGNANCY,
    Circumstance.KIDNEY,
    Circumstance.IMMUNE,
    Circumstance.PENICILLIN,
    Circumstance.ANTICOAGULATED,
    Circumstance.ELDERLY,
)
"""Those that a patient has or has not, whatever is asked."""
OLD_AGE = r"\b(?:older|advanced|old) age\b|\bolder adults?\b|\belderly\b|高龄|老年"
_ANTICOAGULANT = r"(?:anticoagula\w+|blood thinners?|warfarin|[DN]OACs?|apixaban|rivaroxaban|dabigatran|edoxaban)"
_ANTICOAGULANT_ZH = r"(?:抗凝|华法林|利伐沙班|阿哌沙班|达比加群|艾多沙班)"
_BETA_LACTAM = r"(?:penicillins?|beta-?\s?lactams?|β-?lactams?)"

_WORDS = {
    Circumstance.PREGNANCY: r"(?<!ectopic )\bpregnan\w+\b(?! tests?\b)|\bgestation\w*|\blactati\w+"
    r"|\bbreast-?\s?feeding|(?<!异位)妊娠(?!试验)|孕妇|怀孕|孕期|哺乳",
    Circumstance.CHILD: r"\bchild(?:ren)?\b(?!-pugh)|\bp(?:a)?ediatric\w*|\binfants?\b|\bneonat\w+|\bnewborns?\b"
    r"|\badolescents?\b|\btoddlers?\b"
    r"|儿童|小儿|患儿|婴儿|婴幼儿|新生儿|青少年",
    Circumstance.KIDNEY: r"\b(?:renal|kidney) (?:impairment|insufficiency|failure|disease|injury)\b"
    r"|\bimpaired (?:renal|kidney)\b|\bcreatinine clearance\b|\begfr\b|\bdialysis\b|\bckd\b|\baki\b"
    r"|肾功能(?:不全|减退|损害|受损|下降|不好)|肾衰|肌酐清除率|透析|肾病|慢性肾脏病",
    Circumstance.IMMUNE: r"\bimmuno-?(?:compromi[sz]|suppress|deficien)\w+|\bhiv\b|\baids\b|\basplen\w+"
    r"|\btransplant(?:ed)? (?:recipient|patient)s?\b|免疫(?:功能)?(?:低下|抑制|缺陷|受损)|艾滋病|无脾",
    Circumstance.PENICILLIN: rf"\b{_BETA_LACTAM}[- ](?:allerg|hypersensitiv|anaphyla)\w+"
    rf"|\b(?:allerg|hypersensitiv)\w+ to (?:\w+ ){{0,2}}{_BETA_LACTAM}|\bpen[- ]allergic\b"
    r"|(?:青霉素|β-?内酰胺)[^，。；、]{0,4}过敏|过敏[^，。；、]{0,3}青霉素",
    Circumstance.ANTICOAGULATED: rf"\banticoagulated\b|\b(?:anticoagulant|warfarin) (?:use|users?)\b"
    rf"|\b(?:on|tak(?:es|ing)|who take|receiv(?:es|ing)|who receive|using|treated with)"
    rf" (?:\w+ ){{0,2}}?{_ANTICOAGULANT}\b(?! \d)"
    rf"|(?:服用|使用|口服|正在|长期|接受)[^，。；]{{0,4}}{_ANTICOAGULANT_ZH}(?! ?\d)|抗凝(?:治疗)?(?:中)?的?患者",
    Circumstance.ELDERLY: rf"{OLD_AGE}|\bolder (?:people|patients?|persons?)\b"
    r"|\b(?:over|above) (?:65|70|75|80)\b(?! ?(?:%|mm|mg|m?mol))"
    r"|\b(?:60|65|70|75|80) years (?:or|and) (?:more|older|over)\b"
    r"|(?:65|70|75|80) ?岁(?:及)?以上",
    Circumstance.ALLERGY: r"\ballerg(?:y|ic) to\b|\b\w+ allergy\b|\bhypersensitiv\w+ to\b|过敏者|过敏史|对\w+过敏",
    Circumstance.ARREST: r"\bcardiac arrest\b|\bresuscitation\b|心脏骤停|心搏骤停|复苏",
    Circumstance.FAILED: r"\brefractory\b|\brescue\b|\b(?:does|do|did) not (?:respond|fall|improve)\b|\bnot improving\b"
    r"|\bno (?:response|improvement)\b|\bfail(?:s|ed|ure) of\b|\bhas failed\b|\bpersist\w* (?:despite|after)\b"
    r"|\bdespite\b|\bsecond[- ]line\b"
    r"|难治|无效|未缓解|无好转|不改善|补救|挽救|二线",
    Circumstance.ALTERNATIVE: r"\balternativ\w+|\binstead\b|替代|备选",
    Circumstance.PREVENTION: r"\bprophyla\w+|\bprevent\w*|预防",
    Circumstance.SHOCK: r"\bshock\b|休克",
}
PATTERNS = {name: re.compile(words, re.IGNORECASE) for name, words in _WORDS.items()}
"""By which a text names a circumstance."""
_USUAL = {
    Circumstance.CHILD: r"\badults?\b|成人|成年(?!后)",
    Circumstance.PREGNANCY: r"\b(?:not|non)[- ]?pregnant\b|\bpost-?menopaus\w+|未孕|未怀孕|未妊娠|非妊娠|非孕|绝经",
    Circumstance.KIDNEY: r"\bnormal (?:renal|kidney) function\b|\b(?:renal|kidney) function (?:is |was )?normal\b"
    r"|\bnormal (?:kidneys?|creatinine|egfr)\b|肾功能正常|肌酐正常",
    Circumstance.IMMUNE: r"\bimmuno-?competen\w+|免疫(?:功能)?正常",
    Circumstance.PENICILLIN: r"\bno (?:known )?(?:drug |penicillin )?allerg\w+|\bnkda\b|\bnot allergic\b"
    r"|(?:无|否认)(?:\w{0,2}药物|青霉素)?过敏",
    Circumstance.ANTICOAGULATED: rf"\bnot (?:on|taking) (?:any )?{_ANTICOAGULANT}"
    rf"|(?:未|没有?)(?:用|服|使用|服用|接受)[^，。；]{{0,3}}{_ANTICOAGULANT_ZH}",
    Circumstance.ELDERLY: r"\byoung(?:er)? (?:adult|man|woman|patient|people)s?\b|青年|中年|年轻",
}
USUAL = {name: re.compile(words, re.IGNORECASE) for name, words in _USUAL.items()}
"""By which a text says that a patient is as usual there."""


_GRADES = {
    "mild": r"\b(?:mild|minor)\b|轻(?:度|症|型)",
    "moderate": r"\bmoderate(?:ly)?\b|中度",
    "severe": r"(?<!non-)(?<!non)(?<!not )\bsevere(?:ly)?\b|(?<!非)重(?:症|度|型)",
    "non-severe": r"\bnon-?\s?severe\b|\bnot severe\b|非重症",
    "low risk": r"\blow(?:er)?[- ]risk\b|低危|低风险",
    "intermediate risk": r"\bintermediate(?:-(?:low|high))?[- ]risk\b|\bsubmassive\b|中危|次大面积",
    "high risk": r"\bhigh(?:er)?[- ]risk\b|(?<!sub)(?<!sub-)\bmassive\b|高危|高风险|(?<!次)大面积",
    "stable": r"\bstable\b|(?<!不)稳定",
    "unstable": r"\bunstable\b|不稳定",
    "complicated": r"\bcomplicated\b|(?<!非)复杂性",
    "uncomplicated": r"\buncomplicated\b|非复杂性|单纯性",
}
_GRADE_WORDS = {name: re.compile(words, re.IGNORECASE) for name, words in _GRADES.items()}
_SCALES = tuple(
    frozenset(scale)
    for scale in (
        ("mild", "moderate", "severe", "non-severe"),
        ("low risk", "intermediate risk", "high risk"),
        ("stable", "unstable"),
        ("complicated", "uncomplicated"),
    )
)
"""Grades that exclude one another."""


@lru_cache(maxsize=4096)
def grades(text: str) -> frozenset[str]:
    """How ill the patient is whom a text is about, as far as it says so."""
    return frozenset(name for name, words in _GRADE_WORDS.items() if words.search(text))


def of_another_grade(text: str, asked: frozenset[str]) -> bool:
    """Whether a sentence is about patients of another grade than the ones asked about."""
    there = grades(text)
    return any(asked & scale and there & scale and not asked & there & scale for scale in _SCALES)


@lru_cache(maxsize=4096)
def circumstances(text: str) -> frozenset[Circumstance]:
    """The circumstances that a text names."""
    return frozenset(name for name, words in PATTERNS.items() if words.search(text))


@lru_cache(maxsize=4096)
def usual(text: str) -> frozenset[Circumstance]:
    """The circumstances that a text says a patient is without: adults, with normal renal function."""
    return frozenset(name for name, words in USUAL.items() if words.search(text))
