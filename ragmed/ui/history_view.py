"""Every publish and every way back, and the way back to any snapshot that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.index.history import ROLLED_BACK
from ragmed.ui.answer_foot import snapshot_number
from ragmed.ui.deciding import decide, name_field, trouble
from ragmed.ui.job_view import failed, watch
from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.librarian import HistoryLine
    from ragmed.ui.main import View

COLUMNS = ("snapshot", "what", "when", "holds")


def show(view: View) -> None:
    """Draw the part."""
    words, desk = view.words, view.desk
    with st.container(key="trouble"):
        trouble(view)
    stage = watch(desk.jobs, words)
    with st.container(key="failure"):
        if stage.state == "failed" and stage.job == "rollback":
            st.html(failed(stage, words("job.rollback.failed"), words))
    lines = desk.program.librarian.history()
    if not lines:
        st.html(el("p", words("history.none"), class_="rm-meta"))
        return
    st.html(el("div", el("p", words("history.lead"), class_="rm-meta"), table(lines, view)))
    if stage.state != "running":
        _way_back(view, lines)


def table(lines: Sequence[HistoryLine], view: View) -> Markup:
    """A row a move."""
    words = view.words
    return el(
        "table",
        el("caption", words("library.view.history"), class_="rm-hear"),
        el("thead", el("tr", *(el("th", words(f"history.column.{name}"), scope="col") for name in COLUMNS))),
        el("tbody", *(_row(line, view) for line in lines)),
        class_="rm-table rm-history",
    )


def _row(line: HistoryLine, view: View) -> Markup:
    words, move, kept = view.words, line.move, line.snapshot
    what = (
        words("history.rollback", number=snapshot_number(move.before))
        if move.reason == ROLLED_BACK
        else words("history.index")
    )
    return el(
        "tr",
        el(
            "th",
            el("span", snapshot_number(move.snapshot_id), title=move.snapshot_id),
            el("span", words("history.current"), class_="rm-tag rm-tag-now") if line.current else None,
            scope="row",
        ),
        el(
            "td",
            el("span", what),
            el("span", words("history.by", name=move.by), class_="rm-meta") if move.by else None,
            el("span", move.why, class_="rm-meta") if move.why else None,
        ),
        el("td", when(move.at, words, view.zone)),
        el(
            "td",
            words("history.holds", documents=kept.documents, pages=kept.pages) if kept else words("history.gone"),
        ),
    )


def _way_back(view: View, lines: Sequence[HistoryLine]) -> None:
    words, desk = view.words, view.desk
    others: dict[str, HistoryLine] = {}
    for line in lines:
        if line.snapshot is not None and not line.snapshot.current:
            others.setdefault(line.move.snapshot_id, line)
    if not others:
        st.html(el("p", words("history.only"), class_="rm-meta"))
        return

    def back(by: str) -> None:
        desk.roll_back(str(st.session_state["back-to"]), by=by, why=str(st.session_state.get("back-why", "")).strip())

    with st.container(key="way-back"):
        name_field(view)
        st.selectbox(
            words("history.choose"),
            list(others),
            format_func=lambda name: f"{snapshot_number(name)} · {others[name].move.at[:10]}",
            key="back-to",
        )
        st.text_input(words("history.why"), key="back-why", max_chars=200)
        st.button(words("history.back"), key="back", on_click=decide, args=(view, back), kwargs={"plan": False})
