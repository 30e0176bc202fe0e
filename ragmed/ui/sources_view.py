"""The sources: what an answer cites, what was found beside it, and what a search has just found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.ui.chips import chip, first_of_each_marker, particulars, standing_mark, with_tail
from ragmed.ui.markup import Markup, el, join
from ragmed.ui.references import cited, page_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmed.records import AnswerRecord, Document, Passage, Retrieval
    from ragmed.ui.references import Cited
    from ragmed.ui.words import Words


def source_list(record: AnswerRecord, words: Words, current: Mapping[str, Document], shown: str = "") -> Markup:
    """What the answer cites, a line a document and page, then what was found and not cited."""
    groups: dict[tuple[str, int], list[Cited]] = {}
    for item in cited(record).values():
        groups.setdefault((item.document.document_id, item.check.citation.page_number), []).append(item)
    rows = [
        _source_row(
            items[0].document,
            page_words(items[0].document, items[0].label, number, words),
            words,
            current,
            join(*(chip(record.record_id, item, words, shown=shown) for item in first_of_each_marker(items))),
        )
        for (_, number), items in groups.items()
    ]
    seen = set(groups)
    also: dict[tuple[str, int], Passage] = {}
    for passage in record.retrieval.passages:
        place = (passage.document.document_id, passage.chunk.page_number)
        if place not in seen:
            also.setdefault(place, passage)
    return join(
        el("section", el("h2", words("source.title")), el("ul", *rows, class_="rm-sources"), class_="rm-part")
        if rows
        else None,
        el(
            "details",
            el("summary", f"{words('source.also')} ({len(also)})"),
            el("ul", *(_passage_row(passage, words, current) for passage in also.values()), class_="rm-sources"),
            class_="rm-fold",
        )
        if also
        else None,
    )


def found_list(retrieval: Retrieval, words: Words) -> Markup:
    """The evidence as soon as it is found, before anything is written from it."""
    return el(
        "section",
        el("p", words.count("source.found", len(retrieval.passages)), class_="rm-working-count"),
        el("ul", *(_passage_row(passage, words, {}) for passage in retrieval.passages), class_="rm-sources"),
        class_="rm-part rm-unchecked",
        aria_live="polite",
    )


def _source_row(
    document: Document, page: str, words: Words, current: Mapping[str, Document], chips: Markup | None
) -> Markup:
    return el(
        "li",
        el(
            "p",
            with_tail(document.title, el("span", chips, class_="rm-chips") if chips else None),
            class_="rm-source-title",
            lang=document.language.value,
        ),
        el(
            "p",
            el("span", page),
            particulars(document, words),
            standing_mark(document, current, words),
            class_="rm-meta",
        ),
    )


def _passage_row(passage: Passage, words: Words, current: Mapping[str, Document]) -> Markup:
    page = page_words(passage.document, passage.page_label, passage.chunk.page_number, words)
    return _source_row(passage.document, page, words, current, None)
