"""The cited pages of a recorded answer, from the snapshot that it was given from: what a bundle takes along.

Laws of this room: a page and its picture come from the snapshot that the record names, never from today's; whatever is
gone or has changed is an error of ``ragmed.errors``, never an empty page.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragmed.corpus.page_pdf import PagePdf
    from ragmed.corpus.render import AnyPageRenderer
    from ragmed.interfaces import Snapshots
    from ragmed.records import AnswerRecord, Citation, CitationCheck, Page
    from ragmed.settings import ReaderSettings

WIDTH = 1240
"""Pixels of a picture: A4 at 150 dots an inch."""


class SnapshotEvidence:
    """``ragmed.audit.evidence.Evidence`` over published snapshots."""

    def __init__(self, snapshots: Snapshots, limits: ReaderSettings) -> None:
        self._snapshots, self._limits = snapshots, limits

    def page(self, record: AnswerRecord, citation: Citation) -> Page:
        return self._snapshots.get(record.snapshot_id).page(citation.document_id, citation.page_number)

    def picture(self, record: AnswerRecord, check: CitationCheck) -> bytes:
        citation = check.citation
        snapshot = self._snapshots.get(record.snapshot_id)
        return self._renderer.render(
            snapshot.source(citation.document_id),
            snapshot.document(citation.document_id),
            snapshot.page(citation.document_id, citation.page_number),
            citation.start,
            citation.end,
            width=WIDTH,
        )

    def page_pdf(self, record: AnswerRecord, citation: Citation) -> bytes:
        snapshot = self._snapshots.get(record.snapshot_id)
        return self._pages.page(
            snapshot.source(citation.document_id),
            snapshot.document(citation.document_id),
            snapshot.page(citation.document_id, citation.page_number),
            citation.start,
            citation.end,
        )

    def source(self, record: AnswerRecord, document_id: str) -> bytes:
        return self._snapshots.get(record.snapshot_id).source(document_id).read_bytes()

    @cached_property
    def _renderer(self) -> AnyPageRenderer:
        from ragmed.corpus.render import AnyPageRenderer

        return AnyPageRenderer()

    @cached_property
    def _pages(self) -> PagePdf:
        from ragmed.corpus.page_pdf import PagePdf

        return PagePdf(self._limits)
