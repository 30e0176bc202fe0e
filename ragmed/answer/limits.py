"""Does a claim say without a limit what the page says with one: an exception, "only when", "not alone"?

Laws of this room: a pure function of two texts. A sentence of the page that the claim repeats for the most part, and
that holds an exception or a condition without which it is not to be said ("unless", "except", "only if", 除非, 仅在),
must be repeated with it, in these words or others. A denial of "alone" or "routinely" is no denial of the whole.
"""

from __future__ import annotations

import re

from ragmed.answer.polarity import Words, sentences
from ragmed.text.denials import denials

_LIMIT = re.compile(
    r"\b(?:unless|except|other than|apart from|with the exception of"
    r"|only\s+(?:if|when|in|after|for|with|by|on|until|as|to|at|where|during|because))\b(?:[^.;。；]|\.(?=\d))*"
    r"|除非[^，。；]*|除[^，。；]{1,20}外|[^，。；]{1,20}除外|仅(?!供|凭|表)[^，。；]*|只(?:有|在|限|用于|能|用)[^，。；]*",
    re.IGNORECASE,
)
_LIMITED = re.compile(
    r"\b(?:unless|except(?:ing|ion|ions)?|only|other than|apart from|but not|if|when|solely|until)\b"
    r"|除|仅|只|限于|若|如|时|(?<!患)者",
    re.IGNORECASE,
)
_DESPITE = re.compile(
    r"\beven\s+(?:if|when|in|with|after)\b|\bregardless\b|\birrespective\b|\bno matter\b|即使|无论|不论|不管",
    re.IGNORECASE,
)
_QUALIFIERS = tuple(
    (re.compile(page, re.IGNORECASE), re.compile(claim, re.IGNORECASE))
    for page, claim in (
        (
            r"\b(?:alone|by itself|on its own|as monotherapy)\b|单用|单独|单药|仅凭",
            r"\b(?:alone|only|solely?|single|itself|own|monotherapy|just)\b|单|仅|只",
        ),
        (
            r"\bnot\b[^.,;]{0,24}\bthe\s+(?:only|sole)\b|不[^，。；]{0,4}唯一",
            r"\b(?:alone|only|sole(?:ly)?|single|itself|monotherapy)\b|单|唯一|仅|只",
        ),
        (r"\broutine(?:ly)?\b|常规", r"\b(?:routine(?:ly)?|usual(?:ly)?|always|every|all|standard)\b|常规|一律|都|均"),
    )
)
_REPEATED = 0.65
"""Share of the words of the page's statement that a claim holds where it repeats it."""


def dropped(claim: str, page: str, words: Words) -> str:
    """The limit on the page that the claim leaves out, "" where it leaves out none."""
    mine = words(claim)
    for sentence in sentences(page):
        match = _LIMIT.search(sentence)
        if match and (found := _without(claim, mine, sentence, match, words)):
            return found
        if denials(sentence) and denials(claim):
            for there, here in _QUALIFIERS:
                named = there.search(sentence)
                if named and not here.search(claim) and _repeats(mine, words(sentence)):
                    return " ".join(named.group().split())
    return ""


def dropped_across(claim: str, page: str, concepts: Words) -> str:
    """The same where the claim is in another language than the page: compared are concepts, of which there are few,
    so that the claim has to be about what the sentence says and to hold no limit of any kind."""
    mine = concepts(claim)
    if not mine or _LIMITED.search(claim):
        return ""
    for sentence in sentences(page):
        match = _LIMIT.search(sentence)
        if match is None:
            continue
        statement = concepts(sentence[: match.start()] + " " + sentence[match.end() :])
        if len(mine & statement) * 2 >= len(mine):
            return " ".join(match.group().split())
    return ""


def _without(claim: str, mine: frozenset[str], sentence: str, match: re.Match[str], words: Words) -> str:
    limit = words(match.group())
    statement = words(sentence[: match.start()] + " " + sentence[match.end() :]) - limit
    if len(statement) < 2 or not _repeats(mine, statement):
        return ""
    despite = _DESPITE.search(claim) is not None and _DESPITE.search(sentence) is None
    kept = _LIMITED.search(claim) is not None or (bool(limit) and len(limit & mine) * 2 > len(limit))
    return " ".join(match.group().split()) if despite or not kept else ""


def _repeats(mine: frozenset[str], statement: frozenset[str]) -> bool:
    return bool(statement) and len(mine & statement) >= _REPEATED * len(statement)
