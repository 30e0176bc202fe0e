"""A case as typed: who, which findings, what is asked.

Laws of this room: a finding is a stretch of the text with the concepts named in it and their state (present, absent,
normal, raised, lowered), read by clause, no model; a test without a result is no finding; what the term table does not
know is not guessed. The same reading serves the question and the library's lines, so that the two can be compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ragmed.answer.circumstances import OLD_AGE
from ragmed.terms import find_abbreviations, find_terms
from ragmed.text.denials import denials
from ragmed.text.numbers import quantities

PRESENT, ABSENT, NORMAL, RAISED, LOWERED = "present", "absent", "normal", "raised", "lowered"

Facts = frozenset[tuple[str, str]]
"""(concept, state)"""

_CLAUSE = re.compile(
    r"[,，;；。！？!?、\n]|\.(?=\s|$)|——|—|\s[-–]\s|\b(?:and|but|with|who has|which|presenting|presents)\b|伴有?|但"
)
_BRACKETED = re.compile(r"^[(（]([^()（）]+)[)）]$")
_AGE = re.compile(
    r"(?P<a>\d{1,3})\s*[-\s]?(?:years?|yrs?|y)?[-\s]?(?:old|o)\b|(?P<b>\d{1,3})\s*(?:周岁|岁)"
    r"|\b(?P<c>\d{1,3})\s?[MF]\b|\b[MF]\s?(?P<d>\d{2})\b"
    r"|\baged?\s+(?P<e>\d{1,3})\b",
    re.IGNORECASE,
)
_SEX = re.compile(
    r"\b(?:man|woman|male|female|boy|girl|gentleman|lady|\d{1,3}\s?[MF])\b|[男女](?:性|童|孩|患者|，|,|$)|[男女](?=\s|\d)",
    re.IGNORECASE,
)
_PATIENT = re.compile(
    r"\b(?:patient|pt|presents?|presenting|admitted|brought in)\b|患者|病人|病例|入院|就诊", re.IGNORECASE
)
_ASKS_DIFFERENTIAL = re.compile(
    r"\bdifferentials?\b|\bddx\b|\bwhat (?:could|might|may) (?:this|it) be\b|\bwhat else\b"
    r"|\b(?:most )?likely (?:diagnos|cause)\w*"
    r"|\b(?:possible|probable|which|what) (?:diagnos\w+|causes?)\b|\bwhat(?:'s| is) (?:the|your) diagnosis\b"
    r"|\bcannot miss\b|\bcan't miss\b"
    r"|鉴别诊断|鉴别|可能的诊断|可能是什么|考虑(?:哪些|什么|何)|什么病|哪些疾病|诊断是什么|病因有哪些",
    re.IGNORECASE,
)
_ASKS_NEXT = re.compile(
    r"\bnext step|\bwhat next\b|\bwhat now\b|\bwhat should (?:i|we) (?:do|consider|think)|\bwhat do (?:i|we) do\b"
    r"|\bworking diagnosis\b"
    r"|下一步|怎么办|如何处理|怎么考虑|需要考虑",
    re.IGNORECASE,
)
_FACT_KINDS = frozenset({"finding", "disease", "organism", "drug"})
# general terms and tests that are findings by themselves, and the one concept that they are taken for
_FACT_TERMS = {
    "smoker": "smoking history",
    "smoking history": "smoking history",
    "ex-smoker": "smoking history",
    "elderly": "elderly",
    "asymptomatic": "asymptomatic",
    "family history": "family history",
    "pregnancy": "pregnancy",
    "pregnant": "pregnancy",
    "immobilisation": "immobilization",
    "immobilization": "immobilization",
}
_OLD = re.compile(OLD_AGE, re.IGNORECASE)
_OLD_FROM = 65
QUALIFIERS = (
    _OLD,
    re.compile(
        r"\b(?:normal|raised|elevated|high|low|positive|negative|long|no|without)\b|正常|升高|阳性|阴性|长期|无",
        re.IGNORECASE,
    ),
)
"""Words that say in which state a finding is: read with it, not left over."""
_STATES = (
    (
        re.compile(r"\bnormal\b|\bwithin (?:normal|range)\b|\bunremarkable\b|\bnot raised\b|正常|不高", re.IGNORECASE),
        NORMAL,
    ),
    (
        re.compile(r"\b(?:raised|elevated|high|increased|rising|positive)\b|升高|增高|偏高|阳性|↑", re.IGNORECASE),
        RAISED,
    ),
    (
        re.compile(
            r"\b(?:low|lowered|decreased|reduced|falling|negative)\b|降低|下降|偏低|减低|减少|阴性|↓", re.IGNORECASE
        ),
        LOWERED,
    ),
)
_DENIED = re.compile(
    r"\b(?:no|not|denies|denied|without|nor|neither|never|absen\w+)\b|(?<![^\W\d_])无(?!力|症状)|没有?|否认|未见|未出现|未发现|从不",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFinding:
    """A finding of the question: ``question[start:end] == text``."""

    start: int
    end: int
    text: str
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a question says of one patient."""

    findings: tuple[CaseFinding, ...]
    age: int | None
    has_patient: bool
    """An age, a sex or the word "patient" is named."""
    asks_differential: bool
    asks_next: bool

    @property
    def facts(self) -> Facts:
        """All that is known, with old age from the number."""
        known = {fact for finding in self.findings for fact in finding.facts}
        if self.age is not None and self.age >= _OLD_FROM:
            known.add(("elderly", PRESENT))
        return frozenset(known)

    @property
    def is_vignette(self) -> bool:
        """Whether a differential card is what the question wants."""
        if not self.findings:
            return False
        if self.asks_differential:
            return True
        return self.asks_next and self.has_patient and len(self.findings) > 1


