"""What a sentence of a guideline speaks of: its drugs, its disease, its patients, its route, its step, and its numbers.

Laws of this room: a pure function of a sentence, of the headings above it and of its document's title; general clinical
language and the shipped tables only. What is not told by the words is not guessed: a number whose part in the sentence
is not plain has no place here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ragmed.answer import support
from ragmed.answer.amounts import Amount, amount, interval_as_often
from ragmed.answer.circumstances import Circumstance, circumstances
from ragmed.answer.statement_words import OF_A_CHAPTER, QUALIFIERS, STEPS
from ragmed.terms import find_abbreviations, find_terms
from ragmed.text.denials import denials
from ragmed.text.numbers import Quantity, identifiers, quantities

SUBJECTS = frozenset({"disease", "finding", "organism"})
EXAMINED = frozenset({"test", "procedure"})


_CONDITION = re.compile(
    r"\b(?:if|when|whenever|unless|provided|whose|where|until|except|despite|once(?! (?:daily|a day|weekly|a week)))\b"
    r"[^,;.。；，]*"
    r"|\b(?:in|for|among) (?:[\w-]+ ){0,3}?(?:people|patients?|those|adults|children|persons?|individuals|women|men)\b"
    r"(?: (?:with|who|whose|at|aged|over|under|taking|on|without|weighing)\b[^,;.。；，]*)?"
    r"|\b(?:aged|weighing)\b[^,;.。；，]*"
    r"|(?:如果|如|若|当|除非|一旦)[^，,;.。；]*|[^，,;.。；]{1,24}(?:时|者)(?=[，,应宜可需予给禁不])",
    re.IGNORECASE,
)
_EXCEPTION = re.compile(r"\bunless\b|\bexcept\w*|\bonly\b|除非|除外|仅|只", re.IGNORECASE)
_NO_GUIDANCE = re.compile(
    r"\b(?:trials?|stud(?:y|ies)|randomi[sz]ed|participants?|volunteers?|cohorts?|surveys?|mortality|incidence|prevalence"
    r"|odds|hazard ratio|confidence interval|p\s?[<=]|median|mean|average|reported|were|was|had|showed"
    r"|compared with"
    r"|for example|e\.g\.|such as a|approximately \d+ percent of|per cent of (?:patients|people)|versus|vs\.?)\b"
    r"|\d\s?(?:%|percent) of (?:all |the )?(?:patients|people|adults|cases|children)"
    r"|研究|试验|受试|发生率|病死率|患病率|报道|例如|对照组|中位",
    re.IGNORECASE,
)
_GUIDES = re.compile(
    r"\b(?:recommend\w*|should|must|need\w*|advis\w+|give|given|gives?|start\w*|treat\w*|offer\w*|use|used|repeat\w*"
    r"|measur\w*|perform\w*|tak(?:e|en)|target|goal|aim\w*|indicated|transfus\w*|keep|kept|maintain\w*|dos(?:e|es|age)"
    r"|receive|prefer\w*|first-line|second-line|administer\w*|record|done|avoid\w*|contra-?indicated|limit\w*|consum\w*"
    r"|replac\w*|add|begin|continu\w*|stop\w*|screen\w*|initiat\w*|requir\w*|monitor\w*|check\w*|defin\w+|diagnos\w+|alternative)\b"
    r"|推荐|应|宜|给予|可予|建议|首选|二线|目标|剂量|疗程|用量|口服|输|吸氧|禁|避免|不要|复查|监测|诊断",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_LISTED = re.compile(r"^\W*(?:supports?|speaks? against|against|for|支持|不支持)\s*[:：]", re.IGNORECASE)
"""A line of a differential diagnosis: it says what speaks for a disease, and advises nothing."""
_QUESTION = re.compile(r"[?？]\s*$")
_DOSE = re.compile(
    r"^(?:k?g|mg|mcg|ng|ml|l|u|iu|meq|mmol|j|tablet|capsule|drop|puff)(?:/(?:kg|m2|day|h|min|dose|week|s))*$"
)
_EVERY = re.compile(r"\b(?:every|each)\s*$|[每隔]\s*$", re.IGNORECASE)
_WITHIN = re.compile(r"\bwithin\b|\bin the (?:first|next)\s*$|\bby\s*$|\bno later than\b", re.IGNORECASE)
_WITHIN_WRITTEN = re.compile(r"^(?:within|不超过)|内$", re.IGNORECASE)
_WITHIN_AFTER = re.compile(r"^\s*(?:之内|以内|内)")
_FOR = re.compile(
    r"\b(?:for|over|last\w*|duration(?: of)?|course(?: of)?|continu\w+(?: for)?|takes?|of treatment)\s+"
    r"(?:a |an |the |about |at least |at most |up to |a total of |a minimum of )*$"
    r"|(?:疗程|持续|共|连用|维持|服用|治疗)[^。；，]{0,4}$",
    re.IGNORECASE,
)
_FOR_AFTER = re.compile(r"^[\s-]*(?:course|of (?:treatment|therapy)|in total)\b|^(?:疗程|以上疗程)", re.IGNORECASE)
_AFTER_BEFORE = re.compile(r"\b(?:after|at)\s+(?:about |the )*$|[于在]\s*$", re.IGNORECASE)
_AFTER = re.compile(r"^\s*(?:later|after|afterwards|from)\b|^\s*(?:后|之后|以后|起)", re.IGNORECASE)
_BEFORE = re.compile(r"^\s*(?:before|prior to|beforehand)\b|^\s*(?:前|之前)", re.IGNORECASE)
_AGE = re.compile(
    r"\b(?:aged?|ages|older than|younger than|over|under|above|below)\s*(?:of\s*)?(?:[≥≤<>]\s*)?$|年龄\S{0,3}$",
    re.IGNORECASE,
)
_AGE_UNIT = re.compile(r"years? old|year-old|years of age|岁", re.IGNORECASE)
_SIGN = re.compile(r"^[^\d]*(?=\d)")
_OF_DRUG = re.compile(r"\s*(?:of\s+|的)?(?:IV|IM|oral|intravenous|intramuscular)?\s*", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[;；。,，]")
_NO_MEASURE = frozenset({"pain", "symptom", "bleeding"})
_AIM = re.compile(r" (?:target|goal|level|threshold|control)$")
_RANKS = frozenset({"type", "stage", "grade", "class", "phase", "level"})
"""Units of names, not of measures: "type 2", "stage III"."""
FREQUENT = "often"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A number and the part that it has in its sentence."""

    role: str
    """``dose``, ``level``, ``for``, ``within``, ``every``, ``after``, ``before``, ``age``, ``often``."""
    owner: str
    """The drug of a dose, the test or finding of a level; empty for times."""
    amount: Amount
    start: int
    end: int
    conditional: bool
    """It stands in a condition: "if potassium is above 6.5"."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Numbers with one key may be compared."""
        return self.role, self.owner, self.amount.measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence as it can be compared with one of another guideline."""

    text: str
    words: frozenset[str]
    around: frozenset[str]
    """Its words, those of the headings above it and of its document's title."""
    drugs: frozenset[str]
    subjects: frozenset[str]
    """Diseases, findings and organisms that it names."""
    examined: frozenset[str]
    anatomy: frozenset[str]
    context: frozenset[str]
    """All concepts of the headings and of the title."""
    circumstances: frozenset[Circumstance]
    groups: frozenset[str]
    routes: frozenset[str]
    steps: frozenset[str]
    qualifiers: frozenset[str]
    names: frozenset[str]
    """Names with a digit, such as HbA1c or CURB-65."""
    conditions: tuple[frozenset[str], ...]
    """Words of each condition."""
    excepts: bool
    denials: int
    places: tuple[Place, ...]


