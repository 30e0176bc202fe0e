"""Which of two editions is the later one, by what they print.

The law of the room: only what both state is compared, and what cannot be compared is not ordered. Version of a year
(``Version 2.2026``), ordinal (``3rd edition``, 第三版), dotted version, date of publication: the first that
tells counts.
"""

from __future__ import annotations

import re

from ragmed.records import Document

_VERSION_OF_YEAR = re.compile(r"(?i)version\s+(\d{1,3})\.((?:19|20)\d{2})\b")
_DOTTED = re.compile(r"(?i)(?:version|v|edition|版本号?[:：]?)\s*(\d{1,3}(?:\.\d{1,4}){0,3})\b")
_ORDINAL = re.compile(r"(?i)\b(\d{1,2})(?:st|nd|rd|th)\b")
_ORDINAL_WORDS = {
    word: number
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), start=1
    )
}
_CHINESE_ORDINAL = re.compile(r"第\s?([一二三四五六七八九十\d]{1,3})\s?版")
_CHINESE_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九", start=1)}
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")


def is_newer(one: Document, other: Document) -> bool:
    """Whether ``one`` is a later edition than ``other`` beyond doubt."""
    if one.document_id == other.document_id:
        return False
    for kind in (_version_of_year, _ordinal, _dotted):
        mine, theirs = kind(one.edition), kind(other.edition)
        if mine is not None and theirs is not None and mine != theirs:
            return mine > theirs
    mine, theirs = _date(one), _date(other)
    # 2026-03 and 2026 do not tell which came first: only what both state is compared
    shared = min(len(mine), len(theirs))
    return mine[:shared] > theirs[:shared]


def _version_of_year(edition: str) -> tuple[int, ...] | None:
    """``Version 2.2026`` → (2026, 2): the number counts within the year."""
    match = _VERSION_OF_YEAR.search(edition)
    return (int(match.group(2)), int(match.group(1))) if match else None


def _ordinal(edition: str) -> tuple[int, ...] | None:
    """``3rd edition``, ``Third report``, ``第三版`` → (3,)."""
    if match := _ORDINAL.search(edition):
        return (int(match.group(1)),)
    if match := _CHINESE_ORDINAL.search(edition):
        return (_chinese_number(match.group(1)),)
    for word in re.findall(r"[a-z]+", edition.lower()):
        if word in _ORDINAL_WORDS:
            return (_ORDINAL_WORDS[word],)
    return None


def _chinese_number(text: str) -> int:
    """一 to 九十九, or Arabic digits."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (_CHINESE_DIGITS.get(tens, 1) * 10 if ten else 0) + _CHINESE_DIGITS.get(ones, 0)


def _dotted(edition: str) -> tuple[int, ...] | None:
    """``v3.1`` → (3, 1); a version that counts within a year is another kind."""
    match = None if _VERSION_OF_YEAR.search(edition) else _DOTTED.search(edition)
    return tuple(int(part) for part in match.group(1).split(".")) if match else None


def _date(document: Document) -> tuple[int, ...]:
    """The date of publication, as far as it is stated, else the year in the edition."""
    if document.published_on:
        return tuple(int(part) for part in document.published_on.split("-"))
    year = _YEAR.search(document.edition)
    return (int(year.group(1)),) if year else ()
