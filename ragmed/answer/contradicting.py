"""Do two sentences of two guidelines speak of one matter, and what do they say differently of it?

Laws of this room: pure functions of two statements. Precision before recall: everything that a sentence names (drugs,
diseases, tests, patients, route, step, severity, conditions) must be named by the other one, by the headings above it
or by its title; what cannot be compared is no difference. Three things contradict: another number at one place, advice
to do against advice not to, and first line against second line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ragmed.answer import amounts, opposites, polarity, support
from ragmed.answer.asks import is_class
from ragmed.answer.circumstances import Circumstance
from ragmed.answer.statements import FREQUENT, Place, Statement, concepts_by_kind

_ALIKE = 0.34
"""Overlap of their words under which two sentences are held to be about two things, whatever they name."""
_ALIKE_WITHOUT_DOSE = 0.5
"""The same for numbers that are no drug's dose ("for 5 days", "below 70 g/L"): what is done has to be the same."""
_ALIKE_IN_ADVICE = 0.5
"""The same where one advises what the other advises against."""
_MET = 0.6
"""Share of a condition's words that the other side has to have."""
_CONCEPTS_ALIKE = 0.6
"""Overlap of named concepts from which sentences in two languages are held to be about one thing."""
_AGAINST = re.compile(
    r"\bcontra-?indicated\b|\b(?:is|are) to be avoided\b|\bavoid(?:ed|ing)?\b|\b(?:must|should) (?:not|never)\b"
    r"|\b(?:do|does) not (?:give|use|offer|start|take|recommend|prescribe|perform|add|measure|repeat|stop|screen)\b"
    r"|\b(?:not|never) (?:be )?(?:recommended|advised|indicated|given|used|offered|needed)\b"
    r"|\b(?:recommend|advis)\w* against\b|\bnever (?:give|use)\b|\bwithh[eo]ld\b"
    r"|禁忌|禁用|不应|不宜|不推荐|不建议|避免|不得|不要|不需要|不必|无需",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"\b(?:is|are) (?:strongly |also )?(?:recommended|indicated|advised|preferred|needed)\b"
    r"|\brecommend(?:s|ed)?\b(?! against)|\b(?:should|must)\b(?! not| never)"
    r"|^\s*(?:give|use|offer|start|add|perform|measure|repeat|take|prescribe)\b"
    r"|\b(?:advise|suggest)\b"
    r"|(?<!不)推荐|(?<!不)应(?![激对用])|(?<!不)宜(?!居)|(?<!不)建议|应予|给予|可予",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\bfirst[- ](?:line|choice)\b|\b(?:drug|treatment|agent|antibiotic) of choice\b|\bpreferred\b(?! over)|首选|一线",
    re.IGNORECASE,
)
_SECOND = re.compile(
    r"\bsecond[- ](?:line|choice)\b|\bthird[- ]line\b|\b(?:an|the|only an) alternative\b|\breserved\b"
    r"|次选|二线|三线|备选|替代",
    re.IGNORECASE,
)
_RANKED = frozenset({Circumstance.FAILED, Circumstance.ALTERNATIVE})
_STEPS_OF_LIMITS = frozenset({"most", "least"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one sentence says and the other does not, in the words of each."""

    kind: str
    """``number``, ``advice`` or ``line``."""
    first: str
    second: str


def differences(one: Statement, other: Statement) -> tuple[Difference, ...]:
    """What the two say differently of one matter; nothing where they are not plainly about one."""
    if not _one_matter(one, other):
        return ()
    return tuple(_numbers(one, other)) or tuple(_lines(one, other)) or tuple(_advice(one, other))


# --- one matter ---


def _one_matter(one: Statement, other: Statement) -> bool:
    if one.text == other.text or _marks(one) != _marks(other):
        return False
    if not (_covered(one, other) and _covered(other, one) and _shared(one, other)):
        return False
    if support.same_script(one.text, other.text):
        return _alike(one, other) >= _ALIKE and _conditions_met(one, other) and _conditions_met(other, one)
    mine, theirs = (_all_named(side) | side.context for side in (one, other))
    return len(mine & theirs) >= 2 and polarity.overlap(mine, theirs) >= _CONCEPTS_ALIKE


def _marks(one: Statement) -> tuple[frozenset[str], ...]:
    """What has to be the same on both sides, word by word of the tables."""
    return one.groups, one.routes, frozenset(_without_rank(one)), one.qualifiers, one.drugs, one.names


def _alike(one: Statement, other: Statement) -> float:
    return polarity.overlap(one.words, other.words)


def _without_rank(one: Statement) -> frozenset[Circumstance]:
    """Circumstances, but not "alternative" and "second-line" where they are the very thing that is compared."""
    return one.circumstances - _RANKED if _SECOND.search(one.text) or _FIRST.search(one.text) else one.circumstances


def _all_named(one: Statement) -> frozenset[str]:
    return one.drugs | one.subjects | one.examined | one.anatomy


def _covered(one: Statement, other: Statement) -> bool:
    """Whether all that one names is named by the other, or stands above it."""
    there = _all_named(other) | other.context
    one_chapter = bool(one.context & other.context)
    return all(_named(concept, there, one_chapter) for concept in one.subjects | one.examined | one.anatomy)


def _named(concept: str, there: frozenset[str], one_chapter: bool) -> bool:
    """ "Pneumonia" is named by "community-acquired pneumonia"; the other way round only in chapters on one disease,
    where "pain" is the pain of that disease."""
    return any(
        known == concept or known.endswith(f" {concept}") or (one_chapter and concept.endswith(f" {known}"))
        for known in there
    )


def _shared(one: Statement, other: Statement) -> bool:
    """Whether both are about one disease, finding, organism or test, in the sentence or above it."""
    mine, theirs = (_all_named(side) | side.context for side in (one, other))
    shared = (mine & theirs) - one.drugs
    return bool(shared) or bool(not (mine | theirs) - one.drugs and one.drugs)


def _conditions_met(one: Statement, other: Statement) -> bool:
    """Whether each condition of one stands in the other."""
    return all(not words or len(words & other.around) >= _MET * len(words) for words in one.conditions)


# --- another number ---


def _numbers(one: Statement, other: Statement) -> Iterator[Difference]:
    same_script = support.same_script(one.text, other.text)
    if one.steps - _STEPS_OF_LIMITS != other.steps - _STEPS_OF_LIMITS or one.denials % 2 != other.denials % 2:
        return
    mine, theirs = _by_key(one), _by_key(other)
    if (same_script and _turned(one, other)) or not _same_conditions(mine, theirs):
        return
    differing = [(key, mine[key], theirs[key]) for key in mine if key in theirs and _differ(mine[key], theirs[key])]
    roles = {key[0] for key, _, _ in differing}
    if len(differing) > 1 and any(place.conditional for _, *sides in differing for side in sides for place in side):
        return  # another step for another value
    if {"dose", FREQUENT} <= roles and not _daily_apart(mine, theirs):
        return
    if "dose" not in roles and (not same_script or _alike(one, other) < _ALIKE_WITHOUT_DOSE):
        return
    for _, here, there in differing:
        yield Difference(kind="number", first=_words(one, here[0]), second=_words(other, there[0]))


def _turned(one: Statement, other: Statement) -> bool:
    """Left for right, before for after, severe for mild: two matters."""
    return any(
        opposites.opposite(here.text, there.text, support.claim_words) is not None
        for here, there in ((one, other), (other, one))
    )


def _by_key(one: Statement) -> dict[tuple[str, str, str], list[Place]]:
    found: dict[tuple[str, str, str], list[Place]] = {}
    for place in one.places:
        found.setdefault(place.key, []).append(place)
    return found


def _unclear(places: list[Place]) -> bool:
    """Two numbers for one place: which of them is meant is not told."""
    return len({(place.amount.low, place.amount.high, place.amount.direction) for place in places}) > 1


def _differ(here: list[Place], there: list[Place]) -> bool:
    if _unclear(here) or _unclear(there):
        return False
    return amounts.apart(here[0].amount, there[0].amount)


def _same_conditions(
    mine: dict[tuple[str, str, str], list[Place]], theirs: dict[tuple[str, str, str], list[Place]]
) -> bool:
    """Whether every number of a condition, and every age, is one that the other side names too."""
    for here, there in ((mine, theirs), (theirs, mine)):
        for key, places in here.items():
            if any(place.conditional or place.role == "age" for place in places) and key not in there:
                return False
            if key[0] == "age" and _differ(places, there[key]):
                return False
    return True


def _daily_apart(
    mine: dict[tuple[str, str, str], list[Place]], theirs: dict[tuple[str, str, str], list[Place]]
) -> bool:
    """Whether doses and how often they are given come to different amounts a day."""
    key = next(key for key in mine if key[0] == "dose" and key in theirs)
    often = next(key for key in mine if key[0] == FREQUENT)
    here, there = (
        (side[key][0].amount.low * side[often][0].amount.low, side[key][0].amount.high * side[often][0].amount.high)
        for side in (mine, theirs)
    )
    return here[1] < there[0] or there[1] < here[0]


def _words(one: Statement, place: Place) -> str:
    return " ".join(one.text[place.start : place.end].split()).strip(" ,;")


# --- first line against second line ---


def _lines(one: Statement, other: Statement) -> Iterator[Difference]:
    for here, there, turned in ((one, other, False), (other, one, True)):
        first, second = _FIRST.search(here.text), _SECOND.search(there.text)
        if not first or not second or _SECOND.search(here.text) or _FIRST.search(there.text):
            continue
        if here.denials or there.denials or _only_one(here) is None or _only_one(here) != _only_one(there):
            continue
        words = (first.group(), second.group())
        yield Difference(kind="line", first=words[turned], second=words[not turned])
        return


def _only_one(one: Statement) -> str | None:
    """The one drug, or else procedure, that the sentence is about."""
    drugs = [drug for drug in one.drugs if not is_class(drug)]
    found = drugs or sorted(concepts_by_kind(one.text).get("procedure", ()))
    return found[0] if len(found) == 1 else None


# --- advice for and against ---


def _advice(one: Statement, other: Statement) -> Iterator[Difference]:
    if one.steps != other.steps or one.excepts or other.excepts or not (one.drugs or one.examined):
        return
    if one.examined != other.examined or not support.same_script(one.text, other.text):
        return
    if (
        _alike(one, other) < _ALIKE_IN_ADVICE
        or one.denials % 2 == other.denials % 2
        or _by_key(one).keys() != _by_key(other).keys()
    ):
        return
    for here, there, turned in ((one, other, False), (other, one, True)):
        advised, against = _FOR.search(here.text), _AGAINST.search(there.text)
        if not advised or not against or _AGAINST.search(here.text):
            continue
        words = (_shown(advised), _shown(against))
        yield Difference(kind="advice", first=words[turned], second=words[not turned])
        return


def _shown(match: re.Match[str]) -> str:
    return " ".join(match.group().split())
