"""Are the numbers of a claim the page's, each with its unit, its direction, and at its place?

Laws of this room: pure functions of two texts. A number that the page lacks is missing, whatever else is alike. A
number of the page at another number's place is misplaced: by the words that stand at one place in two near-equal
sentences, by its surroundings, or because it is said twice where the page has two different ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from decimal import Decimal
from itertools import pairwise

from ragmed.answer import support
from ragmed.answer.alignment import Replacement
from ragmed.terms import find_terms
from ragmed.text.language import HAN
from ragmed.text.numbers import Quantity, identifiers, quantities
from ragmed.text.stop_words import ENGLISH_STOP_WORDS
from ragmed.text.units import TIME_UNITS

_SWAP_MARGIN = 0.5
_MISPLACED_MARGIN = 0.4
"""How much better a number's surroundings must fit another number of the page before it counts as misplaced."""
_WORD = re.compile(rf"[{HAN}]+|[^\W\d_{HAN}]+")
_NAME = re.compile(r"(?=[A-Za-z-]*\d)(?=[\d-]*[A-Za-z])[A-Za-z\d]+")
Key = tuple[Decimal, Decimal | None, str, str]
_BETWEEN = 16
"""Characters that may stand between a dose and how often a day: "by mouth"."""
_BEFORE_AN_AGE = 24
"""Characters before an age without "years" in which stands whose age it is."""
_OF_AGE = re.compile(
    r"\b(?:older|younger|aged?|adults?|child(?:ren)?|patients?|people|persons?|anyone|those|men|women|boys?|girls?)\b",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"\b(?:single|once)\b", re.IGNORECASE)
_ONE = re.compile(r"\b(?:one|single|full)\b", re.IGNORECASE)
"""Counts nothing by itself ("one of them"), and something where the page has another number."""
_MULTIPLES = tuple(
    (re.compile(claim, re.IGNORECASE), re.compile(page, re.IGNORECASE))
    for claim, page in (
        (
            r"\bhalf(?! an? (?:hour|day|year))|\bhalv(?:e|ed|ing)\b|减半|半量|一半",
            r"half|halv|50\s?(?:%|percent)|1/2|½|半|0\.5",
        ),
        (
            r"\bdoubl(?:e|ed|ing)\b(?![- ]blind)|加倍|两倍",
            r"doubl|twice|twofold|two[- ]fold|2[- ]fold|two times|100\s?%|倍",
        ),
        (
            r"\btripl(?:e|ed|ing)\b(?! (?:therap|test|nega))|三倍",
            r"tripl|three[- ]?fold|3[- ]fold|three times|三倍|3倍",
        ),
    )
)


def missing_number(claim: str, quote: str) -> Quantity | None:
    """The first number of the claim that the quote lacks, numbers inside terms that the quote has left out."""
    there, mine = quantities(quote), quantities(claim)
    keys = {one.key for one in there} | _once_a_day(there) | _daily(there, _once_a_day(mine))
    missing = [
        one
        for one in mine
        if one.key not in keys
        and not _is_single(claim, one, quote)
        and not _rate(one, keys)
        and not _end_of_time(one, keys)
        and not _age(claim, one, keys)
    ]
    if not missing:
        return None
    named = support.concepts(quote)
    inside = [(match.start, match.end) for match in find_terms(claim) if match.term.en.lower() in named]
    lower = claim.lower()
    for concept in named:
        if re.search(r"\d", concept) and (place := lower.find(concept)) >= 0:
            inside.append((place, place + len(concept)))
    for one in missing:
        if not any(start <= one.start and one.end <= end for start, end in inside):
            return one
    return None


def _once_a_day(found: Sequence[Quantity]) -> set[Key]:
    """The daily doses that are written as a dose "once daily"."""
    return {
        (dose.value, dose.high, f"{dose.unit}/day", dose.key[3])
        for dose, often in pairwise(found)
        if often.value == 1 and often.unit == "times/day" and dose.unit and often.start - dose.end <= _BETWEEN
    }


def _daily(there: Sequence[Quantity], wanted: set[Key]) -> set[Key]:
    """What "80 mg daily" of the page bears out in a claim that says "80 mg once daily": the dose, and once a day."""
    daily = {one.key for one in there if one.unit.endswith("/day")} & wanted
    doses = {(value, high, unit.removesuffix("/day"), sign) for value, high, unit, sign in daily}
    return doses | ({(Decimal(1), None, "times/day", "")} if daily else set())


