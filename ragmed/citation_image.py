"""The picture of a cited page, as an address asks for it: one rule for the app and for ``ragmed serve``.

A picture is made only for a citation of a kept record, and never of a path that a request names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ragmed.citation_keys import KEY, RECORD_ID, check_for
from ragmed.errors import BadInputError, NotFoundError

if TYPE_CHECKING:
    from ragmed.interfaces import RecordStore
    from ragmed.records import AnswerRecord, CitationCheck

NARROWEST, WIDEST = 200, 2400
"""Pixels of a page image; what is asked beyond is brought to the nearer end."""
_WIDTH_DIGITS = 5


class Pictures(Protocol):
    """The parts of an opened RagMed that a picture needs."""

    @property
    def records(self) -> RecordStore: ...

    def render_page(self, record: AnswerRecord, check: CitationCheck, width: int) -> bytes: ...


def citation_image(program: Pictures, record_id: str, key: str, width: str, *, whole_id: bool = False) -> bytes:
    """PNG of the page that the citation ``key`` of the answer stands on, with the quote marked.

    ``width``: pixels as the address has them. ``whole_id``: the beginning of an id is not enough.

    Raises BadInputError (no citation's address), NotFoundError, and what ``render_page`` raises.
    """
    if not RECORD_ID.match(record_id) or not KEY.match(key) or not (width.isascii() and width.isdigit()):
        raise BadInputError("not a citation", remedy="take record and key from an answer, and a width in pixels")
    record = program.records.get(record_id)
    if whole_id and record.record_id != record_id:
        raise NotFoundError("no such answer", remedy="give the whole id of an answer")
    wide = min(WIDEST, max(NARROWEST, int(width[:_WIDTH_DIGITS])))
    return program.render_page(record, check_for(record, key), wide)
