"""The librarian's desk: uploads, plans, decisions, publishing, the way back, and what the library lacks.

Laws of this room:

* An upload and a plan change nothing; only ``publish`` and ``rollback`` change what doctors are answered from, and
  only decisions change ``register.toml``.
* What is published is what was planned: whatever changed in between (library, inbox, register, snapshot) ends it.
* A decision bears a name and a day. Questions of doctors are handed out, never logged.
* Files that no snapshot holds are read in the sandbox and drawn in a process of their own, never in this one.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from ragmed.errors import BadInputError, IntegrityError, NoIndexError, NotFoundError
from ragmed.interfaces import no_file_progress, no_progress
from ragmed.records import DocumentStatus, NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ragmed.corpus.render import AnyPageRenderer
    from ragmed.index.history import Move
    from ragmed.index.inbox import Inbox
    from ragmed.index.manifest import HeldFile
    from ragmed.index.register import RegisteredEdition
    from ragmed.index.report import BuildReport
    from ragmed.index.snapshot import Snapshot
    from ragmed.index.store import SnapshotStore, SnapshotSummary
    from ragmed.interfaces import FileProgress, Progress, RecordStore
    from ragmed.records import Document, Page
    from ragmed.settings import Settings

Shape = frozenset[tuple[object, ...]]
"""Names, sizes and times of all that a plan depends on."""
_READINGS_KEPT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What publishing would do, and of what it was made."""

    report: BuildReport
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesLine:
    """One guideline across its editions. Without a current edition, ``current`` is empty."""

    series: str
    current: tuple[Document, ...]
    """One, unless nothing tells which of several is newer."""
    older: tuple[Document, ...]
    """Superseded or withdrawn."""
    pages: int
    """Of the current editions."""
    unread_pages: int
    """Of those, the ones in quarantine and those without text."""
    answered: int
    """Questions answered from the series this month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """The pointer was moved, and what it was moved to."""

    move: Move
    snapshot: SnapshotSummary | None
    """None where it has been collected since."""
    current: bool
    """The snapshot of this line answers now, and no later line names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A question that the library did not cover, asked ``times`` times."""

    record_id: str
    """Of the newest."""
    asked_at: str
    question: str
    nearest_titles: tuple[str, ...]
    times: int


class Build(Protocol):
    """Library, with the inbox over it → plan or snapshot: ``assemble.build_index``."""

    def __call__(
        self, settings: Settings, /, *, dry_run: bool, inbox: bool, by: str, progress: Progress, files: FileProgress
    ) -> BuildReport: ...


class Librarian:
    """See the module. Safe to share between threads; decisions are written one after the other."""

    def __init__(self, settings: Settings, snapshots: SnapshotStore, records: RecordStore, build: Build) -> None:
        self.settings = settings
        self._build = build
        self._snapshots = snapshots
        self._records = records
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._readings: OrderedDict[str, tuple[Document, tuple[Page, ...]]] = OrderedDict()
        self._planned: dict[str, str] = {}
        self._month = ""
        self._counted = 0
        self._tally: Counter[str] = Counter()

    @cached_property
    def inbox(self) -> Inbox:
        """Uploaded files that wait."""
        from ragmed.index.inbox import Inbox

        return Inbox(self.settings.index, upload_mib=self.settings.app.upload_mib)

    # planning and publishing

    def plan(self, progress: Progress = no_progress, files: FileProgress = no_file_progress) -> Plan:
        """What publishing the library with the inbox over it would do. Raises as ``assemble.build_index``."""
        shape = self.shape()
        report = self._build(self.settings, dry_run=True, inbox=True, by="", progress=progress, files=files)
        self._planned = {file.document_id: file.source_path for file in report.files if file.document_id}
        return Plan(report=report, shape=shape)

    def is_fresh(self, plan: Plan) -> bool:
        """Whether nothing that the plan depends on has changed since."""
        return self.shape() == plan.shape

    def publish(
        self, plan: Plan, progress: Progress = no_progress, files: FileProgress = no_file_progress, *, by: str = ""
    ) -> BuildReport:
        """Move the inbox into the library and publish, in the name of ``by``. Raises BadInputError for a plan that no
        longer holds, BusyError, and as ``assemble.build_index``."""
        if not self.is_fresh(plan):
            raise BadInputError(
                "the library has changed since this plan was made", remedy="look at what will change again"
            )
        return self._build(
            self.settings, dry_run=False, inbox=True, by=" ".join(by.split()), progress=progress, files=files
        )

    def shape(self) -> Shape:
        """The state of the library folder, its register, the inbox and the current snapshot."""
        from ragmed.index.history import read_pointer
        from ragmed.index.watch import shape_of

        pointer = read_pointer(self.settings.index)
        seen = shape_of((self.settings.library, self.inbox.folder))
        return frozenset({("snapshot", pointer.snapshot_id if pointer else ""), *seen})

    # history

    def history(self) -> tuple[HistoryLine, ...]:
        """Every publish and rollback, newest first."""
        kept = {summary.snapshot_id: summary for summary in self._snapshots.list()}
        lines: list[HistoryLine] = []
        seen: set[str] = set()
        for move in self._snapshots.history():
            summary = kept.get(move.snapshot_id)
            now = summary is not None and summary.current and move.snapshot_id not in seen
            seen.add(move.snapshot_id)
            lines.append(HistoryLine(move=move, snapshot=summary, current=now))
        return tuple(lines)

    def rollback(self, snapshot_id: str, *, by: str, why: str = "", progress: Progress = no_progress) -> str:
        """Make an older snapshot the current one, after verifying it. Raises as ``SnapshotStore.rollback``."""
        return self._snapshots.rollback(snapshot_id, by=_named(by), why=why.strip(), progress=progress)

    # decisions

    def permit(self, *, by: str, reference: str, document_id: str = "", series: str = "", file: str = "") -> None:
        """Record that a restricted document, or every edition of a series, may be used here."""
        from ragmed.index.decisions import permit
        from ragmed.index.register import Permission

        if not reference.strip():
            raise BadInputError("a permission without a reference", remedy="say where it is written")
        permission = Permission(
            document=document_id, series=series, by=_named(by), on=_today(), reference=reference.strip()
        )
        with self._lock:
            permit(self._register, permission, file=file)

    def accept(self, document_id: str, pages: Iterable[int], *, by: str, file: str = "") -> None:
        """Let badly read pages answer, after they were compared with their picture."""
        from ragmed.index.decisions import accept_pages
        from ragmed.index.register import AcceptedPages

        accepted = AcceptedPages(document=document_id, pages=tuple(pages), by=_named(by), on=_today())
        with self._lock:
            accept_pages(self._register, accepted, file=file)

    def distinct(self, document_ids: Sequence[str], *, by: str) -> None:
        """Say that documents which look alike are no editions of each other."""
        from ragmed.index.decisions import mark_distinct
        from ragmed.index.register import Distinct

        with self._lock:
            mark_distinct(self._register, Distinct(documents=tuple(document_ids), by=_named(by), on=_today()))

    def place(self, edition: RegisteredEdition) -> None:
        """Say of which series a file is an edition, its edition and date, or that it is withdrawn."""
        from ragmed.index.decisions import place_edition

        with self._lock:
            place_edition(self._register, edition)

    @property
    def _register(self) -> Path:
        from ragmed.index.register import REGISTER

        return self.settings.library / REGISTER

    # what the library holds and lacks

    def series(self) -> tuple[SeriesLine, ...]:
        """Every series of the current snapshot, by the title of its newest edition; none before the first snapshot."""
        snapshot = self._current()
        if snapshot is None:
            return ()
        unread = Counter(page.document_id for page in snapshot.manifest.quarantined if not page.accepted)
        grouped: dict[str, list[Document]] = {}
        for document in snapshot.documents():
            grouped.setdefault(document.series, []).append(document)
        answered = self.answered_this_month()
        lines = [_line(series, documents, unread, answered) for series, documents in grouped.items()]
        return tuple(sorted(lines, key=lambda line: (line.current or line.older)[0].title.casefold()))

    def held(self) -> tuple[HeldFile, ...]:
        """Documents of the current snapshot's library that do not answer for want of a permission."""
        snapshot = self._current()
        return snapshot.manifest.held if snapshot else ()

    def answered_this_month(self, now: datetime | None = None) -> Counter[str]:
        """Series → questions answered from it since the first of the month (UTC). Records are counted once."""
        month = f"{now or datetime.now(UTC):%Y-%m}"
        with self._lock:
            if month != self._month:
                self._month, self._counted, self._tally = month, 0, Counter()
            for number, cited in self._records.cited_series(f"{month}-01", self._counted):
                self._tally.update(cited)
                self._counted = number
            return Counter(self._tally)

    def unanswered(self, limit: int = 200) -> tuple[Unanswered, ...]:
        """The newest questions that the library did not cover, the same words once, the newest first."""
        found: OrderedDict[str, Unanswered] = OrderedDict()
        for record in self._records.unanswered(limit):
            key = " ".join(record.question.casefold().split())
            known = found.get(key)
            found[key] = Unanswered(
                record_id=known.record_id if known else record.record_id,
                asked_at=known.asked_at if known else record.asked_at,
                question=known.question if known else record.question,
                nearest_titles=known.nearest_titles if known else record.retrieval.nearest_titles,
                times=known.times + 1 if known else 1,
            )
        return tuple(found.values())

    # pages of documents that are held, quarantined or only planned

    def page(self, document_id: str, number: int) -> tuple[Document, Page]:
        """A page as it was read. Raises NotFoundError, IntegrityError, UnreadableFileError."""
        snapshot = self._current()
        if snapshot is not None and any(one.document_id == document_id for one in snapshot.documents()):
            return snapshot.document(document_id), snapshot.page(document_id, number)
        document, pages = self._read(document_id)
        for page in pages:
            if page.number == number:
                return document, page
        raise NotFoundError(f"no page {number} in {document.source_path}")

    def page_image(self, document_id: str, number: int, width: int, words: str = "") -> bytes:
        """PNG of a page, ``width`` pixels wide, ``words`` marked where they stand on it. Raises as ``page``."""
        document, page = self.page(document_id, number)
        start, end = find_words(page.text, words)
        snapshot = self._current()
        if snapshot is not None and any(one.document_id == document_id for one in snapshot.documents()):
            return self._renderer.render(snapshot.source(document_id), document, page, start, end, width=width)
        from ragmed.corpus.pictures import GuardedPageRenderer

        guarded = GuardedPageRenderer(self.settings.reader)
        return guarded.render(self._file(document_id), document, page, start, end, width=width)

    @cached_property
    def _renderer(self) -> AnyPageRenderer:
        from ragmed.corpus.render import AnyPageRenderer

        return AnyPageRenderer()

    def _read(self, document_id: str) -> tuple[Document, tuple[Page, ...]]:
        """The document of a file that is not published, read in the sandbox; the last few are kept."""
        from ragmed.corpus.reading import file_to_read
        from ragmed.corpus.sandbox import Sandbox

        path = self._file(document_id)
        with self._reading:
            if document_id not in self._readings:
                with Sandbox(self.settings.reader) as sandbox:
                    (reading,) = sandbox.read_all([file_to_read(path, self._source_path(document_id))])
                if reading.document is None:
                    reason = next(note.message for note in reading.notes if note.kind is NoteKind.REFUSED)
                    raise NotFoundError(reason)
                if reading.document.document_id != document_id:
                    raise IntegrityError(
                        f"{path.name}: the file has changed since the plan", remedy="look at what will change again"
                    )
                self._readings[document_id] = reading.document, reading.pages
                while len(self._readings) > _READINGS_KEPT:
                    self._readings.popitem(last=False)
            return self._readings[document_id]

    def _file(self, document_id: str) -> Path:
        """Where the file of a planned or held document lies: in the inbox, or else in the library."""
        name = self._source_path(document_id)
        staged = {file.name: file.path for file in self.inbox.files()}
        path = staged.get(name, self.settings.library / name)
        if not path.is_file():
            raise NotFoundError(f"{name}: no longer there", remedy="look at what will change again")
        return path

    def _source_path(self, document_id: str) -> str:
        held = {file.document.document_id: file.document.source_path for file in self.held()}
        name = self._planned.get(document_id) or held.get(document_id)
        if not name:
            raise NotFoundError(f"no document {document_id} in the plan", remedy="look at what will change again")
        return name

    def _current(self) -> Snapshot | None:
        try:
            return self._snapshots.current()
        except NoIndexError:
            return None


