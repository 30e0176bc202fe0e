"""One run over a library: read what is not known, embed what is new, publish.

The laws of the room are those of ``ragmed.index.build``, which composes it; and two of its own:

* A document whose licence restricts its use is read, listed and held: neither cut nor embedded nor published, until
  the register has a permission for it.
* A page in quarantine is kept and can be shown; no chunk is cut from it until somebody has accepted it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragmed.changes import LicenceNotice, QuarantinedPage
from ragmed.corpus.kinship import Kin, find_kin
from ragmed.corpus.library import FileToRead, Scan
from ragmed.corpus.licence_notices import licence_notices_of
from ragmed.corpus.likeness import Fingerprint
from ragmed.corpus.quarantine import quarantined
from ragmed.corpus.sidecar import placed_by_sidecar
from ragmed.index.edition_order import is_newer
from ragmed.index.editions import Standing, as_registered, settle
from ragmed.index.manifest import HeldFile, IndexedDocument, LibraryNote, Manifest, RefusedFile
from ragmed.index.pipeline import Pipeline
from ragmed.index.publish import SnapshotContent, SnapshotPart
from ragmed.index.reads import KnownReading, Reads, worth_keeping
from ragmed.index.register import Register
from ragmed.index.runner import Runner
from ragmed.index.segment import FileEntry, Segment
from ragmed.index.segmenting import Segmenting
from ragmed.index.store import Holdings, SnapshotWriter
from ragmed.interfaces import FileProgress, Progress, no_file_progress
from ragmed.records import Document, NoteKind, Page, Reading, ReadNote

if TYPE_CHECKING:
    from ragmed.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file: a document (with its segment, unless it is held or nothing is written) or a refusal."""

    document: Document | None
    """As its content gives it."""
    segment: Segment | None
    notes: tuple[ReadNote, ...]
    chunks: int
    notices: tuple[LicenceNotice, ...] = ()
    quarantined: tuple[QuarantinedPage, ...] = ()

    @property
    def held(self) -> bool:
        """Whether a notice restricts the use and nobody has recorded a permission."""
        return any(not notice.permission for notice in self.notices)


