"""The viewer: the cited page with the quote marked, beside the answer or over it.

The viewer holds every citation of the record, all but one hidden; the page's script shows another without asking the
server again. On a desk screen it stands beside the answer, on a phone it is a full-screen dialog. Without the script,
the links in it still open the view they name.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ragmed.errors import NotFoundError
from ragmed.ui.chips import particulars, shape, standing_mark
from ragmed.ui.markup import Markup, el
from ragmed.ui.pager import pager
from ragmed.ui.references import cited, image_path, licence_words, link, page_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmed.interfaces import SnapshotReader
    from ragmed.records import AnswerRecord, Citation, Document, Page
    from ragmed.ui.references import Cited
    from ragmed.ui.words import Words


def viewer(
    record: AnswerRecord,
    words: Words,
    current: Mapping[str, Document],
    snapshot: SnapshotReader | None,
    shown: str,
    *,
    over: bool = False,
) -> Markup | None:
    """The viewer for ``record`` with citation ``shown`` in front; nothing where nothing is cited.

    One section a cited page; in it every quote from that page, one of them shown. ``snapshot`` is the record's own;
    without it the page images cannot be made, and the viewer says so. ``over``: on a desk screen too it opens over the
    page and does not stand beside it.
    """
    items = cited(record)
    if shown not in items:
        return None
    pages: dict[tuple[str, int], list[Cited]] = {}
    for item in items.values():
        pages.setdefault((item.document.document_id, item.check.citation.page_number), []).append(item)
    numbers = {key: number for number, key in enumerate(items, start=1)}
    sections = [
        _cited_page(record, quotes, words, current, snapshot, numbers=numbers, shown=shown) for quotes in pages.values()
    ]
    return el(
        "dialog",
        *sections,
        _tools(record, shown, words, words("view.of", number=numbers[shown], total=len(items))),
        pager(record, items, shown, words),
        class_="rm-viewer",
        data_record=record.record_id,
        data_over=over,
        aria_label=words("view.title"),
    )


def _cited_page(
    record: AnswerRecord,
    quotes: Sequence[Cited],
    words: Words,
    current: Mapping[str, Document],
    snapshot: SnapshotReader | None,
    *,
    numbers: Mapping[str, int],
    shown: str,
) -> Markup:
    """A page with its quotes; the picture has no address until one of them is shown."""
    front = next((item for item in quotes if item.key == shown), None)
    first = front or quotes[0]
    document = first.document
    page = _page_of(snapshot, first.check.citation)
    described = words("view.alt", page=first.label, title=document.title)
    figures = [
        _quote(
            record,
            item,
            words,
            page,
            words("view.of", number=numbers[item.key], total=len(numbers)),
            front=item is front,
            gone=snapshot is None,
        )
        for item in quotes
    ]
    gone = snapshot is None
    picture = el(
        "img",
        src=image_path(record.record_id, front.key) if front and not gone else None,
        hidden=gone,
        alt=described,
        decoding="async",
        width=round(page.width) if page and page.boxes else None,
        height=round(page.height) if page and page.boxes else None,
    )
    return el(
        "section",
        _head(first, words, current),
        *figures,
        el(
            "div",
            picture,
            el("p", words("view.failed"), class_="rm-paper-failed", hidden=not gone),
            class_="rm-paper",
            tabindex="0",
            role="group",
            aria_label=described,
        ),
        class_="rm-cited",
        hidden=front is None,
    )


def _head(item: Cited, words: Words, current: Mapping[str, Document]) -> Markup:
    document = item.document
    return el(
        "header",
        el("span", item.key, class_="rm-viewer-key", aria_hidden="true"),
        el(
            "div",
            el("h2", document.title, lang=document.language.value),
            el("p", particulars(document, words), class_="rm-meta"),
            el(
                "p",
                el("strong", page_words(document, item.label, item.check.citation.page_number, words)),
                standing_mark(document, current, words),
                class_="rm-meta",
            ),
            *(el("p", said, class_="rm-meta rm-licence") for said in licence_words(document, words)),
        ),
        el("button", "×", type="button", data_close=True, aria_label=words("view.close"), class_="rm-close"),
        class_="rm-viewer-head",
    )


def _quote(
    record: AnswerRecord, item: Cited, words: Words, page: Page | None, count: str, *, front: bool, gone: bool
) -> Markup:
    """The quoted words, their verdict, and for the script: the picture's address, unless it is gone, and where on it
    the words begin."""
    check = item.check
    top, left = _beginning(page, check.citation)
    return el(
        "figure",
        el("blockquote", check.citation.quote, lang=item.document.language.value, dir="auto"),
        el(
            "figcaption",
            shape(check.verdict),
            words(f"verdict.{check.verdict.value}"),
            f": {check.reason}" if check.reason and not check.verdict.holds else None,
        ),
        class_="rm-quote",
        hidden=not front,
        data_key=item.key,
        data_marker=check.citation.marker,
        data_src=None if gone else image_path(record.record_id, item.key),
        data_link=link(record.record_id, item.key),
        data_count=count,
        data_top=f"{top:.4f}",
        data_left=f"{left:.4f}",
    )


def _tools(record: AnswerRecord, shown: str, words: Words, count: str) -> Markup:
    return el(
        "p",
        el("span", el("span", words("view.quote"), class_="rm-desk-only"), el("span", count, class_="rm-count")),
        el(
            "button",
            words("view.closer"),
            type="button",
            data_zoom=True,
            data_closer=words("view.closer"),
            data_whole=words("view.whole"),
        ),
        el("a", words("view.open"), href=image_path(record.record_id, shown), class_="rm-open", target="_blank"),
        el(
            "button",
            words("answer.link"),
            type="button",
            data_copy_link=link(record.record_id, shown),
            data_done=words("answer.copied"),
        ),
        class_="rm-viewer-tools",
    )


def _page_of(snapshot: SnapshotReader | None, citation: Citation) -> Page | None:
    """The cited page as stored; ``None`` where the snapshot no longer has it, and the picture's place says so."""
    try:
        return snapshot.page(citation.document_id, citation.page_number) if snapshot else None
    except NotFoundError:
        return None


def _beginning(page: Page | None, citation: Citation) -> tuple[float, float]:
    """Where the quote begins, as fractions of the page's height and width; a guess where the format has no geometry."""
    if page is None:
        return 0.0, 0.0
    if not page.boxes or page.width <= 0 or page.height <= 0:
        return citation.start / max(1, len(page.text)), 0.0
    inked = [
        (top, left)
        for left, top, right, bottom in struct.iter_unpack("<4H", page.boxes[8 * citation.start : 8 * citation.end])
        if right > left and bottom > top
    ]
    if not inked:
        return 0.0, 0.0
    top, left = min(top for top, _ in inked), min(left for _, left in inked)
    return min(1.0, top / 10 / page.height), min(1.0, left / 10 / page.width)
