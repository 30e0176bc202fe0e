"""Library: what is held, what is about to change, what was, and what is missing.

Whoever opens the app may look at the table. The rest (uploads, decisions, publishing, and the questions that doctors
asked) is there only where ``settings.app.for_librarians`` allows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.records import DocumentStatus
from ragmed.ui import coverage_view, first_run, history_view, series_view, update_view
from ragmed.ui.answer_foot import snapshot_number
from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader
    from ragmed.ui.main import View

VIEWS = ("guidelines", "update", "history", "coverage")
_DRAW = {
    "guidelines": series_view.show,
    "update": update_view.show,
    "history": history_view.show,
    "coverage": coverage_view.show,
}


def show(view: View) -> None:
    """Draw the page."""
    snapshot = view.snapshot
    librarian = view.desk.program.settings.app.for_librarians
    if snapshot is None and not librarian:
        first_run.show(view)
        return
    with st.container(key="library"):
        st.html(head(snapshot, view))
        if snapshot is None:
            update_view.show(view)
        elif librarian:
            _DRAW[_chosen(view)](view)
        else:
            series_view.show(view)
    if overtaken(view):
        st.rerun()


def overtaken(view: View) -> bool:
    """Whether a publish or a way back has ended since the page's head was drawn: what follows is of the newer library,
    and nothing else would draw the head anew."""
    now = view.desk.current()
    return (now and now.snapshot_id) != (view.snapshot and view.snapshot.snapshot_id)


def _chosen(view: View) -> str:
    """The part that is shown: as chosen here, or as the address asks."""
    words = view.words
    asked = st.query_params.get("view")
    waiting = len(view.desk.program.librarian.inbox.files())

    def remember() -> None:
        st.query_params["view"] = st.session_state["library_view"]

    def name(part: str) -> str:
        said = words(f"library.view.{part}")
        return f"{said} ({waiting})" if part == "update" and waiting else said

    picked = st.segmented_control(
        words("library.views"),
        VIEWS,
        default=asked if asked in VIEWS else VIEWS[0],
        required=True,
        format_func=name,
        key="library_view",
        on_change=remember,
        label_visibility="collapsed",
    )
    return picked or VIEWS[0]


def head(snapshot: SnapshotReader | None, view: View) -> Markup:
    """The title, what is held in all, and since when."""
    words = view.words
    if snapshot is None:
        meta = el("p", words("library.none"), class_="rm-meta")
    else:
        documents = snapshot.documents()
        current = sum(document.status is DocumentStatus.CURRENT for document in documents)
        meta = el(
            "p",
            el(
                "span",
                words(
                    "library.counts",
                    current=current,
                    pages=sum(document.page_count for document in documents),
                ),
            ),
            el("span", words.count("library.older", len(documents) - current)) if len(documents) > current else None,
            el(
                "span",
                words("snapshot.published", number=snapshot_number(snapshot.snapshot_id)),
                when(snapshot.published_at, words, view.zone),
            ),
            class_="rm-meta",
        )
    return el("header", el("h1", words("library.title"), class_="rm-question"), meta, class_="rm-library-head")
