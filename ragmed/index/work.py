"""One run over a library: read what is not known, embed what is new, publish.

The laws of the room are those of ``ragmed.index.build``, which composes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from ragmed.canonical import sha256_file
from ragmed.corpus.library import FileToRead, Scan
from ragmed.corpus.sandbox import Sandbox
from ragmed.errors import BadInputError
from ragmed.index.disk import copy_file
from ragmed.index.editions import Standing, settle
from ragmed.index.manifest import LibraryNote, Manifest, RefusedFile
from ragmed.index.pipeline import Pipeline, facts_of_passages, passage_text, window_texts
from ragmed.index.publish import SOURCES, SnapshotPart, publish_snapshot, read_pointer
from ragmed.index.reads import KnownReading, load_reads, save_reads, worth_keeping
from ragmed.index.register import Register
from ragmed.index.segment import FileEntry, Segment, SegmentContent, find_segment, write_segment
from ragmed.index.snapshot import manifest_before
from ragmed.interfaces import Progress
from ragmed.records import Chunk, Document, Reading, ReadNote

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ragmed.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file: a document (with its segment, unless nothing is written) or a refusal."""

    document: Document | None
    segment: Segment | None
    notes: tuple[ReadNote, ...]
    chunks: int


class Work:
    """One run over a library."""

    def __init__(self, settings: Settings, pipeline: Pipeline, scan: Scan, progress: Progress, *, write: bool) -> None:
        self.scan = scan
        self.pages_read = 0
        self.chunks_embedded = 0
        self.outcomes: dict[str, Outcome] = {}
        pointer = read_pointer(settings.index)
        self.parent_id = pointer.snapshot_id if pointer else None
        self.parent: Manifest | None = manifest_before(settings.index, self.parent_id or "")
        self._settings = settings
        self._index = settings.index
        self._pipeline = pipeline
        self._progress = progress
        self._write = write
        self._known = load_reads(settings.index)
        self._kept: dict[str, KnownReading] = {}

    def run(self, register: Register) -> Standing:
        """Read what is not known, chunk and embed it; then settle which editions are current."""
        unread: list[FileToRead] = []
        for file in self.scan.files:
            outcome = self._from_known(file)
            if outcome is None:
                unread.append(file)
            else:
                self.outcomes[file.source_path] = outcome
        for file, reading in self._readings(unread):
            self.outcomes[file.source_path] = self._from_reading(file, reading)
        documents = [
            outcome.document
            for file in self.scan.files
            if (outcome := self.outcomes[file.source_path]).document is not None
        ]
        return settle(documents, register)

    def publish(self, standing: Standing) -> str | None:
        """Keep the sources, remember the readings, publish."""
        parts = [
            SnapshotPart(
                document=document,
                segment=_there(self.outcomes[document.source_path].segment),
                source=self._keep_source(document),
            )
            for document in standing.documents
        ]
        save_reads(self._index, self._kept)
        refused = [
            RefusedFile(source_path=file.source_path, sha256=file.sha256, notes=outcome.notes)
            for file in self.scan.files
            if (outcome := self.outcomes[file.source_path]).document is None
        ]
        return publish_snapshot(
            self._index,
            parts,
            refused,
            [LibraryNote(source_path=path, note=note) for path, note in standing.notes],
            embedder=self._pipeline.embedder_facts,
            chunker=self._pipeline.chunker.configuration(),
            at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            progress=self._progress,
        )

    def _from_known(self, file: FileToRead) -> Outcome | None:
        """The outcome that an earlier run remembers, if its segment is still whole."""
        key = self._pipeline.key(file)
        known = self._known.get(key)
        if known is None:
            return None
        if known.document is None:
            self._kept[key] = known
            return Outcome(document=None, segment=None, notes=known.notes, chunks=0)
        segment = find_segment(self._index, known.segment_id)
        if segment is None:
            return None
        self._kept[key] = known
        return Outcome(
            document=known.document, segment=segment, notes=segment.notes(), chunks=int(segment.vectors().shape[0])
        )

    def _readings(self, files: Sequence[FileToRead]) -> Iterator[tuple[FileToRead, Reading]]:
        if not files:
            return
        with Sandbox(self._settings.reader) as sandbox:
            yield from zip(files, sandbox.read_all(files, self._progress), strict=True)

    def _from_reading(self, file: FileToRead, reading: Reading) -> Outcome:
        key = self._pipeline.key(file)
        if reading.document is None:
            if worth_keeping(reading.notes):
                self._kept[key] = KnownReading(document=None, segment_id="", notes=reading.notes)
            return Outcome(document=None, segment=None, notes=reading.notes, chunks=0)
        self.pages_read += len(reading.pages)
        chunks = self._pipeline.chunker.chunk(reading.document, reading.pages)
        if not self._write:
            return Outcome(document=reading.document, segment=None, notes=reading.notes, chunks=len(chunks))
        segment = self._write_segment(reading, chunks)
        if worth_keeping(reading.notes):
            self._kept[key] = KnownReading(document=reading.document, segment_id=segment.segment_id, notes=())
        return Outcome(document=reading.document, segment=segment, notes=reading.notes, chunks=len(chunks))

    def _write_segment(self, reading: Reading, chunks: Sequence[Chunk]) -> Segment:
        document = reading.document
        assert document is not None  # the caller's branch
        facts = self._pipeline.embedder_facts
        content = SegmentContent(
            document=document,
            pages=reading.pages,
            chunks=chunks,
            notes=reading.notes,
            embedded_texts=self._texts(chunks, document),
            windows=self._windows(chunks, document),
            embedder=facts_of_passages(facts),
        )

        def embed(texts: Sequence[str]) -> NDArray[np.float32]:
            known = self._known_vectors(document, content)
            if known is not None:
                return known
            before = self.chunks_embedded

            def told(_: str, done: int, total: int) -> None:
                # windows are embedded too, but chunks are what a person counts
                so_far = before + done * len(chunks) // total
                self._progress("embedding", so_far, 0 if self._more_to_come() else before + len(chunks))

            vectors = self._pipeline.embedder.embed_passages(texts, told)
            self.chunks_embedded = before + len(chunks)
            return vectors

        return write_segment(self._index, content, embed)

    def _known_vectors(self, document: Document, content: SegmentContent) -> NDArray[np.float32] | None:
        """The vectors that the snapshot before has of the very same texts: a new date or note embeds nothing again."""
        if self.parent is None or facts_of_passages(self.parent.embedder) != facts_of_passages(
            self._pipeline.embedder_facts
        ):
            return None
        for item in self.parent.documents:
            if item.document.document_id == document.document_id:
                before = find_segment(self._index, item.segment_id)
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

    def _more_to_come(self) -> bool:
        """Whether files are still unread, so that nobody knows how many chunks there will be."""
        return len(self.outcomes) + 1 < len(self.scan.files)

    def _keep_source(self, document: Document) -> FileEntry:
        """The source under its hash among the kept ones; copied unless it is there."""
        file = next(file for file in self.scan.files if file.source_path == document.source_path)
        name = f"{SOURCES}/{file.sha256}{file.path.suffix.lower()}"
        place = self._index / name
        if not place.is_file() or sha256_file(place) != file.sha256:
            copy_file(file.path, place)
            if sha256_file(place) != file.sha256:
                place.unlink()
                raise BadInputError(
                    f"{file.path}: the file changed while it was being indexed", remedy="run `ragmed index` again"
                )
        return FileEntry(path=name, sha256=file.sha256, size=place.stat().st_size)


def _there(segment: Segment | None) -> Segment:
    assert segment is not None  # a run that writes has a segment for every document
    return segment
