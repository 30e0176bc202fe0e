"""Who decides, and what becomes of a decision: asked once a session, written with every decision.

Laws of this room: no decision without a name; a decision that could not be written says so; after one that could be,
the plan is made again, because it is another now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.errors import RagMedError
from ragmed.ui.notices import notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragmed.ui.main import View

WHO, FIELD, TROUBLE = "librarian", "librarian_field", "library_trouble"
"""Keys of the session; a field's own value is lost when its page is left."""


def name_field(view: View) -> None:
    """The field for the name."""
    words = view.words

    def remember() -> None:
        st.session_state[WHO] = st.session_state[FIELD]

    with st.container(key="who"):
        st.text_input(
            words("who.name"),
            value=st.session_state.get(WHO, ""),
            key=FIELD,
            on_change=remember,
            placeholder=words("who.why"),
            autocomplete="name",
            max_chars=80,
        )


def who() -> str:
    """The name of this session's librarian, or an empty text."""
    said = st.session_state.get(FIELD) or st.session_state.get(WHO, "")
    return " ".join(str(said).split())


def decide(view: View, write: Callable[[str], None], *, plan: bool = True) -> None:
    """Have ``write`` record a decision under the session's name; what goes wrong is shown by ``trouble``."""
    st.session_state.pop(TROUBLE, None)
    name = who()
    if not name:
        st.session_state[TROUBLE] = (view.words("who.missing"), "")
        return
    try:
        write(name)
    except RagMedError as error:
        st.session_state[TROUBLE] = (str(error), error.remedy)
        return
    if plan:
        view.desk.make_plan()


def trouble(view: View) -> None:
    """What the last decision ran into. It stays until the next one: what vanished by itself would move the button
    that she is about to press."""
    found = st.session_state.get(TROUBLE)
    if found is None:
        return
    message, remedy = found
    st.html(notice(view.words, message, remedy))
