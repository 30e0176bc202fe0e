"""The only place that chooses concrete classes from settings.

Everything heavy is imported inside the functions, at the moment it is first needed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.errors import NoIndexError, RagMedError
from ragmed.interfaces import no_file_progress, no_progress
from ragmed.writers import Writers, kind_of_generator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ragmed.adapters.register import AdapterRegister
    from ragmed.audit.log import SqliteLog
    from ragmed.auditor import Auditor
    from ragmed.generate.adapters import AdapterSource
    from ragmed.index.build import BuildReport
    from ragmed.index.collect import Collection
    from ragmed.index.snapshot import Snapshot
    from ragmed.index.snapshot_diff import SnapshotDifference
    from ragmed.index.store import SnapshotStore
    from ragmed.interfaces import (
        Assistant,
        Embedder,
        FileProgress,
        Keeper,
        Progress,
        Retriever,
        SnapshotReader,
        Snapshots,
    )
    from ragmed.librarian import Librarian
    from ragmed.records import AnswerRecord, CitationCheck, Generation
    from ragmed.retrieve.search import HybridRetriever
    from ragmed.reviewer import Reviewer
    from ragmed.settings import Settings

RECORDS_FILE = "records.sqlite"
"""Answers, beside the snapshots that they cite."""


@dataclass(frozen=True)
class Program:
    """One opened RagMed: what the command line and the app talk to. Parts are made when first used."""

    settings: Settings
    without: frozenset[str] = frozenset()
    """Parts of the search left out, to measure what they are worth."""
    user: str = ""
    """Who asks, where the settings name nobody: what records and entries of the log bear."""

    @cached_property
    def snapshots(self) -> SnapshotStore:
        """Published snapshots of the index folder."""
        from ragmed.index.folder_store import FolderStore

        return FolderStore(self.settings.index, self.settings.trust)

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder named in the settings, run as for the current snapshot; its weights are checked first."""
        from ragmed.index.embedder import load_embedder

        try:
            engine = self.snapshots.current().embedder_engine
        except NoIndexError:
            engine = ""
        return load_embedder(self.settings.embedder, self.settings.index, engine=engine)

    @cached_property
    def retriever(self) -> HybridRetriever:
        """Hybrid search over the current snapshot."""
        from ragmed.retrieve.search import HybridRetriever

        multilingual = self.settings.embedder.multilingual
        return HybridRetriever(
            self.snapshots, self.embedder, self.settings.retrieve, multilingual=multilingual, without=self.without
        )

    @cached_property
    def records(self) -> SqliteLog:
        """Every answer given, in the log that only grows."""
        from ragmed.audit.log import SqliteLog

        return SqliteLog(self.settings.index / RECORDS_FILE, self.settings.audit)

    @cached_property
    def adapters(self) -> AdapterRegister:
        """The tuned adapters of this index, every change of them in its log."""
        from ragmed.adapters.register import AdapterRegister

        return AdapterRegister(self.settings.adapter_register, self.records)

    @cached_property
    def assistant(self) -> Assistant:
        """Questions in, checked and recorded answers out."""
        return self._assistant(self.snapshots, self.retriever, self.embedder, self.settings, self.records)

    def _assistant(
        self,
        snapshots: Snapshots,
        retriever: Retriever,
        embedder: Embedder,
        settings: Settings,
        keeper: Keeper,
        adapters: AdapterSource | None = None,
    ) -> Assistant:
        """``adapters``: which one a model on this machine writes with; None: as the settings have it."""
        from ragmed.answer.assistant import RagMedAssistant
        from ragmed.answer.extractive import ExtractiveGenerator

        quoting = ExtractiveGenerator(
            embedder, max_claims=settings.answer.max_claims, multilingual=settings.embedder.multilingual
        )
        extractive = kind_of_generator(settings) == "extractive"
        return RagMedAssistant(
            snapshots,
            retriever,
            quoting if extractive else self.writers.writer(settings, adapters),
            keeper,
            settings,
            instead=None if extractive else quoting,
            second=self.writers.second_check(settings),
            user=self.who,
        )

    @cached_property
    def writers(self) -> Writers:
        """The language models of the settings, and what else judges what they write."""
        return Writers(self.settings, self.adapters)

    def assistant_of(
        self, snapshot: SnapshotReader, settings: Settings, written: Generation | None = None
    ) -> Assistant:
        """An assistant for a replay: it answers from this snapshot with these settings, and keeps nothing.

        ``written``: what a model on this machine wrote, to be written again with the same adapter. Raises
        MissingPartError where that or the snapshot's embedder is not on this machine, NotPossibleError.
        """
        from ragmed.audit.replay import KeepsNothing, OneSnapshot
        from ragmed.index.embedder import load_embedder
        from ragmed.retrieve.search import HybridRetriever

        chosen = settings.embedder
        if snapshot.embedder_name not in (chosen.model, Path(chosen.model).name):
            chosen = chosen.model_copy(update={"model": snapshot.embedder_name})  # what made the snapshot asks it
        embedder = load_embedder(chosen, self.settings.index, engine=snapshot.embedder_engine)
        only = OneSnapshot(snapshot)
        retriever = HybridRetriever(
            only, embedder, settings.retrieve, multilingual=settings.embedder.multilingual, without=self.without
        )
        adapters = self.writers.recorded_adapter(written) if written is not None else None
        return self._assistant(only, retriever, embedder, settings, KeepsNothing(), adapters)

    def render_page(self, record: AnswerRecord, check: CitationCheck, width: int) -> bytes:
        """PNG of the cited page, ``width`` pixels wide, with the quote marked.

        Raises NotFoundError when the snapshot or document is gone, IntegrityError when bytes have changed.
        """
        from ragmed.corpus.render import renderer_for

        citation = check.citation
        snapshot = self.snapshots.get(record.snapshot_id)
        document = snapshot.document(citation.document_id)
        page = snapshot.page(citation.document_id, citation.page_number)
        source = snapshot.source(citation.document_id)
        return renderer_for(document).render(source, document, page, citation.start, citation.end, width=width)

    @cached_property
    def librarian(self) -> Librarian:
        """Uploads, plans, decisions, publishing, history: what the Library page does."""
        from ragmed.librarian import Librarian

        return Librarian(self.settings, self.snapshots, self.records, build_index)

    @cached_property
    def auditor(self) -> Auditor:
        """Finding, proving and asking again: what ``ragmed audit`` and the Audit page do."""
        from ragmed.auditor import Auditor

        files = (self.records.path, self.records.path.with_suffix(".keys"))
        return Auditor(self.settings, self.snapshots, self.records, self.assistant_of, user=self.who, files=files)

    @cached_property
    def reviewer(self) -> Reviewer:
        """What doctors said, what it would teach, and the decision: what the Review page does."""
        from ragmed.reviewer import Reviewer

        return Reviewer(self.auditor, self.snapshots, self.records)

    @property
    def who(self) -> str:
        """Whom records and entries name: the settings' user, or whoever opened the program."""
        return self.settings.audit.user or self.user

    def warm(self) -> None:
        """Load what the first question would otherwise wait for."""
        self.embedder.embed_queries(["warm"])
        self.snapshots.current()
        if kind_of_generator(self.settings) != "extractive":
            with suppress(RagMedError):  # an answer says what is wrong with the model, and quotes the library
                self.writers.engine.warm()
            if self.settings.answer.entailment_model:
                with suppress(RagMedError):  # and the same of the second check, which quotations do not need
                    self.writers.entailer.warm()