class Work:
    """One run over a library."""

    def __init__(
        self,
        settings: Settings,
        pipeline: Pipeline,
        runner: Runner,
        scan: Scan,
        register: Register,
        progress: Progress,
        holdings: Holdings,
        writer: SnapshotWriter | None = None,
    ) -> None:
        """``holdings``: what is there; the ``writer`` is the same where this run writes at all."""
        self.scan = scan
        self.register = register
        self.pages_read = 0
        self.outcomes: dict[str, Outcome] = {}
        self.parent_id = holdings.parent_id
        self.parent: Manifest | None = holdings.parent
        self._holdings = holdings
        self._writer = writer
        self._holding = tuple(NoteKind(kind) for kind in settings.reader.quarantine)
        self._pipeline = pipeline
        self._runner = runner
        self._progress = progress
        self._segmenting = Segmenting(holdings, writer, pipeline, runner, progress)
        self._reads = Reads(holdings, writer)
        self._pages: dict[str, tuple[Page, ...]] = {}
        self._kept_segments: dict[str, Segment] = {}
        self._prints: dict[str, Fingerprint] = {}
        self._series: dict[str, str] = {}
        self.strangers: frozenset[frozenset[str]] = frozenset()
        """Of documents that joined another series than their content gives."""

    @property
    def chunks_embedded(self) -> int:
        """In this run."""
        return self._segmenting.chunks_embedded

    def run(self, told: FileProgress = no_file_progress) -> Standing:
        """Read what is not known, chunk and embed it; then settle which editions are current."""
        unread: list[FileToRead] = []
        for file in self.scan.files:
            outcome = self._from_known(file)
            if outcome is None:
                unread.append(file)
            else:
                self.outcomes[file.source_path] = outcome
        try:
            self._read(unread, told)
            kin = self._join_kin()
        except BaseException:  # Ctrl-C too: the next run goes on from here
            self._reads.pause()
            raise
        documents = [
            outcome.document for outcome in self._in_order() if outcome.document is not None and not outcome.held
        ]
        self.strangers = kin.strangers
        standing = settle(documents, self.register, self.gone(), self.strangers)
        standing = replace(
            standing,
            notes=(*standing.notes, *((one.source_path, one.note) for one in kin.joined)),
            questions=(*kin.questions, *standing.questions),
        )
        return self._with_segments(standing)

    def _read(self, files: Sequence[FileToRead], told: FileProgress = no_file_progress) -> None:
        names = tuple(file.source_path for file in files)
        told(names, 0)
        for done, (file, reading) in enumerate(zip(files, self._runner.read(files, self._progress), strict=True), 1):
            self.outcomes[file.source_path] = self._from_reading(file, reading)
            told(names, done)

    def _join_kin(self) -> Kin:
        """Have documents that share most of their text join one series; what joins a permitted series is released."""
        told = [as_registered(outcome.document, self.register) for outcome in self._in_order() if outcome.document]
        gone = self.gone()
        for document in gone:
            segment = self._holdings.find_segment(self.items_before()[document.document_id].segment_id)
            if segment is not None:
                self._prints[document.document_id] = self._reads.fingerprint(segment.segment_id, segment.pages)
        kin = find_kin(
            [*told, *gone],
            self._prints,
            is_newer=is_newer,
            are_distinct=self.register.are_distinct,
            placed=[
                file.source_path
                for file in self.scan.files
                if self.register.names(file.source_path) or (file.sidecar and placed_by_sidecar(file.sidecar))
            ],
        )
        series = {one.document_id: one.series for one in kin.joined}
        released: list[FileToRead] = []
        for file in self.scan.files:
            outcome = self.outcomes[file.source_path]
            if outcome.document is not None and outcome.document.document_id in series:
                joined = replace(outcome.document, series=series[outcome.document.document_id])
                again = self._outcome(joined, outcome.segment, outcome.notes)
                self.outcomes[file.source_path] = replace(again, chunks=outcome.chunks)
                if outcome.held and not again.held:
                    released.append(file)
        self._series = series
        self._read(released)
        return kin

    def publish(self, standing: Standing, by: str = "") -> str | None:
        """Keep the sources, remember the readings, publish; ``by`` goes into the history."""
        before = self.items_before()
        parts = [
            SnapshotPart(
                document=document,
                segment=self._kept_segments[document.document_id],
                source=_entry_of(self.parent, before[document.document_id].source),
                kept=True,
            )
            if document.document_id in standing.kept
            else SnapshotPart(
                document=document,
                segment=_there(self.outcomes[document.source_path].segment),
                source=self._keep_source(document),
            )
            for document in standing.documents
        ]
        self._reads.finish()
        refused = [
            RefusedFile(source_path=file.source_path, sha256=file.sha256, notes=outcome.notes)
            for file in self.scan.files
            if (outcome := self.outcomes[file.source_path]).document is None
        ]
        content = SnapshotContent(
            parts=parts,
            refused=refused,
            library_notes=[LibraryNote(source_path=path, note=note) for path, note in standing.notes],
            held=[
                HeldFile(document=as_registered(outcome.document, self.register), notices=outcome.notices)
                for outcome in self._in_order()
                if outcome.document is not None and outcome.held
            ],
            quarantined=self.quarantine(standing),
            embedder=self._pipeline.embedder_facts,
            chunker=self._pipeline.chunker.configuration(),
            at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            by=by,
        )
        return self._at_work().publish(content, self._progress)

    def items_before(self) -> dict[str, IndexedDocument]:
        """The documents of the snapshot before, by id."""
        return {item.document.document_id: item for item in self.parent.documents} if self.parent else {}

    def gone(self) -> list[Document]:
        """Documents of the snapshot before whose bytes are no longer in the library."""
        there = {outcome.document.document_id for outcome in self.outcomes.values() if outcome.document}
        return [item.document for key, item in self.items_before().items() if key not in there]

    def quarantine(self, standing: Standing) -> list[QuarantinedPage]:
        """Badly read pages of the documents that answer, those that were accepted too."""
        found = [page for outcome in self._in_order() if not outcome.held for page in outcome.quarantined]
        if self.parent is not None:
            found.extend(page for page in self.parent.quarantined if page.document_id in standing.kept)
        return found

    def pages_of(self, document_id: str) -> tuple[Page, ...]:
        """The pages of a document of this run or of the snapshot before; without boxes where nothing was written."""
        if document_id in self._pages:
            return self._pages[document_id]
        for outcome in self.outcomes.values():
            if outcome.document and outcome.document.document_id == document_id and outcome.segment:
                return outcome.segment.pages()
        item = self.items_before().get(document_id)
        segment = self._holdings.find_segment(item.segment_id) if item else None
        return segment.pages() if segment else ()

    def _in_order(self) -> list[Outcome]:
        return [self.outcomes[file.source_path] for file in self.scan.files]

    def _from_known(self, file: FileToRead) -> Outcome | None:
        """The outcome that an earlier run remembers, if its segment is still whole."""
        key = self._key(file)
        known = self._reads.known(key)
        if known is None:
            return None
        if known.document is None:
            self._reads.keep(key, known)
            return Outcome(document=None, segment=None, notes=known.notes, chunks=0)
        segment = self._holdings.find_segment(known.segment_id) if known.segment_id else None
        notes = segment.notes() if segment else known.notes
        pages = segment.pages if segment else tuple
        self._prints[file.document_id] = self._reads.fingerprint(segment.segment_id if segment else key, pages)
        outcome = self._outcome(known.document, segment, notes)
        # a document that was held has no segment; once it is permitted, it is read again
        if segment is None and not outcome.held:
            return None
        self._reads.keep(key, known)
        return replace(outcome, chunks=int(segment.vectors().shape[0]) if segment and not outcome.held else 0)

    def _from_reading(self, file: FileToRead, reading: Reading) -> Outcome:
        key = self._key(file)
        document, notes = reading.document, reading.notes
        if document is None:
            if worth_keeping(notes):
                self._reads.keep(key, KnownReading(document=None, segment_id="", notes=notes))
            return Outcome(document=None, segment=None, notes=notes, chunks=0)
        self.pages_read += len(reading.pages)
        document = replace(document, series=self._series.get(document.document_id, document.series))
        outcome = self._outcome(document, None, notes)
        held_pages = {page.page_number for page in outcome.quarantined if page.holds}
        if outcome.held or self._writer is None:
            # boxes are eight bytes a character, and a comparison of editions needs none
            self._pages[document.document_id] = tuple(replace(page, boxes=b"") for page in reading.pages)
        if outcome.held or self._writer is None:
            self._prints[document.document_id] = self._reads.fingerprint(key, lambda: reading.pages)
        if outcome.held:
            if worth_keeping(notes):
                self._reads.keep(key, KnownReading(document=reading.document, segment_id="", notes=notes))
            return outcome
        if self._writer is None:
            return replace(outcome, chunks=len(self._segmenting.chunks(document, reading.pages, held_pages)))
        segment = self._segmenting.segment(document, reading.pages, notes, held_pages, last=self._last)
        self._prints[document.document_id] = self._reads.fingerprint(segment.segment_id, lambda: reading.pages)
        if worth_keeping(notes):
            self._reads.keep(key, KnownReading(document=reading.document, segment_id=segment.segment_id, notes=()))
        return replace(outcome, segment=segment, chunks=int(segment.vectors().shape[0]))

    def _outcome(self, document: Document, segment: Segment | None, notes: tuple[ReadNote, ...]) -> Outcome:
        registered = as_registered(document, self.register)
        return Outcome(
            document=document,
            segment=segment,
            notes=notes,
            chunks=0,
            notices=licence_notices_of(registered, notes, registered.permission),
            quarantined=quarantined(document, notes, self.register.accepted_pages(document.document_id), self._holding),
        )

    def _key(self, file: FileToRead) -> str:
        return self._pipeline.key(file, self.register.accepted_pages(file.document_id))

    def _last(self) -> bool:
        """Whether no file is still unread, so that somebody knows how many chunks there will be."""
        return len(self.outcomes) + 1 >= len(self.scan.files)

    def _with_segments(self, standing: Standing) -> Standing:
        """The standing, without kept editions of which nothing whole is left."""
        items = self.items_before()
        lost: set[str] = set()
        for document in standing.documents:
            key = document.document_id
            if key not in standing.kept:
                continue
            pages = self.parent.quarantined if self.parent else ()
            held = {page.page_number for page in pages if page.document_id == key and page.holds}
            segment = (
                self._segmenting.of_before(items[key], document, held)
                if self._writer is not None
                else self._holdings.find_segment(items[key].segment_id)
            )
            if segment is None:
                lost.add(key)
            else:
                self._kept_segments[key] = segment
        if not lost:
            return standing
        return replace(
            standing,
            documents=tuple(document for document in standing.documents if document.document_id not in lost),
            kept=standing.kept - lost,
        )

    def _keep_source(self, document: Document) -> FileEntry:
        file = next(file for file in self.scan.files if file.source_path == document.source_path)
        return self._at_work().keep_source(file.path, file.sha256)

    def _at_work(self) -> SnapshotWriter:
        assert self._writer is not None  # a plan publishes nothing
        return self._writer


def _there(segment: Segment | None) -> Segment:
    assert segment is not None  # a run that writes has a segment for every document
    return segment


def _entry_of(parent: Manifest | None, path: str) -> FileEntry:
    """What the manifest before says of one of its shared files."""
    assert parent is not None  # only a snapshot before has documents to keep
    return next(entry for entry in parent.shared_files if entry.path == path)
