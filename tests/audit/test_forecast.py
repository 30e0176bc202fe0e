"""How fast the answers grow, over the days that there are, and what doctor says of it."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ragmed.audit.forecast import Forecast, forecast
from ragmed.audit.log import SqliteLog
from ragmed.doctor import _growth
from ragmed.settings import AuditSettings, Settings
from tests.answer.records import a_record
from tests.audit.small_log import SmallLog

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def asked_on(*days: str) -> SmallLog:
    log = SmallLog()
    for number, day in enumerate(days):
        log.append(replace(a_record(f"aaaa{number:04}"), asked_at=f"{day}T12:00:00.000Z"))
    return log


def forecast_of(folder: Path, *days: str, free: int = 10_000) -> Forecast:
    (folder / "records.sqlite").write_bytes(b"x" * 1000)
    (folder / "records.sqlite-wal").write_bytes(b"x" * 200)
    (folder / "records.keys").write_bytes(b"x" * 300)
    files = (folder / "records.sqlite", folder / "records.keys")
    return forecast(asked_on(*days), files, retention_days=100, now=NOW, free=free)


def test_only_the_last_thirty_days_count(tmp_path: Path) -> None:
    found = forecast_of(tmp_path, "2026-01-01", "2026-02-01", "2026-11-01", "2026-11-02", "2026-11-30")
    assert (found.entries, found.bytes_now, found.days) == (5, 1500, 30.0)
    assert found.entries_a_day == pytest.approx(3 / 30)
    assert found.bytes_a_day == pytest.approx(300 * 3 / 30)
    assert found.days_left == pytest.approx(10_000 / 30)
    assert found.bytes_at_retention == pytest.approx(30 * 100)


def test_a_young_log_is_taken_over_its_own_days(tmp_path: Path) -> None:
    found = forecast_of(tmp_path, "2026-11-26", "2026-11-27")
    assert found.days == 4.0
    assert found.entries_a_day == 0.5


def test_a_log_in_which_nothing_is_new_fills_no_disk(tmp_path: Path) -> None:
    found = forecast_of(tmp_path, "2026-01-01")
    assert (found.bytes_a_day, found.days_left, found.full_on) == (0.0, None, "")


def test_doctor_says_when_the_disk_will_be_full_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(index=tmp_path / "index", audit=AuditSettings(retention_days=400))
    assert list(_growth(settings)) == []
    assert not (tmp_path / "index").exists()
    log = SqliteLog(settings.index / "records.sqlite", settings.audit)
    log.append(replace(a_record("aaaa1111"), asked_at=f"{datetime.now(UTC):%Y-%m-%d}T00:00:00.000Z"))
    log.close()
    (found,) = _growth(settings)
    assert (found.state, found.remedy) == ("fine", "")
    assert "1 entries" in found.found
    assert "once 400 days are kept" in found.found
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: usage(10**6, 10**6 - 10**5, 10**5))
    (found,) = _growth(settings)
    assert found.state == "short"
    assert "disk full about 20" in found.found
    assert "audit prune" in found.remedy
