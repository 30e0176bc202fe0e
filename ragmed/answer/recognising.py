"""What a sentence says to somebody with a case in front of them: which diagnosis, what next, or how it is treated.

Laws of this room: pure functions of a sentence and the diagnoses in question. The short answer to a case leads with
what is to be considered and how it is recognised; a treatment that merely shares a word with the case does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragmed.answer.fitting import advises_test, is_dose
from ragmed.records import Passage, Query
from ragmed.terms import find_terms
from ragmed.text.numbers import quantities

_RECOGNISED, _OTHER_RECOGNISED, _NEXT, _TREATED = 0.40, 0.20, 0.25, -0.25
_RECOGNISES = re.compile(
    r"\bsuspect\b|\b(?:is|are) diagnosed\b|\bfirst diagnos|\bconsider(?:ed)? first|\branked first"
    r"|\b(?:highly )?likely\b"
    r"|\bshould be considered\b|\bdiagnoses to consider|\bsuggests?\b|\buntil (?:\w+ ){0,3}(?:exclud|shows|prove)\w*"
    r"|优先考虑|首先考虑|应考虑|应怀疑|可诊断|提示|高度怀疑",
    re.IGNORECASE,
)
_NEXT_STEP = re.compile(
    r"\bfirst diagnos|\bconsider|\branked first|\bnext step|\bfollow-?\s?up|\brepeat\b|\brefer\b|\bdifferential"
    r"|优先考虑|首先考虑|应考虑|下一步|随访|复查|转诊|鉴别",
    re.IGNORECASE,
)
_TREATS = re.compile(
    r"\btreat(?:ed|ing|ment)\b|\b(?:add|infuse|inject|administer)\b|\bgive\b|\btherapy\b|治疗|给予|静脉|输注",
    re.IGNORECASE,
)


def diagnoses(query: Query, passages: Sequence[Passage]) -> frozenset[str]:
    """The diagnoses in question, by their English names: those that the card puts first, and the subject of the
    passage found first."""
    named = {one.english.lower() for one in query.expansions if one.reason == "diagnosis"}
    for passage in passages[:1]:
        named |= _diseases(passage.document.title)
    return frozenset(named)


def standing(text: str, wanted: frozenset[str]) -> float:
    """What a sentence gains, or loses, by what it says to somebody with a case."""
    if _RECOGNISES.search(text):
        there = _diseases(text)
        if there & wanted:
            return _RECOGNISED
        if there:
            return _OTHER_RECOGNISED if not _NEXT_STEP.search(text) else _NEXT
    if _NEXT_STEP.search(text) or (_diseases(text) & wanted and advises_test(text)):
        return _NEXT
    if _TREATS.search(text) or any(is_dose(number) for number in quantities(text)):
        return _TREATED
    return 0.0


def _diseases(text: str) -> frozenset[str]:
    return frozenset(match.term.en.lower() for match in find_terms(text) if match.term.kind == "disease")
