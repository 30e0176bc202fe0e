"""What the library covers: how old it is, whose it is, and what was asked in vain."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when
from ragmed.ui.references import link
from ragmed.ui.series_view import whole_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ragmed.librarian import Unanswered
    from ragmed.records import Document
    from ragmed.ui.main import View
    from ragmed.ui.words import Words

AGES = ("1", "3", "5", "older", "undated")
"""Groups by years; each but the last two up to so many."""
MOST_PUBLISHERS = 12


def show(view: View) -> None:
    """Draw the part."""
    words, librarian = view.words, view.desk.program.librarian
    current = [document for line in librarian.series() for document in line.current]
    publishers = Counter(document.publisher or words("source.publisher.none") for document in current)
    languages = Counter(words(f"library.language.{document.language.value}") for document in current)
    ages = {words(f"coverage.age.{name}"): count for name, count in by_age(current).items()}
    st.html(
        el(
            "div",
            _bars(words("coverage.ages"), ages),
            _bars(words("coverage.publishers"), dict(publishers.most_common(MOST_PUBLISHERS))),
            _bars(words("coverage.languages"), dict(languages.most_common())),
            class_="rm-coverage",
        )
    )
    st.html(_questions(librarian.unanswered(), view, words))


def by_age(documents: Sequence[Document], today: date | None = None) -> dict[str, int]:
    """How many of the documents are of each of AGES."""
    now = today or datetime.now(UTC).date()
    found = dict.fromkeys(AGES, 0)
    for document in documents:
        found[_age_group(document, now)] += 1
    return found


def _age_group(document: Document, now: date) -> str:
    if not document.published_on:
        return "undated"
    years = (now - whole_day(document.published_on, latest=now)).days / 365.25
    return next((limit for limit in AGES[:3] if years < int(limit)), "older")


def _bars(title: str, counts: Mapping[str, int]) -> Markup:
    most = max(counts.values(), default=1)
    return el(
        "section",
        el("h2", title),
        el(
            "ul",
            *(
                el(
                    "li",
                    el("span", name),
                    el("meter", value=count, min=0, max=max(1, most), aria_hidden="true"),
                    el("span", str(count), class_="rm-number"),
                )
                for name, count in counts.items()
            ),
            class_="rm-bars",
        ),
        class_="rm-part",
    )


def _questions(found: Sequence[Unanswered], view: View, words: Words) -> Markup:
    return el(
        "section",
        el("h2", words("coverage.questions")),
        el(
            "ul",
            *(
                el(
                    "li",
                    el("p", el("a", one.question, href=link(one.record_id)), class_="rm-asked"),
                    el(
                        "p",
                        el("span", when(one.asked_at, words, view.zone)),
                        el("span", words.count("coverage.times", one.times)),
                        el(
                            "span",
                            words("coverage.nearest", titles=words("list.and").join(one.nearest_titles[:3])),
                        )
                        if one.nearest_titles
                        else None,
                        class_="rm-meta",
                    ),
                )
                for one in found
            ),
            class_="rm-sources",
        )
        if found
        else el("p", words("coverage.questions.none"), class_="rm-meta"),
        class_="rm-part rm-unanswered",
    )
