from __future__ import annotations

from collections.abc import Sequence

from ragmed.changes import QuarantinedPage
from ragmed.records import Document, NoteKind, ReadNote


def quarantined(document: Document, notes: Sequence[ReadNote], accepted: Sequence[int]) -> tuple[QuarantinedPage, ...]:
    return tuple(
        QuarantinedPage(
            document_id=document.document_id,
            source_path=document.source_path,
            title=document.title,
            page_number=n.page_number,
            kinds=(n.kind,),
            reason=n.message,
            accepted=n.page_number in accepted,
            holds=n.page_number not in accepted,
        )
        for n in notes
        if n.kind in (NoteKind.GARBLED, NoteKind.OCR, NoteKind.ODD_ORDER)
    )
