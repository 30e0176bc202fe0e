"""Numbers of two guidelines brought to one measure, so that 0.5 mg and 500 micrograms are no difference.

Laws of this room: pure functions. Conversion is exact where units are of one kind (mass, volume, length, amount of
substance, time up to weeks); a month and a year are counted in days and compared with some room. What is not known to
be convertible is its own measure and is compared with nothing else. A citation is never judged with a converted number:
this is for telling a difference between two pages, not for bearing out a claim (``text.numbers`` never converts).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from ragmed.text.numbers import Quantity

_KINDS = {
    "mass": {
        "kg": "1e6",
        "g": "1e3",
        "mg": "1",
        "mcg": "1e-3",
        "ng": "1e-6",
        "pg": "1e-9",
    },
    "volume": {"l": "1e3", "dl": "1e2", "ml": "1", "ul": "1e-3"},
    "length": {"m": "1e3", "cm": "10", "mm": "1", "um": "1e-3"},
    "substance": {"mol": "1e3", "mmol": "1", "umol": "1e-3", "nmol": "1e-6", "pmol": "1e-9"},
    "time": {
        "s": "1", "min": "60", "h": "3600", "day": "86400", "week": "604800", "month": "2629800", "year": "31557600",
    },
    "units": {"u": "1", "iu": "1", "mu": "1e-3", "miu": "1e-3"},
}  # fmt: skip
_OF = {unit: (kind, Decimal(factor)) for kind, units in _KINDS.items() for unit, factor in units.items()}
_PRESSURE = re.compile(r"/(?P<second>\d+(?:\.\d+)?) mmhg$")
_NUMBERED = re.compile(r"m2|mm3|cmh2o")
"""Units with a digit of their own."""
_ROUND = frozenset({"month", "year"})
"""Units that people round: 28 days, 4 weeks and a month are one."""
_ROOM = Decimal("0.13")
"""How far two times may be apart, as a share of the larger one, where one of them is in such a unit."""
UP, DOWN, AT = "up", "down", "at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number in the measure of its kind."""

    measure: str
    """What it can be compared with: ``mass/day``, ``volume``, ``mmhg``, ``%``."""
    low: Decimal
    high: Decimal
    direction: str
    """``up``: "at least", "more than"; ``down``: "at most", "below", "within"; ``at``: the number itself."""
    strict: bool
    """"More than" and "below", which leave the number itself out."""
    second: Decimal | None = None
    """Of a blood pressure, the diastolic one."""
    rounded: bool = False


def amount(one: Quantity) -> Amount | None:
    """The number in the measure of its kind; None where its comma is doubtful or its unit a mixture with its own
    numbers (``mg/5ml``, ``:1000``)."""
    if one.unit.startswith("?"):
        return None
    second = None
    unit = one.unit
    if pressure := _PRESSURE.match(unit):
        second, unit = Decimal(pressure["second"]), "mmhg/mmhg"
    elif not unit.startswith("10^") and re.search(r"[\d:]", _NUMBERED.sub("", unit)):
        return None
    measure, factor = _measured(unit)
    low, high = one.value * factor, (one.value if one.high is None else one.high) * factor
    direction = {">": UP, ">=": UP, "<": DOWN, "<=": DOWN}.get(one.comparator, AT)
    return Amount(
        measure=measure,
        low=min(low, high),
        high=max(low, high),
        direction=direction,
        strict=one.comparator in (">", "<"),
        second=second,
        rounded=unit.split("/", 1)[0] in _ROUND or one.comparator == "~",
    )


def _measured(unit: str) -> tuple[str, Decimal]:
    """The measure of a unit, and what a number in it is to be multiplied by."""
    if unit == "mmhg/mmhg":
        return "blood pressure", Decimal(1)
    parts = unit.split("/")
    names, factor = [], Decimal(1)
    for place, part in enumerate(parts):
        kind, size = _OF.get(part, (part, Decimal(1)))
        if place and kind == "mass":  # per kilogram stays per kilogram: a dose, not a concentration
            kind, size = (part, Decimal(1)) if part == "kg" else (kind, size)
        names.append(kind)
        factor = factor * size if not place else factor / size
    if names[:1] == ["times"] and names[1:] == ["time"]:
        return "often", factor
    return "/".join(names), factor


def interval_as_often(every: Amount) -> Amount:
    """ "Every 8 hours" as so many times a day; of a range the other way round."""
    one = Decimal(1)
    low, high = one / every.high, one / every.low
    return Amount(measure="often", low=low, high=high, direction=AT, strict=False, rounded=every.rounded)


def apart(one: Amount, other: Amount) -> bool:
    """Whether the two cannot both be followed, or name different limits: 0.5 mg and 5 mg; below 70 and below 80.

    Ranges that overlap are not apart, nor is a number inside a limit, nor two limits in different directions.
    """
    if one.measure != other.measure or (one.second is None) is not (other.second is None):
        return False
    if one.direction == other.direction:
        if one.second is not None and other.second is not None:
            return one.low != other.low or one.second != other.second
        return _differ(one, other)
    if AT not in (one.direction, other.direction) or one.second is not None:
        return False
    limit, value = (other, one) if one.direction == AT else (one, other)
    if limit.direction == UP:
        return value.high < limit.low and not _near(value.high, limit.low, one, other)
    return value.low > limit.high and not _near(value.low, limit.high, one, other)


def _differ(one: Amount, other: Amount) -> bool:
    lower, upper = sorted((one, other), key=lambda amount: (amount.low, amount.high))
    if lower.high >= upper.low:
        return False
    if one.direction != AT and one.strict is not other.strict and upper.low - lower.high <= 1:
        return False  # "more than 5" and "6 or more"
    return not _near(lower.high, upper.low, one, other)


def _near(lower: Decimal, upper: Decimal, one: Amount, other: Amount) -> bool:
    """Whether a rounded unit accounts for the distance."""
    if not (one.rounded or other.rounded):
        return False
    return abs(upper - lower) <= _ROOM * max(abs(upper), abs(lower))
