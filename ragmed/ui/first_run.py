"""The first page of a new machine: no index yet, and one button that builds it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.ui.markup import el
from ragmed.ui.moments import span
from ragmed.ui.words import TABLE

if TYPE_CHECKING:
    from pathlib import Path

    from ragmed.ui.desk import Stage
    from ragmed.ui.main import View
    from ragmed.ui.words import Words

SUFFIXES = (".pdf", ".html", ".htm", ".md", ".docx", ".epub", ".txt")
EVERY = 0.5
"""Seconds between looks at the progress."""


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
    words, indexing = view.words, view.desk.indexing
    stage = indexing.stage
    if stage.state == "done":
        st.rerun()
    if stage.state == "running":
        left = stage.seconds_left(time.monotonic())
        st.html(el("p", words("first.building"), class_="rm-working", role="status"))
        # a step of unknown length shows an empty bar and its count
        st.progress(stage.done / stage.total if stage.total else 0.0)
        st.html(
            el(
                "p",
                el("span", step(stage, words)),
                el("span", words("first.left", left=span(left, words))) if left is not None else None,
                class_="rm-meta",
            )
        )
        st.html(el("p", words("first.leave"), class_="rm-meta"))
        return
    if stage.state == "failed":
        st.html(
            el(
                "section",
                el("h2", words("first.failed")),
                el("p", stage.message),
                el("p", words("error.remedy", remedy=stage.remedy)) if stage.remedy else None,
                class_="rm-calm",
                role="alert",
            )
        )
    st.button(words("first.build"), type="primary", key="build", on_click=indexing.start)


def step(stage: Stage, words: Words) -> str:
    """The step in words and how far it is: ``Reading files, 3 of 14``."""
    key = f"first.step.{stage.what}"
    name = words(key) if key in TABLE else stage.what
    if not stage.total:
        return name
    return f"{name}{words('list.then')}{words('view.of', number=stage.done, total=stage.total)}"
