"""What one snapshot holds otherwise than another, by document and by edition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.changes import ChangeKind
from ragmed.index.folder_store import FolderStore
from ragmed.index.register import Register, RegisteredEdition
from ragmed.index.snapshot_diff import Difference, SnapshotDifference, compare_snapshots
from ragmed.records import Reading
from tests.index.support import publish, reading

OLD = reading("old.txt", ["Give 1 g of ceftriaxone."], series="cap", edition="Version 1.2026")
NEW = reading("new.txt", ["Give 2 g of ceftriaxone."], series="cap", edition="Version 2.2026")
NONE = Register()
WARD = reading("ward.txt", ["Call the registrar."], series="ward")


def difference(
    index: Path, before: tuple[Reading, ...], after: tuple[Reading, ...], register: Register = NONE
) -> SnapshotDifference:
    assert publish(index, before)
    assert publish(index, after, at="2026-12-01T00:00:00Z", register=register)
    store = FolderStore(index)
    return compare_snapshots(store.get("1"), store.get("2"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "new-index"


def told(found: SnapshotDifference) -> list[tuple[Difference, str, tuple[str, ...]]]:
    return [(one.difference, one.document.source_path, one.fields) for one in found.documents]


def test_a_new_edition_is_added_the_old_superseded_and_their_words_compared(folder: Path) -> None:
    found = difference(folder, (OLD, WARD), (OLD, NEW, WARD))
    assert told(found) == [(Difference.ADDED, "new.txt", ()), (Difference.SUPERSEDED, "old.txt", ())]
    (edition,) = found.editions
    assert (edition.old.edition, edition.new.edition) == ("Version 1.2026", "Version 2.2026")
    assert [piece.kind for section in edition.sections for piece in section.changes] == [ChangeKind.CHANGED]
    assert (found.chunks_before, found.chunks_after) == (2, 3)


def test_an_edition_that_was_there_before_is_not_compared_again(folder: Path) -> None:
    found = difference(folder, (OLD, NEW), (OLD, NEW, WARD))
    assert told(found) == [(Difference.ADDED, "ward.txt", ())]
    assert found.editions == ()


def test_what_was_taken_away_is_removed_and_what_it_replaced_answers_again(folder: Path) -> None:
    found = difference(folder, (OLD, NEW), (OLD, WARD))
    assert told(found) == [
        (Difference.ADDED, "ward.txt", ()),
        (Difference.REINSTATED, "old.txt", ()),
        (Difference.REMOVED, "new.txt", ()),
    ]
    assert found.editions == ()


def test_a_withdrawn_document_and_another_description_are_told_by_field(folder: Path) -> None:
    register = Register(
        editions=(
            RegisteredEdition(series="cap", file="old.txt", withdrawn=True),
            RegisteredEdition(series="night", file="ward.txt", edition="3rd edition"),
        )
    )
    assert told(difference(folder, (OLD, WARD), (OLD, WARD), register=register)) == [
        (Difference.CHANGED, "ward.txt", ("series", "edition")),
        (Difference.WITHDRAWN, "old.txt", ()),
    ]


def test_the_same_bytes_read_otherwise_are_changed_in_their_text(folder: Path) -> None:
    again = replace(WARD, pages=(replace(WARD.pages[0], label="7"),))
    assert told(difference(folder, (OLD, WARD), (OLD, again))) == [(Difference.CHANGED, "ward.txt", ("text",))]
