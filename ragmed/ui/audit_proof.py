"""Verify: what it checks as it checks it, and one sentence at the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.ui.audit_filters import link
from ragmed.ui.desk import Proof
from ragmed.ui.job_view import failed, watch
from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when

if TYPE_CHECKING:
    from ragmed.entries import Verification
    from ragmed.ui.main import View
    from ragmed.ui.words import Words

_ANSWER = re.compile(r"([0-9a-f]{16,32})(?::\w+)?")
MOST = 200
"""Faults listed; the sentence counts them all."""


def show(view: View) -> None:
    """Draw the part."""
    words, audits = view.words, view.desk.audits
    st.html(el("p", words("audit.verify.lead"), class_="rm-meta"))
    stage = watch(audits, words, el("p", words("audit.leave"), class_="rm-meta"))
    running = stage.state == "running"
    if stage.state == "failed" and stage.job == "verify":
        st.html(failed(stage, words("job.verify.failed"), words))
    found = audits.result("verify")
    if isinstance(found, Proof) and not (running and stage.job == "verify"):
        st.html(result(found, view))
    st.button(words("audit.verify"), key="verify", type="primary", on_click=view.desk.verify, disabled=running)


def result(proof: Proof, view: View) -> Markup:
    """The sentence, what was checked and when, what is wrong, what was not checked."""
    words, found = view.words, proof.found
    return el(
        "section",
        el("h2", sentence(found, words)),
        el(
            "p",
            when(proof.at, words, view.zone),
            el(
                "span",
                words(
                    "audit.verify.checked",
                    entries=found.entries,
                    answers=found.answers,
                    feedback=found.feedback,
                    reviews=found.reviews,
                    adapters=found.adapters,
                    erasures=found.erasures,
                    checkpoints=found.checkpoints,
                    citations=found.citations,
                    seconds=f"{found.seconds:.1f}",
                ),
            ),
            class_="rm-meta",
        ),
        _faults(found, words) if found.faults else None,
        el("p", words.count("audit.verify.more", len(found.faults) - MOST), class_="rm-meta")
        if len(found.faults) > MOST
        else None,
        _unchecked(found, words) if found.notes or found.unchecked_citations else None,
        class_="rm-calm rm-proof",
        role="status" if found.sound else "alert",
    )


def sentence(found: Verification, words: Words) -> str:
    """What it came to; that something could not be checked belongs to it."""
    if not found.sound:
        return words.count("audit.verify.faults", len(found.faults))
    return words("audit.verify.sound" if not (found.notes or found.unchecked_citations) else "audit.verify.partly")


def _unchecked(found: Verification, words: Words) -> Markup:
    return el(
        "div",
        el("h3", words("audit.verify.unchecked")),
        el(
            "ul",
            el("li", words.count("audit.verify.citations", found.unchecked_citations))
            if found.unchecked_citations
            else None,
            *(el("li", note) for note in found.notes),
            class_="rm-facts",
        ),
        class_="rm-unproven",
    )


def _subject(said: str) -> Markup | str:
    """What is wrong; where that is an answer or a citation of one, a link to it."""
    found = _ANSWER.fullmatch(said)
    return el("a", said, href=link("/audit", {"record": found[1]})) if found else said


def _faults(found: Verification, words: Words) -> Markup:
    names = {name: words(f"audit.fault.{name}") for name in ("entry", "what", "message")}
    return el(
        "table",
        el("caption", words("audit.fault.message"), class_="rm-hear"),
        el("thead", el("tr", *(el("th", name, scope="col") for name in names.values()))),
        el(
            "tbody",
            *(
                el(
                    "tr",
                    el("th", words("audit.entry.number", number=fault.number) if fault.number else "—", scope="row"),
                    el("td", _subject(fault.subject)),
                    el("td", fault.message),
                )
                for fault in found.faults[:MOST]
            ),
        ),
        class_="rm-table rm-faults",
    )
