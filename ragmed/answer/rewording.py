"""One denial in two wordings: brought to the page's before claim and page are compared.

Laws of this room: a pure function of two texts; only the claim is reworded, only where the page has the other wording,
and only between wordings that say the same ("not explained" and "unexplained", "not complete" and "incomplete", "if
not" and "otherwise"). What is affirmed never becomes denied: a claim that lacks the page's denial still lacks it.
"""

from __future__ import annotations

import re

_NEGATIONS = ("un", "non-", "non", "in", "im", "ir", "il", "a")
_DENIED = re.compile(
    r"\b(?:(?:do|does|did|is|are|was|were|has|have|had|can)\s+not\s+(?:been\s+|be\s+|being\s+)?|not\s+(?:been\s+|being\s+)?"
    r"|cannot\s+(?:be\s+)?|without\s+(?:any\s+)?|no\s+)(?P<what>[a-z]{4,})",
    re.IGNORECASE,
)
_LEAST_STEM = 4
_ENDINGS = re.compile(r"(?:ing|ed|es|s|e|atic|al|ly)$")
_OTHERWISE = re.compile(r"\b(?:and\s+)?if\s+not,", re.IGNORECASE)
_EXCLUDES_NOT = re.compile(
    r"\b(?:do|does|did|can)\s*(?:not|n't)\s+(?:exclude|rule\s+out)|\bcannot\s+(?:exclude|rule\s+out)"
    r"|不能?(?:排除|除外)",
    re.IGNORECASE,
)
_POSSIBLE = re.compile(
    r"\b(?:is|are|remains?)\s+(?:still\s+)?possible\b(?=.*\b(?:even|despite|although)\b)"
    r"|\b(?:can|may|might|could)\s+(?:still\s+)?be\s+present\b(?=.*\b(?:even|despite|although)\b)",
    re.IGNORECASE | re.DOTALL,
)
_BOTH_WAYS = (
    # (denied in the claim, affirmed on the page)
    (r"not\s+(?:continued?|resumed?)", r"\b(?:stop|discontinu|withh[eo]ld)\w*"),
    (r"not\s+(?:stopped|stop|discontinued?|interrupted)", r"\bcontinu\w*"),
    (r"not\s+normal", r"\babnormal\w*"),
    (r"not\s+(?:succeed\w*|successful)", r"\bfail\w*"),
    (r"not\s+(?:gone|disappeared|resolved)", r"\bpersist\w*"),
    (r"(?:仍|尚)?[未没]有?消失", r"(?:仍然?|持续)存在"),
    (r"[未没]有?变化", r"无变化"),
)  # fmt: skip
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
    return claim


def _prefixed(match: re.Match[str], page: str) -> str:
    """The word of the page that denies the same by its prefix, for "not …"; else what stands there."""
    stem = _ENDINGS.sub("", match["what"].lower())
    if len(stem) < _LEAST_STEM or re.search(rf"\b{re.escape(stem)}", page, re.IGNORECASE):
        return match.group()
    for prefix in _NEGATIONS:
        found = re.search(rf"\b{prefix}{re.escape(stem)}\w*", page, re.IGNORECASE)
        if found:
            return found.group()
    return match.group()
