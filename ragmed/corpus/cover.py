"""Titles as covers set them: a large word for the kind of document above or below what it is about, all in capitals.

Laws of this room: nothing is added to what the cover says; where the document spells the same letters in running text,
that spelling is taken (a cover's capitals, and the gaps that small capitals leave within words, are the typesetter's).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragmed.records import Block, BlockKind, Page

_KIND = re.compile(
    r"(?i)(?:(?:the|an?|full|final|evidence|evidence-based|technical|executive|clinical|practice|expert|panel|annual|interim"
    r"|consensus|quick|pocket|reference|national|systematic|review|summary|policy)\s+)*"
    r"(?:reports?|guidelines?|guidance|recommendations?|statements?|summary|review|handbook|manual|standards?|update|protocols?"
    r"|consensus|guide)"
    r"|(?:临床)?(?:实践|诊疗|诊治|防治)?(?:指南|规范|共识|专家共识|手册|方案)"
)
_ALIKE = 0.12
"""Share by which the sizes of a title's lines may differ."""


def names_only_a_kind(title: str) -> bool:
    """Whether a title says what kind of document it is and nothing of its matter: ``The Evidence Report``."""
    return _KIND.fullmatch(title.strip(" :：")) is not None


def matter_beside(blocks: Sequence[Block], sizes: Sequence[float], page: Page, first: int, last: int) -> str:
    """The lines of one size and case directly above ``blocks[first : last + 1]``, or else below; empty without any.

    ``sizes`` are the blocks' letter heights in points. Lines of the publisher stand there in another size or case.
    """
    usable = [block.kind in (BlockKind.HEADING, BlockKind.PARAGRAPH) for block in blocks]

    def row(places: Sequence[int]) -> list[str]:
        """The blocks at ``places`` as long as they go on in the style of the first."""
        found: list[str] = []
        for place in places:
            text = " ".join(page.text[blocks[place].start : blocks[place].end].split())
            if not usable[place] or not text or text.endswith((".", "。", ";", "；")):
                break
            alike = abs(sizes[place] - sizes[places[0]]) <= _ALIKE * sizes[places[0]]
            if found and not (alike and _case(text) == _case(found[0])):
                break
            found.append(text)
        return found

    above, below = row(range(first - 1, -1, -1))[::-1], row(range(last + 1, len(blocks)))
    # fewer than three words are a logo or a place
    return next((joined for lines in (above, below) if len((joined := " ".join(lines)).split()) >= 3), "")


def own_spelling(title: str, pages: Sequence[Page]) -> str:
    """``title`` as the document writes it in running text; without one, in capitals as it stands, stops closed up."""
    wanted = _letters(title)[0]
    for page in pages:
        letters, places = _letters(page.text)
        at = letters.find(wanted)
        while wanted and at >= 0:
            found = page.text[places[at] : places[at + len(wanted) - 1] + 1]
            if _case(found) == "mixed" and "|" not in found:
                return " ".join(found.split())
            at = letters.find(wanted, at + 1)
    return re.sub(r"\s+([,.:;])", r"\1", title)


def _case(text: str) -> str:
    return "capitals" if text.upper() == text else "mixed"


def _letters(text: str) -> tuple[str, list[int]]:
    """The letters and digits of ``text`` in lower case, and where each of them stands."""
    pairs = [(sign.lower(), place) for place, sign in enumerate(text) if sign.isalnum() and len(sign.lower()) == 1]
    return "".join(sign for sign, _ in pairs), [place for _, place in pairs]
