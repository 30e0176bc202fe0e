"""Library → plan → new snapshot: the composer that joins reading, chunking, embedding and publishing.

The laws of the room:

* One writer at a time; readers never notice one at work, and one that dies has published nothing (law 3).
* A file is read again only when something that its reading depends on has changed, and embedded again only when its
  text has. What an interrupted build finished is taken up by the next.
* Every file of the library is in the report: as a document, refused, passed over, a duplicate or removed (law 6).
* No change, no new snapshot. A library in which nothing can be read replaces nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ragmed.canonical import plain, sha256_file, sha256_of
from ragmed.corpus.chunker import SentenceChunker
from ragmed.corpus.library import FileToRead, Scan, scan_library
from ragmed.corpus.reading import pipeline_version
from ragmed.corpus.sandbox import Sandbox
from ragmed.errors import BadInputError, SettingsError
from ragmed.index.disk import copy_file
from ragmed.index.editions import REGISTER, RegisteredEdition, Standing, read_register, settle
from ragmed.index.embedder import load_embedder
from ragmed.index.lock import writer_lock
from ragmed.index.manifest import EmbedderFacts, LibraryNote, Manifest, RefusedFile
from ragmed.index.publish import SOURCES, SnapshotPart, collect_orphans, publish_snapshot, read_pointer
from ragmed.index.reads import KnownReading, load_reads, save_reads, worth_keeping
from ragmed.index.report import BuildReport, FileReport, FileStatus, NoteCount, change_count
from ragmed.index.segment import FileEntry, Segment, SegmentContent, find_segment, write_segment
from ragmed.index.snapshot import SNAPSHOTS, read_manifest
from ragmed.interfaces import Embedder, Progress, no_progress
from ragmed.records import Chunk, Document, DocumentStatus, Language, NoteKind, Reading, ReadNote
from ragmed.text.passages import embedding_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ragmed.settings import EmbedderSettings, Settings

__all__ = ["BuildReport", "FileReport", "FileStatus", "build", "make_chunker", "passage_text"]


def build(
    settings: Settings,
    paths: Sequence[Path] = (),
    *,
    dry_run: bool = False,
    progress: Progress = no_progress,
    embedder: Embedder | None = None,
) -> BuildReport:
    """Index ``paths`` (the library folder by default) and publish a snapshot if anything changed.

    A dry run reads what is new, to know what would be refused or superseded, and writes nothing.
    Raises BadInputError for a library without a readable kind of file, BusyError where another build is at work.
    """
    started = time.monotonic()
    roots = tuple(paths) or (settings.library,)
    scan = scan_library(roots)
    register = tuple(edition for root in roots for edition in _register(root, alone=len(roots) == 1))
    pipeline = _Pipeline.of(settings, embedder or load_embedder(settings.embedder))
    if dry_run:
        work = _Work(settings, pipeline, scan, progress, write=False)
        return _report(work, work.run(register), started, None, dry_run=True)
    with writer_lock(settings.index):
        collect_orphans(settings.index)
        work = _Work(settings, pipeline, scan, progress, write=True)
        standing = work.run(register)
        snapshot_id = work.publish(standing) if standing.documents else None
        return _report(work, standing, started, snapshot_id, dry_run=False)


def make_chunker(settings: Settings, embedder: Embedder) -> SentenceChunker:
    """The chunker that the settings and the embedder's limit ask for. Raises SettingsError where they disagree."""
    limit = settings.chunk.max_tokens or embedder.max_tokens
    if limit > embedder.max_tokens:
        raise SettingsError(
            f"chunk.max_tokens is {limit}, but {embedder.name} reads {embedder.max_tokens} tokens and no more",
            remedy="lower chunk.max_tokens, or set it to 0 for the embedder's own limit",
        )
    prefix = settings.embedder.passage_prefix
    return SentenceChunker(
        embedder.token_spans,
        limit - (len(embedder.token_spans(prefix)) if prefix else 0),
        settings.chunk.min_tokens,
        settings.chunk.overlap_sentences,
        special_tokens=embedder.special_tokens,
    )


def passage_text(chunk: Chunk, title: str, *, multilingual: bool) -> str:
    """What the embedder reads of a chunk: headings and text; of a Chinese chunk its English gloss.

    A model that ``multilingual`` names reads Chinese itself.
    """
    text = embedding_text(chunk, title)
    if multilingual or chunk.language is not Language.CHINESE:
        return text
    from ragmed.terms import gloss_to_english

    return gloss_to_english(text) or text


