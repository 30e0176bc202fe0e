"""What went wrong and what to do, without fuss: the one box for it on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.ui.markup import Markup, el

if TYPE_CHECKING:
    from ragmed.errors import RagMedError
    from ragmed.ui.words import Words


def notice(words: Words, message: str, remedy: str = "", *, title: str = "") -> Markup:
    """What happened, and what to do where something can be done."""
    return el(
        "section",
        el("h2", title) if title else None,
        el("p", message) if message else None,
        el("p", words("error.remedy", remedy=remedy)) if remedy else None,
        class_="rm-calm",
        role="alert",
    )


def error_box(error: RagMedError, words: Words) -> Markup:
    """An error that the program foresaw."""
    return notice(words, str(error), error.remedy, title=words("error.title"))
