"""Which pages of a document are no evidence until a person has looked at them, by what reading them brought up.

Laws of this room: a pure function of the notes; a page is held for what may make its text false (letters that could not
be made out, OCR, lines out of order), not for having none; an accepted page stays listed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ragmed.changes import QuarantinedPage
from ragmed.records import Document, NoteKind, ReadNote

HOLDING = (NoteKind.GARBLED, NoteKind.OCR, NoteKind.ODD_ORDER)
"""Kinds that keep a page's text out of the evidence, unless the setting ``reader.quarantine`` says otherwise."""
EMPTY = (NoteKind.NO_TEXT, NoteKind.OCR_MISSING)
"""Kinds of pages that have no text to be false."""


def quarantined(
    document: Document,
    notes: Sequence[ReadNote],
    accepted: Collection[int],
    holding: Collection[NoteKind] = HOLDING,
) -> tuple[QuarantinedPage, ...]:
    """The badly read pages of a document, in order. Notes about the whole file (page 0) hold no page."""
    pages: dict[int, list[ReadNote]] = {}
    for note in notes:
        if note.page_number and (note.kind in holding or note.kind in EMPTY):
            pages.setdefault(note.page_number, []).append(note)
    return tuple(
        QuarantinedPage(
            document_id=document.document_id,
            source_path=document.source_path,
            title=document.title,
            page_number=number,
            kinds=tuple(dict.fromkeys(note.kind for note in found)),
            reason="; ".join(dict.fromkeys(note.message for note in found)),
            accepted=number in accepted,
            holds=number not in accepted and any(note.kind in holding for note in found),
        )
        for number, found in sorted(pages.items())
    )
