"""Numbers with their units, in English and Chinese text: what a claim must share with the page that it cites.

Laws of this room: ``text[q.start:q.end]`` is the number as written, with its unit and comparator; spans are in order
and never overlap. Spellings of one unit are brought together (``mcg``, ``µg``, ``微克``); different units are never
merged or converted: 0.5 g is not 500 mg here, because a reader must find on the page what the claim says. A comma
before one or two digits may be a decimal comma or a list: it is not guessed, such a number equals only the same
characters. Digits inside a name (``CURB-65``, ``HbA1c``, ``B12``) are no quantity; ``identifiers`` gives these names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from ragmed.text.language import HAN
from ragmed.text.units import CHINESE_NUMBERS, COUNTED, ENGLISH_NUMBERS, FREQUENCIES, TIME_UNITS, UNIT_SPELLINGS

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20,
    0xA0: 0x20,
    0x202F: 0x20,
    0x2009: 0x20,
}
_FOLD = _FULL_WIDTH | str.maketrans("μµ∶", "uu:") | str.maketrans("⩾≧⩽≦～〜", "≥≥≤≤~~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number as it stands in a text."""

    start: int
    end: int
    value: Decimal
    high: Decimal | None
    """The other end of a range, in the order written; None where there is no range."""
    unit: str
    """Normalised: ``mg/kg/day``, ``mmhg``, ``%``; empty where none is written. A ratio keeps its second number here
    (``/80 mmhg``, ``:1000``); a number with a doubtful comma is ``?`` and the characters as written."""
    comparator: str
    """``>=``, ``>``, ``<=``, ``<``, ``~`` (about) or empty."""

    @property
    def key(self) -> tuple[Decimal, Decimal | None, str, str]:
        """What has to be equal for two numbers to say the same; "about" is let go."""
        return self.value, self.high, self.unit, "" if self.comparator == "~" else self.comparator


def _alternatives(spellings: dict[str, str]) -> str:
    """A pattern of all spellings, longest first; Latin ones end at a word's end."""
    parts = []
    for spelling in sorted(spellings, key=len, reverse=True):
        escaped = re.escape(spelling).replace(r"\ ", r"\s+").replace(r"\-", r"[-\s]?")
        parts.append(escaped + (r"(?![a-z\d])" if spelling[-1].isascii() and spelling[-1].isalnum() else ""))
    return "|".join(parts)


_ATOM = rf"(?:{_alternatives(UNIT_SPELLINGS)})"
_PER = (
    r"\s?/\s?|\s+per\s+|\s+an?\s+(?=day|week|month|year|hour|minute|kg|kilogram)|\s+each\s+(?=day|week|month|year|hour)"
)
# "200 mg IV per day": the route may stand before how often
_ROUTE = r"(?:\s+(?:IV|IM|SC|PO|by mouth|orally|intravenously|intramuscularly|subcutaneously))?"
_UNIT = re.compile(
    rf"(?P<first>{_ATOM})(?P<rest>(?:(?:{_PER})(?:\d+\s?)?{_ATOM})*)"
    rf"(?P<daily>{_ROUTE}\s+(?P<every>daily|every day|per day|a day|weekly|hourly)\b)?",
    re.IGNORECASE,
)
_UNIT_PART = re.compile(rf"(?:{_PER})(?P<count>\d*)\s?(?P<unit>{_ATOM})", re.IGNORECASE)
_POWER = re.compile(
    rf"\s?[x×*]\s?10(?:\^|\*\*)?\s?(?P<power>[0-9⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,2}})(?:\s?/\s?(?P<unit>{_ATOM}))?", re.IGNORECASE
)
_RATE = re.compile(rf"\s?/\s?(?P<unit>{_ATOM})", re.IGNORECASE)
"""100/min: so many a minute, whatever is counted."""
_RATES = {f"{counted}/{per}": "1/min" for counted in ("breaths", "beats", "times") for per in ("min", "point")}
"""次/分 reads as times a point."""
_GAP = re.compile(r"[\s-]?\s?")
_NUMERAL = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\w.])\.\d+)"
_WORDS = "|".join(sorted(ENGLISH_NUMBERS, key=len, reverse=True))
_HAN_NUMBER = "[" + "".join(CHINESE_NUMBERS) + "]{1,3}"
_NUMBER = re.compile(
    rf"(?P<digits>{_NUMERAL})|\b(?P<word>{_WORDS})\b|(?<!第)(?<!同)(?<!进)(?<!统)(?<!唯)(?<!之)(?P<han>{_HAN_NUMBER})",
    re.IGNORECASE,
)
_DOUBTFUL = re.compile(r"\d+(?:,\d{1,2})+(?![\d])(?!,\d{3}(?!\d))")
_RANGE = re.compile(r"\s?(?:[-‐‑–—−~至到]|\bto\b)\s?|\s+and\s+(?P<between>)", re.IGNORECASE)
_RATIO = re.compile(r"\s?(?P<sign>[:/])\s?(?P<second>\d+(?:\.\d+)?)(?![\d.]*\d?\s?/\d)")
_NAME_BEFORE = re.compile(rf"[A-Za-zα-ωΑ-Ω][A-Za-z\d.]*[-‐‑]?$|(?<=[^\W\d_{HAN}])$")
_DECIMALS_BEFORE = re.compile(r"\d[.,]$|\d$")
_STAGE_BEFORE = re.compile(r"\b(?P<what>type|stage|grade|class|phase|level)s?\s+$", re.IGNORECASE)
_STAGES = {"型": "type", "期": "stage", "级": "grade", "类": "class"}
_MEASURE_WORD = re.compile(rf"\s?(?P<word>{'|'.join((*COUNTED, *_STAGES))})")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5}
_ROMAN_STAGE = re.compile(
    r"\b(?P<what>type|stage|grade|class|phase)s?\s+(?P<after>iv|v|i{1,3})(?![a-z])"
    r"|(?P<before>[ⅠⅡⅢⅣⅤ]|(?<![A-Za-z])I{1,3}V?|(?<![A-Za-z])IV)\s?(?P<han>[型期级类])",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?<!\d)(?P<year>\d{4})([-/.])\d{1,2}\2\d{1,2}(?!\d)")
