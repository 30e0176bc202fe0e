"""Review: what doctors said of answers, until somebody lets it teach or does not.

A page of its own, since whoever reviews comes for this alone, and because the Audit page reads the log where this one
writes to it. Only where ``settings.app.for_auditors`` allows it: it shows the same questions. The address holds what
is shown: ``?view=``, ``?language=`` and ``?feedback=ID``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.errors import NotFoundError, RagMedError
from ragmed.foreseen import Foreseen, Short, Shortfall
from ragmed.records import Language
from ragmed.ui import review_form
from ragmed.ui.evidence_view import viewer
from ragmed.ui.markup import el, join, label
from ragmed.ui.moments import when
from ragmed.ui.notices import error_box, notice
from ragmed.ui.references import cited
from ragmed.ui.review_form import DONE, FEEDBACK, GONE
from ragmed.ui.review_item import head, history, said, seen, state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.entries import Reviewed
    from ragmed.interfaces import SnapshotReader
    from ragmed.records import AnswerRecord
    from ragmed.reviewer import InReview
    from ragmed.ui.main import View

VIEWS = ("waiting", "accepted", "refused", "all")
LANGUAGES = ("", *(one.value for one in Language))
PAGE = 20
"""Feedback listed at once below the one that is shown."""
_LISTED = "review_listed"
"""Session key: how many are listed."""
_SHORT = 160


def show(view: View) -> None:
    """Draw the page."""
    words, reviewer = view.words, view.desk.program.reviewer
    with st.container(key="review"):
        st.html(
            el(
                "header",
                el("h1", words("review.title"), class_="rm-question"),
                el("p", words("review.lead"), class_="rm-meta"),
                class_="rm-library-head",
            )
        )
        asked = st.query_params.get("language", "")
        language = Language(asked) if asked in LANGUAGES[1:] else None
        queue = reviewer.queue(language)
        if not queue and language is None:
            st.html(el("section", el("p", words("review.empty")), class_="rm-calm"))
            return
        parted = parts(queue)
        part = _choices(view, parted)
        _told(view)
        shown = _shown(view, part, parted)
        _others(view, part, [one for one in parted[part] if one.feedback.feedback_id != shown], alone=not shown)


def parts(queue: Sequence[Reviewed]) -> dict[str, list[Reviewed]]:
    """By view: what waits, oldest first; what was decided, the latest decision first; all, what waits before it."""
    waiting = [one for one in queue if one.review is None]
    decided = sorted(((one.review.at, one) for one in queue if one.review), key=lambda each: each[0], reverse=True)
    return {
        "waiting": waiting,
        "accepted": [one for _, one in decided if one.may_teach],
        "refused": [one for _, one in decided if not one.may_teach],
        "all": [*waiting, *(one for _, one in decided)],
    }


def _choices(view: View, parted: dict[str, list[Reviewed]]) -> str:
    """The filters; the view that is chosen."""
    words = view.words
    asked, spoken = st.query_params.get("view", VIEWS[0]), st.query_params.get("language", "")
    box = f"review-language-{words.tongue}"  # its value is what it shows: in another tongue it is another box

    def remember() -> None:
        chosen = st.session_state.get("review_view") or VIEWS[0], st.session_state.get(box) or ""
        if chosen == (asked, spoken):
            return  # drawn anew in another tongue: nobody chose anything, and what is being reviewed stays
        review_form.forget()
        st.session_state.pop(_LISTED, None)
        kept = {"lang": st.query_params.get("lang", ""), "view": chosen[0], "language": chosen[1]}
        st.query_params.from_dict({name: value for name, value in kept.items() if value})

    with st.container(key="review-choices", horizontal=True, vertical_alignment="bottom"):
        picked = st.segmented_control(
            words("review.views"),
            VIEWS,
            default=asked if asked in VIEWS else VIEWS[0],
            required=True,
            format_func=lambda part: words(f"review.view.{part}", count=len(parted[part])),
            key="review_view",
            on_change=remember,
            label_visibility="collapsed",
        )
        st.selectbox(
            words("review.language"),
            LANGUAGES,
            LANGUAGES.index(spoken) if spoken in LANGUAGES else 0,
            format_func=lambda one: words(f"audit.language.{one}") if one else words("audit.filter.any"),
            key=box,
            on_change=remember,
            width=220,
        )
    return picked or VIEWS[0]


def _told(view: View) -> None:
    """What was recorded last, and the way back to it: a later review outweighs it."""
    done = st.session_state.get(DONE)
    with st.container(key="review-told", horizontal=True, vertical_alignment="center"):
        if done and done[1] == GONE:
            st.html(notice(view.words, view.words("review.gone")))
        elif done:
            feedback_id, decision, user = done
            said_of = view.words(f"review.done.{decision}", user=user)
            st.html(el("p", said_of, class_="rm-stale", role="status"), width="content")
            st.button(view.words("review.again"), key="review-again", on_click=_open, args=(feedback_id,))


def _shown(view: View, part: str, parted: dict[str, list[Reviewed]]) -> str:
    """Draw the one that the address names, else the first that waits; its id, or an empty text."""
    waiting = parted["waiting"]
    asked = st.query_params.get(FEEDBACK, "")
    first = waiting[0].feedback.feedback_id if waiting and part == "waiting" else ""
    feedback_id = asked or first
    if not feedback_id:
        return ""
    try:
        one = view.desk.program.reviewer.open(feedback_id)
    except NotFoundError:
        st.html(notice(view.words, view.words("review.gone")))
    except RagMedError as error:
        st.html(error_box(error, view.words))
    else:
        _item(view, one, len(waiting) if feedback_id == first else 0)
    return feedback_id


def _item(view: View, one: InReview, waiting: int) -> None:
    words, record = view.words, one.record
    found = _foreseen(view, one)
    current = {each.document_id: each for each in view.snapshot.documents()} if view.snapshot else {}
    keys = list(cited(record))
    asked = st.query_params.get("cite", "")
    front = asked if asked in keys else ""
    st.html(head(one, view, found.identifiers, waiting))
    with st.container(key="review-item"):
        with st.container(key="review-left"):
            picture = viewer(record, words, current, _own_snapshot(view, record), front or (keys or [""])[0], over=True)
            st.html(el("div", seen(record, words, current, front), picture))
        with st.container(key="review-right"):
            st.html(said(one, words, found.identifiers))
            review_form.show(view, one, found)
            if one.reviews:
                st.html(join(history(one.reviews, view)))


def _foreseen(view: View, one: InReview) -> Foreseen:
    try:
        return view.desk.program.reviewer.foresee(one, review_form.tried(one))
    except RagMedError as error:
        return Foreseen(rows=(), short=Short(kind=Shortfall.OTHER, message=str(error)), identifiers=())


def _own_snapshot(view: View, record: AnswerRecord) -> SnapshotReader | None:
    try:
        return view.desk.program.snapshots.get(record.snapshot_id) if record.snapshot_id else None
    except RagMedError:
        return None  # the page's place says that it cannot be shown


def _others(view: View, part: str, others: Sequence[Reviewed], *, alone: bool) -> None:
    """The rest of the view as lines to open, in its order. ``alone``: none of it is shown above."""
    words = view.words
    if not others:
        if alone:
            nothing = words("review.none.waiting") if part == "waiting" else words("review.none")
            st.html(el("section", el("p", nothing), class_="rm-calm", role="status"))
        return
    with st.container(key="review-others"):
        if part == "waiting":
            st.html(el("h2", words.count("review.list.waiting", len(others)), class_="rm-small-title"))
        listed = st.session_state.get(_LISTED, PAGE)
        for one in others[:listed]:
            _line(view, one)
        left = min(PAGE, len(others) - listed)
        if left > 0:
            st.button(words.count("review.more", left), key="review-more", on_click=_more, args=(listed + PAGE,))


def _line(view: View, one: Reviewed) -> None:
    words, feedback = view.words, one.feedback
    try:
        question = view.desk.program.reviewer.record(feedback.record_id).question
    except RagMedError:
        return  # erased since the queue was read
    short = question if len(question) <= _SHORT else f"{question[: _SHORT - 1]}…"
    with st.container(key=f"review-line-{feedback.feedback_id}"):
        st.button(
            label(short) or words("audit.no_question"),
            key=f"review-open-{feedback.feedback_id}",
            type="tertiary",
            on_click=_open,
            args=(feedback.feedback_id,),
        )
        st.html(
            el(
                "p",
                el("span", words(f"feedback.kind.{feedback.kind.value}"), class_="rm-tag rm-tag-now"),
                el("span", feedback.user or words("audit.unnamed")),
                when(feedback.at, words, view.zone),
                el("span", state(one.review, words)) if one.review else None,
                class_="rm-meta",
            )
        )


def _open(feedback_id: str) -> None:
    review_form.forget()
    st.query_params[FEEDBACK] = feedback_id


def _more(listed: int) -> None:
    st.session_state[_LISTED] = listed