def guides(text: str) -> bool:
    """Whether a text holds a number or advises at all: told quickly, before it is read."""
    return _DIGIT.search(text) is not None or _GUIDES.search(text) is not None


@lru_cache(maxsize=4096)
def statement(text: str, above: str, title: str) -> Statement | None:
    """The sentence read; ``above`` are the headings, joined.

    None where it guides nobody: a question, a study's result, what speaks for a diagnosis.
    """
    if _QUESTION.search(text) or _NO_GUIDANCE.search(text) or _LISTED.search(text):
        return None
    around = f"{above}\n{title}"
    named = concepts_by_kind(text)
    spans = tuple(match.span() for match in _CONDITION.finditer(text))
    places = _places(text, spans)
    if not _GUIDES.search(text) and all(place.role != "dose" for place in places):
        return None
    return Statement(
        text=text,
        words=support.claim_words(text),
        around=support.claim_words(f"{text}\n{around}"),
        drugs=named.get("drug", frozenset()),
        subjects=_of(named, SUBJECTS),
        examined=_of(named, EXAMINED),
        anatomy=named.get("anatomy", frozenset()),
        context=frozenset().union(*concepts_by_kind(around).values()),
        circumstances=circumstances(text) | (circumstances(around) - {Circumstance.PREVENTION}),
        groups=_groups(text) or _groups(around),
        routes=support.routes(text) or support.routes(above),
        steps=frozenset(name for name, words in STEPS.items() if words.search(text)),
        qualifiers=_qualified(text) | (_qualified(above) & OF_A_CHAPTER),
        names=identifiers(text) | {f"{one.unit} {one.value}" for one in quantities(text) if one.unit in _RANKS},
        conditions=tuple(support.claim_words(text[start:end]) for start, end in spans),
        excepts=_EXCEPTION.search(text) is not None,
        denials=denials(text),
        places=places,
    )


@lru_cache(maxsize=4096)
def concepts_by_kind(text: str) -> dict[str, frozenset[str]]:
    """The concepts named in the text, abbreviations resolved, by their kind."""
    found: dict[str, set[str]] = {}
    for _, name, kind in _named(text):
        found.setdefault(kind, set()).add(name)
    return {kind: frozenset(names) for kind, names in found.items() if kind != "general"}


