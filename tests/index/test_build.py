"""The whole way from a folder of files to a published snapshot, with the real readers in their sandbox."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ragmed.errors import BadInputError, BusyError, SettingsError
from ragmed.index.build import build
from ragmed.index.folder_store import FolderStore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.index.lock import writer_lock
from ragmed.index.pipeline import make_chunker
from ragmed.index.report import BuildReport, FileStatus
from ragmed.records import DocumentStatus, NoteKind
from ragmed.settings import ChunkSettings, ReaderSettings, Settings

SEPSIS = "# Sepsis in adults\n\nVersion 1.2026\n\n## Treatment\n\nGive antibiotics within one hour. Measure lactate.\n"
NODULES = "# Pulmonary nodules\n\nVersion {}.2026\n\n## Follow-up\n\nScan a 6 mm nodule after {} months.\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "sepsis.md").write_text(SEPSIS, "utf-8")
    (folder / "nodules.md").write_text(NODULES.format(1, "twelve"), "utf-8")
    (folder / "broken.docx").write_bytes(b"no archive at all")
    return Settings(
        library=folder, index=tmp_path / "index", reader=ReaderSettings(workers=1), chunk=ChunkSettings(min_tokens=4)
    )


def run(settings: Settings, *paths: Path, dry_run: bool = False) -> BuildReport:
    return build(settings, paths, dry_run=dry_run, embedder=HashEmbedder())


def statuses(report: BuildReport) -> dict[str, str]:
    return {file.source_path: file.status.value for file in report.files}


def test_the_life_of_a_library(settings: Settings) -> None:
    """Plan, first build, no change, a new edition, a copy, a removal: each reported and nothing lost."""
    planned = run(settings, dry_run=True)
    assert statuses(planned) == {"sepsis.md": "new", "nodules.md": "new", "broken.docx": "refused"}
    assert (planned.snapshot_id, planned.changes, planned.refused) == (None, 2, 1)
    assert not settings.index.exists(), "a dry run writes nothing"

    first = run(settings)
    assert statuses(first) == statuses(planned)
    assert (first.documents, first.chunks, first.chunks_embedded) == (2, planned.chunks, planned.chunks)
    store = FolderStore(settings.index)
    assert first.snapshot_id == store.current().snapshot_id
    assert [file.source_path for file in store.current().manifest.refused] == ["broken.docx"]
    assert dict(store.current().manifest.note_counts)["refused"] == 1
    assert store.verify().faults == ()

    again = run(settings)
    assert (again.snapshot_id, again.changes, again.pages_read, again.chunks_embedded) == (None, 0, 0, 0)
    assert statuses(again) == {"sepsis.md": "unchanged", "nodules.md": "unchanged", "broken.docx": "refused"}
    assert again.refused == 1, "a file that cannot be read is said each time"

    (settings.library / "nodules-2.md").write_text(NODULES.format(2, "six"), "utf-8")
    (settings.library / "z-copy.md").write_text(SEPSIS, "utf-8")
    (settings.library / "register.toml").write_text(
        '[[series]]\nid = "nodules"\n[[series.edition]]\nfile = "nodules*.md"\n'
    )
    second = run(settings)
    assert second.chunks_embedded == next(file.chunks for file in second.files if file.source_path == "nodules-2.md")
    assert statuses(second)["nodules.md"] == "superseded"
    assert statuses(second)["nodules-2.md"] == "new"
    assert sorted(statuses(second).values()).count("duplicate") == 1
    older = next(document for document in store.current().documents() if document.source_path == "nodules.md")
    assert older.status is DocumentStatus.SUPERSEDED

    (settings.library / "nodules.md").unlink()
    third = run(settings)
    assert statuses(third)["nodules.md"] == "kept", "superseding deletes nothing, and neither does tidying up after it"
    assert third.pages_read == 0
    assert store.current().document(older.document_id) == older

    (settings.library / "nodules-2.md").unlink()
    fourth = run(settings)
    assert (statuses(fourth)["nodules.md"], statuses(fourth)["nodules-2.md"]) == ("removed", "removed")
    assert [document.title for document in store.current().documents()] == ["Sepsis in adults"]
    assert store.get(second.snapshot_id or "").page(older.document_id, 1).text
    assert store.verify(second.snapshot_id).faults == ()


def test_a_changed_file_is_changed_and_its_old_source_stays(settings: Settings) -> None:
    run(settings)
    store = FolderStore(settings.index)
    before = store.current()
    (settings.library / "sepsis.md").write_text(SEPSIS.replace("one hour", "two hours"), "utf-8")
    report = run(settings)
    assert statuses(report)["sepsis.md"] == "changed"
    old = next(document for document in before.documents() if document.source_path == "sepsis.md")
    assert "one hour" in before.source(old.document_id).read_text("utf-8")
    new = next(document for document in store.current().documents() if document.source_path == "sepsis.md")
    assert "two hours" in store.current().source(new.document_id).read_text("utf-8")


def test_a_sidecar_changes_a_document(settings: Settings) -> None:
    run(settings)
    (settings.library / "sepsis.toml").write_text('publisher = "Ward 7"\n')
    report = run(settings)
    assert statuses(report)["sepsis.md"] == "changed"
    assert report.chunks_embedded == 0, "the same texts need no new vectors"
    documents = FolderStore(settings.index).current().documents()
    assert {document.publisher for document in documents if document.source_path == "sepsis.md"} == {"Ward 7"}


def test_a_touched_file_is_not_read_again(settings: Settings) -> None:
    run(settings)
    os.utime(settings.library / "sepsis.md", (time.time() + 60, time.time() + 60))
    assert run(settings).pages_read == 0


def test_two_folders_give_the_same_content(settings: Settings, tmp_path: Path) -> None:
    run(settings)
    other = settings.model_copy(update={"index": tmp_path / "other"})
    run(other)
    contents = {FolderStore(one.index).current().manifest.content_sha256 for one in (settings, other)}
    assert len(contents) == 1


def test_given_paths_stand_in_for_the_library(settings: Settings) -> None:
    report = run(settings, settings.library / "sepsis.md")
    assert list(statuses(report)) == ["sepsis.md"]


def test_what_limits_cut_short_is_tried_again(settings: Settings) -> None:
    (settings.library / "long.txt").write_text("Lactate is measured. " * 200, "utf-8")
    tight = settings.model_copy(update={"reader": settings.reader.model_copy(update={"characters": 1000})})
    first = run(tight)
    long = next(file for file in first.files if file.source_path == "long.txt")
    assert {NoteKind.LIMIT} <= {note.kind for note in long.notes}
    assert run(tight).pages_read == (long.pages if long.status is not FileStatus.REFUSED else 0)
    assert statuses(run(settings))["long.txt"] in ("new", "changed")


def test_a_library_that_cannot_be_read_replaces_nothing(settings: Settings, tmp_path: Path) -> None:
    published = run(settings).snapshot_id
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "broken.docx").write_bytes(b"no archive at all")
    report = run(settings, broken)
    assert (report.snapshot_id, report.refused, report.documents) == (None, 1, 0)
    assert FolderStore(settings.index).current().snapshot_id == published
    assert statuses(report) == {"broken.docx": "refused"}, "nothing is removed, for nothing was published"
    (broken / "broken.docx").unlink()
    with pytest.raises(BadInputError):
        run(settings, broken)


def test_one_build_at_a_time(settings: Settings) -> None:
    with writer_lock(settings.index), pytest.raises(BusyError):
        run(settings)


def test_a_chunk_may_not_be_longer_than_the_embedder_reads(settings: Settings) -> None:
    too_long = settings.model_copy(update={"chunk": ChunkSettings(max_tokens=512)})
    with pytest.raises(SettingsError, match="256"):
        make_chunker(too_long, HashEmbedder())


def test_progress_is_told(settings: Settings) -> None:
    told: dict[str, list[tuple[int, int]]] = {}

    def progress(what: str, done: int, total: int) -> None:
        told.setdefault(what, []).append((done, total))

    build(settings, progress=progress, embedder=HashEmbedder())
    assert {"reading", "embedding", "index"} <= set(told)
    assert told["reading"][-1] == (3, 3)
    assert [done for done, _ in told["embedding"]] == sorted(done for done, _ in told["embedding"])
