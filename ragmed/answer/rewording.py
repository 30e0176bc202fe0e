"""One denial or number in two wordings: brought to the page's before claim and page are compared.

Laws of this room: a pure function of two texts; only the claim is reworded, only where the page has the other wording,
and only between wordings that say the same ("not explained" and "unexplained", "if not" and "otherwise", "5 or 6" and
5–6). What is affirmed never becomes denied, and no number gets another value, unit or direction.
"""

from __future__ import annotations

import re
from decimal import Decimal

from ragmed.text.numbers import Quantity, quantities

_DENIED = re.compile(
    r"\b(?:(?P<does>(?:do|does|did|can)\s+not\s+|cannot\s+(?!be\b))|(?P<no>without\s+(?:any\s+)?|no\s+)"
    r"|(?:(?:is|are|was|were|has|have|had|can)\s+not\s+|not\s+|cannot\s+)(?:been\s+|be\s+|being\s+)?)"
    r"(?P<what>(?!been\b|be\b|being\b)[a-z]{4,})",
    re.IGNORECASE,
)
_OF_VERBS = ("non-", "non")
"""What denies a verb: "does not blanch" is non-blanching, but "do not take" is no intake."""
_OF_NOUNS = (*_OF_VERBS, "a", "un")
"""What denies a noun: "without symptoms" is asymptomatic, but "no patients" are no inpatients."""
_OF_QUALITIES = (*_OF_NOUNS, "in", "im", "ir", "il")
_LEAST_STEM = 4
_ENDINGS = re.compile(r"(?:ing|ed|es|s|e|atic|al|ly)$")
_OTHERWISE = re.compile(r"\b(?:and\s+)?if\s+not,", re.IGNORECASE)
_EXCLUDES_NOT = re.compile(
    r"\b(?:do|does|did|can)\s*(?:not|n't)\s+(?:exclude|rule\s+out)|\bcannot\s+(?:exclude|rule\s+out)"
    r"|不能?(?:排除|除外)",
    re.IGNORECASE,
)
_POSSIBLE = re.compile(
    r"\b(?:is|are|remains?)\s+(?:still\s+)?possible\b(?=.*\b(?:even|despite|although|with)\b)"
    r"|\b(?:can|may|might|could)\s+(?:still\s+)?be\s+present\b(?=.*\b(?:even|despite|although|with)\b)",
    re.IGNORECASE | re.DOTALL,
)
_BOTH_WAYS = (
    # (denied in the claim, affirmed on the page)
    (r"not\s+(?:continued?|resumed?)", r"\b(?:stop|discontinu|withh[eo]ld)\w*"),
    (r"not\s+(?:stopped|stop|discontinued?|interrupted)", r"\bcontinu\w*"),
    (r"not\s+normal", r"\babnormal\w*"),
    (r"(?:(?:is|are)\s+)?not\s+(?:all\s+)?the\s+same", r"\bdiffer(?:s|ent)?\b"),
    (r"(?:(?:is|are|has|have|does|do)\s+)?not\s+(?:better|improv\w+)|no\s+better", r"\bno\s+improvement\b"),
    (r"without\s+(?:any\s+|further\s+)?delay\b", r"\b(?:at\s+once|immediately)\b"),
    (r"not\s+(?:succeed\w*|successful)", r"\bfail\w*"),
    (r"not\s+(?:gone|disappeared|resolved)", r"\bpersist\w*"),
    (r"(?:仍|尚)?[未没]有?消失", r"(?:仍然?|持续)存在"),
    (r"[未没]有?变化", r"无变化"),
)  # fmt: skip
_RULED_OUT = re.compile(r"\b(rul(?:e|es|ed|ing))\s+out\b", re.IGNORECASE)
_NEITHER = re.compile(r"\b(no|without)\s+(\w+)\s+or\s+(\w+)\b", re.IGNORECASE)
_NEITHER_APART = re.compile(r"\b(no|without)\s+(\w+)(?:,|,?\s+(?:and|or))\s+(?:no|without)\s+(\w+)\b", re.IGNORECASE)
_EITHER = re.compile(r"(?<![\d.])(\d{1,2}) or (\d{1,2})(?![\d.])")
_TWO_OR_MORE = re.compile(r"\b(?:two|2) or more\b", re.IGNORECASE)
_MORE_THAN_ONE = re.compile(r"\bmore than one\b", re.IGNORECASE)
_REACHES = re.compile(r"\breach(?:es|ed|ing)?\s+$", re.IGNORECASE)
_TURNED = tuple((re.compile(rf"\b{c}" if c.isascii() else c, re.I), re.compile(p, re.I)) for c, p in _BOTH_WAYS)


