"""The table of series: one line a guideline, its older editions folded, and what could not be read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.ui.markup import Markup, el, join
from ragmed.ui.moments import ago
from ragmed.ui.notes_view import notes_of, remarks
from ragmed.ui.references import edition_words, standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmed.librarian import SeriesLine
    from ragmed.records import Document
    from ragmed.ui.main import View
    from ragmed.ui.words import Words

COLUMNS = ("title", "publisher", "edition", "age", "pages", "quality", "answered")
FILTERED_FROM = 12
"""Series from which on the table can be filtered."""


def show(view: View) -> None:
    """Draw the table and the remarks."""
    words, librarian = view.words, view.desk.program.librarian
    lines = librarian.series()
    if len(lines) >= FILTERED_FROM:
        wanted = st.text_input(
            words("library.filter"),
            key="library_filter",
            placeholder=words("library.filter"),
            label_visibility="collapsed",
        )
        lines = tuple(line for line in lines if fits(line, wanted))
    st.html(table(lines, words) if lines else el("p", words("library.filter.none"), class_="rm-meta"))
    held = librarian.held()
    if held:
        st.html(
            el(
                "section",
                el("h2", words.count("library.held", len(held))),
                el(
                    "ul",
                    *(
                        el(
                            "li",
                            el("p", file.document.title, class_="rm-source-title"),
                            el("p", file.document.edition, file.document.source_path, class_="rm-meta"),
                        )
                        for file in held
                    ),
                    class_="rm-sources",
                ),
                el("p", words("library.held.where"), class_="rm-meta")
                if view.desk.program.settings.app.for_librarians
                else None,
                class_="rm-part rm-held",
            )
        )
    if view.snapshot is not None:
        st.html(remarks(notes_of(view.snapshot), words))


def fits(line: SeriesLine, wanted: str) -> bool:
    """Whether every word of ``wanted`` stands in a title, publisher, edition or file name of the series."""
    said = " ".join(
        f"{one.title} {one.publisher} {one.edition} {one.source_path}" for one in (*line.current, *line.older)
    ).casefold()
    return all(word in said for word in wanted.casefold().split())


def table(lines: Sequence[SeriesLine], words: Words) -> Markup:
    """One row a series."""
    return el(
        "table",
        el("caption", words("library.title"), class_="rm-hear"),
        el("thead", el("tr", *(el("th", words(f"library.column.{name}"), scope="col") for name in COLUMNS))),
        el("tbody", *(_row(line, words) for line in lines)),
        class_="rm-table rm-series",
    )


def _row(line: SeriesLine, words: Words) -> Markup:
    first = (line.current or line.older)[0]
    everyone = {document.document_id: document for document in (*line.current, *line.older)}
    publisher, _, _ = edition_words(first, words)
    cells: dict[str, Markup | str | None] = {
        "publisher": publisher,
        "edition": _editions(line, words),
        "age": join(*(_age(document, words) for document in line.current)) if line.current else None,
        "pages": str(line.pages),
        "quality": _quality(line, words),
        "answered": str(line.answered),
    }
    return el(
        "tr",
        el(
            "th",
            el("span", first.title, lang=first.language.value, title=first.source_path),
            _older(line.older, everyone, words) if line.older else None,
            scope="row",
        ),
        *(
            el(
                "td",
                value,
                data_name=words(f"library.column.{name}"),
                class_="rm-number" if name in ("pages", "answered") else None,
            )
            for name, value in cells.items()
        ),
    )


def _editions(line: SeriesLine, words: Words) -> Markup:
    if not line.current:
        return el("span", words("library.current.none"), class_="rm-tag rm-tag-old")
    editions = [el("span", document.edition or words("source.edition.none")) for document in line.current]
    if len(editions) == 1:
        return editions[0]
    return join(
        *(el("div", edition) for edition in editions),
        el("span", words("library.unordered"), class_="rm-tag rm-tag-old"),
    )


def _older(older: Sequence[Document], everyone: Mapping[str, Document], words: Words) -> Markup:
    return el(
        "details",
        el("summary", words.count("library.older", len(older))),
        el(
            "ul",
            *(
                el(
                    "li",
                    el("span", document.edition or words("source.edition.none")),
                    el("span", document.published_on) if document.published_on else None,
                    el("span", standing(document, everyone, words)),
                    class_="rm-meta",
                )
                for document in older
            ),
        ),
        class_="rm-older",
    )


def _age(document: Document, words: Words) -> Markup:
    if not document.published_on:
        return el("div", words("source.date.none"))
    if len(document.published_on) == len("2026"):
        return el("div", document.published_on)  # a year is no age of so many months
    return el("div", ago(whole_day(document.published_on).isoformat(), words), title=document.published_on)


def whole_day(published_on: str, *, latest: date | None = None) -> date:
    """The middle of what a reduced date leaves open, but no later than ``latest`` (today): ``2026`` → 1 July 2026."""
    padded = published_on + {4: "-07-01", 7: "-15"}.get(len(published_on), "")
    return min(date.fromisoformat(padded), latest or datetime.now(UTC).date())


def _quality(line: SeriesLine, words: Words) -> Markup | None:
    if not line.current:
        return None
    if not line.unread_pages:
        return el("span", words("library.quality.good"), class_="rm-well")
    said = words("library.quality.some", count=line.unread_pages, total=line.pages)
    return el("span", said, class_="rm-tag rm-tag-old", title=words("library.quality.why"))
