"""Where two guidelines differ: both sides with their words, dates and pages, and no word on which is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.conflict_sides import conflict_sides
from ragmed.ui.chips import chip, with_tail
from ragmed.ui.markup import Markup, el, join
from ragmed.ui.references import cited

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmed.conflict_sides import Side
    from ragmed.records import AnswerRecord
    from ragmed.ui.references import Cited
    from ragmed.ui.words import Words


def conflict_box(record: AnswerRecord, words: Words, shown: str = "") -> Markup | None:
    """Every conflict of the record, or nothing where it has none; ``shown`` is the citation in the viewer."""
    found = conflict_sides(record)
    if not found:
        return None
    items = cited(record)
    rows = [
        el(
            "li",
            el("div", *(_side(record, side, items, words, shown) for side in pair), class_="rm-differ-pair"),
            None if any(side.newer for side in pair) else el("p", words("conflict.unordered"), class_="rm-meta"),
        )
        for pair in found
    ]
    return el(
        "section",
        el("h2", words.count("conflict.title", len(found))),
        el("ul", *rows),
        el("p", words("conflict.note"), class_="rm-meta"),
        class_="rm-calm rm-differ",
    )


def _side(record: AnswerRecord, side: Side, items: Mapping[str, Cited], words: Words, shown: str) -> Markup:
    item = items.get(side.key)
    language = side.document.language.value
    mark = el("span", chip(record.record_id, item, words, shown=shown), class_="rm-chips") if item else None
    pieces = [el("strong", piece) if differs else piece for piece, differs in side.pieces()]
    last = pieces.pop()
    ended = join(last, mark) if side.pieces()[-1][1] else with_tail(last, mark)
    return el(
        "figure",
        el(
            "figcaption",
            el("p", side.document.title, lang=language, dir="auto", class_="rm-source-title"),
            el(
                "p",
                *(el("span", part) for part in (side.document.publisher, side.document.edition) if part),
                el("span", side.document.published_on or words("conflict.date.none")),
                el("span", words("conflict.newer"), class_="rm-tag rm-tag-now") if side.newer else None,
                class_="rm-meta",
            ),
        ),
        el(
            "blockquote",
            *pieces,
            ended,
            lang=language,
            dir="auto",
        ),
    )
