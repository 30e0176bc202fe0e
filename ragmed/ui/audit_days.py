"""Answers, abstentions and verdicts over time: a column a day, and every number in a table under it.

The page's policy allows no script that draws, so the columns are elements whose height the style sheet sets: the
busiest day has the full one, and days on which nobody asked have their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.entries import Day
from ragmed.records import Verdict
from ragmed.ui.markup import Markup, el

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ragmed.ui.main import View
    from ragmed.ui.words import Words

SHOWN = 60
"""Days in the picture, today's last."""
OUTCOMES = ("answered", "abstained", "rejected")
VERDICTS = tuple(verdict.value for verdict in Verdict)


@dataclass(frozen=True, slots=True)
class Chart:
    """What a column is made of, from below."""

    title: str
    parts: tuple[tuple[str, str], ...]
    """Name of a part, as the style sheet knows it too, and its words."""
    count: Callable[[Day, str], int]


def show(view: View) -> None:
    """Draw the part."""
    words = view.words
    today = datetime.now(UTC).date()
    first = today - timedelta(days=SHOWN - 1)
    days = every_day(view.desk.program.auditor.days(first.isoformat()), first, today)
    st.html(
        el(
            "div",
            el("p", words("audit.days.lead", count=SHOWN), class_="rm-meta"),
            *(figure(chart, days, words) for chart in charts(words)),
            table(days, words),
            class_="rm-days",
        )
    )


def charts(words: Words) -> tuple[Chart, Chart]:
    """Outcomes and verdicts."""
    return (
        Chart(
            words("audit.days.outcomes"),
            tuple((name, words(f"audit.outcome.{name}")) for name in OUTCOMES),
            lambda day, name: int(getattr(day, name)),
        ),
        Chart(
            words("audit.days.verdicts"),
            tuple((name, words(f"verdict.{name}")) for name in VERDICTS),
            lambda day, name: dict(day.verdicts).get(name, 0),
        ),
    )


def every_day(known: Sequence[Day], first: date, last: date) -> list[Day]:
    """From ``first`` to ``last``, oldest first; days without an answer hold nothing."""
    held = {day.day: day for day in known}
    names = [(first + timedelta(days=each)).isoformat() for each in range((last - first).days + 1)]
    empty = {"answered": 0, "abstained": 0, "rejected": 0}
    return [held.get(name) or Day(day=name, verdicts=(), **empty) for name in names]


def figure(chart: Chart, days: Sequence[Day], words: Words) -> Markup:
    """The columns with what they mean; a part that never occurs has no place in the legend."""
    totals = {name: sum(chart.count(day, name) for day in days) for name, _ in chart.parts}
    most = max(sum(chart.count(day, name) for name, _ in chart.parts) for day in days)
    return el(
        "figure",
        el("figcaption", chart.title, class_="rm-small-title"),
        el(
            "ul",
            *(
                el("li", el("span", class_=f"rm-swatch rm-of-{name}"), f"{said} {totals[name]}")
                for name, said in chart.parts
                if totals[name]
            ),
            class_="rm-legend rm-meta",
        )
        if most
        else el("p", words("audit.days.none"), class_="rm-meta"),
        _columns(chart, days, most) if most else None,
        el(
            "p",
            el("span", days[0].day),
            el("span", words("audit.days.most", count=most)) if most else None,
            el("span", days[-1].day),
            class_="rm-axis",
        ),
        class_="rm-chart",
    )


def _columns(chart: Chart, days: Sequence[Day], most: int) -> Markup:
    return el(
        "div", *(_column(chart, day, most) for day in days), class_="rm-columns", role="img", aria_label=chart.title
    )


def _column(chart: Chart, day: Day, most: int) -> Markup:
    counted = [(name, said, chart.count(day, name)) for name, said in chart.parts]
    told = ", ".join(f"{count} {said}" for _, said, count in counted if count)
    return el(
        "div",
        *(el("i", class_=f"rm-of-{name}", share=count / most) for name, _, count in counted if count),
        title=f"{day.day}: {told}" if told else None,
        class_="rm-column",
    )


def table(days: Sequence[Day], words: Words) -> Markup:
    """The same as numbers, the newest first, without the days on which nobody asked."""
    asked = [day for day in reversed(days) if any(getattr(day, name) for name in OUTCOMES)]
    names = {name: words(f"audit.outcome.{name}") for name in OUTCOMES}
    feedback = words("audit.filter.feedback")
    return el(
        "details",
        el("summary", words("audit.days.numbers")),
        el(
            "table",
            el("caption", words("audit.view.days"), class_="rm-hear"),
            el(
                "thead",
                el(
                    "tr",
                    el("th", words("audit.days.day"), scope="col"),
                    *(el("th", said, scope="col") for said in names.values()),
                    el("th", words("audit.days.verdicts"), scope="col"),
                    el("th", feedback, scope="col"),
                ),
            ),
            el(
                "tbody",
                *(
                    el(
                        "tr",
                        el("th", day.day, scope="row"),
                        *(
                            el("td", str(getattr(day, name)), data_name=said, class_="rm-number")
                            for name, said in names.items()
                        ),
                        el(
                            "td",
                            *(el("span", f"{count} {words(f'verdict.{one}')}") for one, count in day.verdicts),
                            class_="rm-verdicts",
                        ),
                        el("td", str(day.feedback), data_name=feedback, class_="rm-number"),
                    )
                    for day in asked
                ),
            ),
            class_="rm-table",
        ),
        class_="rm-fold",
    )
