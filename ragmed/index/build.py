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
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.corpus.library import INBOX, Scan, move_into_library, scan_library
from ragmed.index.embedder import load_embedder, measured_embedder
from ragmed.index.folder_store import FolderStore
from ragmed.index.pipeline import Pipeline
from ragmed.index.plan import Citing, findings_of, nobody_cites
from ragmed.index.register import registers_of
from ragmed.index.report import BuildReport
from ragmed.index.reporting import report_of
from ragmed.index.runner import LocalRunner, Runner
from ragmed.index.store import Holdings, SnapshotStore, SnapshotWriter
from ragmed.index.work import Work
from ragmed.interfaces import Embedder, FileProgress, Progress, no_file_progress, no_progress

if TYPE_CHECKING:
    from ragmed.settings import Settings

__all__ = ["BuildReport", "build"]


def build(
    settings: Settings,
    paths: Sequence[Path] = (),
    *,
    dry_run: bool = False,
    inbox: bool = False,
    by: str = "",
    citing: Citing = nobody_cites,
    progress: Progress = no_progress,
    files: FileProgress = no_file_progress,
    embedder: Embedder | None = None,
    runner: Runner | None = None,
    store: SnapshotStore | None = None,
) -> BuildReport:
    """Index ``paths`` (the library folder by default) and publish a snapshot if anything changed.

    A dry run reads what is new, to know what would be refused or superseded, and writes nothing. With ``inbox``, the
    files staged in the index folder's inbox count as part of the library folder, and move there before publishing.
    ``by``: who publishes, for the history. ``citing`` tells which recorded answers quote the documents that it is
    given; ``store`` is where snapshots are kept, the index folder by default.

    Raises BadInputError for a library without a readable kind of file, BusyError where another build is at work,
    NotPossibleError where the disk is full.
    """
    started = time.monotonic()
    roots = tuple(paths) or (settings.library,)
    staged = settings.index / INBOX if inbox else None
    store = store or FolderStore(settings.index, settings.trust)
    if dry_run:
        holdings = store.holdings()
        engine = _engine_before(settings, holdings)
        embedder = embedder or load_embedder(settings.embedder, settings.index, engine=engine)
        scan = scan_library(roots, staged)
        work = _work(settings, roots, scan, embedder, runner, progress, holdings)
        standing = work.run(files)
        return report_of(work, standing, findings_of(work, standing, citing), started, None, dry_run=True)
    with store.writer() as writer:
        if staged is not None:
            move_into_library(staged, settings.library)
        engine = _engine_before(settings, writer)
        embedder = embedder or measured_embedder(settings.embedder, settings.index, engine=engine)
        work = _work(settings, roots, scan_library(roots), embedder, runner, progress, writer, writer)
        standing = work.run(files)
        findings = findings_of(work, standing, citing)
        snapshot_id = work.publish(standing, by) if standing.documents else None
        return report_of(work, standing, findings, started, snapshot_id, dry_run=False)


def _work(
    settings: Settings,
    roots: Sequence[Path],
    scan: Scan,
    embedder: Embedder,
    runner: Runner | None,
    progress: Progress,
    holdings: Holdings,
    writer: SnapshotWriter | None = None,
) -> Work:
    runner = runner or LocalRunner(settings.reader, embedder)
    return Work(
        settings, Pipeline.of(settings, embedder), runner, scan, registers_of(roots), progress, holdings, writer
    )


def _engine_before(settings: Settings, holdings: Holdings) -> str:
    """The engine of the current snapshot, where the same model made it: changing it would embed everything again."""
    before = holdings.parent
    model = settings.embedder.model
    return before.embedder.engine if before and before.embedder.name in (model, Path(model).name) else ""