def as_on_page(claim: str, page: str) -> str:
    """``claim`` with its denials worded as ``page`` words them, where the page has the same one in another form."""
    claim = _DENIED.sub(lambda match: _prefixed(match, page), claim)
    for mine, theirs in _TURNED:
        found = theirs.search(page)
        if found and not mine.search(page):
            claim = mine.sub(found.group(), claim)
    if re.search(r"\botherwise\b", page, re.IGNORECASE):
        claim = _OTHERWISE.sub("otherwise", claim)
    excludes = _EXCLUDES_NOT.search(page)
    if excludes and not _EXCLUDES_NOT.search(claim):
        claim = _POSSIBLE.sub("is not excluded", claim)
    if re.search(r"\bexclud", page, re.IGNORECASE):
        claim = _RULED_OUT.sub(lambda match: f"exclude{'d' if match[1].endswith('ed') else ''}", claim)
    return _numbers(_lists(claim, page), page)


def _lists(claim: str, page: str) -> str:
    """ "Without fever or cough" for the page's "no fever, no cough", and the other way round."""

    def apart(match: re.Match[str]) -> str:
        without, first, second = match.groups()
        alone = all(re.search(rf"\b(?:no|without)\s+{re.escape(one)}\b", page, re.I) for one in (first, second))
        return f"{without} {first}, {without} {second}" if alone else match.group()

    def together(match: re.Match[str]) -> str:
        without, first, second = match.groups()
        one, other = re.escape(first), re.escape(second)
        listed = re.search(rf"\b(?:no|without)\s+(?:{one}\s+or\s+{other}|{other}\s+or\s+{one})\b", page, re.I)
        return f"{without} {first} or {second}" if listed else match.group()

    return _NEITHER_APART.sub(together, _NEITHER.sub(apart, claim))


def _numbers(claim: str, page: str) -> str:
    """ "5 or 6" for the page's 5–6, "two or more" for its "more than one", "reaches 6 mm" for its 6 mm or more."""
    there = {one.key for one in quantities(page)}

    def either(match: re.Match[str]) -> str:
        low, high = Decimal(match[1]), Decimal(match[2])
        return f"{low}–{high}" if low + 1 == high and any(key[:2] == (low, high) for key in there) else match.group()

    claim = _EITHER.sub(either, claim)
    if _MORE_THAN_ONE.search(page):
        claim = _TWO_OR_MORE.sub("more than one", claim)
    for one in reversed(quantities(claim)):
        reaches = _REACHES.search(claim[: one.start])
        if reaches and _at_least(one) in there:
            claim = f"{claim[: reaches.start()]}at least {claim[one.start :]}"
    return claim


def _at_least(one: Quantity) -> tuple[Decimal, Decimal | None, str, str]:
    value, high, unit, sign = one.key
    return value, high, unit, sign or ">="


def _prefixed(match: re.Match[str], page: str) -> str:
    """The word of the page that denies the same by its prefix, for "not …"; else what stands there."""
    stem = _ENDINGS.sub("", match["what"].lower())
    if len(stem) < _LEAST_STEM or re.search(rf"(?<!non-)\b{re.escape(stem)}", page, re.IGNORECASE):
        return match.group()
    for prefix in _OF_VERBS if match["does"] else _OF_NOUNS if match["no"] else _OF_QUALITIES:
        found = re.search(rf"\b{prefix}{re.escape(stem)}\w*", page, re.IGNORECASE)
        if found:
            return found.group()
    return match.group()
