"""What a doctor has to say of an answer: recorded beside it in the log, never changing it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.entries import FeedbackKind
from ragmed.errors import RagMedError
from ragmed.ui.deciding import WHO
from ragmed.ui.markup import el
from ragmed.ui.notices import notice
from ragmed.ui.references import cited
from ragmed.ui.words import TONGUES

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragmed.records import AnswerRecord
    from ragmed.ui.main import View

_DONE = "feedback_done"
"""Session key: what came of the last word on an answer: its id, whether it was recorded, message, remedy."""
_TURN = "feedback_turn"
"""Session key: words recorded so far. Each has a form of its own: a recorded one closes, and the next is empty."""
_FIELDS = ("correction", "note", "name")


def show(view: View, record: AnswerRecord) -> None:
    """The form under an answer, and what came of it."""
    words = view.words
    done = st.session_state.get(_DONE)
    recorded, message, remedy = done[1:] if done and done[0] == record.record_id else (None, "", "")
    if recorded:
        st.html(el("p", words("feedback.done"), class_="rm-meta", role="status"))
    keys = list(cited(record))
    form = f"{record.record_id}-{st.session_state.get(_TURN, 0)}"
    field = partial("feedback-{}-{}".format, form)
    with st.popover(words("feedback.open"), key=field("open")), st.form(field("form"), border=False):
        if recorded is False:  # where she looks: the form lies over the page
            st.html(notice(words, message, remedy, title=words("feedback.failed")))
        _choice(view, field, "kind", [kind.value for kind in FeedbackKind], lambda kind: words(f"feedback.kind.{kind}"))
        if keys:
            _choice(
                view,
                field,
                "citation",
                ["", *keys],
                lambda key: f"[{key}]" if key else words("feedback.citation.whole"),
            )
        st.text_area(words("feedback.correction"), key=field("correction"), max_chars=4000, height=100)
        st.text_input(words("feedback.note"), key=field("note"), max_chars=1000)
        st.text_input(words("feedback.name"), value=st.session_state.get(WHO, ""), key=field("name"), max_chars=80)
        st.form_submit_button(words("feedback.send"), on_click=_send, args=(view, record, field))


def _choice(view: View, field: Callable[[str], str], name: str, options: list[str], said: Callable[[str], str]) -> None:
    """A choice with a field of its own in each language: a browser gives back the label, which the other has not."""
    chosen = _chosen(field, name)
    place = options.index(chosen) if chosen in options else 0
    key = field(f"{name}-{view.words.tongue}")
    st.selectbox(view.words(f"feedback.{name}"), options, place, format_func=said, key=key)


def _chosen(field: Callable[[str], str], name: str, tongue: str = "") -> str:
    """What was chosen, in the language of the form or in another one."""
    for spoken in (tongue, *TONGUES):
        if found := st.session_state.get(field(f"{name}-{spoken}")):
            return str(found)
    return ""


def _send(view: View, record: AnswerRecord, field: Callable[[str], str]) -> None:
    said = {name: str(st.session_state.get(field(name), "")).strip() for name in _FIELDS}
    said |= {name: _chosen(field, name, view.words.tongue) for name in ("kind", "citation")}
    name = " ".join(said["name"].split())
    if not name:
        st.session_state[_DONE] = (record.record_id, False, view.words("feedback.who"), "")
        return
    try:
        view.desk.program.auditor.give_feedback(
            record.record_id,
            FeedbackKind(said["kind"]),
            user=name,
            citation_key=said["citation"],
            correction=said["correction"],
            note=said["note"],
        )
    except RagMedError as error:
        st.session_state[_DONE] = (record.record_id, False, str(error), error.remedy)
    else:
        st.session_state[_DONE] = (record.record_id, True, "", "")
        st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
        st.session_state[WHO] = name
