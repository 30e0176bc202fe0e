"""Ask: a question, its evidence, its answer, and beside it the page that the words came from.

The address holds what is shown: ``?record=ID&cite=2``. A new question is answered, kept, and then shown from its record
like any old one, so that a link shows exactly what was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.errors import ErasedError, NotFoundError, RagMedError
from ragmed.interfaces import EvidenceFound, Finished
from ragmed.records import Filters, Mode
from ragmed.ui import feedback_view, first_run
from ragmed.ui.answer_view import answer
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

MODES = ("auto", "answer", "differential")
RECENT = 12
QUESTION = "question"
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
    if asked:
        with below:
            record = _ask(view, asked)
    elif "record" in st.query_params:
        record = _kept(view, below)
        if record is None:
            return
    if record is None:
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


def _ask(view: View, question: str) -> AnswerRecord | None:
    words = view.words
    mode = st.session_state.get("mode", MODES[0])
    place = st.empty()
    place.html(_working(question, words("ask.working.search")))
    record = None
    try:
        for event in view.desk.program.assistant.ask(
            question,
            mode=None if mode == "auto" else Mode(mode),
            filters=Filters(include_superseded=bool(st.session_state.get("older"))),
        ):
            if isinstance(event, EvidenceFound):
                place.html(_working(question, words("ask.working.check"), found_list(event.retrieval, words)))
            elif isinstance(event, Finished):
                record = event.record
    except RagMedError as error:
        place.html(error_box(error, words))
        return None
    except Exception:
        place.empty()  # or the page would say "searching" for ever, above the notice of the fault
        raise
    place.empty()
    if record is not None:
        _address(record.record_id)
    return record


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
            )
        )
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
                on_click=_address,
                args=(record.record_id,),
            )


def _working(question: str, what: str, found: Markup | None = None) -> Markup:
    return el(
        "article",
        el("h1", question, class_="rm-question", dir="auto"),
        el("p", what, class_="rm-working", role="status"),
        found,
        class_="rm-answer",
    )


def _want(question: str) -> None:
    st.session_state[WANTED] = question


def _edit(question: str) -> None:
    st.session_state[QUESTION] = question


def _address(record_id: str) -> None:
    lang = st.query_params.get("lang")
    st.query_params.from_dict({"record": record_id} | ({"lang": lang} if lang else {}))
