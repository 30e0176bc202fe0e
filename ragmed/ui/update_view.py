"""From a drop of files to a published snapshot, and back: inbox, plan, publish, undo.

Laws of this room: nothing changes for the doctors before Publish is pressed; a plan that no longer holds cannot be
published; whatever runs goes on when the page is left, and every page shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.errors import RagMedError
from ragmed.ui import decisions_view, plan_view
from ragmed.ui.answer_foot import snapshot_number
from ragmed.ui.deciding import decide, name_field, trouble, who
from ragmed.ui.job_view import failed, watch
from ragmed.ui.markup import el
from ragmed.ui.sheets import plan_of, published

if TYPE_CHECKING:
    from ragmed.index.report import BuildReport
    from ragmed.librarian import Plan
    from ragmed.ui.main import View
    from ragmed.ui.words import Words

_REFUSED, _TURN = "uploads_refused", "uploads_turn"
_SHOWN = 5
"""Staged files that are listed in the open; more are folded."""


def show(view: View) -> None:
    """Draw the part. Each of its pieces has a place of its own, empty or not: a piece that came or went would have the
    browser make those below it anew, and lose what is being typed there."""
    _drop(view)
    with st.container(key="trouble"):
        trouble(view)
    stage = watch(view.desk.jobs, view.words, el("p", view.words("job.leave"), class_="rm-meta"))
    if stage.state == "running":
        return
    with st.container(key="failure"):
        if stage.state == "failed" and stage.job:
            st.html(failed(stage, view.words(f"job.{stage.job}.failed"), view.words))
    with st.container(key="staged"):
        _inbox(view)
    with st.container(key="outcome"):
        _done(view)
    plan = plan_of(view.desk)
    if plan is None:
        st.button(view.words("plan.make"), key="plan", type="primary", on_click=view.desk.make_plan)
    else:
        _plan(view, plan)


def _drop(view: View) -> None:
    words = view.words
    turn = st.session_state.setdefault(_TURN, 0)
    key = f"uploads-{turn}"

    def take() -> None:
        """Stage what was dropped, and give the next drop an empty zone."""
        refused: list[tuple[str, str]] = []
        inbox = view.desk.program.librarian.inbox
        for upload in st.session_state.get(key) or ():
            try:
                staged = inbox.stage(upload.name, bytes(upload.getbuffer()))
                if staged.name != upload.name:
                    refused.append((words("inbox.taken", name=staged.name), ""))
            except RagMedError as error:
                refused.append((str(error), error.remedy))
        st.session_state[_REFUSED] = refused
        st.session_state[_TURN] = turn + 1
        view.desk.make_plan()

    with st.container(key="drop"):
        st.file_uploader(words("inbox.drop"), accept_multiple_files=True, key=key, on_change=take)
        st.html(el("p", words("inbox.lead", mib=view.desk.program.settings.app.upload_mib), class_="rm-meta"))
    refused = st.session_state.get(_REFUSED, ())
    if refused:
        st.html(
            el(
                "section",
                el("h2", words.count("inbox.refused", sum(bool(remedy) for _, remedy in refused)))
                if any(remedy for _, remedy in refused)
                else None,
                *(
                    el("p", message, " ", words("error.remedy", remedy=remedy) if remedy else None)
                    for message, remedy in refused
                ),
                class_="rm-calm",
                role="alert",
            )
        )


def _inbox(view: View) -> None:
    words, inbox = view.words, view.desk.program.librarian.inbox
    files = inbox.files()
    if not files:
        return

    def remove(*names: str) -> None:
        for name in names:
            try:
                inbox.remove(name)
            except RagMedError:
                continue  # somebody else removed or published it
        view.desk.jobs.forget("plan")

    with st.expander(
        words.count("inbox.title", len(files)),
        expanded=len(files) <= _SHOWN and plan_of(view.desk) is None,
        key="inbox",
    ):
        for place, file in enumerate(files):
            with st.container(horizontal=True, vertical_alignment="center", key=f"inbox-{place}"):
                st.html(
                    el("p", el("span", file.name), el("span", size(file.size), class_="rm-meta"), class_="rm-staged"),
                    width="stretch",
                )
                st.button(
                    "✕",
                    key=f"remove-{place}-{file.name}",
                    help=words("inbox.remove", name=file.name),
                    type="tertiary",
                    on_click=remove,
                    args=(file.name,),
                )
        if len(files) > 1:
            st.button(
                words("inbox.remove.all"),
                key="remove-all",
                type="tertiary",
                on_click=remove,
                args=tuple(file.name for file in files),
            )


def size(count: int) -> str:
    """Bytes as a person reads them."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{max(1, round(count / 1e3))} kB"