_IDENTIFIER = re.compile(
    r"(?<![A-Za-z0-9_.])(?=[A-Za-z0-9-]*[A-Za-z])(?=[A-Za-z-]*\d|\d+[A-Z])[A-Za-z0-9]+(?:[-‐‑/][A-Za-z0-9]+)*"
)

_BEFORE = (
    (
        r"≥|>\s?=|(?:greater|more|higher|larger|older) than or equal to|at or above"
        r"|equal to or (?:greater|more|higher|above) than|at least"
        r"|not? (?:less|fewer|lower) than|(?:a )?minimum(?: of)?"
        r"|至少|不少于|不低于|不小于|大于等于|大于或等于|(?:达到|等于)(?:或|及)(?:超过|大于|高于)",
        ">=",
    ),
    (
        r"≤|<\s?=|(?:less|fewer|lower|smaller|younger) than or equal to|at or below"
        r"|equal to or (?:less|lower|fewer) than|at most"
        r"|not? (?:more|greater|higher|longer|later|larger) than|up to|as (?:many|much|long) as|(?:a )?maximum(?: of)?"
        r"|not exceed(?:ing)?|"
        r"within|不超过|不大于|不高于|不多于|最多|最大|小于等于|小于或等于|至多",
        "<=",
    ),
    (
        r">|(?:more|greater|higher|larger|bigger|longer|older|wider|thicker|heavier) than|above|exceed(?:s|ing)?|beyond"
        r"|(?<!preferred )(?<!superior )(?<!advantage )over"
        r"|大于|超过|高于|多于|长于",
        ">",
    ),
    (
        r"<|(?:less|fewer|lower|smaller|shorter|younger|narrower|thinner|lighter) than|below|under"
        r"|小于|低于|少于|不足|不到|短于",
        "<",
    ),
    (r"about|approximately|around|roughly|some|大约|约为|约|左右|≈|~", "~"),
)
_COMPARATOR_BEFORE = tuple(
    (re.compile(rf"(?:{pattern})\s*(?:(?:an?|the|age|of|为|是)\s*)?$", re.IGNORECASE), sign)
    for pattern, sign in _BEFORE
)
# the verb may stand between: 至少随访5年
_AT_LEAST = tuple(
    (re.compile(rf"(?:{words})[{HAN}]{{1,4}}$"), sign)
    for words, sign in (("至少|不少于", ">="), ("最多|至多|不超过", "<="))
)
_COMPARATOR_AFTER = (
    (
        re.compile(
            r"\s?(?:or|and|及|或)?\s?(?:more|above|greater|higher|over|older|longer|larger|以上|upwards?)(?![a-z])"
        ),
        ">=",
    ),
    (
        re.compile(
            r"\s?(?:or|and|及|或)?\s?(?:less|below|fewer|lower|under|younger|shorter|smaller|以下|以内|之内)(?![a-z])"
        ),
        "<=",
    ),
)
_JOINED_AFTER = re.compile(r"\s?(?:or|and|及|或|以|之|upward)", re.IGNORECASE)
_LONGEST_COMPARATOR = 32


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every number of ``text`` with its unit, range end and comparator, in order."""
    folded = text.translate(_FOLD)
    found = _named(folded)
    # what is found is blanked out, so that "q8h" holds no second number
    rest = list(folded)
    for quantity in found:
        rest[quantity.start : quantity.end] = "\x00" * (quantity.end - quantity.start)
    remaining = "".join(rest)
    position = 0
    while following := _next(remaining, position):
        found.append(following)
        position = following.end
    return tuple(sorted(found, key=lambda quantity: quantity.start))


def identifiers(text: str) -> frozenset[str]:
    """Names that hold a digit (``curb65``, ``hba1c``, ``cov2``), lower-case, joiners dropped; a dose is none."""
    found = quantities(text)
    names = set()
    for match in _IDENTIFIER.finditer(text.translate(_FOLD)):
        if all(match.end() <= quantity.start or match.start() >= quantity.end for quantity in found):
            names.add(re.sub(r"[-‐‑/]", "", match.group()).lower())
    return frozenset(names)


def _next(folded: str, position: int) -> Quantity | None:
    """The first quantity at or after ``position``."""
    while match := _NUMBER.search(folded, position):
        quantity = _at(folded, match, position)
        if quantity is not None:
            return quantity
        position = match.end()
    return None


def _at(folded: str, match: re.Match[str], floor: int) -> Quantity | None:
    start = match.start()
    if match["digits"]:
        before = folded[max(0, start - 20) : start]
        if _NAME_BEFORE.search(before) or _DECIMALS_BEFORE.search(before[-2:]):
            return None
        doubtful = _DOUBTFUL.match(folded, start)
        if doubtful and doubtful.end() > match.end():
            return _doubtful(folded, doubtful, floor)
    value = _value(match)
    end, unit, high = _tail(folded, match.end(), value)
    if not _counts(match, unit, high):
        return None
    unit = unit or _stage(folded, start)
    start, end, sign = _comparator(folded, start, end, floor, unit)
    if sign in (">=", ">", "<=", "<") and folded[start] in "≥≤<>" and folded[match.start() - 1] in "-−":
        value = -value
    return Quantity(start=start, end=end, value=value, high=high, unit=unit, comparator=sign)


def _counts(match: re.Match[str], unit: str, high: Decimal | None) -> bool:
    """A number word counts where it measures something: "one of them" and 一般 hold no number."""
    if match["han"]:
        # "复查一次" counts nothing; how often a day is read elsewhere
        return (bool(unit) and (match["han"], unit) != ("一", "times")) or high is not None
    return not (match["word"] and match["word"].lower() in ("one", "half") and not unit)


def _value(match: re.Match[str]) -> Decimal:
    if match["digits"]:
        return Decimal(match["digits"].replace(",", ""))
    if match["word"]:
        return Decimal(ENGLISH_NUMBERS[match["word"].lower()])
    return Decimal(_of_han(match["han"]))


def _of_han(numeral: str) -> int:
    """一 to 九十九; a run without 十 counts its last character (两三 is a range that nobody can check)."""
    if "十" not in numeral:
        return CHINESE_NUMBERS[numeral[-1]]
    tens, _, ones = numeral.partition("十")
    return (CHINESE_NUMBERS[tens[-1]] if tens else 1) * 10 + (CHINESE_NUMBERS[ones[0]] if ones else 0)


def _tail(folded: str, end: int, value: Decimal) -> tuple[int, str, Decimal | None]:
    """Where the quantity ends, its unit, and the other end of its range."""
    ratio = _RATIO.match(folded, end)
    if ratio and not _UNIT.match(folded, ratio.end("sign")):
        unit_end, unit = _unit(folded, ratio.end())
        return unit_end, f"{ratio['sign']}{ratio['second']} {unit}".strip(), None
    first_end, first_unit = _unit(folded, end)
    dash = _RANGE.match(folded, first_end)
    if dash and (dash["between"] is None or _after_between(folded, end)):
        second = _NUMBER.match(folded, dash.end())
        if second and (second["digits"] or dash["between"] is not None or second["word"] or second["han"]):
            second_end, second_unit = _unit(folded, second.end())
            if (not first_unit or first_unit == second_unit) and not _joined_name(folded, second_end):
                return second_end, second_unit, _value(second)
    return first_end, first_unit, None


def _joined_name(folded: str, end: int) -> bool:
    """Whether the "range" is the front of a longer thing such as a date or a phone number (``2018-03-05``)."""
    return bool(re.match(r"[-–/]\d", folded[end : end + 2]))


def _after_between(folded: str, end: int) -> bool:
    return bool(re.search(r"\b(?:between|from)\s+\S+(?:\s\S+)?$", folded[max(0, end - 40) : end], re.IGNORECASE))


def _unit(folded: str, end: int) -> tuple[int, str]:
    """The end of the unit that follows, and its normal form; nothing where none follows."""
    power = _POWER.match(folded, end)
    if power:
        form = "10^" + power["power"].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
        return power.end(), f"{form}/{_normal(power['unit'])}" if power["unit"] else form
    gap = _GAP.match(folded, end)
    match = _UNIT.match(folded, gap.end() if gap else end)
    if match is None:
        if rate := _RATE.match(folded, end):
            return rate.end(), f"1/{_normal(rate['unit'])}"
        counted = _MEASURE_WORD.match(folded, end)
        return (counted.end(), _STAGES.get(counted["word"], "")) if counted else (end, "")
    parts = [_normal(match["first"])]
    for part in _UNIT_PART.finditer(match["rest"]):
        parts.append(part["count"] + _normal(part["unit"]))
    if match["daily"]:
        parts.append({"weekly": "week", "hourly": "h"}.get(match["every"].lower(), "day"))
    form = "/".join(parts)
    return match.end(), _RATES.get(form, form)


def _normal(spelling: str) -> str:
    key = re.sub(r"\s+", " ", spelling.lower())
    return UNIT_SPELLINGS.get(key) or UNIT_SPELLINGS.get(key.replace(" ", "-")) or UNIT_SPELLINGS[key.replace(" ", "")]


def _stage(folded: str, start: int) -> str:
    named = _STAGE_BEFORE.search(folded[max(0, start - 12) : start])
    return named["what"].lower() if named else ""


def _comparator(folded: str, start: int, end: int, floor: int, unit: str) -> tuple[int, int, str]:
    """Start and end of the quantity with its comparator, and the comparator."""
    before = folded[max(floor, start - _LONGEST_COMPARATOR) : start]
    if before.endswith(("-", "−")) and before[:-1].rstrip().endswith(("≥", "≤", "<", ">")):
        before = before[:-1]
        start -= 1
    for pattern, sign in _COMPARATOR_BEFORE:
        match = pattern.search(before)
        if match and not _is_duration(match.group(), unit) and not _cuts_word(before, match.start()):
            return start - (len(before) - match.start()), end, sign
    for pattern, sign in _AT_LEAST:
        if match := pattern.search(before):
            return start - (len(before) - match.start()), end, sign
    for pattern, sign in _COMPARATOR_AFTER:
        match = pattern.match(folded, end)
        if match and _JOINED_AFTER.match(folded, end):
            return start, match.end(), sign
    return start, end, ""


def _is_duration(words: str, unit: str) -> bool:
    """ "Infuse over 24 hours" and "over the 10-year study" compare nothing."""
    long = unit in ("month", "year") and re.fullmatch(r"over\s+the\s*", words, re.IGNORECASE) is not None
    return long or (words.lower().startswith("over") and unit in TIME_UNITS)


def _cuts_word(before: str, position: int) -> bool:
    return position > 0 and before[position].isascii() and before[position].isalpha() and before[position - 1].isalpha()


def _doubtful(folded: str, match: re.Match[str], floor: int) -> Quantity:
    end, unit = _unit(folded, match.end())
    start, end, sign = _comparator(folded, match.start(), end, floor, unit)
    first = Decimal(match.group().split(",")[0])
    return Quantity(
        start=start, end=end, value=first, high=None, unit=f"?{match.group()} {unit}".strip(), comparator=sign
    )


def _named(folded: str) -> list[Quantity]:
    """Numbers that are written as words of another kind: "twice daily", q8h, 每日三次, stage IV, dates."""
    found: list[Quantity] = []

    def add(match: re.Match[str], value: Decimal, unit: str) -> None:
        if all(match.end() <= quantity.start or match.start() >= quantity.end for quantity in found):
            found.append(
                Quantity(start=match.start(), end=match.end(), value=value, high=None, unit=unit, comparator="")
            )

    for match in _DATE.finditer(folded):
        add(match, Decimal(match["year"]), f"?{match.group()}")
    for pattern, value, unit in FREQUENCIES:
        for match in pattern.finditer(folded):
            add(match, Decimal(match["n"] or match["m"]) if value is None else Decimal(value), unit)
    for match in _ROMAN_STAGE.finditer(folded):
        roman = match["after"] or match["before"]
        number = _ROMAN.get(roman.lower()) or _ROMAN.get(roman)
        if number:
            add(match, Decimal(number), match["what"].lower() if match["what"] else _STAGES[match["han"]])
    return found
