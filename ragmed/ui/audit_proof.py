"""Verify: what it checks as it checks it, and one sentence at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.entries import Verification
from ragmed.ui.job_view import EVERY, IDLE_EVERY, failed, show_running
from ragmed.ui.markup import Markup, el

if TYPE_CHECKING:
    from ragmed.ui.main import View
    from ragmed.ui.words import Words

MOST = 200
"""Faults listed; the sentence counts them all."""


def show(view: View) -> None:
    """Draw the part."""
    words, jobs = view.words, view.desk.jobs
    stage = jobs.stage
    st.html(el("p", words("audit.verify.lead"), class_="rm-meta"))
    running = stage.state == "running"
    st.fragment(_progress, run_every=EVERY if running else IDLE_EVERY)(view, stage.serial)
    if stage.state == "failed" and stage.job == "verify":
        st.html(failed(stage, words("job.verify.failed"), words))
    found = jobs.result("verify")
    if isinstance(found, Verification) and not (running and stage.job == "verify"):
        st.html(result(found, words))
    st.button(words("audit.verify"), key="verify", type="primary", on_click=view.desk.verify, disabled=running)


def _progress(view: View, serial: int) -> None:
    stage = view.desk.jobs.stage
    if stage.serial != serial:
        st.rerun()
    if stage.state == "running" and stage.job:
        show_running(stage, view.words(f"job.{stage.job}"), view.words)


def result(found: Verification, words: Words) -> Markup:
    """The sentence, what was checked, what is wrong, what was not checked."""
    sentence = words("audit.verify.sound") if found.sound else words.count("audit.verify.faults", len(found.faults))
    return el(
        "section",
        el("h2", sentence),
        el(
            "p",
            words(
                "audit.verify.checked",
                entries=found.entries,
                answers=found.answers,
                feedback=found.feedback,
                erasures=found.erasures,
                checkpoints=found.checkpoints,
                citations=found.citations,
                seconds=f"{found.seconds:.1f}",
            ),
            class_="rm-meta",
        ),
        el("p", words.count("audit.verify.unchecked", found.unchecked_citations), class_="rm-meta")
        if found.unchecked_citations
        else None,
        _faults(found, words) if found.faults else None,
        el("ul", *(el("li", note, class_="rm-meta") for note in found.notes)) if found.notes else None,
        class_="rm-calm rm-proof",
        role="status" if found.sound else "alert",
    )


def _faults(found: Verification, words: Words) -> Markup:
    return el(
        "table",
        el(
            "thead",
            el("tr", *(el("th", words(f"audit.fault.{name}"), scope="col") for name in ("entry", "what", "message"))),
        ),
        el(
            "tbody",
            *(
                el(
                    "tr",
                    el("th", str(fault.number) if fault.number else "—", scope="row"),
                    el("td", fault.subject),
                    el("td", fault.message),
                )
                for fault in found.faults[:MOST]
            ),
        ),
        class_="rm-table",
    )
