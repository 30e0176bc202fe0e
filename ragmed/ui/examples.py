"""Example questions made from the library in hand: a heading of a current guideline, asked of that guideline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.records import DocumentStatus

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader
    from ragmed.records import Document
    from ragmed.ui.words import Tongue

LOOKED_AT = 400
"""Chunks looked at, spread evenly over the library: enough headings, and quick in a library of any size."""
SHORTEST, LONGEST = 6, 60
"""Characters of a heading that reads like a subject."""


def examples(snapshot: SnapshotReader, tongue: Tongue, wanted: int = 3) -> tuple[str, ...]:
    """Up to ``wanted`` questions, each from another guideline, those in the reader's language first."""
    documents = {
        document.document_id: document
        for document in snapshot.documents()
        if document.status is DocumentStatus.CURRENT and document.title
    }
    subjects = _subjects(snapshot, documents)
    ordered = sorted(
        subjects.items(), key=lambda item: (documents[item[0]].language.value != tongue, documents[item[0]].title)
    )
    own = [item for item in ordered if documents[item[0]].language.value == tongue] or ordered
    step = max(1, len(own) // wanted)
    chosen = (own[::step] + [item for item in ordered if item not in own])[:wanted]
    return tuple(_question(documents[document_id], subject) for document_id, subject in chosen)


def _subjects(snapshot: SnapshotReader, documents: dict[str, Document]) -> dict[str, str]:
    """For each document, a heading from its middle, of its outermost level: a subject, not a detail."""
    count = snapshot.chunk_count()
    rows = range(0, count, max(1, count // LOOKED_AT))
    headings: dict[str, dict[str, None]] = {}
    for chunk in snapshot.chunks(rows):
        document = documents.get(chunk.document_id)
        heading = _outermost(chunk.heading_path, document.title) if document else ""
        if heading:
            headings.setdefault(chunk.document_id, {})[heading] = None
    return {document_id: list(found)[len(found) // 2] for document_id, found in headings.items()}


def _outermost(path: tuple[str, ...], title: str) -> str:
    """The first heading that is not the title and has the length of a subject; nothing where there is none."""
    for heading in (each.strip() for each in path):
        shortest = SHORTEST if heading.isascii() else 3
        if heading.casefold() not in title.casefold() and shortest <= len(heading) <= LONGEST:
            return heading
    return ""


def _question(document: Document, heading: str) -> str:
    if document.language.value == "zh":
        return f"{document.title}:{heading}"
    # an abbreviation or a name keeps its capitals
    first = heading.split(maxsplit=1)[0]
    lowered = heading[0].lower() + heading[1:] if first[1:].islower() else heading
    return f"{document.title}: {lowered}"
