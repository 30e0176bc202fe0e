"""What gc takes and what it must never take."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ragmed.errors import IntegrityError, NotFoundError
from ragmed.index.collect import Retention, collect
from ragmed.index.folder_store import FolderStore
from ragmed.index.history import published_ids
from ragmed.index.manifest import MANIFEST
from ragmed.index.reads import READS, KnownReading, reads_json
from tests.index.support import library, publish, reading

NOTHING = Retention(keep_days=0, keep_last=1, cited=frozenset())
NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def many(index: Path) -> list[str]:
    """The ids of five snapshots; each holds a document that the others do not."""
    names = [FolderStore(index).current().snapshot_id]
    for number in range(2, 6):
        name = publish(
            index,
            (*library(), reading(f"{number}.txt", [f"Give {number} mg."])),
            at=f"2026-12-{number:02}T00:00:00Z",
        )
        assert name
        names.append(name)
    return names


def take(index: Path, retention: Retention = NOTHING, *, dry_run: bool = False) -> tuple[str, ...]:
    return collect(index, retention, dry_run=dry_run, now=NOW).snapshots


def test_what_nobody_needs_goes_and_the_rest_verifies(index: Path, many: list[str]) -> None:
    collection = collect(index, NOTHING, dry_run=False, now=NOW)
    assert collection.snapshots == tuple(many[:4])
    assert (collection.segments, collection.sources) == (3, 3), "those that only they had; the first had none alone"
    assert collection.bytes > 0
    assert published_ids(index) == (many[4],)
    store = FolderStore(index)
    assert store.verify().faults == ()
    assert len(store.current().documents()) == 6
    assert collect(index, NOTHING, dry_run=False, now=NOW).snapshots == ()


def test_a_dry_run_tells_the_same_and_takes_nothing(index: Path, many: list[str]) -> None:
    planned = collect(index, NOTHING, dry_run=True, now=NOW)
    assert published_ids(index) == tuple(many)
    done = collect(index, NOTHING, dry_run=False, now=NOW)
    assert (planned.snapshots, planned.segments, planned.sources, planned.bytes) == (
        done.snapshots,
        done.segments,
        done.sources,
        done.bytes,
    )


def test_each_reason_keeps(index: Path, many: list[str]) -> None:
    retention = Retention(keep_days=29.5, keep_last=1, cited=frozenset({many[0]}))
    collection = collect(index, retention, dry_run=False, now=NOW)
    reasons = {one.snapshot_id: one.reason for one in collection.kept}
    assert reasons[many[0]] == "recorded answers cite it"
    assert reasons[many[3]].startswith("younger than 29.5")
    assert reasons[many[4]] == "it is current"
    assert collection.snapshots == (many[1],)
    store = FolderStore(index)
    for name in reasons:
        assert store.verify(name).faults == ()


def test_the_current_one_stays_though_newer_ones_do_not(index: Path, many: list[str]) -> None:
    store = FolderStore(index)
    store.rollback(many[1], by="Wu")
    assert take(index) == (many[0], many[2], many[3]), "and the newest by number is among the last"
    assert store.current().snapshot_id == many[1]
    name = publish(index, (*library(), reading("x.txt", ["Give 9 mg."])), at="2027-01-01T00:00:00Z")
    assert name and name.startswith("000006-"), "numbers are never used again"


def test_a_segment_that_an_unfinished_build_left_stays(index: Path, many: list[str]) -> None:
    segments = {path.name for path in (index / "segments").iterdir()}
    only = next(iter(segments - {item.segment_id for item in FolderStore(index).current().manifest.documents}))
    known = KnownReading(document=library()[0].document, segment_id=only, notes=())
    (index / READS).write_bytes(reads_json({"key": known}))
    take(index)
    assert (index / "segments" / only).is_dir()


def _read(index: Path, name: str, connection: Connection) -> None:
    snapshot = FolderStore(index).get(name)
    connection.send(snapshot.snapshot_id)
    connection.recv()
    connection.send([snapshot.page(one.document_id, 1).text for one in snapshot.documents()])


def test_what_a_reader_of_another_process_holds_stays_whole(index: Path, many: list[str]) -> None:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_read, args=(index, many[2], theirs))
    process.start()
    try:
        assert ours.recv() == many[2]
        assert take(index) == (many[0], many[1], many[3])
        ours.send("go on")
        assert "Give 3 mg." in ours.recv(), "segments that it had not opened yet are there"
    finally:
        process.join()
    assert take(index) == (many[2],), "when it has ended, nothing holds it"


def test_what_this_process_holds_stays_until_it_lets_go(index: Path, many: list[str]) -> None:
    snapshot = FolderStore(index).get(many[0])
    assert many[0] not in take(index)
    snapshot.close()
    assert take(index) == (many[0],)
    with pytest.raises(NotFoundError):
        FolderStore(index).get(many[0])


def test_a_manifest_that_cannot_be_read_stops_it(index: Path, many: list[str]) -> None:
    manifest = index / "snapshots" / many[0] / MANIFEST
    manifest.write_bytes(manifest.read_bytes() + b" ")
    with pytest.raises(IntegrityError, match=many[0]):
        take(index)
    assert published_ids(index) == tuple(many)


def test_snapshots_of_an_older_program_keep_their_files(index: Path, many: list[str]) -> None:
    """Of an older format as much is read as every format has: when it was made, and what it needs."""
    folder = index / "snapshots" / many[1]
    value = json.loads((folder / MANIFEST).read_bytes())
    value["format"] = 1
    (folder / MANIFEST).write_bytes(json.dumps(value).encode())
    from ragmed.canonical import sha256_file

    renamed = f"{many[1][:7]}{sha256_file(folder / MANIFEST)[:8]}"
    folder.rename(folder.with_name(renamed))
    history = index / "history.jsonl"
    history.write_text(history.read_text().replace(many[1], renamed))
    collect(index, Retention(keep_days=0, keep_last=1, cited=frozenset({renamed})), dry_run=False, now=NOW)
    for entry in value["shared_files"]:
        assert (index / entry["path"]).is_file()
