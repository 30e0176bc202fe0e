"""The evidence: the list of sources under an answer, and the viewer with the cited page.

The viewer holds every citation of the record, all but one hidden; the page's script shows another without asking the
server again. On a desk screen it stands beside the answer, on a phone it is a full-screen dialog. Without the script,
the links in it still open the view they name.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ragmed.records import Verdict
from ragmed.ui.markup import Markup, el, join, text
from ragmed.ui.references import cited, edition_words, image_path, link, page_words, standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmed.interfaces import SnapshotReader
    from ragmed.records import AnswerRecord, Citation, Document, Passage, Retrieval
    from ragmed.ui.references import Cited
    from ragmed.ui.words import Words

SHAPES = {Verdict.VERBATIM: "whole", Verdict.SUPPORTED: "half"}
"""A chip's shape tells its verdict without colour; every verdict that does not hold is a cross."""

LONGEST_LAST_WORD = 14
"""Letters kept on one line with a chip; of Chinese, which has no spaces, four characters."""


def chip(record_id: str, item: Cited, words: Words, *, shown: str = "") -> Markup:
    """The number at the end of a claim; ``shown`` is the key of the citation in the viewer."""
    name = words(
        "chip.label",
        number=item.key,
        verdict=words(f"verdict.{item.check.verdict.value}"),
        title=item.document.title,
        page=item.label,
    )
    return el(
        "a",
        el("span", class_=f"rm-shape rm-shape-{SHAPES.get(item.check.verdict, 'cross')}", aria_hidden="true"),
        item.key,
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
            join(*(chip(record.record_id, item, words, shown=shown) for item in items)),
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


def viewer(
    record: AnswerRecord,
    words: Words,
    current: Mapping[str, Document],
    snapshot: SnapshotReader | None,
    shown: str,
) -> Markup | None:
    """The viewer for ``record`` with citation ``shown`` in front; nothing where nothing is cited.

    ``snapshot`` is the record's own; without it the page images cannot be made, and the viewer says so.
    """
    items = cited(record)
    if not items:
        return None
    keys = list(items)
    sections = [
        _cited_page(record, item, words, current, snapshot, number=number, total=len(keys), shown=item.key == shown)
        for number, item in enumerate(items.values(), start=1)
    ]
    row = [
        el("a", key, href=link(record.record_id, key), data_cite=key, aria_current="true" if key == shown else None)
        for key in keys
    ]
    return el(
        "dialog",
        *sections,
        el(
            "nav",
            el("button", "‹", type="button", data_step="-1", aria_label=words("view.previous")),
            el("div", *row, class_="rm-viewer-row"),
            el("button", "›", type="button", data_step="1", aria_label=words("view.next")),
            class_="rm-viewer-nav",
            aria_label=words("view.title"),
        ),
        class_="rm-viewer",
        data_record=record.record_id,
        aria_label=words("view.title"),
    )


def _cited_page(
    record: AnswerRecord,
    item: Cited,
    words: Words,
    current: Mapping[str, Document],
    snapshot: SnapshotReader | None,
    *,
    number: int,
    total: int,
    shown: bool,
) -> Markup:
    citation, document = item.check.citation, item.document
    verdict = item.check.verdict
    address = image_path(record.record_id, item.key)
    width, height, top, left = _geometry(snapshot, citation)
    head = el(
        "header",
        el("span", item.key, class_="rm-viewer-key", aria_hidden="true"),
        el(
            "div",
            el("h2", document.title, lang=document.language.value),
            el("p", particulars(document, words), class_="rm-meta"),
            el(
                "p",
                el("strong", page_words(document, item.label, citation.page_number, words)),
                standing_mark(document, current, words),
                class_="rm-meta",
            ),
        ),
        el("button", "×", type="button", data_close=True, aria_label=words("view.close"), class_="rm-close"),
        class_="rm-viewer-head",
    )
    quote = el(
        "figure",
        el("blockquote", citation.quote, lang=document.language.value, dir="auto"),
        el(
            "figcaption",
            el("span", class_=f"rm-shape rm-shape-{SHAPES.get(verdict, 'cross')}", aria_hidden="true"),
            words(f"verdict.{verdict.value}"),
            f": {item.check.reason}" if item.check.reason and not verdict.holds else None,
        ),
        class_="rm-quote",
    )
    picture = el(
        "div",
        el(
            "img",
            src=address,
            alt=words("view.alt", page=item.label, title=document.title),
            loading="lazy",
            decoding="async",
            width=width or None,
            height=height or None,
        ),
        el("p", words("view.failed"), class_="rm-paper-failed", hidden=True),
        class_="rm-paper",
        tabindex="0",
        data_top=f"{top:.4f}",
        data_left=f"{left:.4f}",
        role="group",
        aria_label=words("view.alt", page=item.label, title=document.title),
    )
    tools = el(
        "p",
        el("span", words("view.of", number=number, total=total)),
        el(
            "button",
            words("view.closer"),
            type="button",
            data_zoom=True,
            data_closer=words("view.closer"),
            data_whole=words("view.whole"),
        ),
        el("a", words("view.open"), href=address, data_plain=True),
        _copy_link(record.record_id, item.key, words),
        class_="rm-viewer-tools",
    )
    return el("section", head, quote, picture, tools, class_="rm-cited", data_key=item.key, hidden=not shown)


def _copy_link(record_id: str, key: str, words: Words) -> Markup:
    return el(
        "button",
        words("answer.link"),
        type="button",
        data_copy_link=link(record_id, key),
        data_done=words("answer.copied"),
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


def _geometry(snapshot: SnapshotReader | None, citation: Citation) -> tuple[int, int, float, float]:
    """Page width and height in points (0 where the format has none), and where the quote begins, as fractions."""
    if snapshot is None:
        return 0, 0, 0.0, 0.0
    page = snapshot.page(citation.document_id, citation.page_number)
    if not page.boxes or page.width <= 0 or page.height <= 0:
        return 0, 0, citation.start / max(1, len(page.text)), 0.0
    lefts, tops = [], []
    for left, top, right, bottom in struct.iter_unpack("<4H", page.boxes[8 * citation.start : 8 * citation.end]):
        if right > left and bottom > top:
            lefts.append(left)
            tops.append(top)
    if not tops:
        return round(page.width), round(page.height), 0.0, 0.0
    return (
        round(page.width),
        round(page.height),
        min(1.0, min(tops) / 10 / page.height),
        min(1.0, min(lefts) / 10 / page.width),
    )