def _plan(view: View, plan: Plan) -> None:
    words, report = view.words, plan.report
    fresh = view.desk.program.librarian.is_fresh(plan)
    titles = (
        {one.source_path: (one.document_id, one.title) for one in view.snapshot.documents()} if view.snapshot else {}
    )
    anything = bool(report.changes or view.desk.program.librarian.inbox.files())
    st.html(
        el(
            "div",
            el("h2", words("plan.title")),
            el("p", words("plan.nothing")) if not report.changes else None,
            plan_view.counts(report, titles, words),
            class_="rm-plan",
        )
    )
    with st.container(key="publish-bar"):
        if not fresh:
            st.html(el("p", words("plan.stale"), class_="rm-stale", role="status"))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                words("plan.publish"),
                key="publish",
                type="primary",
                disabled=not (fresh and anything),
                on_click=lambda: view.desk.publish(plan, by=who()),
            )
            st.button(
                words("plan.again"),
                key="again-plan",
                type="secondary" if fresh else "primary",
                on_click=view.desk.make_plan,
            )
        st.html(
            el(
                "p",
                el("span", words("plan.publish.lead")),
                el("span", words.count("plan.open", len(report.questions))) if report.questions else None,
                class_="rm-meta",
            )
        )
    _details(view, report, words)


def _details(view: View, report: BuildReport, words: Words) -> None:
    """What to look at before publishing: first what needs her, then what changes."""
    held_pages = [page for page in report.quarantine if page.holds]
    if report.questions or held_pages or any(not notice.permission for notice in report.licences):
        name_field(view)
    if report.questions:
        decisions_view.questions(view, report)
    if report.licences:
        decisions_view.licences(view, report)
    if report.editions:
        st.html(plan_view.editions(report.editions, words))
    if report.impact:
        st.html(plan_view.impact(report.impact, words))
    if held_pages:
        decisions_view.quarantine(view, held_pages)


def _done(view: View) -> None:
    """What the last publish or way back came to, with the way back."""
    words, desk = view.words, view.desk
    report, back = published(desk), desk.jobs.result("rollback")
    if report is None and not back:
        return
    with st.container(border=True, key="done"):
        if report is None:
            st.html(el("h2", words("done.back", number=snapshot_number(str(back))), role="status"))
        elif report.snapshot_id is None:
            st.html(el("h2", words("done.same"), role="status"))
        else:
            st.html(
                el(
                    "div",
                    el("h2", words("done.title", number=snapshot_number(report.snapshot_id)), role="status"),
                    plan_view.counts(report, {}, words),
                    class_="rm-plan",
                )
            )
            _undo(view, report)
        st.button(
            words("done.close"),
            key="done-close",
            type="tertiary",
            on_click=desk.jobs.forget,
            args=("publish", "rollback"),
        )


def _undo(view: View, report: BuildReport) -> None:
    words, parent = view.words, report.parent
    if not parent or view.snapshot is None or view.snapshot.snapshot_id != report.snapshot_id:
        return

    def back(by: str) -> None:
        view.desk.roll_back(parent, by=by)

    name_field(view)
    st.button(
        words("done.undo", number=snapshot_number(parent)),
        key="undo",
        on_click=decide,
        args=(view, back),
        kwargs={"plan": False},
    )
    st.html(el("p", words("done.undo.lead"), class_="rm-meta"))
