"""Ask: a question, its evidence, its answer, and beside it the page that the words came from.

The address holds what is shown: ``?record=ID&cite=2``. A new question is answered, kept, and then shown from its record
like any old one, so that a link shows exactly what was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.errors import ErasedError, NotFoundError, RagMedError
from ragmed.records import Filters, Mode
from ragmed.text.markers import BEGUN
from ragmed.ui import feedback_view, first_run
from ragmed.ui.answer_view import answer
from ragmed.ui.asking import Asking, browser_is_there
from ragmed.ui.assumed_view import flips
from ragmed.ui.erased_view import erased
from ragmed.ui.evidence_view import viewer
from ragmed.ui.examples import examples
from ragmed.ui.markup import Markup, el, label
from ragmed.ui.moments import ago
from ragmed.ui.notices import error_box, notice
from ragmed.ui.references import cited
from ragmed.ui.sources_view import found_list

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader
    from ragmed.records import AnswerRecord
    from ragmed.ui.main import View
    from ragmed.ui.words import Words

MODES = ("auto", "answer", "differential")
RECENT = 12
QUESTION = "question"
ASKING = "asking"
"""Session key: the question that is being answered."""
REDRAWN = 0.15
"""Seconds between two drawings of an answer that is being written."""
WANTED = "wanted"
"""Session key: a question picked from the examples or asked again, to be answered in this run."""


def show(view: View) -> None:
    """Draw the page."""
    if view.snapshot is None and "record" not in st.query_params:
        first_run.show(view)
        return
    with st.container(key="desk"):
        with st.container(key="left"):
            asked = _box(view)
            below = st.container(key="below")
        right = st.container(key="right")
    record = None
    asking = _ask(view, asked) if asked else st.session_state.get(ASKING)
    if asking is not None:
        with below:
            record = _answered(view, asking)
    elif "record" in st.query_params:
        record = _kept(view, below)
        if record is None:
            return
    if record is None:
        if asking is None or asking.error is None:
            with below:
                _empty(view)
        return
    _show_record(view, record, below, right)


def _box(view: View) -> str | None:
    """The question box and its choices; gives the question to be answered in this run."""
    words = view.words
    typed = st.chat_input(
        words("ask.box"), key=QUESTION, max_chars=view.desk.program.settings.answer.question_characters
    )
    with st.container(key="choices", horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            words("ask.mode"),
            MODES,
            default=MODES[0],
            required=True,
            format_func=lambda mode: words(f"ask.mode.{mode}"),
            key="mode",
            label_visibility="collapsed",
        )
        st.checkbox(words("ask.older"), key="older")
        with st.popover(words("ask.recent"), key="recent"):
            _recent(view)
    wanted = st.session_state.pop(WANTED, None)
    return typed or wanted


def _ask(view: View, question: str) -> Asking:
    """Begin to answer; what was being answered in this session is stopped."""
    before = st.session_state.pop(ASKING, None)
    if before is not None:
        before.stop()
    mode = st.session_state.get("mode", MODES[0])
    filters = Filters(include_superseded=bool(st.session_state.get("older")))
    program = view.desk.program
    asking = Asking(
        question,
        lambda: program.assistant.ask(question, mode=None if mode == "auto" else Mode(mode), filters=filters),
        wanted=browser_is_there(),
    )
    st.session_state[ASKING] = asking
    return asking


def _answered(view: View, asking: Asking) -> AnswerRecord | None:
    """Draw what is found and written as it comes, and give the record at the end; None where an error is drawn.

    A click draws the page anew meanwhile: then the work goes on, and the new drawing takes it up.
    """
    words = view.words
    head = st.empty()
    with st.container(key="stop"):
        button = st.empty()
    place = st.empty()
    head.html(_working(asking.question, words("ask.working.search")))
    stoppable = False
    for _ in asking.changes(REDRAWN):
        if asking.record is not None or asking.error is not None:
            continue
        head.html(_working(asking.question, words("ask.working.write" if asking.written else "ask.working.check")))
        place.html(_progress(asking, words))
        if asking.written and not stoppable:
            button.button(words("ask.stop"), key="stop_asking", on_click=asking.stop)
            stoppable = True
    st.session_state.pop(ASKING, None)
    for drawn in (head, button, place):
        drawn.empty()
    if asking.stopped and asking.record is None:
        asking.record = _kept_when_stopped(view, asking.question)
    if asking.record is not None:
        _address(asking.record.record_id)
        return asking.record
    if isinstance(asking.error, RagMedError):
        place.html(error_box(asking.error, words))
    elif asking.error is not None:
        raise asking.error
    return None


def _progress(asking: Asking, words: Words) -> Markup:
    """In grey what a language model has written, without its markers, which are no citations yet; and the evidence."""
    found = found_list(asking.found, words) if asking.found is not None else None
    lines = [line for line in BEGUN.sub("", asking.written).splitlines() if line.strip()]
    draft = el("div", *(el("p", line, dir="auto") for line in lines), class_="rm-draft", aria_hidden="true")
    return el("div", draft if lines else None, found, class_="rm-answer")


def _kept_when_stopped(view: View, question: str) -> AnswerRecord | None:
    """The record of what was written before it was stopped; None where nothing had been."""
    newest = view.desk.program.records.recent(RECENT)
    return next((one for one in newest if one.question == question and one.generation.finish_reason == "stopped"), None)


def _kept(view: View, below: st.delta_generator.DeltaGenerator) -> AnswerRecord | None:
    try:
        return view.desk.program.records.get(st.query_params["record"])
    except ErasedError:
        shown = erased(view.desk.program.auditor.erasure(st.query_params["record"]), view.words, view.zone)
    except NotFoundError:
        shown = notice(view.words, "", title=view.words("error.record"))
    with below:
        st.html(shown)
    return None


def _show_record(
    view: View,
    record: AnswerRecord,
    below: st.delta_generator.DeltaGenerator,
    right: st.delta_generator.DeltaGenerator,
) -> None:
    words = view.words
    current = {} if view.snapshot is None else {item.document_id: item for item in view.snapshot.documents()}
    keys = list(cited(record))
    wanted = st.query_params.get("cite", "")
    shown = wanted if wanted in keys else (keys[0] if keys else "")
    own = _own_snapshot(view, record)
    most = view.desk.program.settings.answer.question_characters if view.snapshot is not None else 0
    with below:
        st.html(
            answer(
                record,
                words,
                current,
                shown=shown,
                zone=view.zone,
                published_at=own.published_at if own else None,
                current_snapshot=view.snapshot.snapshot_id if view.snapshot else "",
                pressable=most,
            )
        )
        with st.container(key="flips"):
            for key, question in flips(record, most):
                st.button(key, on_click=_want, args=(question,), key=key)
        with st.container(key="again", horizontal=True, gap="small"):
            st.button(words("ask.edit"), on_click=_edit, args=(record.question,), key="edit")
            st.button(words("ask.again"), on_click=_want, args=(record.question,), key="ask_again")
    with below:
        feedback_view.show(view, record)
    evidence = viewer(record, words, current, own, shown)
    if evidence is not None:
        with right:
            st.html(evidence)


def _own_snapshot(view: View, record: AnswerRecord) -> SnapshotReader | None:
    if view.snapshot is not None and view.snapshot.snapshot_id == record.snapshot_id:
        return view.snapshot
    try:
        return view.desk.program.snapshots.get(record.snapshot_id)
    except RagMedError:
        return None  # the page says "no longer kept", and the image's place says why


def _empty(view: View) -> None:
    """Nothing asked yet: questions that this very library can answer."""
    words = view.words
    st.html(el("p", words("ask.lead"), class_="rm-lead"))
    if view.snapshot is not None:
        found = examples(view.snapshot, words.tongue)
        if found:
            st.html(el("h2", words("ask.examples"), class_="rm-small-title"))
            with st.container(key="examples", gap="small"):
                for number, question in enumerate(found):
                    st.button(
                        label(question), on_click=_want, args=(question,), key=f"example-{number}", width="stretch"
                    )
    st.html(
        el(
            "footer",
            el("p", words("ask.care")),
            el("p", el("span", words("ask.keys")), ": ", words("ask.keys.list"), class_="rm-desk-only"),
            class_="rm-small-print",
        )
    )


def _recent(view: View) -> None:
    newest: dict[str, AnswerRecord] = {}
    try:
        for record in view.desk.program.records.recent(4 * RECENT) if view.snapshot is not None else ():
            newest.setdefault(record.question, record)
    except RagMedError as error:  # a damaged record is told here; it keeps nobody from asking
        st.html(error_box(error, view.words))
        return
    records = list(newest.values())[:RECENT]
    if not records:
        st.html(el("p", view.words("ask.recent.none"), class_="rm-meta"))
    with st.container(key="recent-list", gap=None):
        for record in records:
            short = record.question if len(record.question) <= 90 else record.question[:89] + "…"
            st.button(
                label(f"{short} · {ago(record.asked_at, view.words)}"),
                key=f"recent-{record.record_id}",
                type="tertiary",
                width="stretch",
                on_click=_open,
                args=(record.record_id,),
            )


def _working(question: str, what: str) -> Markup:
    return el(
        "article",
        el("h1", question, class_="rm-question", dir="auto"),
        el("p", what, class_="rm-working", role="status"),
        class_="rm-answer",
    )


def _want(question: str) -> None:
    st.session_state[WANTED] = question


def _edit(question: str) -> None:
    st.session_state[QUESTION] = question


def _open(record_id: str) -> None:
    """Show an old answer; one that is still being written goes on and is found among the recent ones."""
    st.session_state.pop(ASKING, None)
    _address(record_id)


def _address(record_id: str) -> None:
    lang = st.query_params.get("lang")
    st.query_params.from_dict({"record": record_id} | ({"lang": lang} if lang else {}))
