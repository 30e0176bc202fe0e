"""Numbers, units, doses, ranges and their direction, altered."""

from __future__ import annotations

import random
import re
from decimal import Decimal

from .edits import like, replaced

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_LIST_ITEM = re.compile(r"^\W*(?:\(?\d{1,3}[.)、]\s|\d{1,2}、|(?:Step|Box|Table|Figure)\s\d)")
_REFERENCE = re.compile(
    r"\[[\d,\s–-]+\]|(?<=[A-Za-z]{2}[.,;)])\d{1,3}(?:[,–-]\d{1,3})*(?=[\s.,;]|$)|(?<=[a-z]{4})\d{1,3}(?:[,–-]\d{1,3})*(?=[\s.,;]|$)"
    r"|https?://\S+|\bdoi\S*\s?\S+"
)
_DOSE = re.compile(
    r"\s?-?(?:mg|g|mcg|µg|μg|ug|micrograms?|milligrams?|grams?|mL|ml|units?|IU|mEq|tablets?|capsules?|drops?|puffs?"
    r"|毫克|克|微克|单位|片|粒|毫升)(?![a-zA-Z])(?!/(?:d?L|ml|mL|l|mm))"
)
_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve")
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
UNITS = {
    "mg": "g", "g": "mg", "mcg": "mg", "µg": "mg", "μg": "mg", "mL": "L", "ml": "L", "mmol/L": "mg/dL",
    "mg/dL": "mmol/L", "mg/kg": "mcg/kg", "mg/L": "g/L", "g/L": "mg/L", "mm": "cm", "cm": "mm", "kg": "g",
    "mmHg": "kPa", "mm Hg": "kPa", "days": "weeks", "day": "week", "weeks": "months", "week": "month",
    "months": "years", "month": "year", "years": "months", "year": "month", "hours": "minutes", "hour": "minute",
    "minutes": "hours", "minute": "hour", "units": "mg", "mEq": "mg",
    "天": "周", "周": "天", "个月": "周", "年": "个月",
    "小时": "分钟", "分钟": "小时", "岁": "个月",
}  # fmt: skip
_UNIT = re.compile(
    rf"(?<=\d)(?P<gap>[\s-]?)(?P<unit>{'|'.join(sorted(map(re.escape, UNITS), key=len, reverse=True))})"
    r"(?![A-Za-z/内余])(?!\s?(?:19|20)\d\d)"
)
_RANGE = re.compile(
    r"(?<![\d./–-])(?P<low>\d+(?:\.\d+)?)(?P<mark>\s?[–—~～-]\s?|\s?[至到]\s?|\sto\s)(?P<high>\d+(?:\.\d+)?)"
    r"(?![\d/]|[–-]\d|\.\d)"
)
DIRECTIONS = (
    ("at least", "at most"), (r"at most(?= (?:\d|an?|one|two|three|once|twice|half)\b)", "at least"),
    ("no more than", "no less than"),
    ("not more than", "not less than"), ("no less than", "no more than"), ("more than", "less than"),
    ("less than", "more than"), ("greater than", "less than"), ("fewer than", "more than"),
    ("higher than", "lower than"), ("lower than", "higher than"), ("or more", "or less"), ("or less", "or more"),
    ("or higher", "or lower"), ("or greater", "or less"), ("or older", "or younger"), ("or younger", "or older"),
    ("or above", "or below"), ("or below", "or above"), ("or lower", "or higher"),
    (r"up to(?= \d)", "at least"), (r"above(?= \d)", "below"), (r"below(?= \d)", "above"),
    (r"over(?= \d+(?! (?:minute|hour|day|week|month|year)))", "under"), (r"under(?= \d)", "over"),
    (r"exceeds(?= \d)", "is below"),
    ("≥", "≤"), ("≤", "≥"), ("＞", "＜"), ("＜", "＞"), (r"(?<![<-])>(?!=)", "<"), (r"<(?![=-])", ">"),
    ("至少", "至多"), ("至多", "至少"), ("最多", "至少"), ("不超过", "不少于"),
    ("不少于", "不超过"), ("不低于", "不高于"),
    ("(?<!不)超过(?=\\d)", "少于"), ("大于", "小于"), ("(?<!不)小于", "大于"), ("(?<!不)高于", "低于"),
    ("(?<!不)低于", "高于"), ("以上", "以下"), ("以下(?!情|标|任|条|特|之)", "以上"), ("及以上", "及以下"),
)  # fmt: skip
_DIRECTION = tuple(
    (re.compile(rf"(?<![a-z]){words}(?![a-z])" if words[0].isalpha() and words.isascii() else words, re.I), other)
    for words, other in DIRECTIONS
)


