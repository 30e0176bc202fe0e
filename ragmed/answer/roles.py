"""Have two things of the page changed places in the claim: the preferred and the other, the first and the later, a dose
and the drug that it belongs to?

Laws of this room: pure functions of two texts. Places are compared only where both texts name both things, so that a
sentence turned round with its meaning kept ("instead of B, use A") is not held against a claim.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragmed.answer.polarity import Words, clauses_between, overlap, sentences
from ragmed.terms import find_terms, look_alike_pattern
from ragmed.text.numbers import Quantity, quantities

_RELATIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:is|are|was|were|be)\s+(?:preferred|superior)\s+(?:to|over)\b|优于|\b(?:rather\s+than|instead\s+of)\b|而不是|而非",
        r"\bfollowed\s+by\b",
        r"\b(?:before|prior\s+to)\b",
        r"\b(?:after|following)\b",
    )
)
_NEAREST = 5
"""Content words on the left of a relation that may be what stands in it."""
_LIKE = 0.5
"""Overlap of two sentences from which their relations are compared."""
_BESIDE = 24
"""Characters between a dose and its drug."""
_DOSE = re.compile(
    r"^(?:m?c?g|n?g|mg|mcg|g|u|iu|mu|meq|mmol|ml|tablet|capsule|drop|puff)(?:/(?:kg|m2|day|h|min|dose))*$"
)


def exchanged(claim: str, page: str, words: Words) -> tuple[str, str] | None:
    """(as the claim has it, as the page has it) where the two sides of one relation have changed places."""
    for sentence in sentences(claim):
        mine = words(sentence)
        for other in sentences(page):
            if overlap(mine, words(other)) < _LIKE:
                continue
            for pattern in _RELATIONS:
                here, there = _sides(sentence, pattern, words), _sides(other, pattern, words)
                for left, right, text in here:
                    for page_left, page_right, page_text in there:
                        first, page_first = right[0], page_right[0]
                        if (
                            first in page_left[-_NEAREST:]
                            and page_first in left[-_NEAREST:]
                            and first not in page_right
                            and page_first not in right
                        ):
                            return text, page_text
    return None


def _sides(sentence: str, pattern: re.Pattern[str], words: Words) -> list[tuple[list[str], list[str], str]]:
    """Content words left and right of each place of a relation, inside its clause; both sides say something."""
    found = []
    for match in pattern.finditer(sentence):
        start, end = clauses_between(sentence, match.start(), match.end())
        left = _in_order(sentence[start : match.start()], words)
        right = _in_order(sentence[match.end() : end], words)[:_NEAREST]
        if left and right:
            found.append((left, right, " ".join(sentence[start:end].split())))
    return found


def _in_order(text: str, words: Words) -> list[str]:
    return [word for piece in re.findall(r"[^\W_]+", text) for word in sorted(words(piece))]


def dose_of_another(claim: str, page: str) -> tuple[str, str] | None:
    """(dose, the drug that it belongs to on the page) where the claim gives the dose to another drug of the page."""
    mine, there = _owned(claim), _owned(page)
    for key, drugs in mine.items():
        owners = there.get(key)
        for drug, written in drugs.items():
            if owners and drug not in owners and None not in owners and drug is not None:
                everyone = {owner for one in there.values() for owner in one}
                if drug in everyone:
                    return written, next(name for name in owners if name)
    return None


def _owned(text: str) -> dict[tuple[object, ...], dict[str | None, str]]:
    """Dose → the drugs that it stands directly beside (None where that is not clear), with the dose as written."""
    drugs = [(match.start, match.end, match.term.en.lower()) for match in find_terms(text) if match.term.kind == "drug"]
    known = [(start, end) for start, end, _ in drugs]
    drugs += [
        (*match.span(), match.group().lower())
        for match in look_alike_pattern().finditer(text)
        if all(match.end() <= start or match.start() >= end for start, end in known)
    ]
    found: dict[tuple[object, ...], dict[str | None, str]] = {}
    for one in quantities(text):
        if _DOSE.match(one.unit):
            found.setdefault(one.key, {})[_owner(text, one, sorted(drugs))] = text[one.start : one.end].strip()
    return found


def _owner(text: str, one: Quantity, drugs: Sequence[tuple[int, int, str]]) -> str | None:
    before = [drug for drug in drugs if drug[1] <= one.start]
    after = [drug for drug in drugs if drug[0] >= one.end]
    if before:
        between = text[before[-1][1] : one.start]
        if len(between) <= _BESIDE and not re.search(r"[,;.，；。、]|\b(?:and|or|then|with)\b|\d", between):
            return before[-1][2]
    if after and re.fullmatch(r"\s+(?:of\s+)?(?:\w+\s+)?", text[one.end : after[0][0]]):
        return after[0][2]
    return None
