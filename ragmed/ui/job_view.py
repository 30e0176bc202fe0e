"""How far the work at the library is: the whole, the step at hand, each document, the time left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import span
from ragmed.ui.notices import notice
from ragmed.ui.words import TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.ui.desk import Jobs, Stage
    from ragmed.ui.words import Words

EVERY = 0.5
"""Seconds between looks at the progress."""
IDLE_EVERY = 3.0
"""The same while nothing runs: somebody else may begin."""
MOST_FILES = 8
"""Documents named at once: those that have just been done, the one at work, those that follow."""


def watch(jobs: Jobs, words: Words, *below: Markup) -> Stage:
    """Draw whatever runs, with ``below`` under it, again and again; the stage that the page is drawn for.

    When a job has begun or ended since, whoever began it, the page is drawn again.
    """
    stage = jobs.stage
    st.fragment(_look, run_every=EVERY if stage.state == "running" else IDLE_EVERY)(jobs, words, stage.serial, below)
    return stage


def _look(jobs: Jobs, words: Words, serial: int, below: Sequence[Markup]) -> None:
    stage = jobs.stage
    if stage.serial != serial:
        st.rerun()
    if stage.state == "running" and stage.job:
        show_running(stage, words(f"job.{stage.job}"), words)
        for markup in below:
            st.html(markup)


def show_running(stage: Stage, title: str, words: Words) -> None:
    """Draw a running job."""
    left = stage.seconds_left(time.monotonic())
    st.html(el("p", title, class_="rm-working", role="status"))
    # a step of unknown length shows an empty bar and its count
    st.progress(stage.share)
    st.html(
        el(
            "p",
            el("span", words("job.files", done=stage.files_done, total=len(stage.files))) if stage.files else None,
            el("span", step(stage, words) if stage.what else words("job.starting")),
            el("span", words("first.left", left=span(left, words))) if left is not None else None,
            class_="rm-meta",
        )
    )
    if stage.files:
        st.html(documents(stage, words))


def step(stage: Stage, words: Words) -> str:
    """The step in words and how far it is: ``Reading files, 3 of 14``."""
    key = f"first.step.{stage.what}"
    name = words(key) if key in TABLE else stage.what
    if not stage.total:
        return name
    return f"{name}{words('list.then')}{words('view.of', number=stage.done, total=stage.total)}"


def documents(stage: Stage, words: Words) -> Markup:
    """Each document and how far it is, a window of them where there are many."""
    at = stage.files_done
    first = max(0, min(at - 2, len(stage.files) - MOST_FILES))
    shown = list(enumerate(stage.files))[first : first + MOST_FILES]
    more = len(stage.files) - first - len(shown)
    states = [(name, "done" if place < at else "at_work" if place == at else "waiting") for place, name in shown]
    return el(
        "ul",
        *(
            el("li", el("span", name), el("span", words(f"job.file.{state}")), class_=f"rm-doing rm-doing-{state}")
            for name, state in states
        ),
        el("li", words.count("job.files.more", more), class_="rm-meta") if more > 0 else None,
        class_="rm-doings",
    )


def failed(stage: Stage, title: str, words: Words) -> Markup:
    """How a job failed, and what to do."""
    return notice(words, stage.message, stage.remedy, title=title)
