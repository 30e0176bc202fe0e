"""The first page of a new machine: no index yet, and one button that builds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ragmed.ui.job_view import EVERY, failed, show_running
from ragmed.ui.markup import el

if TYPE_CHECKING:
    from pathlib import Path

    from ragmed.ui.main import View

SUFFIXES = (".pdf", ".html", ".htm", ".md", ".docx", ".epub", ".txt")


def show(view: View) -> None:
    """Draw the page: the folder, the button, and the progress while it runs."""
    words, library = view.words, view.desk.program.settings.library
    count = files_in(library)
    with st.container(key="first"):
        st.html(
            el(
                "section",
                el("h1", words("first.title"), class_="rm-question"),
                el("p", words("first.folder", folder=str(library), files=words.count("first.files", count))),
                el("p", words("first.empty")) if not count else None,
                class_="rm-first",
            )
        )
        _steps(view)


def files_in(library: Path) -> int:
    """Files that look like documents."""
    if not library.is_dir():
        return 0
    return sum(path.suffix.lower() in SUFFIXES for path in library.rglob("*") if path.is_file())


@st.fragment(run_every=EVERY)
def _steps(view: View) -> None:
    words, desk = view.words, view.desk
    stage = desk.jobs.stage
    if stage.state == "done" and desk.current() is not None:
        st.rerun()
    if stage.state == "running":
        show_running(stage, words("first.building"), words)
        st.html(el("p", words("first.leave"), class_="rm-meta"))
        return
    if stage.state == "failed":
        st.html(failed(stage, words("first.failed"), words))
    st.button(words("first.build"), type="primary", key="build", on_click=desk.build_index)