@dataclass(frozen=True)
class _Pipeline:
    """The embedder and the chunker, and all that their results depend on."""

    embedder: Embedder
    chunker: SentenceChunker
    multilingual: bool
    reading_facts: Mapping[str, object]
    """What a reading depends on beside the file."""
    embedder_facts: EmbedderFacts

    @classmethod
    def of(cls, settings: Settings, embedder: Embedder) -> _Pipeline:
        from ragmed.terms import all_terms

        chunker = make_chunker(settings, embedder)
        facts = _embedder_facts(embedder, settings.embedder)
        reader = settings.reader.model_dump(exclude={"workers"})
        return cls(
            embedder=embedder,
            chunker=chunker,
            multilingual=settings.embedder.multilingual,
            reading_facts={
                "readers": pipeline_version(),
                "limits": reader,
                "chunker": chunker.configuration(),
                "embedder": facts,
                "terms": sha256_of(tuple(plain(term) for term in all_terms())),
            },
            embedder_facts=facts,
        )

    def key(self, file: FileToRead) -> str:
        """The key of the file's reading in ``reads.json``."""
        return sha256_of([file.address, self.reading_facts])


def _embedder_facts(embedder: Embedder, settings: EmbedderSettings) -> EmbedderFacts:
    return EmbedderFacts(
        name=embedder.name,
        revision=embedder.revision,
        dimensions=embedder.dimensions,
        passage_prefix=settings.passage_prefix,
        query_prefix=settings.query_prefix,
        multilingual=settings.multilingual,
    )


