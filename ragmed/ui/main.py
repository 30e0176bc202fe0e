"""The frame of every page: header, navigation, language, and which page to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.errors import RagMedError
from ragmed.records import DocumentStatus
from ragmed.ui.answer_foot import snapshot_number
from ragmed.ui.markup import Markup, el, join
from ragmed.ui.moments import when
from ragmed.ui.notices import error_box, notice
from ragmed.ui.words import TONGUES, Tongue, Words, tongue_of

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader
    from ragmed.ui.desk import Desk

TONGUE_NAMES: dict[Tongue, str] = {"en": "EN", "zh": "中文"}


@dataclass(frozen=True, slots=True)
class View:
    """What every page needs to be drawn: the desk, the words, the browser's time zone, the current snapshot."""

    desk: Desk
    words: Words
    zone: str | None
    snapshot: SnapshotReader | None


def main(desk: Desk) -> None:
    """Draw the app for this session."""
    from ragmed.ui import ask_page, audit_page, library_page, review_page

    st.set_page_config(page_title="RagMed", layout="wide")
    words = Words(_tongue())
    try:
        snapshot = desk.current()
    except RagMedError as error:
        st.html(error_box(error, words))
        return
    view = View(desk, words, st.context.timezone, snapshot)
    ask = st.Page(lambda: ask_page.show(view), title=words("nav.ask"), url_path="ask", default=True)
    library = st.Page(lambda: library_page.show(view), title=words("nav.library"), url_path="library")
    pages = [ask, library]
    if desk.program.settings.app.for_auditors:
        pages += [
            st.Page(lambda: audit_page.show(view), title=words("nav.audit"), url_path="audit"),
            st.Page(lambda: review_page.show(view), title=words("nav.review"), url_path="review"),
        ]
    chosen = st.navigation(pages, position="hidden")
    with st.container(key="top", horizontal=True, vertical_alignment="center", gap="small"):
        skip = el("a", words("nav.skip"), href="#answer", class_="rm-skip")
        st.html(join(skip, el("p", "RagMed", class_="rm-brand")), width="content")
        for page in pages:
            st.page_link(page, label=page.title)
        st.html(_state(view), width="stretch")
        _language_switch(words)
    try:
        chosen.run()
    except RagMedError as error:
        st.html(error_box(error, words))


def show_unexpected() -> None:
    """For an error that nobody foresaw; the log has the rest."""
    words = Words(_tongue())
    st.html(notice(words, words("error.unexpected"), title=words("error.title")))


def _state(view: View) -> Markup:
    """The library in hand: how many guidelines, which snapshot, how old."""
    words, snapshot = view.words, view.snapshot
    if snapshot is None:
        return el("p", words("library.none"), class_="rm-state", data_tongue=words.tongue)
    count = sum(document.status is DocumentStatus.CURRENT for document in snapshot.documents())
    return el(
        "p",
        el("span", words.count("library.state", count)),
        el(
            "span",
            words("snapshot.short", number=snapshot_number(snapshot.snapshot_id)),
            words("list.then"),
            when(snapshot.published_at, words, view.zone),
        ),
        class_="rm-state",
        data_tongue=words.tongue,
    )


def _tongue() -> Tongue:
    """What was chosen here, else what the address asks for, else the browser's language."""
    chosen = st.session_state.get("tongue") or st.query_params.get("lang")
    for tongue in TONGUES:
        if chosen == tongue:
            return tongue
    return tongue_of(st.context.locale)


def _language_switch(words: Words) -> None:
    def remember() -> None:
        picked = st.session_state["language_switch"]
        st.session_state["tongue"] = picked
        st.query_params["lang"] = picked

    st.segmented_control(
        words("nav.language"),
        TONGUES,
        default=words.tongue,
        required=True,
        format_func=lambda tongue: TONGUE_NAMES[tongue],
        key="language_switch",
        on_change=remember,
        label_visibility="collapsed",
    )
