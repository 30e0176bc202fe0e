"""What is left to show of an answer whose content was destroyed on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when

if TYPE_CHECKING:
    from ragmed.entries import Erasure
    from ragmed.ui.words import Words


def erased(erasure: Erasure | None, words: Words, zone: str | None) -> Markup:
    """That, when, by whom and on what ground."""
    return el(
        "section",
        el("h2", words("audit.erased")),
        el("p", words("audit.erased.why")),
        el(
            "p",
            when(erasure.at, words, zone),
            el("span", words("audit.erased.by", user=erasure.user or words("audit.unnamed"), reason=erasure.reason)),
            class_="rm-meta",
        )
        if erasure
        else None,
        class_="rm-calm",
        role="status",
    )