def _of_passages(facts: EmbedderFacts) -> EmbedderFacts:
    """The part that the vectors of passages depend on: not a query's prefix; and the gloss is in the texts."""
    return replace(facts, query_prefix="", multilingual=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of one file: a document (with its segment, unless nothing is written) or a refusal."""

    document: Document | None
    segment: Segment | None
    notes: tuple[ReadNote, ...]
    chunks: int


class _Work:
    """One run over a library."""

    def __init__(self, settings: Settings, pipeline: _Pipeline, scan: Scan, progress: Progress, *, write: bool) -> None:
        self.scan = scan
        self.pages_read = 0
        self.chunks_embedded = 0
        self.outcomes: dict[str, _Outcome] = {}
        pointer = read_pointer(settings.index)
        self.parent_id = pointer.snapshot_id if pointer else None
        self.parent: Manifest | None = (
            read_manifest(settings.index / SNAPSHOTS / pointer.snapshot_id) if pointer else None
        )
        self._settings = settings
        self._index = settings.index
        self._pipeline = pipeline
        self._progress = progress
        self._write = write
        self._known = load_reads(settings.index)
        self._kept: dict[str, KnownReading] = {}

    def run(self, register: Sequence[RegisteredEdition]) -> Standing:
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

    def _from_known(self, file: FileToRead) -> _Outcome | None:
        """The outcome that an earlier run remembers, if its segment is still whole."""
        key = self._pipeline.key(file)
        known = self._known.get(key)
        if known is None:
            return None
        if known.document is None:
            self._kept[key] = known
            return _Outcome(document=None, segment=None, notes=known.notes, chunks=0)
        segment = find_segment(self._index, known.segment_id)
        if segment is None:
            return None
        self._kept[key] = known
        return _Outcome(
            document=known.document, segment=segment, notes=segment.notes(), chunks=int(segment.vectors().shape[0])
        )

    def _readings(self, files: Sequence[FileToRead]) -> Iterator[tuple[FileToRead, Reading]]:
        if not files:
            return
        with Sandbox(self._settings.reader) as sandbox:
            yield from zip(files, sandbox.read_all(files, self._progress), strict=True)

    def _from_reading(self, file: FileToRead, reading: Reading) -> _Outcome:
        key = self._pipeline.key(file)
        if reading.document is None:
            if worth_keeping(reading.notes):
                self._kept[key] = KnownReading(document=None, segment_id="", notes=reading.notes)
            return _Outcome(document=None, segment=None, notes=reading.notes, chunks=0)
        self.pages_read += len(reading.pages)
        chunks = self._pipeline.chunker.chunk(reading.document, reading.pages)
        if not self._write:
            return _Outcome(document=reading.document, segment=None, notes=reading.notes, chunks=len(chunks))
        segment = self._write_segment(reading, chunks)
        if worth_keeping(reading.notes):
            self._kept[key] = KnownReading(document=reading.document, segment_id=segment.segment_id, notes=())
        return _Outcome(document=reading.document, segment=segment, notes=reading.notes, chunks=len(chunks))

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
            embedder=_of_passages(facts),
        )

        def embed(texts: Sequence[str]) -> NDArray[np.float32]:
            known = self._known_vectors(document, texts)
            if known is not None:
                return known
            before = self.chunks_embedded

            def told(_: str, done: int, total: int) -> None:
                self._progress("embedding", before + done, 0 if self._more_to_come() else before + total)

            vectors = self._pipeline.embedder.embed_passages(texts, told)
            self.chunks_embedded = before + len(texts)
            return vectors

        return write_segment(self._index, content, embed)

    def _known_vectors(self, document: Document, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """The vectors that the snapshot before has of the very same texts: a new date or note embeds nothing again."""
        if self.parent is None or _of_passages(self.parent.embedder) != _of_passages(self._pipeline.embedder_facts):
            return None
        for item in self.parent.documents:
            if item.document.document_id == document.document_id:
                before = find_segment(self._index, item.segment_id)
                if before is not None and self._texts(before.chunks(), before.document()) == list(texts):
                    return np.array(before.vectors())
        return None

    def _texts(self, chunks: Sequence[Chunk], document: Document) -> list[str]:
        return [passage_text(chunk, document.title, multilingual=self._pipeline.multilingual) for chunk in chunks]

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


def _register(root: Path, *, alone: bool) -> Iterator[RegisteredEdition]:
    """The register of a library folder; with several folders, its paths begin with the folder's name, as theirs do."""
    if root.is_dir():
        for edition in read_register(root / REGISTER):
            yield edition if alone else replace(edition, file=f"{root.resolve().name}/{edition.file}")


def _report(work: _Work, standing: Standing, started: float, snapshot_id: str | None, *, dry_run: bool) -> BuildReport:
    settled = {document.source_path: document for document in standing.documents}
    files: list[FileReport] = []
    for file in work.scan.files:
        files.append(_file_report(work, file, settled.get(file.source_path)))
        files.extend(
            FileReport(source_path=other, status=FileStatus.DUPLICATE, reason=f"the same file as {file.source_path}")
            for other in file.also_at
        )
    duplicates = {other for file in work.scan.files for other in file.also_at}
    files.extend(
        FileReport(source_path=item.source_path, status=FileStatus.PASSED_OVER, reason=item.reason)
        for item in work.scan.passed_over
        if item.source_path not in duplicates
    )
    if settled:  # else nothing was published, and the snapshot before still holds everything
        files.extend(_removed(work))
    ordered = tuple(sorted(files, key=lambda report: report.source_path))
    counts: dict[str, int] = {}
    for note in (*(note for report in ordered for note in report.notes), *(note for _, note in standing.notes)):
        counts[note.kind.value] = counts.get(note.kind.value, 0) + 1
    seconds = time.monotonic() - started
    return BuildReport(
        dry_run=dry_run,
        snapshot_id=snapshot_id,
        parent=work.parent_id,
        changes=change_count(ordered),
        refused=sum(report.status is FileStatus.REFUSED for report in ordered),
        files=ordered,
        notes=tuple(NoteCount(kind=kind, count=count) for kind, count in sorted(counts.items())),
        documents=len(settled),
        pages=sum(document.page_count for document in settled.values()),
        chunks=sum(outcome.chunks for outcome in work.outcomes.values()),
        pages_read=work.pages_read,
        chunks_embedded=work.chunks_embedded,
        seconds=round(seconds, 3),
        pages_per_second=round(work.pages_read / seconds, 2),
        chunks_per_second=round(work.chunks_embedded / seconds, 2),
    )


def _file_report(work: _Work, file: FileToRead, document: Document | None) -> FileReport:
    outcome = work.outcomes[file.source_path]
    if document is None:
        reasons = [note.message for note in outcome.notes if note.kind is NoteKind.REFUSED]
        return FileReport(
            source_path=file.source_path,
            status=FileStatus.REFUSED,
            notes=outcome.notes,
            reason=reasons[0] if reasons else "no reason given",
        )
    return FileReport(
        source_path=file.source_path,
        status=_status(work, document, outcome),
        document_id=document.document_id,
        title=document.title,
        series=document.series,
        edition=document.edition,
        standing=document.status,
        pages=document.page_count,
        chunks=outcome.chunks,
        notes=outcome.notes,
    )


def _status(work: _Work, document: Document, outcome: _Outcome) -> FileStatus:
    """The document against the snapshot before."""
    before = {item.document.source_path: item for item in work.parent.documents} if work.parent else {}
    was = before.get(document.source_path)
    if was is None:
        return FileStatus.NEW
    if document.status is DocumentStatus.SUPERSEDED and was.document.status is DocumentStatus.CURRENT:
        return FileStatus.SUPERSEDED
    same_segment = outcome.segment is not None and outcome.segment.segment_id == was.segment_id
    return FileStatus.UNCHANGED if was.document == document and same_segment else FileStatus.CHANGED


def _removed(work: _Work) -> Iterator[FileReport]:
    there = {file.source_path for file in work.scan.files}
    for item in work.parent.documents if work.parent else ():
        if item.document.source_path not in there:
            yield FileReport(
                source_path=item.document.source_path,
                status=FileStatus.REMOVED,
                document_id=item.document.document_id,
                title=item.document.title,
                series=item.document.series,
                edition=item.document.edition,
                standing=item.document.status,
                pages=item.document.page_count,
                chunks=item.rows,
                reason="no longer in the library; older snapshots keep it",
            )