def read_case(question: str) -> Case:
    """The case in a question; one without findings has none of them."""
    age = age_of(question)
    findings = []
    for start, end in _clauses(question):
        piece = question[start:end]
        facts = facts_of(piece)
        if facts:
            findings.append(CaseFinding(start=start, end=end, text=piece, facts=facts))
    return Case(
        findings=tuple(findings),
        age=age,
        has_patient=bool(age is not None or _SEX.search(question) or _PATIENT.search(question)),
        asks_differential=_ASKS_DIFFERENTIAL.search(question) is not None,
        asks_next=_ASKS_NEXT.search(question) is not None,
    )


def age_of(question: str) -> int | None:
    """The patient's age in years, as the question says it in figures."""
    age = _AGE.search(question)
    return int(next(group for group in age.groups() if group)) if age else None


def facts_of(clause: str) -> Facts:
    """The concepts named in a clause, each with the clause's state."""
    state = PRESENT
    for pattern, name in _STATES:
        if pattern.search(clause):
            state = name
            break
    denied = _DENIED.search(clause)
    found: set[tuple[str, str]] = set()
    for match in find_terms(clause):
        concept = match.term.en.lower()
        if concept in _FACT_TERMS:
            found.add((_FACT_TERMS[concept], ABSENT if denied and concept != "asymptomatic" else PRESENT))
        elif match.term.kind in _FACT_KINDS:
            found.add((concept, ABSENT if denied and denied.start() < match.start else state))
        elif match.term.kind == "test" and state in (NORMAL, RAISED, LOWERED):
            found.add((concept, state))
    for short in find_abbreviations(clause):
        named = find_terms(short.sense.expansion)
        whole = [match for match in named if len(match.surface) >= len(short.sense.expansion) - 1]
        concept = whole[0].term.en.lower() if whole else short.sense.expansion.lower()
        kind = whole[0].term.kind if whole else ""
        if kind in _FACT_KINDS:
            found.add((concept, ABSENT if denied and denied.start() < short.start else state))
        elif state in (NORMAL, RAISED, LOWERED):
            found.add((concept, state))
    if _OLD.search(clause):
        found.add(("elderly", PRESENT))
    return frozenset(found)


def age_meets(text: str, age: int | None) -> bool:
    """Whether ``text`` names an age bound ("above 65 years", 65岁以后) that the patient's age meets."""
    if age is None:
        return False
    for number in quantities(text):
        if number.unit != "year":
            continue
        after = text[number.end : number.end + 3]
        if number.comparator in (">", ">=") or after.startswith(("以后", "以上", "后")):
            return age >= number.value
        if number.comparator in ("<", "<=") or after.startswith(("以前", "以下")):
            return age <= number.value
    return False


def _clauses(text: str) -> list[tuple[int, int]]:
    """Spans between commas, dashes and "with", trimmed."""
    spans = []
    start = 0
    for cut in (*_CLAUSE.finditer(text), None):
        end = cut.start() if cut else len(text)
        piece = text[start:end]
        stripped = _BRACKETED.sub(r"\1", piece.strip(" :：.\t"))
        if stripped:
            at = start + piece.index(stripped)
            spans.append((at, at + len(stripped)))
        start = cut.end() if cut else end
    return spans


def denies(text: str) -> bool:
    """Whether a line says that something is absent."""
    return denials(text) > 0