def _is_single(claim: str, one: Quantity, quote: str) -> bool:
    """ "One dose" for "a single dose"."""
    return claim[one.start : one.end].lower().startswith("one ") and _SINGLE.search(quote) is not None


def _rate(one: Quantity, keys: Set[Key]) -> bool:
    """A rate of the page without its "/min"."""
    value, high, unit, sign = one.key
    return not unit and any(key[:2] == (value, high) and key[2][:2] == "1/" and key[3] == sign for key in keys)


def _end_of_time(one: Quantity, keys: Set[Key]) -> bool:
    """ "Within 3 hours" for the page's "within 1–3 hours"."""
    value, high, unit, sign = one.key
    return sign == "<=" and high is None and unit in TIME_UNITS and any(key[1:] == (value, unit, sign) for key in keys)


def _age(claim: str, one: Quantity, keys: Set[Key]) -> bool:
    """ "Over 65", "children under 5": an age of the page without its years."""
    value, high, unit, sign = one.key
    spoken = _OF_AGE.search(f"{claim[max(0, one.start - _BEFORE_AN_AGE) : one.start]}{claim[one.start : one.end]}")
    return not unit and spoken is not None and (value, high, "year", sign) in keys


def missing_name(claim: str, quote: str) -> str | None:
    """The first name with a digit (CURB-65, HbA1c) that the quote lacks, by its spelling or its concept."""
    if not support.same_script(claim, quote):
        return None
    there = support.concepts(quote)
    spelt = {re.sub(r"[-‐‑/\s]", "", concept) for concept in there}
    terms = [match for match in find_terms(claim) if match.term.en.lower() in there]
    for name in sorted(identifiers(claim) - identifiers(quote)):
        # T4 is borne out by "thyroxine"
        same = support.concepts(name.upper())
        if same and same <= there:
            continue
        if any(name in re.sub(r"[-‐‑/]", "", match.surface.lower()) for match in terms) or any(
            name in concept for concept in spelt
        ):
            continue
        return name
    return None


def missing_multiple(claim: str, quote: str) -> str | None:
    """ "Half", "double" or "triple" that the quote lacks."""
    for here, there in _MULTIPLES:
        named = here.search(claim)
        if named and not there.search(quote):
            return named.group()
    return None


def misplaced(aligned: Sequence[Replacement]) -> tuple[str, str] | None:
    """A number, or a name with a digit, that stands where the page has another one."""
    for one in aligned:
        mine, theirs = {q.key for q in one.claim_numbers}, {q.key for q in one.page_numbers}
        units = {_measure(q) for q in one.page_numbers if q.key not in mine}
        if any(q.key not in theirs and _measure(q) in units for q in one.claim_numbers):
            return one.claim.strip(), one.page.strip()
        if one.page_numbers and not one.claim_numbers and _ONE.search(one.claim) and not _ONE.search(one.page):
            return one.claim.strip(), one.page.strip()
        names, page_names = set(_NAME.findall(one.claim)), set(_NAME.findall(one.page))
        if (
            names
            and page_names
            and len(names) == len(page_names)
            and not names & page_names
            and _kin(names, page_names)
        ):
            return one.claim.strip(), one.page.strip()
    return None


def _measure(one: Quantity) -> str:
    """The unit without the second number of a ratio: 185/110 mmHg and 180/105 mmHg may be taken for one another."""
    return re.sub(r"^([:/])[\d.]+", r"\1", one.unit)


def _kin(names: set[str], others: set[str]) -> bool:
    """Whether names are alike but for their digits: T3 and T4, V2 and V3."""
    return {re.sub(r"\d", "", name).lower() for name in names} == {re.sub(r"\d", "", name).lower() for name in others}


def said_twice(claim: str, quote: str) -> tuple[str, str] | None:
    """A number said more often than on the page, where another of its unit is said less often."""
    mine, theirs = quantities(claim), quantities(quote)
    said, there = Counter(one.key for one in mine), Counter(one.key for one in theirs)
    for one in mine:
        if one.unit and said[one.key] > there[one.key]:
            for other in theirs:
                if other.unit == one.unit and not said[other.key] and _shares(claim, one, quote, other):
                    return claim[one.start : one.end].strip(), quote[other.start : other.end].strip()
    return None


