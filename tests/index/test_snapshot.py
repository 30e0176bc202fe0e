"""Opening, asking and verifying a published snapshot (laws 3, 4 and 8)."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from ragmed.canonical import canonical_json, sha256_bytes
from ragmed.errors import IntegrityError, NoIndexError, NotFoundError, OutdatedIndexError
from ragmed.index.folder_store import FolderStore
from ragmed.index.history import POINTER
from ragmed.index.manifest import MANIFEST
from ragmed.index.snapshot import Snapshot
from ragmed.interfaces import WeightedText
from ragmed.records import DocumentStatus, Filters, Language
from tests.index.support import EMBEDDER, NODULE_1, SEPSIS, library, publish, reading

EVERYTHING = Filters(include_superseded=True)
USUAL = Filters()


def snapshot_of(index: Path) -> Snapshot:
    return FolderStore(index).current()


def found_paths(snapshot: Snapshot, question: str, filters: Filters = USUAL) -> tuple[list[str], list[str]]:
    """Source paths of what each half finds, best first."""
    dense, _ = snapshot.dense(EMBEDDER.embed_queries([question])[0], 10, filters)
    lexical, _ = snapshot.lexical([WeightedText(text=question)], 10, filters)
    return tuple(  # type: ignore[return-value]
        [snapshot.document(chunk.document_id).source_path for chunk in snapshot.chunks([int(row) for row in rows])]
        for rows in (dense, lexical)
    )


def test_pages_chunks_and_sources_come_back_as_they_were(index: Path) -> None:
    snapshot = snapshot_of(index)
    by_path = {item.source_path: item for item in library()}
    assert {document.source_path for document in snapshot.documents()} == set(by_path)
    for document in snapshot.documents():
        original = by_path[document.source_path]
        assert tuple(snapshot.page(document.document_id, page.number) for page in original.pages) == original.pages
        assert [snapshot.page_label(document.document_id, page.number) for page in original.pages] == [
            page.label for page in original.pages
        ]
        assert snapshot.source(document.document_id).read_text("utf-8") == "\f".join(
            page.text for page in original.pages
        )
    chunks = snapshot.chunks(range(snapshot.chunk_count()))
    assert chunks
    for chunk in chunks:
        page = snapshot.page(chunk.document_id, chunk.page_number)
        assert page.text[chunk.start : chunk.end] == chunk.text
        assert snapshot.chunk(chunk.chunk_id) == chunk
    assert snapshot.chunks([2, 0]) == (chunks[2], chunks[0])


def test_notes_of_reading_are_kept(index: Path) -> None:
    snapshot = snapshot_of(index)
    sepsis = next(document for document in snapshot.documents() if document.series == "sepsis")
    assert [note.message for note in snapshot.segment(sepsis.document_id).notes()] == ["page 2 holds a picture only"]
    assert dict(snapshot.manifest.note_counts) == {"no_text": 1}


def test_unknown_things_are_not_found(index: Path) -> None:
    snapshot = snapshot_of(index)
    known = snapshot.documents()[0].document_id
    for ask in (
        lambda: snapshot.document("d-0000000000000000"),
        lambda: snapshot.page("d-0000000000000000", 1),
        lambda: snapshot.page(known, 99),
        lambda: snapshot.page_label(known, 99),
        lambda: snapshot.chunk(f"{known}-p1-0-99999"),
        lambda: snapshot.chunk("nonsense"),
        lambda: snapshot.chunks([10_000]),
        lambda: FolderStore(index).get("000099-00000000"),
    ):
        with pytest.raises(NotFoundError):
            ask()


def test_both_halves_find_the_words(index: Path) -> None:
    snapshot = snapshot_of(index)
    dense, lexical = found_paths(snapshot, "adrenaline into the outer thigh")
    assert dense[0] == lexical[0] == "anaphylaxis.txt"


def test_chinese_text_is_found_by_chinese_words_and_by_english_terms(index: Path) -> None:
    snapshot = snapshot_of(index)
    _, lexical = found_paths(snapshot, "降钙素原")
    assert lexical == ["feiyan.txt"]
    _, lexical = found_paths(snapshot, "procalcitonin")
    assert lexical == ["feiyan.txt"]
    dense, _ = found_paths(snapshot, "procalcitonin blood culture")
    assert dense[0] == "feiyan.txt"


def test_superseded_editions_answer_only_when_asked_for(index: Path) -> None:
    """Law 4: nothing is deleted by superseding."""
    snapshot = snapshot_of(index)
    question = "ground-glass nodule CT scan"
    for half in found_paths(snapshot, question):
        assert "nodules-2.txt" in half
        assert "nodules-1.txt" not in half
    for half in found_paths(snapshot, question, EVERYTHING):
        assert {"nodules-1.txt", "nodules-2.txt"} <= set(half)
    older, newer = (
        next(item for item in snapshot.documents() if item.edition == f"Version {number}.2026") for number in (1, 2)
    )
    assert (older.status, older.superseded_by) == (DocumentStatus.SUPERSEDED, newer.document_id)
    assert (newer.status, newer.supersedes) == (DocumentStatus.CURRENT, older.document_id)
    assert snapshot.page(older.document_id, 1).text == NODULE_1[0]
    assert snapshot.source(older.document_id).is_file()


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(languages=(Language.CHINESE,)), {"feiyan.txt"}),
        (Filters(publishers=("Ward",)), {"anaphylaxis.txt"}),
        (Filters(series=("nodules",)), {"nodules-2.txt"}),
        (Filters(series=("nodules",), include_superseded=True), {"nodules-1.txt", "nodules-2.txt"}),
        (Filters(publishers=("House",), languages=(Language.ENGLISH,)), {"sepsis.txt", "nodules-2.txt"}),
        (Filters(publishers=("nobody",)), set()),
    ],
)
def test_filters_hold_in_both_halves(index: Path, filters: Filters, expected: set[str]) -> None:
    snapshot = snapshot_of(index)
    dense, lexical = found_paths(snapshot, "give measure follow CT adrenaline 肺炎 患者", filters)
    assert set(dense) == expected
    assert set(lexical) <= expected
    assert bool(lexical) == bool(expected)


def test_a_document_filter_leaves_the_best_of_that_document(index: Path) -> None:
    snapshot = snapshot_of(index)
    sepsis = next(document for document in snapshot.documents() if document.series == "sepsis")
    dense, _ = found_paths(snapshot, "adrenaline", Filters(document_ids=(sepsis.document_id,)))
    assert dense
    assert set(dense) == {"sepsis.txt"}


def test_lexical_weights_and_fields(index: Path) -> None:
    snapshot = snapshot_of(index)
    _, once = snapshot.lexical([WeightedText(text="lactate")], 5, EVERYTHING)
    _, twice = snapshot.lexical([WeightedText(text="lactate", weight=2.0)], 5, EVERYTHING)
    assert twice == pytest.approx(once * 2)
    rows, _ = snapshot.lexical([WeightedText(text="anaphylaxis", field="heading")], 5, EVERYTHING)
    assert {snapshot.document(chunk.document_id).series for chunk in snapshot.chunks(rows.tolist())} == {"anaphylaxis"}
    rows, _ = snapshot.lexical([WeightedText(text="anaphylaxis", field="text")], 5, EVERYTHING)
    assert len(rows) == 0, "the word stands in the title only"


def test_nothing_found_is_empty(index: Path) -> None:
    snapshot = snapshot_of(index)
    for texts in ([], [WeightedText(text="")], [WeightedText(text="football")], [WeightedText(text="the of and")]):
        rows, scores = snapshot.lexical(texts, 5, EVERYTHING)
        assert len(rows) == len(scores) == 0
    rows, _ = snapshot.dense(np.ones(EMBEDDER.dimensions, dtype=np.float32), 0, EVERYTHING)
    assert len(rows) == 0


def test_document_frequency_counts_chunks(index: Path) -> None:
    snapshot = snapshot_of(index)
    assert snapshot.document_frequency("lactate") == 1
    assert snapshot.document_frequency("nodules") == 2, "both editions, text and heading counted once"
    assert snapshot.document_frequency("football") == 0
    assert snapshot.document_frequency("the") == 0


def test_equal_scores_come_in_row_order(tmp_path: Path) -> None:
    publish(tmp_path, [reading(f"{name}.txt", [f"Lactate {SEPSIS[0]} ward{name}"], title="T") for name in "abcdef"])
    snapshot = snapshot_of(tmp_path)
    rows, scores = snapshot.lexical([WeightedText(text="lactate")], 4, EVERYTHING)
    assert len(set(scores.tolist())) == 1
    assert rows.tolist() == [0, 1, 2, 3]


def shared_files(snapshot: Snapshot) -> list[str]:
    return [entry.path for entry in snapshot.shared_entries()]


def flip(path: Path, place: int | None = None) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 1
    path.write_bytes(content)


def test_one_flipped_byte_in_any_file_of_a_snapshot_is_refused_by_name(index: Path, tmp_path: Path) -> None:
    folder = index / "snapshots" / snapshot_of(index).snapshot_id
    files = [path.relative_to(index) for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 8
    for name in files:
        spoiled = Path(shutil.copytree(index, tmp_path / "spoiled"))
        flip(spoiled / name)
        with pytest.raises(IntegrityError, match=name.name.replace(".", r"\.")):
            FolderStore(spoiled).current()
        shutil.rmtree(spoiled)


def test_a_sketched_snapshot_answers_filters_and_refuses_a_flipped_byte(tmp_path: Path) -> None:
    publish(tmp_path, library(), exact_rows=0)
    snapshot = snapshot_of(tmp_path)
    folder = tmp_path / "snapshots" / snapshot.snapshot_id
    dense, _ = found_paths(snapshot, "adrenaline into the outer thigh")
    assert dense[0] == "anaphylaxis.txt"
    dense, _ = found_paths(snapshot, "adrenaline", Filters(editions=("Version 1.2026",)))
    assert dense == ["nodules-1.txt"]
    assert publish(tmp_path, library(), exact_rows=0) is None, "nothing has changed"
    for name in ("dense.faiss", "dense.rows.npy", "dense.json"):
        flip(folder / name)
        with pytest.raises(IntegrityError, match=name.replace(".", r"\.")):
            FolderStore(tmp_path).current()
        flip(folder / name)


def test_a_missing_file_a_shorter_one_and_one_too_many_are_refused_by_name(index: Path) -> None:
    store = FolderStore(index)
    folder = index / "snapshots" / store.current().snapshot_id
    extra = folder / "lexical" / "stray.npy"
    extra.write_bytes(b"x")
    with pytest.raises(IntegrityError, match=r"stray\.npy"):
        FolderStore(index).current()
    extra.unlink()
    dense = folder / "dense.faiss"
    whole = dense.read_bytes()
    dense.write_bytes(whole[:-1])
    with pytest.raises(IntegrityError, match=r"dense\.faiss.*bytes"):
        FolderStore(index).current()
    dense.unlink()
    with pytest.raises(IntegrityError, match=r"dense\.faiss: missing"):
        FolderStore(index).current()


def test_one_flipped_byte_in_a_segment_or_source_is_refused_when_it_is_read(index: Path) -> None:
    names = shared_files(snapshot_of(index))
    assert len(names) == 8 * 5
    for name in names:
        flip(index / name)
    snapshot = snapshot_of(index)  # the snapshot's own files are whole
    for document in snapshot.documents():
        segment = snapshot.segment(document.document_id)
        for read, file in (
            (lambda identity=document.document_id: snapshot.page(identity, 1), "pages.zip"),
            (segment.document, "document.json"),
            (segment.chunks, "chunks.jsonl"),
            (segment.vectors, "vectors.npy"),
            (segment.notes, "notes.json"),
            (lambda identity=document.document_id: snapshot.source(identity), f"{document.sha256}.txt"),
        ):
            with pytest.raises(IntegrityError, match=file):
                read()


def test_verify_hashes_everything_and_names_each_fault(index: Path) -> None:
    store = FolderStore(index)
    whole = store.verify()
    assert whole.faults == ()
    assert whole.files == 1 + len(store.current().manifest.files) + len(set(shared_files(store.current())))
    names = shared_files(store.current())
    for name in (names[0], names[-1]):
        flip(index / name)
    spoiled = store.verify(whole.snapshot_id)
    assert len(spoiled.faults) == 2
    assert all(name in fault for name, fault in zip(sorted((names[0], names[-1])), sorted(spoiled.faults), strict=True))


def test_a_pointer_to_another_manifest_is_refused(index: Path) -> None:
    pointer = index / POINTER
    pointer.write_text(pointer.read_text().replace('"manifest_sha256":"', '"manifest_sha256":"0'))
    with pytest.raises(IntegrityError, match=r"manifest\.json"):
        FolderStore(index).current()
    pointer.write_text("{}")
    with pytest.raises(IntegrityError, match=POINTER):
        FolderStore(index).current()


def test_no_index_yet(tmp_path: Path) -> None:
    with pytest.raises(NoIndexError) as raised:
        FolderStore(tmp_path).current()
    assert "ragmed index" in raised.value.remedy
    assert FolderStore(tmp_path).list() == ()


def test_the_pointer_moves_under_a_running_reader(index: Path) -> None:
    store = FolderStore(index)
    old = store.current()
    assert store.current() is old, "nothing moved, nothing is opened again"
    publish(index, library()[:2])
    new = store.current()
    assert new.snapshot_id.startswith("000002-")
    assert len(new.documents()) == 2
    assert len(old.documents()) == 5
    assert old.page(next(item.document_id for item in old.documents() if item.edition), 1).text.startswith("Follow")
    assert store.get(old.snapshot_id).documents() == old.documents()
    assert store.get("1").snapshot_id == old.snapshot_id
    assert [(line.snapshot_id, line.current) for line in store.list()] == [
        (new.snapshot_id, True),
        (old.snapshot_id, False),
    ]


def test_threads_share_a_snapshot(index: Path) -> None:
    snapshot = snapshot_of(index)
    expected = found_paths(snapshot, "adrenaline nodule lactate")
    wrong: list[object] = []

    def ask() -> None:
        for _ in range(30):
            if found_paths(snapshot, "adrenaline nodule lactate") != expected:
                wrong.append(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_snapshot_of_an_older_program_asks_for_a_new_one_and_is_left_alone(tmp_path: Path) -> None:
    index = tmp_path / "index"
    publish(index, library())
    store = FolderStore(index)
    name = store.current().snapshot_id
    manifest = json.loads((index / "snapshots" / name / MANIFEST).read_bytes())
    content = canonical_json({**manifest, "format": 1})
    older = f"000001-{sha256_bytes(content)[:8]}"
    (index / "snapshots" / name).rename(index / "snapshots" / older)
    (index / "snapshots" / older / MANIFEST).write_bytes(content)
    pointer = {"snapshot_id": older, "manifest_sha256": sha256_bytes(content)}
    (index / "CURRENT").write_bytes(canonical_json(pointer))
    (index / "history.jsonl").write_bytes(canonical_json({"at": "", "reason": "", "snapshot_id": older}) + b"\n")
    with pytest.raises(OutdatedIndexError, match="older program") as raised:
        FolderStore(index).current()
    assert "ragmed index" in raised.value.remedy
    (only,) = FolderStore(index).list()
    assert (only.snapshot_id, only.embedder) == (older, "of an older program")
    new = publish(index, library())
    assert new is not None
    assert new.startswith("000002-")
    assert (index / "snapshots" / older / MANIFEST).read_bytes() == content
    assert FolderStore(index).current().snapshot_id == new
