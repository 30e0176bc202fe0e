"""One answer as it was shown, with its pages; beside it what the log says of it and what it is worth today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.errors import NotFoundError, RagMedError
from ragmed.ui import audit_replay
from ragmed.ui.answer_view import answer
from ragmed.ui.audit_aside import aside
from ragmed.ui.audit_filters import BEFORE, held, link
from ragmed.ui.erased_view import erased
from ragmed.ui.evidence_view import viewer
from ragmed.ui.markup import el
from ragmed.ui.notices import notice
from ragmed.ui.references import cited

if TYPE_CHECKING:
    from ragmed.auditor import Opened
    from ragmed.interfaces import SnapshotReader
    from ragmed.records import AnswerRecord
    from ragmed.ui.main import View


def show(view: View, record_id: str) -> None:
    """Draw the answer."""
    words = view.words
    st.html(el("p", el("a", words("audit.back"), href=link("/audit", held(BEFORE))), class_="rm-meta"))
    try:
        opened = view.desk.program.auditor.open(record_id)
    except NotFoundError:
        st.html(notice(words, "", title=words("error.record")))
        return
    with st.container(key="audit-answer"):
        with st.container(key="audit-left"):
            if opened.record:
                _shown(opened.record, view)
            else:
                st.html(erased(opened.erasure, words, view.zone))
        with st.container(key="audit-right"):
            st.html(aside(opened, view))
            _take_away(view, opened)
            if opened.record:
                audit_replay.show(view, opened.record)


def _shown(record: AnswerRecord, view: View) -> None:
    """The answer view over the record, against the library of its own day: what was shown. A page opens over it."""
    own = _own_snapshot(view, record)
    then = {document.document_id: document for document in record.documents}
    keys = list(cited(record))
    asked = st.query_params.get("cite", "")
    shown = asked if asked in keys else keys[0] if keys else ""
    st.html(
        el(
            "div",
            el("h2", view.words("audit.shown"), class_="rm-small-title"),
            answer(
                record,
                view.words,
                then,
                shown=asked if asked in keys else "",
                zone=view.zone,
                published_at=own.published_at if own else None,
            ),
            viewer(record, view.words, then, own, shown, over=True),
        )
    )


def _own_snapshot(view: View, record: AnswerRecord) -> SnapshotReader | None:
    try:
        return view.desk.program.snapshots.get(record.snapshot_id) if record.snapshot_id else None
    except RagMedError:
        return None  # the page's place says that it cannot be shown


def _take_away(view: View, opened: Opened) -> None:
    words = view.words
    said = {"lang": words.tongue}
    st.html(
        el(
            "div",
            el(
                "p",
                el("a", words("audit.bundle"), href=link(f"/audit/bundle/{opened.record_id}.zip", said)),
                class_="rm-buttons",
            ),
            el("p", words("audit.bundle.why"), class_="rm-meta"),
        )
    )
