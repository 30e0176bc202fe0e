"""What every ``SnapshotStore`` has to keep: a test class for each inherits these and says how one is made and spoilt."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragmed.canonical import canonical_json, sha256_bytes
from ragmed.errors import BadInputError, BusyError, IntegrityError, NoIndexError, NotFoundError
from ragmed.index.build import build
from ragmed.index.collect import Retention
from ragmed.index.reads import READS, KnownReading, reads_json
from ragmed.index.store import SnapshotStore
from ragmed.records import Filters, Reading
from ragmed.settings import ChunkSettings, ReaderSettings, Settings
from tests.index.scripted_runner import ScriptedRunner
from tests.index.support import EMBEDDER, content_of, library, publish_in, reading, segment_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragmed.index.snapshot import Snapshot

NOTHING_KEPT = Retention(keep_days=0, keep_last=1, cited=frozenset())
FORK = multiprocessing.get_context("fork")


def with_dose(number: int) -> tuple[Reading, ...]:
    """The library with one more document, another for each number."""
    return (*library(), reading("dose.txt", [f"Give {number} mg of it at once."]))


def texts(snapshot: Snapshot) -> list[str]:
    """The first page of every document, and what a search finds: all that an answer needs."""
    rows, _ = snapshot.dense(EMBEDDER.embed_queries(["Give"])[0], 100, Filters(include_superseded=True))
    assert len(rows) == snapshot.chunk_count()
    return sorted(snapshot.page(document.document_id, 1).text for document in snapshot.documents())


class StoreConformance:
    """Old or new and whole; one writer; numbered, verified, rolled back, collected; builds are made through it."""

    def make(self, folder: Path) -> SnapshotStore:
        """A store; two made of one folder are two programs at one store."""
        raise NotImplementedError

    def spoil(self, folder: Path, snapshot_id: str) -> None:
        """Change a byte of the snapshot behind the store's back."""
        raise NotImplementedError

    def put_back(self, folder: Path, snapshot_id: str) -> None:
        """Make an older snapshot the current one behind the store's back."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> SnapshotStore:
        return self.make(tmp_path)

    def put(self, store: SnapshotStore, folder: Path, readings: Sequence[Reading], *, by: str = "") -> str:
        name = publish_in(store, readings, folder / "incoming.txt", by=by)
        assert name
        return name

    def test_before_the_first_publish_there_is_nothing(self, store: SnapshotStore) -> None:
        with pytest.raises(NoIndexError):
            store.current()
        assert (store.list(), store.history()) == ((), ())
        assert (store.holdings().parent_id, store.holdings().parent) == (None, None)
        with pytest.raises(NotFoundError):
            store.get("1")

    def test_what_is_published_is_current_and_whole(self, store: SnapshotStore, tmp_path: Path) -> None:
        name = self.put(store, tmp_path, library())
        assert name.startswith("000001-")
        snapshot = store.current()
        assert snapshot.snapshot_id == name
        assert texts(snapshot) == sorted(item.pages[0].text for item in library())
        assert store.verify().faults == ()
        for document in snapshot.documents():
            assert sha256_bytes(snapshot.source(document.document_id).read_bytes()) == document.sha256
        holdings = store.holdings()
        assert holdings.parent_id == name
        assert holdings.parent is not None
        assert holdings.parent.content_sha256 == snapshot.manifest.content_sha256

    def test_the_same_is_not_published_again(self, store: SnapshotStore, tmp_path: Path) -> None:
        self.put(store, tmp_path, library())
        assert publish_in(store, library(), tmp_path / "incoming.txt", at="2027-01-01T00:00:00Z") is None
        assert len(store.list()) == len(store.history()) == 1

    def test_programs_move_to_the_new_snapshot_and_the_old_one_can_be_read_on(
        self, store: SnapshotStore, tmp_path: Path
    ) -> None:
        first = self.put(store, tmp_path, with_dose(1))
        before = store.current()
        second = self.put(self.make(tmp_path), tmp_path, with_dose(2))
        assert store.current().snapshot_id == second
        assert "Give 1 mg of it at once." in texts(before)
        assert "Give 2 mg of it at once." in texts(store.current())
        assert [one.snapshot_id for one in store.list()] == [second, first]
        assert [one.current for one in store.list()] == [True, False]
        assert [one.snapshot_id for one in store.history()] == [second, first]
        assert store.get("1").snapshot_id == store.get(first).snapshot_id == first
        assert store.current().manifest.parent == first

    def test_one_writer_at_a_time_and_its_lock_ends_with_its_process(
        self, store: SnapshotStore, tmp_path: Path
    ) -> None:
        ours, theirs = multiprocessing.Pipe()
        process = FORK.Process(target=_hold, args=(self, tmp_path, theirs))
        process.start()
        try:
            assert ours.recv() == "held"
            with pytest.raises(BusyError, match=f"process {process.pid} on "), store.writer():
                pass
            with pytest.raises(BusyError):
                store.collect(NOTHING_KEPT, dry_run=False)
        finally:
            process.kill()
            process.join()
        assert self.put(store, tmp_path, library())

    def test_a_writer_that_dies_has_published_nothing_and_lost_no_segment(
        self, store: SnapshotStore, tmp_path: Path
    ) -> None:
        first = self.put(store, tmp_path, library())
        process = FORK.Process(target=_die, args=(self, tmp_path))
        process.start()
        process.join()
        assert process.exitcode == 9
        assert [one.snapshot_id for one in store.list()] == [first]
        assert store.current().snapshot_id == first
        dose = segment_of(with_dose(1)[-1])
        assert store.holdings().find_segment(dose.segment_id()) is not None
        with store.writer() as writer:
            written = writer.write_segment(dose, _never)
            assert written.chunks() == tuple(dose.chunks)

    def test_a_writer_that_fails_lets_go(self, store: SnapshotStore, tmp_path: Path) -> None:
        with pytest.raises(KeyboardInterrupt), store.writer():
            raise KeyboardInterrupt
        assert self.put(store, tmp_path, library())

    def test_a_segment_is_embedded_once_and_found_by_everybody(self, store: SnapshotStore) -> None:
        content = segment_of(library()[0])
        assert store.holdings().find_segment(content.segment_id()) is None
        with store.writer() as writer:
            made = writer.write_segment(content, EMBEDDER.embed_passages)
            again = writer.write_segment(content, _never)
        found = store.holdings().find_segment(content.segment_id())
        assert found is not None
        assert found.segment_id == made.segment_id == again.segment_id
        assert found.entries == made.entries
        assert [page.text for page in found.pages()] == [page.text for page in content.pages]

    def test_a_source_is_kept_by_its_hash_and_no_other(self, store: SnapshotStore, tmp_path: Path) -> None:
        file = tmp_path / "a.TXT"
        file.write_bytes(b"Give 5 mg.")
        digest = sha256_bytes(b"Give 5 mg.")
        with store.writer() as writer:
            entry = writer.keep_source(file, digest)
            assert (entry.path, entry.sha256, entry.size) == (f"sources/{digest}.txt", digest, 10)
            file.write_bytes(b"Give 50 mg.")
            with pytest.raises(BadInputError, match="changed"):
                writer.keep_source(file, sha256_bytes(b"Give 6 mg."))

    def test_what_is_remembered_is_there_for_the_next(self, store: SnapshotStore, tmp_path: Path) -> None:
        with store.writer() as writer:
            writer.remember("reads.json", b"{}")
            writer.remember("fingerprints/b", b"1")
            writer.remember("fingerprints/a", b"2")
            writer.remember("fingerprints/a", b"3")
            writer.remember("fingerprints/c", b"4")
            writer.forget("fingerprints/c")
            writer.forget("fingerprints/never")
        holdings = self.make(tmp_path).holdings()
        assert holdings.recall("reads.json") == b"{}"
        assert holdings.recall("fingerprints/a") == b"3"
        assert holdings.recall("fingerprints/c") is None
        assert holdings.remembered("fingerprints") == ("a", "b")
        assert holdings.remembered("elsewhere") == ()

    def test_who_publishes_stands_in_the_history_and_in_no_byte_of_the_snapshot(
        self, store: SnapshotStore, tmp_path: Path
    ) -> None:
        first = self.put(store, tmp_path, with_dose(1), by="Wu")
        assert [(move.reason, move.by) for move in store.history()] == [("index", "Wu")]
        assert [one.by for one in store.list()] == ["Wu"]
        assert b"Wu" not in canonical_json(store.get(first).manifest)

    def test_an_older_snapshot_answers_again_by_rollback_only(self, store: SnapshotStore, tmp_path: Path) -> None:
        first, second = (self.put(store, tmp_path, with_dose(number)) for number in (1, 2))
        with pytest.raises(BadInputError, match="current already"):
            store.rollback(second, by="Wu")
        with pytest.raises(NotFoundError):
            store.rollback("7", by="Wu")
        assert store.rollback("1", by="Wu", why="wrong file") == first
        assert self.make(tmp_path).current().snapshot_id == store.current().snapshot_id == first
        move = store.history()[0]
        assert (move.reason, move.snapshot_id, move.before, move.by, move.why) == (
            "rollback",
            first,
            second,
            "Wu",
            "wrong file",
        )
        assert [one.rollbacks for one in store.list()] == [(), (move,)]
        third = self.put(store, tmp_path, with_dose(3))
        assert third.startswith("000003-"), "numbers are never used again"
        assert store.current().manifest.parent == first
        self.put_back(tmp_path, first)
        with pytest.raises(IntegrityError, match="snapshot 1, but 3 was current"):
            self.make(tmp_path).current()

    def test_a_damaged_snapshot_is_told_of_and_not_rolled_back_to(self, store: SnapshotStore, tmp_path: Path) -> None:
        first, second = (self.put(store, tmp_path, with_dose(number)) for number in (1, 2))
        self.spoil(tmp_path, first)
        assert len(store.verify("1").faults) == 1
        assert store.verify().faults == ()
        with pytest.raises(IntegrityError):
            store.rollback(first, by="Wu")
        assert store.current().snapshot_id == second

    def test_what_nobody_needs_goes_and_what_stays_is_whole(self, store: SnapshotStore, tmp_path: Path) -> None:
        names = [self.put(store, tmp_path, with_dose(number)) for number in range(1, 5)]
        reading_on = store.get(names[1])
        writer_store, cited = self.make(tmp_path), Retention(keep_days=0, keep_last=1, cited=frozenset({names[0]}))
        left = segment_of(reading("unfinished.txt", ["Give 9 mg."]))
        with store.writer() as writer:
            segment = writer.write_segment(left, EMBEDDER.embed_passages)
            known = KnownReading(document=left.document, segment_id=segment.segment_id, notes=())
            writer.remember(READS, reads_json({"key": known}))
        planned = writer_store.collect(cited, dry_run=True)
        assert len(store.list()) == 4
        done = writer_store.collect(cited, dry_run=False)
        assert (planned.snapshots, planned.bytes) == (done.snapshots, done.bytes)
        assert set(done.snapshots) <= {names[1], names[2]}
        assert names[2] in done.snapshots
        assert {one.snapshot_id: one.reason for one in done.kept}[names[0]] == "recorded answers cite it"
        assert done.bytes > 0
        for name in (names[0], names[3]):
            assert store.verify(name).faults == ()
            assert len(texts(self.make(tmp_path).get(name))) == 6
        assert "Give 2 mg of it at once." in texts(reading_on), "who had it open reads it to its end"
        with pytest.raises(NotFoundError):
            self.make(tmp_path).get(names[2])
        assert store.holdings().find_segment(segment.segment_id) is not None, "an unfinished build goes on from it"

    def test_a_library_is_built_through_it(self, store: SnapshotStore, tmp_path: Path) -> None:
        """Plan, build, no change, change: the whole way, and nothing beside the store."""
        folder = tmp_path / "library"
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.md").write_text(f"# Rule {number}\n\nGive {number + 1} mg of it at once, and wait.\n")
        settings = Settings(
            library=folder,
            index=tmp_path / "elsewhere",
            reader=ReaderSettings(workers=1),
            chunk=ChunkSettings(min_tokens=4),
        )
        planned = build(settings, dry_run=True, embedder=EMBEDDER, runner=ScriptedRunner(), store=store)
        assert planned.changes == 3
        report = build(settings, embedder=EMBEDDER, runner=ScriptedRunner(), store=store)
        assert report.snapshot_id == store.current().snapshot_id
        runner = ScriptedRunner()
        assert build(settings, embedder=EMBEDDER, runner=runner, store=store).snapshot_id is None
        assert (runner.files_read, runner.texts_embedded) == ([], 0), "what it learned was remembered"
        (folder / "1.md").write_text("# Rule 1\n\nGive 20 mg of it at once, and wait.\n")
        second = build(settings, embedder=EMBEDDER, runner=runner, store=store)
        assert runner.files_read == ["1.md"]
        assert self.make(tmp_path).current().snapshot_id == second.snapshot_id
        assert store.verify().faults == ()
        assert not (tmp_path / "elsewhere").exists(), "nothing went where the settings would keep it"


def _never(texts: Sequence[str]) -> NDArray[np.float32]:
    raise AssertionError(f"{len(texts)} texts embedded again")


def _hold(suite: StoreConformance, folder: Path, connection: Connection) -> None:
    with suite.make(folder).writer():
        connection.send("held")
        connection.recv()


def _die(suite: StoreConformance, folder: Path) -> None:
    with suite.make(folder).writer() as writer:
        content_of(writer, with_dose(1), folder / "incoming.txt")
        os._exit(9)
