"""Does what differs between two wordings weigh: a number, a dose, a denial, the strength of a recommendation?

Laws of this room: pure functions of two texts; in doubt it weighs, since a person reads what weighs first. Numbers that
only point elsewhere ("Table 3", "page 12", 见第5章) and the numbers of references weigh nothing; words of one strength
("should be given", "is recommended") are one.
"""

from __future__ import annotations

import re
from collections import Counter

from ragmed.text.denials import denial_words
from ragmed.text.numbers import quantities

_STRENGTHS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("must", r"\b(?:must|shall|ha(?:s|ve) to|mandatory|required?s?|obligatory|always)\b|必须|务必|须(?!知)|一律"),
        (
            "should",
            r"\b(?:should|ought to|recommend\w*|advis(?:e[sd]?|able)|offer(?:s|ed)?|indicated)\b"
            r"|推荐|(?<!反)(?<!适)(?<!对)(?<!相)(?<!供)(?<!效)(?<!响)(?<!感)(?<!答)(?<!顺)应(?![用激答对变力急])|(?<!便)(?<!适)宜",
        ),
        ("first", r"\b(?:preferred|preferable|prefer|preferably|first[- ](?:line|choice))\b|首选|优先|优选"),
        (
            "may",
            r"\b(?:may|might|can|could|consider(?:ed|ation|s|ing)?|suggest\w*|optional(?:ly)?|options?)\b"
            r"|考虑|建议|(?<!许)(?<!认)可(?![能卡待的见])|或许|酌情",
        ),
        ("strong", r"\bstrong(?:ly)?\b(?=[^.;]{0,30}\brecommend)|强(?=推荐)"),
        ("weak", r"\b(?:weak|conditional)(?:ly)?\b(?=[^.;]{0,30}\brecommend)|弱(?=推荐)"),
    )
)
_GRADE = re.compile(
    r"\b(?:category|class|grade|level|evidence)\s+(?:of\s+\w+\s+)?(?P<a>[1-4][ABC]?|I{1,3}[abc]?|IV|[A-D])\b"
    r"|(?P<b>[ⅠⅡⅢI]{1,3}[abAB]?|[1-3][ABC]?)\s?[类级]",
)
_POINTER = re.compile(
    r"(?i)\b(?:tables?|fig(?:ures?|s?\.)|pages?|pp?\.|sections?|chapters?|appendix|box(?:es)?|refs?\.?|references?|step)"
    r"\s+\d+(?:\.\d+)*[a-z]?(?:\s?(?:[-–,]|and|to)\s?\d+(?:\.\d+)*[a-z]?)*\b"
    r"|[表图]\s?\d+(?:[-.]\d+)*|第\s?\d+\s?[章节页条]"
    r"|\[\d{1,3}(?:[,\s–-]+\d{1,3})*\]|(?<=[A-Za-z)%][.])\d{1,3}(?:[,–-]\d{1,3})*\s*\Z"
)


def weighs(old: str, new: str) -> bool:
    """Whether a number, unit, dose, denial or strength is among what differs. Either may be empty."""
    before, after = _POINTER.sub(" ", old), _POINTER.sub(" ", new)
    return (
        _numbers(before) != _numbers(after)
        or Counter(denial_words(before)) != Counter(denial_words(after))
        or _strengths(before) != _strengths(after)
    )


def _numbers(text: str) -> Counter[tuple[object, ...]]:
    return Counter(quantity.key for quantity in quantities(text))


def _strengths(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, pattern in _STRENGTHS:
        found[name] = len(pattern.findall(text))
    for match in _GRADE.finditer(text):
        found[match["a"] or match["b"]] += 1
    return +found
