"""Text on a page, in a title or in a file's name that addresses a language model instead of a reader.

Laws of this room: such text is flagged, never removed: it stays what it is, words on a page. That no model obeys it is
the business of the prompts and of citation checking, which lets nothing near it count as evidence; this note lets a
librarian look at the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ragmed.records import NoteKind, Page, ReadNote
from ragmed.text.addressing import addressed

INSTRUCTIONS_VERSION = "2"
_AT_MOST = 20


def instruction_notes(pages: Sequence[Page]) -> tuple[ReadNote, ...]:
    """A note for each page that addresses a language model, at most twenty, and how many more there are."""
    notes: list[ReadNote] = []
    more = 0
    for page in pages:
        match = addressed(page.text)
        if match is None:
            continue
        if len(notes) == _AT_MOST:
            more += 1
            continue
        words = " ".join(page.text[max(0, match.start() - 20) : match.end() + 40].split())
        message = f"the text addresses a language model: “{words}”"
        notes.append(ReadNote(kind=NoteKind.INSTRUCTION, message=message, page_number=page.number))
    if more:
        notes.append(ReadNote(kind=NoteKind.INSTRUCTION, message=f"and {more} more pages that do so"))
    return tuple(notes)


def naming_notes(names: Mapping[str, str]) -> tuple[ReadNote, ...]:
    """A note for each name (what it is → its words) that addresses a language model: titles and file names are shown
    beside the evidence."""
    notes = []
    for what, name in names.items():
        words = " ".join(re.sub(r"[_\-./\\]+", " ", name).split())
        for text in (name, words):
            if addressed(text):
                message = f"{what} addresses a language model: “{words[:120]}”"
                notes.append(ReadNote(kind=NoteKind.INSTRUCTION, message=message))
                break
    return tuple(notes)