def _shares(claim: str, one: Quantity, quote: str, other: Quantity) -> bool:
    return _likeness(_surroundings(claim, one), _surroundings(quote, other)) > 0.5


def crossed(claim: str, quote: str) -> tuple[str, str] | None:
    """Two numbers, each beside a number of another unit, that have changed partners: "8 percent at 1 year, 6 at 10" for
    "6 percent at 1 year, 8 at 10", in whatever words and order."""
    mine, theirs = quantities(claim), quantities(quote)
    once = [one.key for one in mine if [other.key for other in mine].count(one.key) == 1]
    shared = {key for key in once if [other.key for other in theirs].count(key) == 1}
    here, there = ([one for one in found if one.key in shared] for found in (mine, theirs))
    for place in range(len(here) - 3):
        four = here[place : place + 4]
        keys = {one.key for one in four}
        pairs, page_pairs = _partners(four), _partners([one for one in there if one.key in keys])
        if pairs and page_pairs and not any(pair in page_pairs for pair in pairs):
            one, other = (next(one for one in four if one.unit == four[0].unit and one.key in pair) for pair in pairs)
            return claim[one.start : one.end].strip(), claim[other.start : other.end].strip()
    return None


def _partners(four: Sequence[Quantity]) -> list[set[Key]]:
    """Which belong together of four numbers in two units: "6 percent at 1 year and 8 at 10", "at 1 year 6, 8 at 10",
    "6 and 8 percent at 1 and 10 years". Empty where the units are not two of each."""
    units = [one.unit for one in four]
    if len(set(units)) != 2 or units.count(units[0]) != 2:
        return []
    a, b, c, d = (number.key for number in four)
    return [{a, c}, {b, d}] if units[0] == units[1] else [{a, b}, {c, d}]


def _surroundings(text: str, quantity: Quantity) -> dict[tuple[str, str], float]:
    """Words beside a number, by side, weighing less with distance; Chinese by character."""
    beside: dict[tuple[str, str], float] = {}
    for side, stretch in (("before", text[: quantity.start]), ("after", text[quantity.end :])):
        tokens = [
            token
            for run in _WORD.findall(stretch[-60:] if side == "before" else stretch[:60])
            for token in ([run.lower()] if run.isascii() else run)
            if token not in ENGLISH_STOP_WORDS
        ]
        nearest = tokens[::-1][:5] if side == "before" else tokens[:5]
        for distance, token in enumerate(nearest, 1):
            beside.setdefault((side, token), 1 / distance)
    return beside


def _likeness(one: dict[tuple[str, str], float], other: dict[tuple[str, str], float]) -> float:
    total = sum(one.values()) + sum(other.values())
    return 2 * sum(min(weight, other[key]) for key, weight in one.items() if key in other) / total if total else 0.0


def swapped(claim: str, quote: str) -> tuple[str, str] | None:
    """Two numbers of one unit whose surroundings on the page are each other's."""
    there = quantities(quote)
    mine = [(quantity, _surroundings(claim, quantity)) for quantity in quantities(claim)]
    theirs = [(quantity, _surroundings(quote, quantity)) for quantity in there]

    def like(around: dict[tuple[str, str], float], key: tuple[object, ...]) -> float:
        return max((_likeness(around, other) for quantity, other in theirs if quantity.key == key), default=0.0)

    for one, around in mine:
        own = like(around, one.key)
        for other in there:
            if other.unit == one.unit and other.key != one.key and like(around, other.key) > own + _MISPLACED_MARGIN:
                return claim[one.start : one.end].strip(), quote[other.start : other.end].strip()
    for number, (one, around_one) in enumerate(mine):
        for two, around_two in mine[number + 1 :]:
            if one.key == two.key or (one.unit != two.unit and one.unit and two.unit):
                continue
            straight = like(around_one, one.key) + like(around_two, two.key)
            crossed = like(around_one, two.key) + like(around_two, one.key)
            if crossed > straight + _SWAP_MARGIN:
                return claim[one.start : one.end].strip(), claim[two.start : two.end].strip()
    return None