def find_words(text: str, words: str) -> tuple[int, int]:
    """Where ``words`` stand in ``text``, white space and a shortening ``…`` apart; (0, 0) where they do not."""
    wanted = [letter for letter in words.partition("…")[0] if not letter.isspace()]
    if not wanted:
        return 0, 0
    places = [place for place, letter in enumerate(text) if not letter.isspace()]
    squeezed = "".join(text[place] for place in places)
    found = squeezed.find("".join(wanted))
    return (places[found], places[found + len(wanted) - 1] + 1) if found >= 0 else (0, 0)


def _line(series: str, documents: Sequence[Document], unread: Counter[str], answered: Counter[str]) -> SeriesLine:
    ordered = sorted(documents, key=lambda one: (one.published_on, one.edition), reverse=True)
    current = tuple(one for one in ordered if one.status is DocumentStatus.CURRENT)
    return SeriesLine(
        series=series,
        current=current,
        older=tuple(one for one in ordered if one.status is not DocumentStatus.CURRENT),
        pages=sum(one.page_count for one in current),
        unread_pages=sum(unread[one.document_id] for one in current),
        answered=answered[series],
    )


def _named(by: str) -> str:
    name = " ".join(by.split())
    if not name:
        raise BadInputError("a decision without a name", remedy="say who decides")
    return name


def _today() -> str:
    return date.today().isoformat()
