"""The marks that stand beside words everywhere: a citation's chip, a verdict's shape, a document's particulars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.records import Verdict
from ragmed.ui.markup import Markup, el, join, text
from ragmed.ui.references import edition_words, link, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ragmed.records import Document
    from ragmed.ui.references import Cited
    from ragmed.ui.words import Words

SHAPES = {Verdict.VERBATIM: "whole", Verdict.SUPPORTED: "half"}
"""A chip's shape tells its verdict without colour; every verdict that does not hold is a cross."""

LONGEST_LAST_WORD = 14
"""Letters kept on one line with a chip; of Chinese, which has no spaces, four characters."""


def chip(record_id: str, item: Cited, words: Words, *, shown: str = "") -> Markup:
    """The marker at the end of a claim, which opens its own quote; ``shown`` is the key of the one in the viewer."""
    name = words(
        "chip.label",
        number=item.check.citation.marker,
        verdict=words(f"verdict.{item.check.verdict.value}"),
        title=item.document.title,
        page=item.label,
    )
    return el(
        "a",
        shape(item.check.verdict),
        str(item.check.citation.marker),
        class_="rm-chip",
        href=link(record_id, item.key),
        data_cite=item.key,
        aria_label=name,
        title=name,
        aria_current="true" if item.key == shown else None,
    )


def with_tail(words: str, tail: Markup | None) -> Markup:
    """``words`` and then ``tail`` on the same line as their last word, so that no chip stands alone on a line."""
    if tail is None:
        return text(words)
    longest = LONGEST_LAST_WORD if words[-4:].isascii() else 4
    cut = max(words.rstrip().rfind(" ") + 1, len(words) - longest)
    return join(words[:cut], el("span", words[cut:], tail, class_="rm-tail"))


def particulars(document: Document, words: Words) -> Markup:
    """Publisher, edition, date."""
    return join(*(el("span", part) for part in edition_words(document, words)), by="")


def standing_mark(document: Document, current: Mapping[str, Document], words: Words) -> Markup | None:
    """``Superseded by …`` in words, or nothing."""
    note = standing(document, current, words)
    return el("span", note, class_="rm-tag rm-tag-old") if note else None


def shape(verdict: Verdict) -> Markup:
    """The mark that tells a verdict without colour; its words stand beside it or in the chip's name."""
    return el("span", class_=f"rm-shape rm-shape-{SHAPES.get(verdict, 'cross')}", aria_hidden="true")


def first_of_each_marker(items: Iterable[Cited]) -> list[Cited]:
    """The first quote of every passage, in order."""
    first: dict[int, Cited] = {}
    for item in items:
        first.setdefault(item.check.citation.marker, item)
    return list(first.values())
