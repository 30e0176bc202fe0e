"""Whether a sentence is of the kind that a question wants, as a number that is added to its score.

Laws of this room: pure functions of a sentence, the headings above it and what is asked; general clinical language
only. A dose counts where it is a dose *of the drug asked for*; a count of doses, a strength or a laboratory value is
none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from ragmed.answer.asks import Asks, Kind, is_class
from ragmed.answer.excerpts import CELLS
from ragmed.answer.whom import about_whom
from ragmed.terms import TermMatch, find_abbreviations, find_terms
from ragmed.text.numbers import Quantity, quantities

MOST = 0.36
"""What a sentence can gain at most."""
_FULL, _HALF = 1.0, 0.5
_OTHER_DRUG = -0.4
"""A dose of other drugs only."""

_DOSE_UNIT = re.compile(
    r"^(?:k?g|mg|mcg|ug|ng|ml|l|u|iu|meq|mmol|tablet|capsule|drop|puff|oz)"
    r"(?:/(?:kg|h|min|day|m2|dose|week|s))*$"
)
_TIME_UNIT = re.compile(r"^(?:s|min|h|day|week|month|year)$")
_TIMES_PER = re.compile(r"^times/")
_SALTS = frozenset({"blood glucose", "potassium", "magnesium", "phosphorus", "calcium"})
"""Tests and drugs in one: a dose behind such a name is its own."""
_REACH = 90
"""Characters between a drug and its dose at most."""
_OF = re.compile(r"^\s*(?:of|[,，]?\s*(?:IV|IM)?)\s*(?:\w+\s+){0,2}$", re.IGNORECASE)
_ADJUSTED = re.compile(
    r"\b(?:rais|lower|increas|reduc|decreas|adjust|titrat)\w*(?: \w+){0,2} (?:by|to)\s*$|(?:增加|减少|减至|增至|上调"
    r"|下调)[^。；，]{0,4}$",
    re.IGNORECASE,
)
"""A step up or down is not the dose to begin with."""
_DURATION_BEFORE = re.compile(
    r"\b(?:for|last\w*|continu\w+|duration|over|least|minimum|up to|after|until|course of|enough|takes?)\b[^.;]{0,25}$"
    r"|(?:疗程|持续|至少|维持|共|连用|继续|最长|一般|坚持)[^。；]{0,8}$",
    re.IGNORECASE,
)
_DURATION_AFTER = re.compile(
    r"^\s*(?:of treatment|are (?:usually )?enough|in total|or more|course)|^(?:以上|后停药|疗程)"
)
_LASTS = re.compile(r"\bduration\b|\blasts\b|\blength\b|疗程|持续", re.IGNORECASE)
_TIMING_BEFORE = re.compile(
    r"\b(?:within|in|by|no(?:t)? later than|before|less than|under|at)\s+(?:about |the )?(?:first )?$", re.IGNORECASE
)
_TIMING_AFTER = re.compile(r"^\s*(?:of|before|after)\b|^(?:之内|以内|内|之前|前|后)")
_AT_ONCE = re.compile(r"\bat once\b|\bimmediate\w*|\bas soon as\b|\bwithout delay\b|\burgent\w*|立即|马上|尽早|尽快")
_INTERVAL = re.compile(
    r"\b(?:every|each)\s+(?:\d|few|other|day|hour|week|month|year|\w+ (?:days|hours|weeks|months|years))|\bhourly\b"
    r"|\bdaily\b|\bweekly\b|\bmonthly\b|\byearly\b|\bannual\w*|\brepeat\w*|\bagain\b"
    r"|\blater\b|\bfollow|\bre-?check|\bat (?:about )?\d|每|复查|随访|间隔|再次|后",
    re.IGNORECASE,
)
_ROUTES = re.compile(
    r"\bIM\b|\bIV\b|\bintra(?:muscular|venous|nasal|osseous|dermal)\w*|\bby mouth\b|\boral(?:ly)?\b|\bsub-?cut\w*"
    r"|\bnebuli[sz]\w+|\binhal\w+|\bsublingual\w*|\brectal\w*|\btopical\w*|\binfusion\b"
    r"|静脉|静滴|肌注|肌内|口服|皮下|雾化|吸入|舌下|嚼服|直肠|外用"
)
_ADVISES = re.compile(
    r"\brecommend\w*|\bshould\b|\bis (?:the )?(?:first|preferred|indicated|needed)|\bfirst[- ](?:line|choice)"
    r"|\bprefer\w*"
    r"|\bgive\b|\bstart\b|\bmust\b|\bneeds?\b|\bdiagnos\w+|\bconfirm\w*|\btreated with\b|\breceive\b"
    r"|推荐|首选|应|宜|给予|可用|确诊|选用|建议",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\bfirst\b(?![- ](?:\d|hours?|days?|weeks?|months?|subcut))|\binitial\w*|\bstart\w*|\bbegin\w*|\bat once\b"
    r"|\bimmediate\w*|\bprefer\w*|\bempiric\w*|首选|首先|首剂|初始|起始|立即|推荐",
    re.IGNORECASE,
)
_LOADING = re.compile(r"\bloading\b|\bbolus\b|\bonce, then\b|负荷", re.IGNORECASE)
_FORBIDS = re.compile(
    r"\bdoes not support\b|\bno (?:benefit|role)\b|"
    r"\bcontra-?indicat\w*|\bavoid\w*|\b(?:not|never) be\b|\bmust not\b|\bnot (?:recommended|advised|indicated"
    r"|suitable|safe"
    r"|be (?:given|used|taken|started))\b|\bunless\b|\bwithh[eo]ld\w*|\bunsafe\b|\bdo not\b|\bstop\w*\b|\bcannot\b"
    r"|禁忌|禁用|不应|不宜|不推荐|不能|避免|慎用|停用|不得|不要",
    re.IGNORECASE,
)
_ONLY_MENTIONS = re.compile(
    r"\b(?:unless|if|where|when)\b[^.;]{0,40}\bcontra-?indicat\w*|(?:除非|如有|若有)[^。；]{0,12}禁忌", re.IGNORECASE
)
"""A reservation that names no contraindication."""
_EFFECTS = re.compile(
    r"side effect|adverse|reaction|complication|\brisk|monitor|toxic|\bharm|不良|副作用|并发|风险|监测|毒性",
    re.IGNORECASE,
)
_BECAUSE = re.compile(
    r"\bbecause\b|\bdue to\b|\bcause|\bsince\b|\btherefore\b|\bin order to\b|\bso that\b|因为|由于|导致|以免",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r"\b(?:is|are) (?:an?|the|defined|diagnosed|either)\b|\bmeans?\b|\brefers? to\b|\bhas both\b|\bdefined as\b"
    r"|是指|定义为|指的是|即为|为[^。]{0,12}者|，?同时含|包括",
    re.IGNORECASE,
)
_SUBJECT = 45
"""Characters in which a sentence names what it is about."""
_PEOPLE = re.compile(
    r"\b(?:patients?|people|adults?|women|men|children|persons?|individuals)\b|患者|人群|者", re.IGNORECASE
)
_ITEMS = re.compile(r"[,;，；、]|\n")
_LEAST_ITEMS = 2

Measure = Callable[[str, tuple[Quantity, ...], Asks], float]


def fit(text: str, asks: Asks, headings: str = "") -> float:
    """What the sentence gains by being of the kinds asked for, at most ``MOST``, and by whom it is about.
    ``headings`` stand above it: a drug named there is the drug of a dose that names none."""
    of_whom = about_whom(text, asks)
    if not asks.kinds:
        return of_whom
    numbers = quantities(text)
    gained = sum(
        weight * measure(text, numbers, asks) for kind, (weight, measure) in _MEASURES.items() if kind in asks.kinds
    )
    if Kind.DOSE in asks.kinds:
        gained += 0.24 * _dose(text, headings, numbers, asks)
    if asks.first and _FIRST.search(text):
        gained += 0.05
    return min(MOST, gained) + of_whom


def answers(text: str, asks: Asks, headings: str = "") -> bool:
    """Whether the sentence is wholly of the first of the kinds asked for, as far as that can be told."""
    numbers = quantities(text)
    if Kind.DOSE in asks.kinds:
        return _dose(text, headings, numbers, asks) >= _FULL
    told = [measure(text, numbers, asks) for kind, (_, measure) in _MEASURES.items() if kind in asks.kinds]
    return bool(told) and max(told) >= _FULL


def has_number_of_kind(text: str, kind: Kind, asks: Asks) -> bool:
    """Whether the sentence has anything at all of this kind (not of ``DOSE``)."""
    return _MEASURES[kind][1](text, quantities(text), asks) > 0


def dose_of_what_is_asked(text: str, headings: str, asks: Asks) -> bool:
    """Whether the sentence has a dose that may be one of a drug asked for; doses of other drugs alone are none."""
    return _dose(text, headings, quantities(text), asks) > 0


@lru_cache(maxsize=4096)
def _drugs(text: str) -> tuple[TermMatch, ...]:
    return tuple(match for match in find_terms(text) if match.term.kind == "drug" or match.term.en.lower() in _SALTS)


def _dose(text: str, headings: str, numbers: tuple[Quantity, ...], asks: Asks) -> float:
    """1 for a dose of a drug asked for, less for a dose of which the drug is not told, and a loss
    for doses of other drugs alone."""
    doses = [one for one in numbers if is_dose(one)]
    if not doses:
        return 0.0
    drugs = _drugs(text)
    there = {drug.term.en.lower() for drug in drugs}
    if asks.drugs and there and not there & asks.drugs and not any(is_class(name) for name in there):
        return _OTHER_DRUG
    best = 0.0
    for dose in doses:
        taken = _drug_of(text, dose, drugs)
        if taken is None:
            above = {match.term.en.lower() for match in _drugs(headings)}
            worth = 0.8 if above & asks.drugs else 0.3
        elif not asks.drugs or taken in asks.drugs:
            worth = _FULL
        else:
            worth = 0.15 if is_class(taken) else 0.0
        if worth >= _FULL and _ADJUSTED.search(text[: dose.start]):
            worth = 0.4
        if worth >= _FULL:
            if asks.rate and re.search(r"/(?:h|min)$", dose.unit):
                worth += 0.3
            if asks.loading and _LOADING.search(text):
                worth += 0.2
        best = max(best, worth)
    return best


def advises_test(text: str) -> bool:
    """Whether the sentence is about a test and says to do it."""
    tests = [match for match in find_terms(text) if match.term.kind == "test" and match.start <= _SUBJECT]
    return bool(tests) and _ADVISES.search(text) is not None


def is_dose(number: Quantity) -> bool:
    """Whether a number is an amount to be given, and no limit, strength or laboratory value."""
    return _DOSE_UNIT.match(number.unit) is not None and number.comparator not in (">", "<", ">=")


def _drug_of(text: str, dose: Quantity, drugs: tuple[TermMatch, ...]) -> str | None:
    """The drug that a dose belongs to: one right behind ("10 units of insulin"), else the last one before it."""
    for drug in drugs:
        if drug.start >= dose.end and _OF.match(text[dose.end : drug.start]):
            return drug.term.en.lower()
    before = [drug for drug in drugs if drug.end <= dose.start and dose.start - drug.end <= _REACH]
    return before[-1].term.en.lower() if before else None


def _times(text: str, numbers: tuple[Quantity, ...], before: re.Pattern[str], after: re.Pattern[str]) -> float:
    """1 where a time stands in the wording wanted, a part where it stands in another."""
    times = [one for one in numbers if _TIME_UNIT.match(one.unit)]
    for one in times:
        lead = text[max(0, one.start - 45) : one.start + (0 if one.comparator == "" else 12)]
        if before.search(lead) or after.match(text[one.end :]):
            return _FULL
    return 0.4 if times else 0.0


def _duration(text: str, numbers: tuple[Quantity, ...], _: Asks) -> float:
    if CELLS.strip() in text and _LASTS.search(text) and any(_TIME_UNIT.match(one.unit) for one in numbers):
        return _FULL
    return _times(text, numbers, _DURATION_BEFORE, _DURATION_AFTER)


def _timing(text: str, numbers: tuple[Quantity, ...], _: Asks) -> float:
    times = [one for one in numbers if _TIME_UNIT.match(one.unit)]
    if any(one.comparator == "<=" for one in times):
        return _FULL
    told = _times(text, numbers, _TIMING_BEFORE, _TIMING_AFTER)
    return max(told, _HALF if _AT_ONCE.search(text) else 0.0)


def _interval(text: str, numbers: tuple[Quantity, ...], _: Asks) -> float:
    if any(_TIMES_PER.match(one.unit) for one in numbers):
        return _FULL
    if not any(_TIME_UNIT.match(one.unit) for one in numbers):
        return 0.2 if _INTERVAL.search(text) else 0.0
    return _FULL if _INTERVAL.search(text) else 0.4


def _when(text: str, numbers: tuple[Quantity, ...], asks: Asks) -> float:
    return max(_timing(text, numbers, asks), _HALF if re.search(r"\bwhen\b|\bif\b|时|者", text) else 0.0)


def _threshold(text: str, numbers: tuple[Quantity, ...], asks: Asks) -> float:
    values = [one for one in numbers if not _TIME_UNIT.match(one.unit) and not _TIMES_PER.match(one.unit)]
    if not values:
        return 0.3 if numbers else 0.0
    compared = [one for one in values if one.comparator in (">", "<", ">=", "<=") or one.unit.startswith("/")]
    if not compared:
        return 0.6
    near = {
        match.term.en.lower()
        for one in compared
        for match in find_terms(text[max(0, one.start - _REACH) : one.start])
        if match.term.kind != "general"
    }
    return 1.2 if near & asks.named else _FULL


def _test(text: str, _: tuple[Quantity, ...], __: Asks) -> float:
    tests = [match for match in find_terms(text) if match.term.kind in ("test", "procedure")]
    if not tests:
        return 0.0
    if not _ADVISES.search(text):
        return _HALF
    return 1.2 if tests[0].start <= _SUBJECT else _FULL


def _choice(text: str, _: tuple[Quantity, ...], asks: Asks) -> float:
    """A drug that the question has not named, and advice to give it."""
    named = {match.term.en.lower() for match in find_terms(text) if match.term.kind in ("drug", "procedure")}
    if not {name for name in named - asks.named if not is_class(name)}:
        return 0.0
    return _FULL if _ADVISES.search(text) and not _FORBIDS.search(text) else 0.4


def _treatment(text: str, _: tuple[Quantity, ...], __: Asks) -> float:
    return _FULL if any(match.term.kind in ("drug", "procedure") for match in find_terms(text)) else 0.0


def _route(text: str, _: tuple[Quantity, ...], asks: Asks) -> float:
    if not _ROUTES.search(text):
        return 0.0
    there = {match.term.en.lower() for match in _drugs(text)}
    return _FULL if not asks.drugs or there & asks.drugs else 0.3


def _meaning(text: str, _: tuple[Quantity, ...], asks: Asks) -> float:
    """Begins with what is to be defined, and says what it is."""
    means = _MEANS.search(text)
    start = text[:_SUBJECT]
    subjects = {match.term.en.lower() for match in find_terms(start)}
    subjects |= {short.sense.expansion.lower() for short in find_abbreviations(start)}
    if asks.named and not subjects & asks.named:
        return 0.2 if means else 0.0
    return _FULL if means else 0.4


def _list(text: str, _: tuple[Quantity, ...], __: Asks) -> float:
    items = len(_ITEMS.findall(text))
    return _FULL if items > _LEAST_ITEMS else _HALF if items == _LEAST_ITEMS else 0.0


def _forbidden(text: str, _: tuple[Quantity, ...], __: Asks) -> float:
    if not _FORBIDS.search(text):
        return 0.0
    return _FULL if _FORBIDS.search(_ONLY_MENTIONS.sub("", text)) else 0.2


def _says(pattern: re.Pattern[str]) -> Measure:
    def measure(text: str, _: tuple[Quantity, ...], __: Asks) -> float:
        return _FULL if pattern.search(text) else 0.0

    return measure


_MEASURES: dict[Kind, tuple[float, Measure]] = {
    Kind.ROUTE: (0.12, _route),
    Kind.DURATION: (0.14, _duration),
    Kind.TIMING: (0.14, _timing),
    Kind.INTERVAL: (0.12, _interval),
    Kind.WHEN: (0.08, _when),
    Kind.THRESHOLD: (0.12, _threshold),
    Kind.TEST: (0.14, _test),
    Kind.CHOICE: (0.14, _choice),
    Kind.TREATMENT: (0.05, _treatment),
    Kind.FORBIDDEN: (0.09, _forbidden),
    Kind.EFFECTS: (0.06, _says(_EFFECTS)),
    Kind.WHY: (0.06, _says(_BECAUSE)),
    Kind.MEANING: (0.10, _meaning),
    Kind.WHO: (0.04, _says(_PEOPLE)),
    Kind.LIST: (0.10, _list),
}
"""What a sentence of each kind gains, and how far it is of that kind (0 to 1, a little more where it names the very
thing asked for). Doses are weighed on their own."""
