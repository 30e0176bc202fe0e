"""How some publishers name and number their guidelines, where that tells more than a title does.

Laws of this room: only what the pages say; a number or a topic is the document's own, not one that it replaces or
cites. Without one found, nothing is returned and the title decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ragmed.records import BlockKind, Page

NICE = "National Institute for Health and Care Excellence"
NCCN = "National Comprehensive Cancer Network"

_NICE_NUMBER = re.compile(r"\b((?:NG|CG|QS|TA|DG|PH|IPG|HTG|HST|SG)\d{1,4})\b")
_NICE_LINK = re.compile(r"(?i)nice\.org\.uk/guidance/((?:ng|cg|qs|ta|dg|ph|ipg|htg|hst|sg)\d{1,4})\b")
_NICE_OWN = re.compile(r"[(\[]((?:NG|CG|QS|TA|DG|PH|IPG|HTG|HST|SG)\d{1,4})[)\]]\s*\Z")
_OF_ANOTHER = re.compile(
    r"(?i)\b(?:replac|updat|supersed|amend|basis|based|partial|incorporat|see|read|also|and|with|from)\w*\b"
)

_FAMILY = re.compile(r"(?i)\bNCCN\b.*\bguidelines?\b")
_NAVIGATION = re.compile(
    r"(?i)\bNCCN\b|\bversion\b|©|\bprinted\b|\A(?:table of contents|discussion|index|note:.*|clinical trials:.*)\Z"
    r"|\A[A-Z]{2,5}-[A-Z0-9]{1,4}\b|\A\W*\Z"
)


def nice_number(lines: Sequence[str]) -> str:
    """The guideline's own number (``NG253``), or nothing.

    A link to the guideline and a number in brackets behind the title outweigh a bare one; numbers in a sentence about
    other guidance ("replaces CG51") count for nothing.
    """
    scores: Counter[str] = Counter()
    for line in lines:
        for found in _NICE_LINK.findall(line):
            scores[found.upper()] += 3
        for found in _NICE_OWN.findall(line):
            scores[found] += 2
        if not _OF_ANOTHER.search(line):
            for found in _NICE_NUMBER.findall(line):
                scores[found] += 1
    return max(scores, key=lambda one: scores[one]) if scores else ""


def nccn_topic(pages: Sequence[Page]) -> str:
    """What an NCCN guideline is about: the running line of its pages that its cover sets too; or nothing.

    The cover may set the name of the whole family of guidelines larger than the topic.
    """
    counts: Counter[str] = Counter()
    for page in pages[1:]:
        lines = {
            " ".join(line.split())
            for block in page.blocks
            if block.kind is BlockKind.FURNITURE
            for line in page.text[block.start : block.end].split("\n")
        }
        counts.update(line for line in lines if not _NAVIGATION.search(line))
    cover = " ".join(pages[0].text.split()).casefold()
    own = [line for line, count in counts.items() if count * 2 >= len(pages) - 1 and line.casefold() in cover]
    return max(own, key=lambda line: (counts[line], len(line)), default="")


def names_only_the_family(title: str) -> bool:
    """Whether a title is ``NCCN Clinical Practice Guidelines in Oncology`` and the like, whatever the topic."""
    rest = re.sub(r"(?i)\b(?:NCCN|clinical|practice|guidelines?|in|oncology|evidence|blocks)\b|[®™()\s]", "", title)
    return _FAMILY.search(title) is not None and not rest
