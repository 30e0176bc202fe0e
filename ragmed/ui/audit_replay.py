"""Asking a recorded question again, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.entries import Replay
from ragmed.ui.job_view import failed, watch
from ragmed.ui.markup import Markup, el

if TYPE_CHECKING:
    from ragmed.records import AnswerRecord
    from ragmed.ui.main import View
    from ragmed.ui.words import Words


def show(view: View, record: AnswerRecord) -> None:
    """The button, the progress, and the last result where it is of this answer."""
    words, audits = view.words, view.desk.audits
    stage = watch(audits, words)
    if stage.state == "failed" and stage.job == "replay":
        st.html(failed(stage, words("job.replay.failed"), words))
    found = audits.result("replay")
    if isinstance(found, Replay) and found.record_id == record.record_id:
        st.html(replayed(found, words))
    st.button(
        words("audit.replay"),
        key="replay",
        on_click=view.desk.replay,
        args=(record.record_id,),
        disabled=stage.state == "running",
    )


def replayed(found: Replay, words: Words) -> Markup:
    """The same or not; each thing that differs with the reason, and what was other without making a difference."""
    said = "audit.replay.same" if found.same else "audit.replay.other" if found.asked else "audit.replay.not"
    differences = (
        el(
            "li",
            el("p", f"{one.part}: {one.recorded} → {one.replayed}" if found.asked else one.replayed or one.recorded),
            el("p", words("audit.replay.why", reason=one.reason or words("audit.replay.unknown")), class_="rm-meta"),
        )
        for one in found.differences
    )
    return el(
        "section",
        el("p", words(said)),
        el("ul", *differences) if found.differences else None,
        el("ul", *(el("li", note, class_="rm-meta") for note in found.notes)) if found.notes else None,
        class_="rm-calm rm-replayed",
        role="status",
    )
