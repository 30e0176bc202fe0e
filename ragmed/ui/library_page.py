"""Library: what the current snapshot holds, edition by edition, and what could not be read. Read only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.records import Document, DocumentStatus
from ragmed.ui import first_run
from ragmed.ui.answer_view import snapshot_number
from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when
from ragmed.ui.notes_view import notes_of, remarks
from ragmed.ui.references import edition_words, standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmed.ui.main import View
    from ragmed.ui.words import Words

COLUMNS = ("title", "publisher", "edition", "date", "pages", "language", "status")


def show(view: View) -> None:
    """Draw the page."""
    words, snapshot = view.words, view.snapshot
    if snapshot is None:
        first_run.show(view)
        return
    documents = snapshot.documents()
    older = sum(document.status is not DocumentStatus.CURRENT for document in documents)
    st.html(
        el(
            "header",
            el("h1", words("library.title"), class_="rm-question"),
            el(
                "p",
                el(
                    "span",
                    words(
                        "library.counts",
                        current=len(documents) - older,
                        older=older,
                        pages=sum(document.page_count for document in documents),
                        chunks=snapshot.chunk_count(),
                    ),
                ),
                el(
                    "span",
                    words("snapshot.published", number=snapshot_number(snapshot.snapshot_id)),
                    when(snapshot.published_at, words, view.zone),
                ),
                class_="rm-meta",
            ),
            class_="rm-library-head",
        )
    )
    st.html(table(documents, words))
    st.html(remarks(notes_of(snapshot), words))


def table(documents: Sequence[Document], words: Words) -> Markup:
    """One line an edition, the current ones first, then by title and date."""
    current: Mapping[str, Document] = {document.document_id: document for document in documents}
    ordered = sorted(
        documents,
        key=lambda item: (item.status is not DocumentStatus.CURRENT, item.title.casefold(), item.published_on),
    )
    return el(
        "table",
        el("caption", words("library.title"), class_="rm-hear"),
        el("thead", el("tr", *(el("th", words(f"library.column.{name}"), scope="col") for name in COLUMNS))),
        el("tbody", *(_row(document, current, words) for document in ordered)),
        class_="rm-table",
    )


def _row(document: Document, current: Mapping[str, Document], words: Words) -> Markup:
    publisher, edition, date = edition_words(document, words)
    status = standing(document, current, words)
    cells = {
        "publisher": publisher,
        "edition": edition,
        "date": date,
        "pages": str(document.page_count),
        "language": words(f"library.language.{document.language.value}"),
        "status": el("span", status, class_="rm-tag rm-tag-old") if status else words("library.status.current"),
    }
    return el(
        "tr",
        el("th", document.title, scope="row", lang=document.language.value, title=document.source_path),
        *(
            el(
                "td",
                value,
                data_name=words(f"library.column.{name}"),
                class_="rm-number" if name == "pages" else None,
            )
            for name, value in cells.items()
        ),
    )
