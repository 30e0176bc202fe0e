"""Which notes keep a page from giving evidence."""

from __future__ import annotations

from ragmed.corpus.quarantine import quarantined
from ragmed.records import NoteKind, ReadNote
from tests.index.support import reading


def note(kind: NoteKind, page: int) -> ReadNote:
    return ReadNote(kind=kind, message=f"{kind.value} on {page}", page_number=page)


def test_pages_are_held_for_what_may_make_them_false() -> None:
    document = reading("a.txt", ["Give 5 mg."]).document
    assert document
    notes = [
        note(NoteKind.OCR, 4),
        note(NoteKind.GARBLED, 2),
        note(NoteKind.ODD_ORDER, 2),
        note(NoteKind.NO_TEXT, 7),
        note(NoteKind.OCR_MISSING, 8),
        note(NoteKind.GARBLED, 0),
        note(NoteKind.HIDDEN_TEXT, 5),
        note(NoteKind.INSTRUCTION, 6),
    ]
    found = quarantined(document, notes, accepted=(4,))
    assert [(page.page_number, page.holds, page.accepted) for page in found] == [
        (2, True, False),
        (4, False, True),
        (7, False, False),
        (8, False, False),
    ]
    assert found[0].kinds == (NoteKind.GARBLED, NoteKind.ODD_ORDER)
    assert found[0].reason == "garbled on 2; odd_order on 2"
    assert (found[0].document_id, found[0].source_path) == (document.document_id, "a.txt")


def test_the_kinds_that_hold_can_be_chosen() -> None:
    document = reading("a.txt", ["Give 5 mg."]).document
    assert document
    notes = [note(NoteKind.OCR, 1), note(NoteKind.GARBLED, 2)]
    assert [page.page_number for page in quarantined(document, notes, (), (NoteKind.GARBLED,)) if page.holds] == [2]
