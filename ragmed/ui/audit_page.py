"""Audit: find an answer, open it as it was shown, prove the log, take the evidence away.

Only where ``settings.app.for_auditors`` allows it: the page shows what doctors asked. The address holds what is shown:
``?record=ID`` is one answer. Erasing is done on the command line alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.citation_keys import RECORD_ID
from ragmed.errors import IntegrityError
from ragmed.ui import audit_answer, audit_days, audit_list, audit_proof
from ragmed.ui.adapter_view import adapter_log
from ragmed.ui.markup import Markup, el
from ragmed.ui.notices import notice

if TYPE_CHECKING:
    from ragmed.ui.main import View

VIEWS = ("answers", "proof", "days")
_DRAW = {"answers": audit_list.show, "proof": audit_proof.show, "days": audit_days.show}


def show(view: View) -> None:
    """Draw the page."""
    words = view.words
    with st.container(key="audit"):
        asked = st.query_params.get("record", "")
        if RECORD_ID.match(asked):
            audit_answer.show(view, asked)
            return
        count = view.desk.program.auditor.size()
        st.html(
            el(
                "header",
                el("h1", words("audit.title"), class_="rm-question"),
                el("p", words.count("audit.lead", count), class_="rm-meta"),
                class_="rm-library-head",
            )
        )
        if not count:
            st.html(el("section", el("p", words("audit.empty")), class_="rm-calm"))
            return
        try:
            told: Markup | None = adapter_log(view.desk.program.auditor.adapter_changes(), words, view.zone)
        except IntegrityError as error:
            told = notice(words, str(error), error.remedy)
        if told is not None:
            st.html(told)
        _DRAW[_chosen(view)](view)


def _chosen(view: View) -> str:
    asked = st.query_params.get("view")

    def remember() -> None:
        st.query_params["view"] = st.session_state["audit_view"]

    picked = st.segmented_control(
        view.words("audit.views"),
        VIEWS,
        default=asked if asked in VIEWS else VIEWS[0],
        required=True,
        format_func=lambda part: view.words(f"audit.view.{part}"),
        key="audit_view",
        on_change=remember,
        label_visibility="collapsed",
    )
    return picked or VIEWS[0]