def open_program(settings: Settings, *, user: str = "") -> Program:
    """Everything that answering needs, opened lazily. ``user``: who asks, unless the settings name somebody."""
    return Program(settings, user=user)


def build_index(
    settings: Settings,
    paths: Sequence[Path] = (),
    *,
    dry_run: bool = False,
    inbox: bool = False,
    by: str = "",
    progress: Progress = no_progress,
    files: FileProgress = no_file_progress,
) -> BuildReport:
    """Library (or ``paths``) → plan → new snapshot, unless nothing changed or ``dry_run``.

    ``inbox``: with the files staged in the index folder, which a publishing run moves into the library first. ``by``:
    who publishes, for the history.
    """
    from ragmed.index.build import build

    program = open_program(settings)
    return build(
        settings,
        paths,
        dry_run=dry_run,
        inbox=inbox,
        by=by,
        citing=program.records.quotes_from,
        progress=progress,
        files=files,
        store=program.snapshots,
    )


def collect_snapshots(settings: Settings, *, dry_run: bool) -> Collection:
    """Remove what neither the settings' retention, nor a reader, nor a recorded answer needs."""
    from ragmed.index.collect import Retention

    program = open_program(settings)
    kept = settings.snapshots
    retention = Retention(keep_days=kept.keep_days, keep_last=kept.keep_last, cited=program.records.cited_snapshots())
    return program.snapshots.collect(retention, dry_run=dry_run)


def compare_snapshots(before: Snapshot, after: Snapshot) -> SnapshotDifference:
    """What the second snapshot holds otherwise than the first."""
    from ragmed.index.snapshot_diff import compare_snapshots as compare

    return compare(before, after)


def library_changes(settings: Settings, paths: Sequence[Path], wait: Callable[[], bool]) -> Iterator[None]:
    """Yields at once and whenever the library (or ``paths``) has changed; see ``ragmed.index.watch``."""
    from ragmed.index.watch import changes

    return changes(tuple(paths) or (settings.library,), wait)
