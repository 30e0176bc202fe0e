"""Times as a person says them, with the exact time behind them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ragmed.ui.markup import Markup, el

if TYPE_CHECKING:
    from ragmed.ui.words import Words

MINUTE, HOUR, DAY = 60, 3600, 86_400
# seconds below which a unit is used, its length, its key, and whether it has a singular
_STEPS = (
    (HOUR, MINUTE, "time.minutes", False),
    (DAY, HOUR, "time.hours", False),
    (60 * DAY, DAY, "time.days", True),
    (730 * DAY, 30.44 * DAY, "time.months", True),
    (float("inf"), 365.25 * DAY, "time.years", True),
)


def parse(moment: str) -> datetime:
    """An ISO 8601 moment; UTC where it names no zone. Raises ValueError."""
    found = datetime.fromisoformat(moment)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def ago(moment: str, words: Words, now: datetime | None = None) -> str:
    """``3 min ago``. A moment in the future (clocks differ) is ``just now``."""
    seconds = ((now or datetime.now(UTC)) - parse(moment)).total_seconds()
    if seconds < MINUTE:
        return words("time.now")
    for below, unit, key, counted in _STEPS:
        if seconds < below:
            count = int(seconds // unit)
            return words.count(key, count) if counted else words(key, count=count)
    raise AssertionError("the last step is without end")  # pragma: no cover


def exact(moment: str, zone: str | None) -> str:
    """``2026-11-23 23:34 (Asia/Shanghai)``, in UTC where the zone is not known."""
    try:
        there = ZoneInfo(zone) if zone else None
    except (ZoneInfoNotFoundError, ValueError):
        there = None
    found = parse(moment).astimezone(there or UTC)
    return f"{found:%Y-%m-%d %H:%M} ({zone if there else 'UTC'})"


def span(seconds: float, words: Words) -> str:
    """``40 s`` or ``3 min``."""
    if seconds < 90:
        return words("time.span.seconds", count=max(1, round(seconds)))
    return words("time.span.minutes", count=round(seconds / MINUTE))


def when(moment: str, words: Words, zone: str | None, now: datetime | None = None) -> Markup:
    """The moment in words, the exact time on hover."""
    return el("time", ago(moment, words, now), datetime=moment, title=exact(moment, zone))
