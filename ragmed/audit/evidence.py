"""What a bundle needs of the other stages: pages, pictures, kept sources. ``assemble`` says where they come from.

Laws of this room: nothing here reads a file. What is gone raises NotFoundError, what has changed IntegrityError, and
the bundle then says what is missing and why; it is never left out in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ragmed.records import AnswerRecord, Citation, CitationCheck, Page


class Evidence(Protocol):
    """The cited pages of an answer, as they lie in the snapshot that it was given from.

    Every method raises NotFoundError (snapshot or document collected) or IntegrityError (bytes have changed), and
    UnreadableFileError, LimitExceededError or MissingPartError where a page cannot be drawn.
    """

    def page(self, record: AnswerRecord, citation: Citation) -> Page:
        """The page that the citation names."""
        ...

    def picture(self, record: AnswerRecord, check: CitationCheck) -> bytes:
        """PNG of the cited page, the quote marked."""
        ...

    def page_pdf(self, record: AnswerRecord, citation: Citation) -> bytes:
        """That page alone, as a PDF; the same bytes each time."""
        ...

    def source(self, record: AnswerRecord, document_id: str) -> bytes:
        """The whole kept file of a document that the record cites."""
        ...
