"""What a question says of its patient: for each circumstance that a patient has or has not, named, denied or left open.

Laws of this room: read by words, age and sex alone, no model; what is said in one of these settles what it excludes
(a man is not pregnant, nor is a child or somebody of eighty; who is pregnant or old is no child).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from ragmed.answer.case import age_of
from ragmed.answer.circumstances import OF_PATIENT, PATTERNS, USUAL, Circumstance


class Said(StrEnum):
    """What a question says of one circumstance."""

    OPEN = "open"
    """Nothing: whoever answers takes the usual patient."""
    NAMED = "named"
    DENIED = "denied"
    """The patient is as usual there."""
    BOTH = "both"
    """The question is about both patients ("in adults and children")."""
    IMPOSSIBLE = "impossible"
    """Nothing, and the patient cannot have it."""


_GROWN, _OLD, _FERTILE = 18, 65, (12, 55)
"""Years: from which one is no child, from which one is old, between which one may be pregnant."""
_MALE = re.compile(
    r"\b(?:man|men|male|boy|gentleman|\d{1,3}\s?M)\b|男(?:性|童|孩|士|患者|，|,|$)|男(?=\s|\d)"
    r"|\bprostat\w+|\btesti\w+|前列腺|睾丸",
    re.IGNORECASE,
)
_GROWN_WORDS = re.compile(r"\b(?:man|men|woman|women|gentleman|lady)\b|男士|女士|孕妇|产妇", re.IGNORECASE)
_NUMBER = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
_MEANS = {
    Circumstance.CHILD: re.compile(
        rf"\b(?:{_NUMBER})[- ]years?[- ]old\b|\b\d{{1,2}}[- ](?:day|week|month)s?[- ]old\b|\bboys?\b|\bgirls?\b"
        r"|\bbab(?:y|ies)\b(?! aspirin)|男孩|女孩|男童|女童|宝宝|月龄|个月大|幼儿",
        re.IGNORECASE,
    ),
    Circumstance.KIDNEY: re.compile(r"\bkidneys? (?:is |are )?(?:impaired|failing)\b|尿毒症", re.IGNORECASE),
    Circumstance.IMMUNE: re.compile(
        r"\bneutropa?eni\w+|\bchemotherapy\b|\btransplant\w*|\bleuka?emia\b|粒细胞缺乏|粒缺|化疗|移植|白血病",
        re.IGNORECASE,
    ),
}
"""Words of a question from which a circumstance follows, beside those that name it. On a page they are no sign: there
they may be what the page is about."""
_ABOUT = {
    Circumstance.ANTICOAGULATED: re.compile(
        r"anticoag|warfarin|heparin|\b[dn]oacs?\b|\w+(?:xaban|gatran)\b|抗凝|华法林|肝素|沙班|达比加群", re.IGNORECASE
    ),
}
"""Where the question is about the thing itself, nothing is taken for granted of it."""
_DENIAL = re.compile(
    r"(?:\b(?:no|not|non|without|denies|never)[\s-]+"
    r"(?:(?:known|any|an?|significant|previous|history of|evidence of)\s+)*"
    r"|无|没有|否认|并?非|未)$",
    re.IGNORECASE,
)
_NEAR = 40


@lru_cache(maxsize=1024)
def said_of_patient(question: str) -> Mapping[Circumstance, Said]:
    """What the question says of each circumstance of a patient."""
    age = age_of(question)
    found = {one: _said(question, one) for one in OF_PATIENT}
    if age is not None:
        found[Circumstance.CHILD] = Said.NAMED if age < _GROWN else Said.DENIED
        found[Circumstance.ELDERLY] = Said.NAMED if age >= _OLD else Said.DENIED
    for one in OF_PATIENT:
        if found[one] in (Said.OPEN, Said.NAMED) and _excluded(one, found, question, age):
            found[one] = Said.IMPOSSIBLE
    return found


def _said(question: str, one: Circumstance) -> Said:
    usual = USUAL[one].search(question) is not None
    rest = USUAL[one].sub(" ", question)
    patterns = (PATTERNS[one], *((_MEANS[one],) if one in _MEANS else ()))
    named = denied = False
    for pattern in patterns:
        for match in pattern.finditer(rest):
            if _DENIAL.search(rest[max(0, match.start() - _NEAR) : match.start()]):
                denied = True
            else:
                named = True
    if named:
        return Said.BOTH if usual else Said.NAMED
    if usual or denied or (one in _ABOUT and _ABOUT[one].search(question)):
        return Said.DENIED
    return Said.OPEN


def _excluded(one: Circumstance, found: Mapping[Circumstance, Said], question: str, age: int | None) -> bool:
    """Whether what else is said rules it out."""
    child, pregnant = (found[other] is Said.NAMED for other in (Circumstance.CHILD, Circumstance.PREGNANCY))
    old = found[Circumstance.ELDERLY] is Said.NAMED
    if one is Circumstance.PREGNANCY:
        fertile = _FERTILE[0] <= age <= _FERTILE[1] if age is not None else not child
        return old or not fertile or _MALE.search(question) is not None
    if one is Circumstance.CHILD:
        return age is None and (old or pregnant or _GROWN_WORDS.search(question) is not None)
    return one is Circumstance.ELDERLY and age is None and (child or pregnant)
