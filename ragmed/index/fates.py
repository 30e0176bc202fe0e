"""What became of the editions that answers were given from: which document speaks in their place now, if any.

Laws of this room: nothing is decided here, a snapshot's own standing of its documents is followed; an edition that the
later snapshot still answers from has no fate; one that it does not hold is looked for by its series.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ragmed.corpus.edition_diff import compare_editions, placed_pieces
from ragmed.index.impact import Fate
from ragmed.records import DocumentStatus

if TYPE_CHECKING:
    from ragmed.index.snapshot import Snapshot
    from ragmed.records import Document


def fates(cited: Iterable[tuple[Document, Snapshot]], later: Snapshot) -> Iterator[tuple[str, Fate]]:
    """The fates of ``cited`` documents, each with a snapshot that holds its pages, in the ``later`` snapshot.

    Raises IntegrityError for pages that are not as their manifest says.
    """
    for document, snapshot in cited:
        if is_current(document, later):
            continue
        new = successor(document, later)
        if new is None:
            yield document.document_id, Fate(old=document)
            continue
        old_pages = snapshot.segment(document.document_id).pages()
        new_pages = later.segment(new.document_id).pages()
        pieces = tuple(placed.piece for placed in placed_pieces(new_pages))
        change = compare_editions(document, old_pages, new, new_pages)
        yield document.document_id, Fate(old=document, new=new, pieces=pieces, change=change)


def is_current(document: Document, later: Snapshot) -> bool:
    """Whether the very same file still answers."""
    return any(
        one.document_id == document.document_id and one.status is DocumentStatus.CURRENT for one in later.documents()
    )


def successor(document: Document, later: Snapshot) -> Document | None:
    """The edition that answers in the document's place; None where none does."""
    held = {one.document_id: one for one in later.documents()}
    seen: set[str] = set()
    now = held.get(document.document_id)
    while now is not None and now.status is not DocumentStatus.CURRENT and now.document_id not in seen:
        seen.add(now.document_id)
        now = held.get(now.superseded_by or "")
    if now is not None and now.status is DocumentStatus.CURRENT:
        return now
    of_series = [one for one in held.values() if one.series == document.series and one.status is DocumentStatus.CURRENT]
    return max(of_series, key=lambda one: (one.published_on, one.edition, one.document_id), default=None)
