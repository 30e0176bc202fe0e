"""Pages → segment: cut, embedded and written, unless all of that has been done before.

The law of the room: what is embedded depends on the document, its pages, the pipeline and the pages held back, and on
nothing else; equal inputs end in one segment, whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ragmed.index.manifest import IndexedDocument, Manifest
from ragmed.index.pipeline import Pipeline, facts_of_passages, passage_text, window_texts
from ragmed.index.runner import Runner
from ragmed.index.segment import Segment, SegmentContent
from ragmed.index.store import Holdings, SnapshotWriter
from ragmed.interfaces import Progress
from ragmed.records import Chunk, Document, Page, ReadNote

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Segmenting:
    """Makes the segments of one run."""

    def __init__(
        self,
        holdings: Holdings,
        writer: SnapshotWriter | None,
        pipeline: Pipeline,
        runner: Runner,
        progress: Progress,
    ) -> None:
        """Without a writer nothing can be segmented: chunks can be counted."""
        self.chunks_embedded = 0
        self._holdings = holdings
        self._writer = writer
        self._pipeline = pipeline
        self._runner = runner
        self._parent: Manifest | None = holdings.parent
        self._progress = progress

    def chunks(self, document: Document, pages: Sequence[Page], held: Collection[int]) -> tuple[Chunk, ...]:
        """The chunks of a document, those of ``held`` pages left out."""
        return self._pipeline.chunker.chunk(document, [page for page in pages if page.number not in held])

    def segment(
        self,
        document: Document,
        pages: Sequence[Page],
        notes: Sequence[ReadNote],
        held: Collection[int],
        *,
        last: Callable[[], bool] = lambda: False,
    ) -> Segment:
        """The segment, made or found. ``last`` says whether no other document follows, for the progress."""
        chunks = self.chunks(document, pages, held)
        content = SegmentContent(
            document=document,
            pages=pages,
            chunks=chunks,
            notes=notes,
            embedded_texts=self._texts(chunks, document),
            windows=self._windows(chunks, document),
            embedder=facts_of_passages(self._pipeline.embedder_facts),
        )

        def embed(texts: Sequence[str]) -> NDArray[np.float32]:
            known = self._known_vectors(document, content)
            if known is not None:
                return known
            before = self.chunks_embedded

            def told(_: str, done: int, total: int) -> None:
                # windows are embedded too, but chunks are what a person counts
                so_far = before + done * len(chunks) // total
                self._progress("embedding", so_far, before + len(chunks) if last() else 0)

            vectors = self._runner.embed(texts, told)
            self.chunks_embedded = before + len(chunks)
            return vectors

        assert self._writer is not None  # a plan segments nothing
        return self._writer.write_segment(content, embed)

    def of_before(self, item: IndexedDocument, document: Document, held: Collection[int]) -> Segment | None:
        """The segment of a document whose file is gone, from the one that the snapshot before has: the same, or made
        again of its pages where the pipeline is another now. None where that segment is not whole."""
        before = self._holdings.find_segment(item.segment_id)
        if before is None or self._parent is None:
            return None
        was = (facts_of_passages(self._parent.embedder), dict(self._parent.chunker))
        chunker = {name: str(value) for name, value in self._pipeline.chunker.configuration().items()}
        if was == (facts_of_passages(self._pipeline.embedder_facts), chunker):
            return before
        return self.segment(
            replace(before.document(), source_path=document.source_path), before.pages(), before.notes(), held
        )

    def _known_vectors(self, document: Document, content: SegmentContent) -> NDArray[np.float32] | None:
        """The vectors that the snapshot before has of the very same texts: a new date or note embeds nothing again."""
        if self._parent is None or facts_of_passages(self._parent.embedder) != facts_of_passages(
            self._pipeline.embedder_facts
        ):
            return None
        for item in self._parent.documents:
            if item.document.document_id == document.document_id:
                before = self._holdings.find_segment(item.segment_id)
                if before is None:
                    return None
                chunks, was = before.chunks(), before.document()
                if self._texts(chunks, was) != list(content.embedded_texts):
                    return None
                return before.embedded() if self._windows(chunks, was) == list(content.windows) else None
        return None

    def _texts(self, chunks: Sequence[Chunk], document: Document) -> list[str]:
        return [passage_text(chunk, document.title, multilingual=self._pipeline.multilingual) for chunk in chunks]

    def _windows(self, chunks: Sequence[Chunk], document: Document) -> list[tuple[str, ...]]:
        spans, multilingual = self._pipeline.embedder.token_spans, self._pipeline.multilingual
        return [window_texts(chunk, document.title, spans, multilingual=multilingual) for chunk in chunks]
