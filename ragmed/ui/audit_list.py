"""Answers in a table, those that pass the filters; and the export of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.errors import BadInputError
from ragmed.ui import audit_filters
from ragmed.ui.audit_filters import BEFORE, held, link
from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when
from ragmed.ui.notices import notice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmed.entries import RecordLine
    from ragmed.ui.main import View

PAGE = 50
"""Answers listed at once."""
COLUMNS = ("question", "when", "user", "outcome", "verdicts")
FORMS = {"csv": "CSV", "jsonl": "JSON Lines", "fhir": "FHIR R4"}
_SHORT = 160


def show(view: View) -> None:
    """Draw the part."""
    words = view.words
    audit_filters.fields(view)
    stated = st.query_params.get(BEFORE, "")
    before = int(stated[:18]) if stated.isascii() and stated.isdigit() else 0
    try:
        wanted = audit_filters.of_address(st.query_params, view.desk.searches)
        lines = view.desk.program.auditor.find(wanted, limit=PAGE, before=before)
    except BadInputError as error:
        st.html(notice(words, str(error), error.remedy))
        return
    if lines:
        st.html(table(lines, view, held(BEFORE)))
    else:
        st.html(el("p", words("audit.filter.none"), class_="rm-meta", role="status"))
    with st.container(key="audit-turn", horizontal=True, gap="small"):
        if before:
            st.button(words("audit.newest"), key="audit-newest", on_click=_turn, args=(0,))
        if len(lines) == PAGE and lines[-1].number > 1:
            st.button(words("audit.older"), key="audit-older", on_click=_turn, args=(lines[-1].number,))
    if lines:
        _exports(view)


def table(lines: Sequence[RecordLine], view: View, kept: Mapping[str, str]) -> Markup:
    """A row an answer, the newest first; ``kept``: what its link takes along, for the way back."""
    words = view.words
    return el(
        "table",
        el("caption", words("audit.view.answers"), class_="rm-hear"),
        el("thead", el("tr", *(el("th", words(f"audit.column.{name}"), scope="col") for name in COLUMNS))),
        el("tbody", *(_row(line, view, kept) for line in lines)),
        class_="rm-table rm-audit",
    )


def _row(line: RecordLine, view: View, kept: Mapping[str, str]) -> Markup:
    words = view.words
    short = line.question if len(line.question) <= _SHORT else line.question[: _SHORT - 1] + "…"
    return el(
        "tr",
        el(
            "th",
            el(
                "a",
                short or words(_without_question(line)),
                href=link("/audit", {"record": line.record_id, **kept}),
                dir="auto",
            ),
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


def _without_question(line: RecordLine) -> str:
    return "audit.damaged" if line.damaged else "audit.erased" if line.erased else "audit.no_question"


def _turn(before: int) -> None:
    if before:
        st.query_params[BEFORE] = str(before)
    else:
        del st.query_params[BEFORE]


def _exports(view: View) -> None:
    """Everything that the filters let pass, not only the page in front."""
    words = view.words
    with st.container(key="audit-exports"):
        st.html(el("h2", words("audit.export"), class_="rm-small-title"))
        content = st.checkbox(words("audit.export.content"), key="audit-content")
        said = held() | ({"content": "1"} if content else {})
        st.html(
            el(
                "p",
                *(el("a", name, href=link(f"/audit/export.{form}", said)) for form, name in FORMS.items()),
                class_="rm-buttons",
            )
        )
