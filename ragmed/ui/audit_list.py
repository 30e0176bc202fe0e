"""Answers in a table that filters, and the export of what it lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.entries import FeedbackKind, RecordFilter
from ragmed.errors import BadInputError
from ragmed.records import Outcome, Verdict
from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when
from ragmed.ui.references import audit_link

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ragmed.entries import RecordLine
    from ragmed.ui.main import View

PAGE = 50
"""Answers listed at once."""
COLUMNS = ("question", "when", "user", "outcome", "verdicts")
_BEFORE = "audit_before"
"""Session key: the number of the entry behind which the list goes on; 0 for the newest."""
_SHORT = 160
_TEXTS = ("since", "until", "user", "series", "edition")
_EXPORTS = {"csv": "text/csv", "jsonl": "application/jsonl", "fhir": "application/fhir+ndjson"}
_ENDINGS = {"csv": "csv", "jsonl": "jsonl", "fhir": "ndjson"}


def show(view: View) -> None:
    """Draw the part."""
    words = view.words
    try:
        wanted = _filter(view)
        lines = view.desk.program.auditor.find(wanted, limit=PAGE, before=int(st.session_state.get(_BEFORE, 0)))
    except BadInputError as error:
        st.html(
            el(
                "section",
                el("p", str(error)),
                el("p", words("error.remedy", remedy=error.remedy)) if error.remedy else None,
                class_="rm-calm",
                role="alert",
            )
        )
        return
    if not lines:
        st.html(el("p", words("audit.filter.none"), class_="rm-meta", role="status"))
    else:
        st.html(table(lines, view))
    with st.container(key="audit-turn", horizontal=True, gap="small"):
        if st.session_state.get(_BEFORE):
            st.button(words("audit.newest"), key="audit-newest", on_click=_turn, args=(0,))
        if len(lines) == PAGE and lines[-1].number > 1:
            st.button(words("audit.older"), key="audit-older", on_click=_turn, args=(lines[-1].number,))
    if lines:
        _exports(view, wanted)


def table(lines: Sequence[RecordLine], view: View) -> Markup:
    """A row an answer, the newest first."""
    words = view.words
    return el(
        "table",
        el("caption", words("audit.view.answers"), class_="rm-hear"),
        el("thead", el("tr", *(el("th", words(f"audit.column.{name}"), scope="col") for name in COLUMNS))),
        el("tbody", *(_row(line, view) for line in lines)),
        class_="rm-table rm-audit",
    )


def _row(line: RecordLine, view: View) -> Markup:
    words = view.words
    short = line.question if len(line.question) <= _SHORT else line.question[: _SHORT - 1] + "…"
    return el(
        "tr",
        el(
            "th",
            el("a", short or words("audit.erased"), href=audit_link(line.record_id), data_plain=True, dir="auto"),
            el(
                "span",
                *(el("span", words(f"feedback.kind.{kind.value}"), class_="rm-tag") for kind in line.feedback),
                class_="rm-tags",
            )
            if line.feedback
            else None,
            scope="row",
        ),
        el("td", when(line.at, words, view.zone)),
        el("td", line.user or words("audit.unnamed")),
        el("td", words("audit.erased") if line.erased else words(f"audit.outcome.{line.outcome.value}")),
        el(
            "td",
            *(el("span", f"{count} {words(f'verdict.{verdict}')}") for verdict, count in line.verdicts),
            class_="rm-verdicts",
        ),
    )


def _turn(before: int) -> None:
    st.session_state[_BEFORE] = before


def _filter(view: View) -> RecordFilter:
    """What the fields ask for. A changed field begins with the newest again."""
    words = view.words

    def again() -> None:
        _turn(0)

    def choice(name: str, options: Sequence[str], said: Callable[[str], str]) -> str:
        return str(
            st.selectbox(
                words(f"audit.filter.{name}"),
                ("", *options),
                format_func=lambda option: said(option) if option else words("audit.filter.any"),
                key=f"audit-{name}",
                on_change=again,
            )
        )

    with st.container(key="audit-filters"):
        text = st.text_input(words("audit.filter.text"), key="audit-text", on_change=again, max_chars=200)
        with st.expander(words("audit.filter.more")):
            with st.container(key="audit-more", horizontal=True):
                texts = {
                    name: st.text_input(
                        words(f"audit.filter.{name}"), key=f"audit-{name}", on_change=again, max_chars=80
                    ).strip()
                    for name in _TEXTS
                }
            with st.container(key="audit-choices", horizontal=True):
                outcome = choice("outcome", [one.value for one in Outcome], lambda one: words(f"audit.outcome.{one}"))
                verdict = choice("verdict", [one.value for one in Verdict], lambda one: words(f"verdict.{one}"))
                feedback = choice(
                    "feedback", [one.value for one in FeedbackKind], lambda one: words(f"feedback.kind.{one}")
                )
    return RecordFilter(
        text=text.strip(),
        since=texts["since"],
        until=texts["until"],
        user=texts["user"],
        series=texts["series"],
        edition=texts["edition"],
        outcome=Outcome(outcome) if outcome else None,
        verdict=Verdict(verdict) if verdict else None,
        feedback=FeedbackKind(feedback) if feedback else None,
    )


def _exports(view: View, wanted: RecordFilter) -> None:
    """Everything that the filters let pass, not only the page in front."""
    words = view.words
    with st.container(key="audit-exports"):
        st.html(el("h2", words("audit.export"), class_="rm-small-title"))
        content = st.checkbox(words("audit.export.content"), key="audit-content")
        with st.container(key="audit-export-buttons", horizontal=True, gap="small"):
            for form, media in _EXPORTS.items():
                st.download_button(
                    {"csv": "CSV", "jsonl": "JSON Lines", "fhir": "FHIR R4"}[form],
                    data=partial(_exported, view, form, wanted, content),
                    file_name=f"ragmed-answers.{_ENDINGS[form]}",
                    mime=media,
                    key=f"export-{form}",
                    on_click="ignore",
                )


def _exported(view: View, form: str, wanted: RecordFilter, content: bool) -> bytes:
    return b"".join(view.desk.program.auditor.export(form, wanted, with_content=content))
