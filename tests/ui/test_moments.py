"""Times as a person says them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ragmed.ui.moments import ago, exact, span, when
from ragmed.ui.words import Words

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EN, ZH = Words("en"), Words("zh")


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=59), "59 days ago"),
        (timedelta(days=61), "2 months ago"),
        (timedelta(days=731), "2 years ago"),
    ],
)
def test_ago(back: timedelta, said: str) -> None:
    assert ago((NOW - back).isoformat(), EN, NOW) == said


def test_ago_in_chinese_and_a_moment_without_a_zone_is_utc() -> None:
    assert ago("2026-11-23T11:57:00", ZH, NOW) == "3 分钟前"


def test_exact_time_is_the_readers_own() -> None:
    assert exact("2026-11-23T21:14:00.000+00:00", "Asia/Shanghai") == "2026-11-24 05:14 (Asia/Shanghai)"
    assert exact("2026-11-23T21:14:00Z", None) == "2026-11-23 21:14 (UTC)"
    assert exact("2026-11-23T21:14:00Z", "../../etc/passwd") == "2026-11-23 21:14 (UTC)"


def test_exact_time_stands_behind_the_words() -> None:
    assert when("2026-11-23T11:00:00Z", EN, None, NOW) == (
        '<time datetime="2026-11-23T11:00:00Z" title="2026-11-23 11:00 (UTC)">1 h ago</time>'
    )


def test_span() -> None:
    assert [span(seconds, EN) for seconds in (0.2, 89, 90, 240)] == ["1 s", "89 s", "2 min", "4 min"]
