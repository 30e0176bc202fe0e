"""The reviewer's decision: the correction in her words, what they would become, and who decides.

Laws of this room: a button sends everything that was typed at once, and nothing typed is lost where it could not be
recorded; words from which no row would come are accepted only when asked for twice; no review without a name.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.entries import ReviewDecision
from ragmed.errors import NotFoundError, RagMedError
from ragmed.foreseen import Part
from ragmed.ui.deciding import WHO
from ragmed.ui.markup import el
from ragmed.ui.notices import notice
from ragmed.ui.review_item import becomes, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragmed.foreseen import Foreseen
    from ragmed.reviewer import InReview
    from ragmed.ui.main import View

FEEDBACK = "feedback"
"""In the address: the id of the one that is shown."""
DONE, TRIED = "review_done", "review_tried"
"""Session keys: what was recorded last (id, decision or GONE, name); the words last sent, and of which feedback."""
GONE = "gone"
"""Not recorded: the answer was erased while it was looked at."""
_TROUBLE, _TURN, _HELD = "review_trouble", "review_turn", "review_held"
"""Session keys: what the last press ran into; reviews recorded so far, each form being one's own; words that were not
accepted at once because no row would come of them."""
_LONGEST = 4000


def tried(one: InReview) -> str:
    """The words to show the outcome of: those sent last, else the correction that counts."""
    feedback_id, text = st.session_state.get(TRIED, ("", ""))
    return text if feedback_id == one.reviewed.feedback.feedback_id else one.reviewed.correction


def forget() -> None:
    """Let go of what the last press left, when another one is looked at."""
    for key in (DONE, TRIED, _TROUBLE, _HELD):
        st.session_state.pop(key, None)


def show(view: View, one: InReview, found: Foreseen) -> None:
    """The form; ``found``: what ``tried`` would become."""
    words, text = view.words, tried(one)
    feedback_id = one.reviewed.feedback.feedback_id
    field = partial("review-{}-{}-{}".format, feedback_id, st.session_state.get(_TURN, 0))
    send = partial(_send, view, one, field)
    with st.form(field("form"), border=False, enter_to_submit=False):
        st.html(el("h3", words("review.decide"), class_="rm-small-title"))
        st.text_area(
            words("review.correction"),
            value=one.reviewed.correction,
            key=field("correction"),
            max_chars=max(_LONGEST, len(one.reviewed.correction)),
            height=140,
        )
        with st.container(key="review-check", horizontal=True, vertical_alignment="center"):
            st.html(el("p", words("review.correction.help"), class_="rm-meta"), width="stretch")
            st.form_submit_button(words("review.check"), key=field("check"), on_click=send, args=(None,))
        texts = {Part.QUESTION: one.record.question, Part.ANSWER: one.record.text, Part.CORRECTION: text}
        st.html(becomes(found, texts, words, edited=not _same(text, one.reviewed.correction)))
        st.text_input(words("review.why"), key=field("why"), max_chars=1000)
        st.text_input(words("feedback.name"), value=st.session_state.get(WHO, ""), key=field("name"), max_chars=80)
        trouble = st.session_state.get(_TROUBLE)
        if trouble and trouble[0] == feedback_id:  # where she looks: above the button that she pressed
            st.html(notice(words, *trouble[1:]))
        with st.container(key="review-buttons", horizontal=True):
            st.form_submit_button(
                words("review.accept"),
                key=field("accept"),
                type="primary",
                on_click=send,
                args=(ReviewDecision.ACCEPT,),
            )
            st.form_submit_button(
                words("review.refuse"), key=field("refuse"), on_click=send, args=(ReviewDecision.REFUSE,)
            )


def _send(view: View, one: InReview, field: Callable[[str], str], decision: ReviewDecision | None) -> None:
    """What a button does. ``decision``: None to check alone."""
    words, feedback = view.words, one.reviewed.feedback
    text, why, name = (str(st.session_state.get(field(each), "")).strip() for each in ("correction", "why", "name"))
    name = " ".join(name.split())
    held = st.session_state.get(_HELD)
    forget()
    st.session_state[TRIED] = (feedback.feedback_id, text)
    if decision is None:
        return
    if not name:
        _tell(one, words("review.who"))
        return
    st.session_state[WHO] = name
    if decision is ReviewDecision.ACCEPT and not _same(text, feedback.correction):
        decision = ReviewDecision.EDIT
    if decision is ReviewDecision.EDIT and not text:
        _tell(one, words("review.no_words"))
        return
    try:
        _record(view, one, decision, text, why, name, asked_twice=held == (feedback.feedback_id, text))
    except NotFoundError:
        _leave((feedback.feedback_id, GONE, name))
    except RagMedError as error:
        _tell(one, str(error), error.remedy)


def _record(
    view: View, one: InReview, decision: ReviewDecision, text: str, why: str, name: str, *, asked_twice: bool
) -> None:
    """Raises NotFoundError (erased meanwhile), RagMedError."""
    words, reviewer, feedback_id = view.words, view.desk.program.reviewer, one.reviewed.feedback.feedback_id
    reviewer.open(feedback_id)  # it is still there
    if decision is not ReviewDecision.REFUSE and not asked_twice and reviewer.foresee(one, text).short:
        st.session_state[_HELD] = (feedback_id, text)
        _tell(one, words("review.holds_not"))
        return
    decided = reviewer.decide(
        feedback_id,
        decision,
        user=name,
        seen=one.reviewed.review.review_id if one.reviewed.review else "",
        correction=text if decision is ReviewDecision.EDIT else "",
        note=why,
    )
    if decided.recorded:
        _leave((feedback_id, decision.value, name))
    else:
        _tell(one, words("review.meanwhile", state=state(decided.review, words)))


def _tell(one: InReview, message: str, remedy: str = "") -> None:
    st.session_state[_TROUBLE] = (one.reviewed.feedback.feedback_id, message, remedy)


def _leave(done: tuple[str, str, str]) -> None:
    """The next one waits, with a form of its own; ``done`` is told above it."""
    forget()
    st.session_state[DONE] = done
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    if FEEDBACK in st.query_params:
        del st.query_params[FEEDBACK]


def _same(text: str, other: str) -> bool:
    return text.split() == other.split()
