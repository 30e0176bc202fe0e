"""What only a person can decide: open questions, licences, pages that were read badly. Each has its buttons."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.changes import QuestionKind
from ragmed.errors import RagMedError
from ragmed.index.register import RegisteredEdition
from ragmed.ui.deciding import decide
from ragmed.ui.markup import Markup, el, label
from ragmed.ui.sheets import sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmed.changes import LicenceNotice, OpenQuestion, QuarantinedPage
    from ragmed.index.report import BuildReport, FileReport
    from ragmed.ui.main import View

SCOPES = ("document", "series")
OPENED = 3
"""Held documents that stand open; more are folded."""


def questions(view: View, report: BuildReport) -> None:
    """The open questions of the plan."""
    words = view.words
    files = {file.document_id: file for file in report.files if file.document_id}
    st.html(el("h2", words("decide.questions"), class_="rm-small-title"))
    for number, question in enumerate(report.questions):
        with st.container(border=True, key=f"question-{number}"):
            if question.kind is QuestionKind.SAME_SERIES:
                _same_series(view, question, files, number)
            else:
                _which_is_newer(view, question, files, number)


def _documents(question: OpenQuestion, files: Mapping[str, FileReport]) -> Markup:
    return el(
        "ul",
        *(
            el(
                "li",
                el("p", found.title if found else path, class_="rm-source-title"),
                el("p", el("span", found.edition) if found and found.edition else None, path, class_="rm-meta"),
            )
            for key, path in zip(question.document_ids, question.source_paths, strict=True)
            for found in (files.get(key),)
        ),
        class_="rm-sources",
    )


def _same_series(view: View, question: OpenQuestion, files: Mapping[str, FileReport], number: int) -> None:
    words, librarian = view.words, view.desk.program.librarian
    st.html(
        el(
            "div",
            el("h3", words("decide.same")),
            el("p", words("decide.likeness", percent=round(100 * question.likeness)), class_="rm-meta"),
            _documents(question, files),
        )
    )

    def join(_by: str) -> None:
        for key, path in zip(question.document_ids, question.source_paths, strict=True):
            if key in files:  # one whose file has left the library has its place already
                librarian.place(RegisteredEdition(series=question.series[-1], file=path))

    def part(by: str) -> None:
        librarian.distinct(question.document_ids, by=by)

    with st.container(horizontal=True):
        st.button(words("decide.same.yes"), key=f"same-{number}", on_click=decide, args=(view, join))
        st.button(words("decide.same.no"), key=f"distinct-{number}", on_click=decide, args=(view, part))


def _which_is_newer(view: View, question: OpenQuestion, files: Mapping[str, FileReport], number: int) -> None:
    words, librarian = view.words, view.desk.program.librarian
    st.html(el("div", el("h3", words("decide.newer")), el("p", words("decide.newer.why"), class_="rm-meta")))

    def save(_by: str) -> None:
        for place, (key, path) in enumerate(zip(question.document_ids, question.source_paths, strict=True)):
            day = str(st.session_state.get(f"date-{number}-{place}", "")).strip()
            gone = bool(st.session_state.get(f"gone-{number}-{place}"))
            if day or gone:
                librarian.place(
                    RegisteredEdition(series=files[key].series, file=path, published_on=day, withdrawn=gone)
                )

    with st.form(f"newer-{number}", border=False):
        for place, (key, path) in enumerate(zip(question.document_ids, question.source_paths, strict=True)):
            title = files[key].title if key in files else path
            st.text_input(
                f"{label(title)} · {label(path)}",
                key=f"date-{number}-{place}",
                placeholder=words("decide.date"),
            )
            st.checkbox(words("decide.withdrawn"), key=f"gone-{number}-{place}")
        st.form_submit_button(words("decide.save"), on_click=decide, args=(view, save))

    def part(by: str) -> None:
        librarian.distinct(question.document_ids, by=by)

    st.button(words("decide.distinct"), key=f"distinct-{number}", on_click=decide, args=(view, part))


def licences(view: View, report: BuildReport) -> None:
    """Restricted documents, held and permitted, each with the page that says so."""
    words = view.words
    grouped: dict[str, list[LicenceNotice]] = {}
    for notice in sorted(report.licences, key=lambda one: (bool(one.permission), one.title.casefold())):
        grouped.setdefault(notice.document_id, []).append(notice)
    st.html(el("h2", words("licence.title"), class_="rm-small-title"))
    for place, notices in enumerate(grouped.values()):
        _licence(view, notices, opened=place < OPENED)


def _licence(view: View, notices: Sequence[LicenceNotice], *, opened: bool) -> None:
    words, first = view.words, notices[0]
    held = not first.permission
    mark = words("licence.mark.held" if held else "licence.mark.permitted")
    with st.expander(f"{label(first.title)} · {mark}", key=f"licence-{first.document_id}", expanded=held and opened):
        said, picture = st.columns(2, gap="medium")
        with said:
            st.html(
                el(
                    "div",
                    *(
                        el(
                            "figure",
                            el("p", words(f"licence.{notice.kind.value}"), class_="rm-source-title"),
                            el("blockquote", notice.words),
                            el("figcaption", words("sheet.page", number=notice.page_number)),
                            class_="rm-notice",
                        )
                        for notice in notices
                    ),
                    el("p", words("licence.held"))
                    if held
                    else el("p", words("licence.permitted", said=first.permission)),
                    class_="rm-notices",
                )
            )
            if held:
                _permission(view, first)
        with picture:
            st.html(sheet(first.document_id, first.title, first.page_number, words, notice=True))


def _permission(view: View, notice: LicenceNotice) -> None:
    words, librarian, key = view.words, view.desk.program.librarian, notice.document_id

    def write(by: str) -> None:
        series = st.session_state.get(f"scope-{key}") == "series"
        librarian.permit(
            by=by,
            reference=str(st.session_state.get(f"reference-{key}", "")),
            document_id="" if series else notice.document_id,
            series=notice.series if series else "",
            file="" if series else notice.source_path,
        )

    with st.form(f"permit-{key}", border=False):
        st.text_input(
            words("licence.reference"),
            key=f"reference-{key}",
            placeholder=words("licence.reference.hint"),
            max_chars=300,
        )
        st.radio(
            words("licence.scope"),
            SCOPES,
            format_func=lambda scope: words(f"licence.scope.{scope}"),
            key=f"scope-{key}",
            horizontal=True,
        )
        st.form_submit_button(words("licence.record"), on_click=decide, args=(view, write))
        st.caption(words("licence.recorded_as", day=date.today().isoformat()))


def quarantine(view: View, pages: Sequence[QuarantinedPage]) -> None:
    """Badly read pages one at a time: the picture beside the text."""
    words, librarian = view.words, view.desk.program.librarian
    grouped: dict[str, list[QuarantinedPage]] = {}
    for page in pages:
        grouped.setdefault(page.document_id, []).append(page)
    st.html(
        el(
            "div",
            el("h2", words("quarantine.title"), class_="rm-small-title"),
            el("p", words("quarantine.lead"), class_="rm-meta"),
        )
    )
    with st.container(key="quarantine-choice", horizontal=True):
        document_id = st.selectbox(
            words("library.column.title"),
            list(grouped),
            format_func=lambda key: f"{grouped[key][0].title} · {words.count('quarantine.pages', len(grouped[key]))}",
            key="quarantine-document",
        )
        of_document = {page.page_number: page for page in grouped[document_id]}
        number = st.selectbox(
            words("quarantine.choose"),
            list(of_document),
            format_func=lambda one: words("sheet.page", number=one),
            key=f"quarantine-page-{document_id}",
        )
    _compare(view, of_document[number])
    source_path = of_document[number].source_path

    def accept(numbers: Sequence[int], by: str) -> None:
        librarian.accept(document_id, numbers, by=by, file=source_path)

    with st.container(horizontal=True):
        st.button(
            words("quarantine.accept", number=number),
            key="accept-page",
            on_click=decide,
            args=(view, partial(accept, (number,))),
        )
        if len(of_document) > 1:
            st.button(
                words("quarantine.accept.all", count=len(of_document)),
                key="accept-all",
                on_click=decide,
                args=(view, partial(accept, tuple(of_document))),
            )


def _compare(view: View, page: QuarantinedPage) -> None:
    words = view.words
    picture, text = st.columns(2, gap="medium")
    with picture:
        st.html(sheet(page.document_id, page.title, page.page_number, words))
    with text:
        try:
            read = view.desk.program.librarian.page(page.document_id, page.page_number)[1].text
        except RagMedError as error:
            read = str(error)
        st.html(
            el(
                "section",
                el("h3", words("sheet.text")),
                el(
                    "p",
                    " · ".join(words(f"note.{kind.value}") for kind in page.kinds),
                    class_="rm-meta",
                ),
                el("pre", read.strip() or words("sheet.text.none"), tabindex=0),
                class_="rm-read",
            )
        )
