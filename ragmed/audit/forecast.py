"""How much room the answers take, how fast that grows, and when the disk is full.

Laws of this room: looks and changes nothing; a forecast from too little says so (``days``); sizes are bytes of the
files as they lie, journals included.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.interfaces import AuditLog

WINDOW_DAYS = 30
"""Growth is taken from so many days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Bytes now, a day, and at the end of retention."""

    entries: int
    bytes_now: int
    days: float
    """That the growth was taken from: 30, or less where the log is younger."""
    bytes_a_day: float
    entries_a_day: float
    free: int
    days_left: float | None
    """Until the disk is full at this rate; None where nothing grows."""
    retention_days: int
    bytes_at_retention: float
    """What the log will come to once as much is erased as is written."""

    @property
    def full_on(self) -> str:
        """The day on which the disk is full, ISO 8601; empty where it is further off than a century."""
        if self.days_left is None or self.days_left > 36_500:
            return ""
        return (datetime.now(UTC) + timedelta(days=self.days_left)).date().isoformat()


def forecast(
    log: AuditLog, files: Sequence[Path], *, retention_days: int, now: datetime | None = None, free: int | None = None
) -> Forecast:
    """``files``: the databases; their journals are counted with them. ``free``: bytes of the disk, if not asked."""
    now = now or datetime.now(UTC)
    size = log.size()
    taken = sum(_bytes(path) for path in files)
    free = _free(files[0]) if free is None else free
    if not size:
        return Forecast(
            entries=0,
            bytes_now=taken,
            days=0.0,
            bytes_a_day=0.0,
            entries_a_day=0.0,
            free=free,
            days_left=None,
            retention_days=retention_days,
            bytes_at_retention=0.0,
        )
    since = now - timedelta(days=WINDOW_DAYS)
    first = _first_since(log, size, _stamp(since))
    days = min(float(WINDOW_DAYS), max(1.0, (now - _time(log.entry(1).at)).total_seconds() / 86_400))
    daily = (size - first + 1) / days
    bytes_a_day = daily * taken / size
    return Forecast(
        entries=size,
        bytes_now=taken,
        days=days,
        bytes_a_day=bytes_a_day,
        entries_a_day=daily,
        free=free,
        days_left=free / bytes_a_day if bytes_a_day else None,
        retention_days=retention_days,
        bytes_at_retention=bytes_a_day * retention_days,
    )


def _first_since(log: AuditLog, size: int, stamp: str) -> int:
    """The number of the first entry at ``stamp`` or later, one behind the last where there is none. Times of entries
    ascend but for seconds between processes, so halving finds it."""
    low, high = 1, size + 1
    while low < high:
        middle = (low + high) // 2
        if log.entry(middle).at < stamp:
            low = middle + 1
        else:
            high = middle
    return low


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _bytes(path: Path) -> int:
    journals = (path.with_name(path.name + suffix) for suffix in ("", "-wal", "-journal"))
    return sum(one.stat().st_size for one in journals if one.is_file())


def _free(path: Path) -> int:
    folder = path.parent.resolve()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