@lru_cache(maxsize=4096)
def _named(text: str) -> tuple[tuple[int, str, str], ...]:
    """Every concept with its place and kind, in order; "blood pressure target" names the blood pressure."""
    found = []
    for match in find_terms(text):
        found.append((match.start, match.term.en.lower(), match.term.kind))
        if aim := _AIM.search(match.term.en):
            found += [
                (match.start, one.term.en.lower(), one.term.kind) for one in find_terms(match.term.en[: aim.start()])
            ]
    for short in find_abbreviations(text):
        found += [(short.start, one.term.en.lower(), one.term.kind) for one in find_terms(short.sense.expansion)]
    return tuple(sorted(found))


def _of(named: dict[str, frozenset[str]], kinds: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*(names for kind, names in named.items() if kind in kinds))


def _qualified(text: str) -> frozenset[str]:
    """The qualifiers in the text; those inside the name of a disease or test are compared with that name."""
    rest = list(text)
    for match in find_terms(text):
        if match.term.kind != "general":
            rest[match.start : match.end] = " " * (match.end - match.start)
    plain = "".join(rest)
    return frozenset(name for name, words in QUALIFIERS.items() if words.search(plain))


def _groups(text: str) -> frozenset[str]:
    """Whom the text is about; "adults" is the usual patient and told no further."""
    return support.groups(text) - {support.ADULTS}


def _places(text: str, conditions: tuple[tuple[int, int], ...]) -> tuple[Place, ...]:
    found = quantities(text)
    places = []
    for one in found:
        measured = amount(one)
        if measured is None or one.unit in _RANKS:
            continue
        inside = any(start <= one.start < end for start, end in conditions)
        role, owner, measured = _part(text, one, measured)
        if role:
            places.append(
                Place(role=role, owner=owner, amount=measured, start=one.start, end=one.end, conditional=inside)
            )
    return tuple(places)


def _part(text: str, one: Quantity, measured: Amount) -> tuple[str, str, Amount]:
    """The role and owner of a number, and what it is compared by; no role where that is not plain."""
    if measured.measure == FREQUENT:
        return FREQUENT, "", measured
    if measured.measure == "time":
        role = _time(text, one)
        if role == "every":
            return FREQUENT, "", interval_as_often(measured)
        return role, "", measured
    drugs = [match for match in find_terms(text) if match.term.kind == "drug"]
    if _DOSE.match(one.unit) and drugs:
        return "dose", _dose_owner(text, one), measured
    if measured.second is not None:
        return "level", "", measured
    owner = _level_owner(text, one)
    return ("level", owner, measured) if owner and (one.unit or one.comparator) else ("", "", measured)


def _time(text: str, one: Quantity) -> str:
    lead, rest = text[max(0, one.start - 40) : one.start], text[one.end :]
    written = text[one.start : one.end]
    signed = lead + match.group() if (match := _SIGN.match(written)) else lead
    read = (
        ("age", _AGE_UNIT.search(written) or ("year" in written and _AGE.search(signed))),
        ("every", re.search(r"\bq\d|hourly", written) or _EVERY.search(lead)),
        ("within", _WITHIN.search(lead[-16:]) or _WITHIN_WRITTEN.search(written) or _WITHIN_AFTER.match(rest)),
        ("before", _BEFORE.match(rest)),
        ("after", _AFTER.match(rest) or _AFTER_BEFORE.search(lead)),
        ("for", _FOR.search(lead) or _FOR_AFTER.match(rest)),
    )
    return next((role for role, found in read if found), "")


def _dose_owner(text: str, one: Quantity) -> str:
    """The drug beside the dose: the last one before it in its clause, else one right behind ("10 units of insulin")."""
    drugs = [(match.start, match.end, match.term.en.lower()) for match in find_terms(text) if match.term.kind == "drug"]
    for start, _, name in drugs:
        if start >= one.end and re.fullmatch(
            r"\s*(?:of\s+|的)?(?:IV|IM|oral|intravenous|intramuscular)?\s*", text[one.end : start], re.IGNORECASE
        ):
            return name
    before = [drug for drug in drugs if drug[1] <= one.start]
    if before and not re.search(r"[;；。]|\bor\b|或", text[before[-1][1] : one.start]):
        return before[-1][2]
    return drugs[0][2] if len({name for *_, name in drugs}) == 1 else ""


def _level_owner(text: str, one: Quantity) -> str:
    """The test or finding that is measured: the nearest one before the number in its clause, else the only one."""
    measured = [
        (start, name) for start, name, kind in _named(text) if kind in ("test", "finding") and name not in _NO_MEASURE
    ]
    before = [place for place in measured if place[0] < one.start]
    if before and not _CLAUSE_END.search(text[before[-1][0] : one.start]):
        return before[-1][1]
    return measured[0][1] if len({name for _, name in measured}) == 1 else ""
