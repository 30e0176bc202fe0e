"""One answer as it was shown, and beside it what the log says of it and what its citations are worth today."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import streamlit as st

from ragmed.citation_keys import check_for, page_label
from ragmed.entries import Replay
from ragmed.errors import NotFoundError, RagMedError
from ragmed.ui.answer_view import answer, snapshot_number
from ragmed.ui.diff_view import tracked
from ragmed.ui.job_view import EVERY, IDLE_EVERY, failed, show_running
from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when
from ragmed.ui.references import link

if TYPE_CHECKING:
    from ragmed.auditor import Opened
    from ragmed.entries import AuditEntry, CitationToday, Feedback
    from ragmed.records import AnswerRecord
    from ragmed.ui.main import View
    from ragmed.ui.words import Words


def show(view: View, record_id: str) -> None:
    """Draw the answer."""
    words = view.words
    try:
        opened = view.desk.program.auditor.open(record_id)
    except NotFoundError:
        st.html(el("section", el("h2", words("error.record")), class_="rm-calm", role="alert"))
        return
    st.html(el("p", el("a", words("audit.back"), href="/audit", data_plain=True), class_="rm-meta"))
    with st.container(key="audit-answer"):
        with st.container(key="audit-left"):
            st.html(_shown(opened, view) if opened.record else _erased(opened, view))
        with st.container(key="audit-right"):
            st.html(_aside(opened, view))
            _take_away(view, opened)
            if opened.record:
                _replay(view, opened.record)


def _shown(opened: Opened, view: View) -> Markup:
    """The answer view over the record, against the library of its own day: what was shown then."""
    record = cast("AnswerRecord", opened.record)
    try:
        published = view.desk.program.snapshots.get(record.snapshot_id).published_at if record.snapshot_id else None
    except RagMedError:
        published = None
    then = {document.document_id: document for document in record.documents}
    shown = answer(record, view.words, then, zone=view.zone, published_at=published)
    return el("div", el("h2", view.words("audit.shown"), class_="rm-small-title"), shown)


def _erased(opened: Opened, view: View) -> Markup:
    words, erasure = view.words, opened.erasure
    return el(
        "section",
        el("h2", words("audit.erased")),
        el("p", words("audit.erased.why")),
        el(
            "p",
            when(erasure.at, words, view.zone),
            el("span", words("audit.erased.by", user=erasure.user or words("audit.unnamed"), reason=erasure.reason)),
            class_="rm-meta",
        )
        if erasure
        else None,
        class_="rm-calm",
    )


def _aside(opened: Opened, view: View) -> Markup:
    words, record = view.words, opened.record
    return el(
        "div",
        el(
            "section",
            el("h2", words("audit.today")),
            el(
                "ul",
                *(_today(one, record, words) for one in {one.key: one for one in opened.today}.values()),
                class_="rm-sources",
            )
            if opened.today
            else el("p", words("audit.today.none"), class_="rm-meta"),
            class_="rm-part",
        )
        if record
        else None,
        el(
            "section",
            el("h2", words("audit.entry")),
            el("ul", *(_entry(entry, view) for entry in opened.entries), class_="rm-sources"),
            class_="rm-part",
        ),
        el(
            "section",
            el("h2", words("audit.said")),
            el("ul", *(_said(one, view) for one in opened.feedback), class_="rm-sources"),
            class_="rm-part",
        )
        if opened.feedback
        else None,
        _made(record, words) if record else None,
        class_="rm-aside",
    )


def _today(one: CitationToday, record: AnswerRecord, words: Words) -> Markup:
    check = check_for(record, one.key)
    document = next((item for item in record.documents if item.document_id == check.citation.document_id), None)
    return el(
        "li",
        el(
            "p",
            el("a", f"[{one.key}] {document.title if document else ''}", href=link(record.record_id, one.key)),
            class_="rm-source-title",
        ),
        el(
            "p",
            el("span", words("audit.page", label=page_label(record, check))),
            el("span", words(f"verdict.{check.verdict.value}")),
            el(
                "span",
                words(f"audit.today.{one.worth.value}"),
                class_="rm-tag" if one.worth.value == "said" else "rm-tag rm-tag-old",
            ),
            el("span", words("audit.today.in", edition=one.new_edition)) if one.new_edition else None,
            class_="rm-meta",
        ),
        el("blockquote", tracked(one.words), class_="rm-tracked") if one.words else None,
    )


def _entry(entry: AuditEntry, view: View) -> Markup:
    words = view.words
    return el(
        "li",
        el(
            "p",
            el("span", words("audit.entry.number", number=entry.number)),
            el("span", words(f"audit.entry.{entry.kind.value}")),
            when(entry.at, words, view.zone),
            el("span", entry.user or words("audit.unnamed")),
            class_="rm-meta",
        ),
        el("p", el("code", entry.commitment, title="SHA-256"), class_="rm-hash"),
    )


def _said(one: Feedback, view: View) -> Markup:
    words = view.words
    return el(
        "li",
        el(
            "p",
            el("span", words(f"feedback.kind.{one.kind.value}"), class_="rm-tag"),
            el("span", f"[{one.citation_key}]") if one.citation_key else None,
            el("span", one.user or words("audit.unnamed")),
            when(one.at, words, view.zone),
            class_="rm-meta",
        ),
        el("p", one.correction, dir="auto") if one.correction else None,
        el("p", one.note, dir="auto") if one.note else None,
    )


def _made(record: AnswerRecord, words: Words) -> Markup:
    return el(
        "section",
        el("h2", words("audit.made")),
        el(
            "p",
            el(
                "span",
                words("audit.made.program", version=record.code_version or "—", settings=record.settings_sha256[:12]),
            ),
            el("span", f"{record.generation.kind} {record.generation.model_id}".strip()),
            el("span", words("snapshot.short", number=snapshot_number(record.snapshot_id)))
            if record.snapshot_id
            else None,
            el("span", words("audit.made.coverage", coverage=f"{record.retrieval.coverage:.2f}")),
            class_="rm-meta",
        ),
        class_="rm-part",
    )


def _take_away(view: View, opened: Opened) -> None:
    words, auditor = view.words, view.desk.program.auditor
    st.download_button(
        words("audit.bundle"),
        data=lambda: auditor.bundle(opened.record_id),
        file_name=f"ragmed-{opened.record_id}.zip",
        mime="application/zip",
        key="bundle",
        on_click="ignore",
    )
    st.html(el("p", words("audit.bundle.why"), class_="rm-meta"))


def _replay(view: View, record: AnswerRecord) -> None:
    words, jobs = view.words, view.desk.jobs
    stage = jobs.stage
    st.fragment(_progress, run_every=EVERY if stage.state == "running" else IDLE_EVERY)(view, stage.serial)
    if stage.state == "failed" and stage.job == "replay":
        st.html(failed(stage, words("job.replay.failed"), words))
    found = jobs.result("replay")
    if isinstance(found, Replay) and found.record_id == record.record_id:
        st.html(_replayed(found, words))
    st.button(
        words("audit.replay"),
        key="replay",
        on_click=view.desk.replay,
        args=(record.record_id,),
        disabled=stage.state == "running",
    )


def _progress(view: View, serial: int) -> None:
    stage = view.desk.jobs.stage
    if stage.serial != serial:
        st.rerun()
    if stage.state == "running" and stage.job:
        show_running(stage, view.words(f"job.{stage.job}"), view.words)


def _replayed(found: Replay, words: Words) -> Markup:
    said = "audit.replay.same" if found.same else "audit.replay.other" if found.asked else "audit.replay.not"
    return el(
        "section",
        el("p", words(said)),
        el(
            "ul",
            *(
                el(
                    "li",
                    el("p", f"{one.part}: {one.recorded} → {one.replayed}"),
                    el(
                        "p",
                        words("audit.replay.why", reason=one.reason or words("audit.replay.unknown")),
                        class_="rm-meta",
                    ),
                )
                for one in found.differences
            ),
        )
        if found.differences
        else None,
        el("ul", *(el("li", note, class_="rm-meta") for note in found.notes)) if found.notes else None,
        class_="rm-calm rm-replayed",
        role="status",
    )
