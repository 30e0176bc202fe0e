from __future__ import annotations

from collections.abc import Sequence

from ragmed.changes import LicenceNotice, RestrictionKind
from ragmed.records import Document, NoteKind, ReadNote


def licence_notices_of(document: Document, notes: Sequence[ReadNote], permission: str) -> tuple[LicenceNotice, ...]:
    return tuple(
        LicenceNotice(
            document_id=document.document_id,
            source_path=document.source_path,
            title=document.title,
            series=document.series,
            page_number=n.page_number,
            kind=RestrictionKind(n.message.partition(": ")[0]),
            words=n.message.partition(": ")[2],
            permission=permission,
        )
        for n in notes
        if n.kind is NoteKind.LICENCE
    )
