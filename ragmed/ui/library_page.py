"""Library: what the current snapshot holds, edition by edition, and what could not be read. Read only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

import streamlit as st

from ragmed.records import Document, DocumentStatus, NoteKind, ReadNote
from ragmed.ui import first_run
from ragmed.ui.answer_view import snapshot_number
from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when
from ragmed.ui.references import edition_words, standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmed.index.manifest import Manifest
    from ragmed.interfaces import SnapshotReader
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


class _Manifested(Protocol):
    """A snapshot that says what its files' reading brought up, as those of ``ragmed.index`` do."""

    @property
    def manifest(self) -> Manifest: ...


def notes_of(snapshot: SnapshotReader) -> tuple[tuple[str, ReadNote], ...]:
    """Every file's path with what there is to know about it; nothing from a snapshot without a manifest."""
    if not hasattr(snapshot, "manifest"):
        return ()
    manifest = cast("_Manifested", snapshot).manifest
    refused = [(file.source_path, note) for file in manifest.refused for note in file.notes]
    return (*refused, *((item.source_path, item.note) for item in manifest.library_notes))


def remarks(notes: Sequence[tuple[str, ReadNote]], words: Words) -> Markup:
    """What could not be read, in the open; what else there is to know, folded."""
    refused = [(path, note) for path, note in notes if note.kind is NoteKind.REFUSED]
    others = [(path, note) for path, note in notes if note.kind is not NoteKind.REFUSED]
    return el(
        "div",
        el("section", el("h2", words.count("library.refused", len(refused))), _notes(refused, words), class_="rm-part")
        if refused
        else el("p", words("library.refused.none"), class_="rm-meta"),
        el(
            "details",
            el("summary", words.count("library.notes", len(others))),
            _notes(others, words),
            class_="rm-fold",
        )
        if others
        else None,
        class_="rm-remarks",
    )


def _notes(notes: Sequence[tuple[str, ReadNote]], words: Words) -> Markup:
    rows = [
        el(
            "li",
            el("span", path, class_="rm-source-title"),
            el(
                "p",
                el("span", note.message),
                el("span", words("library.note.page", number=note.page_number)) if note.page_number else None,
                class_="rm-meta",
            ),
        )
        for path, note in notes
    ]
    return el("ul", *rows, class_="rm-sources")
