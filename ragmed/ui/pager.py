"""The row of passages under the viewer: the first, the last, those near the one shown, and gaps in words of dots.

The page's script keeps the same window while it turns (``WINDOW``, ``NARROW`` there); this is how it begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.ui.chips import first_of_each_marker
from ragmed.ui.markup import Markup, el
from ragmed.ui.references import link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmed.records import AnswerRecord
    from ragmed.ui.references import Cited
    from ragmed.ui.words import Words

WINDOW = 2
"""Passages shown on either side of the current one."""


def in_window(place: int, current: int, count: int) -> bool:
    """Whether the passage at ``place`` of ``count`` is shown while ``current`` is; a gap of one is filled."""
    low, high = current - WINDOW, current + WINDOW
    return (
        place in (0, count - 1)
        or low <= place <= high
        or (place == 1 and low == 2)
        or (place == count - 2 and high == count - 3)
    )


def pager(record: AnswerRecord, items: Mapping[str, Cited], shown: str, words: Words) -> Markup:
    """Back, the passages, on. ``items`` are the record's quotes by key, ``shown`` the key of the one in front."""
    firsts = first_of_each_marker(items.values())
    count = len(firsts)
    marker = items[shown].check.citation.marker
    current = next(place for place, item in enumerate(firsts) if item.check.citation.marker == marker)
    row: list[Markup] = []
    for place, item in enumerate(firsts):
        number = item.check.citation.marker
        if place and place == count - 1:
            row.append(_gap(hidden=in_window(count - 2, current, count)))
        row.append(
            el(
                "a",
                str(number),
                href=link(record.record_id, item.key),
                data_cite=item.key,
                data_marker=number,
                aria_label=words("view.passage", number=number),
                aria_current="true" if place == current else None,
                hidden=not in_window(place, current, count),
            )
        )
        if place == 0 and count > 1:
            row.append(_gap(hidden=in_window(1, current, count)))
    return el(
        "nav",
        el("button", "‹", type="button", data_step="-1", aria_label=words("view.previous")),
        el("div", *row, class_="rm-viewer-row"),
        el("button", "›", type="button", data_step="1", aria_label=words("view.next")),
        class_="rm-viewer-nav",
        aria_label=words("view.title"),
    )


def _gap(*, hidden: bool) -> Markup:
    return el("span", "…", class_="rm-gap", aria_hidden="true", hidden=hidden)
