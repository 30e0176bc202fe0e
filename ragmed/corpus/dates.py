"""Dates of publication as documents print them → ISO 8601, reduced to what is stated.

Laws of this room: a labelled date ("Published", "发布") outranks a bare one, and that of an update the first
publication's, since it tells two editions apart; a day outranks a month, a month a year; a date of expiry or of a form
is never the date of publication.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905 - a list of words reads best as words
_MONTH = (
    r"(?P<month>[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?"
    r"|[Ss]ept?(?:ember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?|[A-Z]{3,9})"
)
_YEAR = r"(?P<year>(?:19[5-9]|20[0-9])\d)"
_FORMS = (
    re.compile(rf"\b{_MONTH}\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}\b"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH}\.?,?\s+{_YEAR}\b"),
    re.compile(rf"\b{_YEAR}[-/.](?P<number>0?[1-9]|1[0-2])[-/.](?P<day>\d{{1,2}})\b"),
    re.compile(rf"{_YEAR}\s?年\s?(?P<number>\d{{1,2}})\s?月(?:\s?(?P<day>\d{{1,2}})\s?日)?"),
    re.compile(rf"\b{_MONTH}\.?,?\s+{_YEAR}\b"),
    re.compile(rf"\b{_YEAR}-(?P<number>0[1-9]|1[0-2])\b(?!-)"),
)
_COPYRIGHT = re.compile(rf"(?:©|\([Cc]\)|[Cc]opyright|版权)[^\n]{{0,60}}?\b{_YEAR}\b")
_LABEL = re.compile(
    r"(?i)(?:publish|publication|issued|updated?|released?|revis|effective|version|dated?\b|edition|posted|approved|reviewed|发布|更新|修订|出版|日期|版本)"
)
_UPDATED = re.compile(
    r"(?i)(?:\bupdated|\brevised|\bamended|更新|修订)[^\w\n]{0,3}(?:日期|于|on\b|in\b|to\b)?[\s:：,(（-]*\Z"
)
"""Right before a date: the day of the edition in hand."""
_NOT_OURS = re.compile(
    r"(?i)expir|omb no|accessed|retrieved|cited|next review|review due|printed by|print(?:ed)? on|失效|访问"
)


_IN_A_SENTENCE = re.compile(
    r"(?i)\b(?:on|in|since|by|until|till|from|of|before|after|during|between|and|to|early|late|mid)\s*\Z"
)
"""Behind these words a date tells when something happened, not when the document appeared."""


def find_date(lines: Sequence[str]) -> str:
    """The day, month or year of publication that ``lines`` state, or nothing."""
    best: tuple[tuple[int, int, int, int], str] | None = None
    for place, line in enumerate(lines):
        for stated, start in _dates(line):
            before = line[max(0, start - 60) : start]
            if _NOT_OURS.search(before):
                continue
            labelled = _LABEL.search(before) is not None
            # inside a sentence it dates something else; on a short line, or where a bulletin opens, the document
            if len(line) > 160 and (place > 12 or start > 60 or (not labelled and _IN_A_SENTENCE.search(before))):
                continue
            key = (int(labelled), int(_UPDATED.search(before) is not None), len(stated), -place)
            if best is None or key > best[0]:
                best = (key, stated)
    if best is not None:
        return best[1]
    years = [match.group("year") for line in lines if (match := _COPYRIGHT.search(line))]
    return max(years, default="")


def edition_year(edition: str) -> str:
    """The year that an edition such as ``Version 2.2026`` or ``2024年版`` names."""
    match = re.search(r"(?<!\d)((?:19[5-9]|20[0-9])\d)(?!\d)", edition)
    return match.group(1) if match else ""


def _dates(line: str) -> list[tuple[str, int]]:
    found = []
    for form in _FORMS:
        for match in form.finditer(line):
            parts = match.groupdict()
            month = int(parts["number"]) if parts.get("number") else _month(parts.get("month") or "")
            day = int(parts.get("day") or 0)
            if not 1 <= month <= 12 or day > 31:
                continue
            stated = f"{parts['year']}-{month:02d}" + (f"-{day:02d}" if day else "")
            found.append((stated, match.start()))
    return found


def _month(word: str) -> int:
    lowered = word.lower()
    return next(
        (n for n, name in enumerate(_MONTHS, 1) if len(lowered) >= 3 and name.startswith(lowered)),
        9 if lowered == "sept" else 0,
    )
