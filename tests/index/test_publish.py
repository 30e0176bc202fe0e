"""Publishing is all or nothing (law 3), reproducible (law 8) and done by one writer at a time."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.canonical import sha256_file
from ragmed.errors import BusyError, IntegrityError
from ragmed.index.folder_store import FolderStore
from ragmed.index.history import POINTER, published_ids, read_pointer
from ragmed.index.lock import writer_lock
from ragmed.index.manifest import MANIFEST
from tests.index.support import library, publish, reading

ROOT = Path(__file__).resolve().parents[2]


def hashes(index: Path) -> dict[str, str]:
    """Every file below the index folder that a reader may read, by its path without the snapshot's id."""
    found = {}
    for path in sorted(index.rglob("*")):
        name = path.relative_to(index).as_posix()
        if path.is_file() and path.name != MANIFEST and name.startswith(("segments/", "snapshots/", "sources/")):
            parts = name.split("/")
            found["/".join([parts[0], *parts[2:]] if parts[0] == "snapshots" else parts)] = sha256_file(path)
    return found


def test_the_same_library_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    first = publish(one, library(), at="2026-01-01T00:00:00Z")
    second = publish(other, tuple(reversed(library())), at="2026-06-01T00:00:00Z")
    assert hashes(one) == hashes(other)
    assert len(hashes(one)) > 40
    manifests = [FolderStore(folder).current().manifest for folder in (one, other)]
    assert manifests[0].content_sha256 == manifests[1].content_sha256
    assert replace(manifests[0], created_at="") == replace(manifests[1], created_at="")
    assert first != second, "the time is part of the manifest, and so of the id"


def test_words_in_another_process_are_numbered_alike(tmp_path: Path) -> None:
    """The order of a set follows the hash seed; the index must not."""
    program = (
        "import sys; from pathlib import Path; from tests.index.support import library, publish; "
        "publish(Path(sys.argv[1]), library())"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", program, str(tmp_path / seed)], cwd=ROOT, env=environment, check=True)
    assert hashes(tmp_path / "1") == hashes(tmp_path / "2")


def test_no_change_no_snapshot(index: Path) -> None:
    before = read_pointer(index)
    assert publish(index, library(), at="2027-01-01T00:00:00Z") is None
    assert read_pointer(index) == before
    assert len(published_ids(index)) == 1


def test_what_left_the_library_leaves_the_snapshot_and_nothing_else(index: Path) -> None:
    before = FolderStore(index).current()
    assert publish(index, library()[1:]) is not None
    after = FolderStore(index).current()
    assert after.manifest.parent == before.snapshot_id
    assert {document.series for document in after.documents()} == {"anaphylaxis", "nodules", "feiyan"}
    assert FolderStore(index).verify(before.snapshot_id).faults == ()


def test_unchanged_documents_are_not_embedded_again(index: Path) -> None:
    folders = {path: path.stat().st_mtime_ns for path in (index / "segments").iterdir()}
    publish(index, (*library(), reading("new.txt", ["Insulin."])))
    after = {path: path.stat().st_mtime_ns for path in (index / "segments").iterdir()}
    assert folders.items() <= after.items()
    assert len(after) == len(folders) + 1


def test_a_renamed_document_keeps_its_segment(index: Path) -> None:
    renamed = [
        replace(
            item, source_path=f"moved/{item.source_path}", document=replace(item.document, source_path="moved/x.txt")
        )
        if item.source_path == "sepsis.txt" and item.document
        else item
        for item in library()
    ]
    renamed = [replace(item, source_path=item.document.source_path) if item.document else item for item in renamed]
    assert publish(index, renamed) is not None
    assert len(list((index / "segments").iterdir())) == 5


def test_a_damaged_segment_is_made_again(index: Path) -> None:
    snapshot = FolderStore(index).current()
    vectors = index / next(entry.path for entry in snapshot.shared_entries() if entry.path.endswith("vectors.npy"))
    whole = vectors.read_bytes()
    vectors.write_bytes(whole[:-4] + b"\0\0\0\0")
    publish(index, (*library(), reading("new.txt", ["Insulin."])))
    assert vectors.read_bytes() == whole
    assert FolderStore(index).verify().faults == ()


def test_a_chunk_that_is_not_its_pages_text_is_never_published(tmp_path: Path) -> None:
    """Law 1 is enforced where text becomes durable."""
    from ragmed.index.segment import SegmentContent, write_segment
    from tests.index.support import EMBEDDER, FACTS

    item = reading("a.txt", ["Give 5 mg now."])
    assert item.document
    from ragmed.corpus.chunker import SentenceChunker

    chunks = SentenceChunker(EMBEDDER.token_spans, 64).chunk(item.document, item.pages)
    wrong = tuple(replace(chunk, text=chunk.text.replace("5", "50")) for chunk in chunks)
    content = SegmentContent(
        document=item.document, pages=item.pages, chunks=wrong, notes=(), embedded_texts=["x"], embedder=FACTS
    )
    with pytest.raises(IntegrityError, match=r"a\.txt"):
        write_segment(tmp_path, content, EMBEDDER.embed_passages)
    assert not list((tmp_path / "segments").glob("*"))


def test_a_second_writer_is_refused_and_told_who_is_at_work(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ragmed.index.lock import writer_lock\n"
        "with writer_lock(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"process {holder.pid} on "), writer_lock(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with writer_lock(tmp_path):  # the kernel freed it
        assert str(os.getpid()) in (tmp_path / ".lock").read_text()


def test_the_manifest_names_no_path_of_this_machine(index: Path) -> None:
    content = (index / "snapshots" / FolderStore(index).current().snapshot_id / MANIFEST).read_text("utf-8")
    assert str(index) not in content
    assert str(ROOT) not in content
    assert (index / POINTER).is_file()


def test_a_disk_that_takes_no_more_ends_in_words_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk; the model's copy does not fit either, which is no matter."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "long.md").write_text("# Doses\n\n" + "Give paracetamol one gram every six hours. " * 8000)
    command = [sys.executable, "-m", "ragmed.cli", "index", "--yes"]
    command += ["--library", str(folder), "--index", str(tmp_path / "index")]

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limited)
    assert done.returncode == 3, done.stderr
    assert "the disk takes no more" in done.stderr
    assert "make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert read_pointer(tmp_path / "index") is None
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0
    assert read_pointer(tmp_path / "index") is not None
