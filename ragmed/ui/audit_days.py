"""Answers, abstentions and verdicts a day: bars of one length a day, with the numbers beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.ui.markup import Markup, el

if TYPE_CHECKING:
    from ragmed.entries import Day
    from ragmed.ui.main import View
    from ragmed.ui.words import Words

DAYS = 60
COUNTED = ("answered", "abstained", "rejected")


def show(view: View) -> None:
    """Draw the part."""
    words = view.words
    since = (datetime.now(UTC) - timedelta(days=DAYS)).date().isoformat()
    days = view.desk.program.auditor.days(since)
    if not days:
        st.html(el("p", words("audit.days.none"), class_="rm-meta"))
        return
    most = max(day.answered + day.abstained + day.rejected for day in days)
    st.html(
        el(
            "div",
            el("p", words("audit.days.lead"), class_="rm-meta"),
            el(
                "table",
                el("caption", words("audit.view.days"), class_="rm-hear"),
                el(
                    "thead",
                    el(
                        "tr",
                        el("th", words("audit.days.day"), scope="col"),
                        *(el("th", words(f"audit.outcome.{name}"), scope="col") for name in COUNTED),
                        el("th", words("audit.days.verdicts"), scope="col"),
                    ),
                ),
                el("tbody", *(_row(day, most, words) for day in reversed(days))),
                class_="rm-table rm-days",
            ),
        )
    )


def _row(day: Day, most: int, words: Words) -> Markup:
    return el(
        "tr",
        el("th", day.day, scope="row"),
        *(
            el(
                "td",
                el("meter", value=getattr(day, name), min=0, max=most, aria_hidden="true"),
                el("span", str(getattr(day, name)), class_="rm-number"),
                data_name=words(f"audit.outcome.{name}"),
            )
            for name in COUNTED
        ),
        el(
            "td",
            *(el("span", f"{count} {words(f'verdict.{verdict}')}") for verdict, count in day.verdicts),
            class_="rm-verdicts",
        ),
    )