def _numbers(text: str) -> list[re.Match[str]]:
    """The numbers that say something: no list numbers, no numbers of references."""
    skipped = [match.span() for pattern in (_LIST_ITEM, _REFERENCE) for match in pattern.finditer(text)]
    return [
        match
        for match in _NUMBER.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in skipped)
    ]


def _other_digit(value: str, chance: random.Random) -> str:
    places = [place for place, character in enumerate(value) if character.isdigit()]
    place = chance.choice(places)
    other = chance.choice([digit for digit in "123456789" if digit != value[place]])
    return value[:place] + other + value[place + 1 :]


def _dose(text: str, match: re.Match[str]) -> bool:
    return _DOSE.match(text, match.end()) is not None


def digit_changed(text: str, chance: random.Random, others: list[str]) -> str | None:
    found = [match for match in _numbers(text) if not _dose(text, match)]
    if not found:
        return None
    match = chance.choice(found)
    return replaced(text, match.span(), _other_digit(match.group(), chance))


def number_word_changed(text: str, chance: random.Random, others: list[str]) -> str | None:
    found = list(_NUMBER_WORD.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    other = chance.choice([word for word in _WORDS if word != match.group().lower()])
    return replaced(text, match.span(), like(match.group(), other))


def dose_changed(text: str, chance: random.Random, others: list[str]) -> str | None:
    """Another digit, the double or the half."""
    found = [match for match in _numbers(text) if _dose(text, match)]
    if not found:
        return None
    match = chance.choice(found)
    value = Decimal(match.group().replace(",", ""))
    other = chance.choice((_other_digit(match.group(), chance), f"{value * 2:f}", f"{value / 2:f}"))
    return None if Decimal(other.replace(",", "")) == value else replaced(text, match.span(), other)


def decimal_shifted(text: str, chance: random.Random, others: list[str]) -> str | None:
    found = [match for match in _numbers(text) if text[match.end() : match.end() + 1] != ":"]
    if not found:
        return None
    match = chance.choice(found)
    value = match.group().replace(",", "")
    shifted = (value.replace(".", ""),) if "." in value else (f"{value}0", f"{Decimal(value) / 10:f}")
    other = chance.choice(shifted)
    return None if Decimal(other) == Decimal(value) else replaced(text, match.span(), other)


def unit_changed(text: str, chance: random.Random, others: list[str]) -> str | None:
    found = list(_UNIT.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    return replaced(text, match.span("unit"), UNITS[match["unit"]])


def range_end_changed(text: str, chance: random.Random, others: list[str]) -> str | None:
    found = [match for match in _RANGE.finditer(text) if Decimal(match["low"]) < Decimal(match["high"])]
    if not found:
        return None
    match = chance.choice(found)
    step = Decimal(chance.choice((1, 2, 5)))
    if chance.random() < 0.5 and Decimal(match["low"]) + step < Decimal(match["high"]):
        return replaced(text, match.span("low"), f"{Decimal(match['low']) + step:f}")
    return replaced(text, match.span("high"), f"{Decimal(match['high']) + step:f}")


def numbers_swapped(text: str, chance: random.Random, others: list[str]) -> str | None:
    """Two numbers with one unit change places. Two ends of a range or two members of a list are not counted."""
    found = []
    for match in _numbers(text):
        unit = re.match(r"[\s-]?(?:%|[A-Za-zµμ/²]+|[个天周月年岁次分小]+)", text[match.end() :])
        found.append((match, unit.group().strip(" -") if unit else ""))
    for place, (one, unit) in enumerate(found):
        for other, same in found[place + 1 :]:
            between = text[one.end() : other.start()].removeprefix(unit).strip()
            listed = re.fullmatch(rf"(?:{re.escape(unit)}|[\d.,;/–—~～、至到和或-]|\s|and|or|to)*", between)
            if (
                unit
                and unit == same
                and not listed
                and Decimal(one.group().replace(",", "")) != Decimal(other.group().replace(",", ""))
            ):
                return replaced(replaced(text, other.span(), one.group()), one.span(), other.group())
    return None


def direction_turned(text: str, chance: random.Random, others: list[str]) -> str | None:
    """ "At least" for "at most", "≥" for "≤", "more than" for "less than", 至少 for 至多."""
    found: list[tuple[re.Match[str], str]] = []
    for pattern, other in _DIRECTION:
        for match in pattern.finditer(text):
            # "more than" inside "no more than" is not an expression of its own
            if not any(match.start() < old.end() and old.start() < match.end() for old, _ in found):
                found.append((match, other))
    if not found:
        return None
    match, other = chance.choice(found)
    return replaced(text, match.span(), like(match.group(), other))


NUMBERS = (
    digit_changed, number_word_changed, dose_changed, decimal_shifted, unit_changed, range_end_changed, numbers_swapped,
)  # fmt: skip
