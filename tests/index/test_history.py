"""Rollback, and the attacks that an honest rollback must not open the door to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ragmed.errors import BadInputError, BusyError, IntegrityError, NotFoundError, NotPossibleError
from ragmed.index.folder_store import FolderStore
from ragmed.index.history import HISTORY, POINTER, TRUSTED, read_history, read_pointer
from ragmed.index.lock import writer_lock
from tests.index.support import library, publish, reading

LATER = "2026-12-01T00:00:00Z"


@pytest.fixture
def two(index: Path) -> tuple[str, str]:
    """The ids of two snapshots, the second one current."""
    first = FolderStore(index).current().snapshot_id
    second = publish(index, (*library(), reading("new.txt", ["Measure potassium before insulin."])), at=LATER)
    assert second
    return first, second


def test_an_older_snapshot_answers_again_and_the_history_says_who_and_why(index: Path, two: tuple[str, str]) -> None:
    store = FolderStore(index)
    assert store.current().snapshot_id == two[1]
    assert store.rollback("1", by="Wu", why="wrong file") == two[0]
    assert store.current().snapshot_id == two[0], "a program that runs moves to it between two questions"
    assert FolderStore(index).current().snapshot_id == two[0], "and so does a new one"
    move = store.history()[0]
    assert (move.reason, move.snapshot_id, move.before, move.by, move.why) == ("rollback", *two, "Wu", "wrong file")
    assert store.get("2").snapshot_id == two[1], "what was rolled back is still there"


def test_a_publish_after_a_rollback_takes_a_number_of_its_own(index: Path, two: tuple[str, str]) -> None:
    store = FolderStore(index)
    store.rollback(two[0], by="Wu")
    third = publish(index, (*library(), reading("other.txt", ["Give oxygen."])), at=LATER)
    assert third and third.startswith("000003-")
    assert store.current().manifest.parent == two[0]
    assert store.current().snapshot_id == third


def test_a_rollback_can_be_taken_back(index: Path, two: tuple[str, str]) -> None:
    store = FolderStore(index)
    store.rollback(two[0], by="Wu")
    store.rollback(two[1], by="Wu")
    assert FolderStore(index).current().snapshot_id == two[1]


def test_there_is_no_rollback_to_what_is_current_or_never_was(index: Path, two: tuple[str, str]) -> None:
    store = FolderStore(index)
    with pytest.raises(BadInputError, match="current already"):
        store.rollback(two[1], by="Wu")
    with pytest.raises(NotFoundError):
        store.rollback("7", by="Wu")
    with writer_lock(index), pytest.raises(BusyError):
        store.rollback(two[0], by="Wu")
    assert len(read_history(index)) == 2


def test_a_damaged_snapshot_is_not_rolled_back_to(index: Path, two: tuple[str, str]) -> None:
    table = index / "snapshots" / two[0] / "chunks.sqlite"
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    with pytest.raises(IntegrityError, match=r"chunks\.sqlite"):
        FolderStore(index).rollback(two[0], by="Wu")
    assert read_pointer(index) and FolderStore(index).current().snapshot_id == two[1]


def old_pointer(index: Path, two: tuple[str, str]) -> bytes:
    """``CURRENT`` as it was when the first snapshot was current."""
    store = FolderStore(index)
    store.rollback(two[0], by="Wu")
    content = (index / POINTER).read_bytes()
    store.rollback(two[1], by="Wu")
    return content


def test_an_old_pointer_put_back_is_refused(index: Path, two: tuple[str, str]) -> None:
    (index / POINTER).write_bytes(old_pointer(index, two))
    with pytest.raises(IntegrityError, match=r"names snapshot 1, but 2 was current") as error:
        FolderStore(index).current()
    assert "rollback 1" in error.value.remedy


def test_an_old_rollback_is_no_leave_for_another(index: Path, two: tuple[str, str]) -> None:
    """A rollback to 1, then back to 2: the line in the history does not cover the pointer that was put back."""
    store = FolderStore(index)
    store.rollback(two[0], by="Wu")
    old = (index / POINTER).read_bytes()
    publish(index, (*library(), reading("other.txt", ["Give oxygen."])), at=LATER)
    (index / POINTER).write_bytes(old)
    with pytest.raises(IntegrityError, match=r"names snapshot 1, but 3"):
        FolderStore(index).current()


def test_a_second_rollback_that_died_before_its_pointer_leaves_the_first_in_force(
    index: Path, two: tuple[str, str]
) -> None:
    store = FolderStore(index)
    store.rollback(two[0], by="Wu")
    begun = json.loads((index / HISTORY).read_text("utf-8").splitlines()[-1])
    begun |= {"reason": "rollback begun", "snapshot_id": two[1], "before": two[0]}
    with (index / HISTORY).open("a", encoding="utf-8") as history:
        history.write(json.dumps(begun) + "\n")
    assert FolderStore(index).current().snapshot_id == two[0]


def test_an_old_copy_of_the_whole_index_is_refused(index: Path, tmp_path: Path) -> None:
    trust = tmp_path / "elsewhere"
    copy = shutil.copytree(index, tmp_path / "copy")
    assert publish(index, (*library(), reading("new.txt", ["Measure potassium."])), at=LATER)
    assert FolderStore(index, trust).current().manifest.number == 2
    assert json.loads((trust / TRUSTED).read_bytes()) == {"number": 2}
    shutil.rmtree(index)
    shutil.move(copy, index)
    with pytest.raises(IntegrityError, match=r"names snapshot 1, but 2"):
        FolderStore(index, trust).current()
    assert FolderStore(index).current().manifest.number == 1, "without the folder elsewhere nobody can tell"


def test_a_running_program_remembers_what_it_saw(index: Path, two: tuple[str, str]) -> None:
    store = FolderStore(index)
    old = old_pointer(index, two)
    store.current()
    (index / TRUSTED).unlink()
    (index / HISTORY).write_bytes((index / HISTORY).read_bytes().splitlines(keepends=True)[0])
    (index / POINTER).write_bytes(old)
    with pytest.raises(IntegrityError, match="was current here before"):
        store.current()


def test_a_rollback_mends_a_pointer_that_was_put_back(index: Path, two: tuple[str, str]) -> None:
    (index / POINTER).write_bytes(old_pointer(index, two))
    FolderStore(index).rollback(two[1], by="Wu")
    assert FolderStore(index).current().snapshot_id == two[1]


def test_an_index_of_before_is_trusted_at_first_use(index: Path) -> None:
    (index / TRUSTED).unlink(missing_ok=True)
    FolderStore(index).current()
    assert json.loads((index / TRUSTED).read_bytes()) == {"number": 1}
    (index / TRUSTED).write_text("{}")
    with pytest.raises(IntegrityError, match="no number"):
        FolderStore(index).current()


def test_a_disk_that_fails_behind_the_pointer_is_no_failed_publish(tmp_path: Path) -> None:
    """A folder in the place of the history stands for the failing disk."""
    index = tmp_path / "index"
    (index / HISTORY).mkdir(parents=True)
    with pytest.raises(NotPossibleError, match=r"snapshot 000001-[0-9a-f]{8} answers now") as error:
        publish(index, library())
    assert "look again" in error.value.remedy
    assert FolderStore(index).current().manifest.number == 1
    (index / HISTORY).rmdir()
    assert publish(index, library()) is None, "it is published, and the next writer says so in the history"
    assert [move.reason for move in FolderStore(index).history()] == ["index"]
