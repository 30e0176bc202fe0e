"""Verification: every kind of damage is named, nothing honest is. ``make audit-faults`` runs longer."""

from __future__ import annotations

import random
import sqlite3
import threading
from pathlib import Path

import pytest

from ragmed.audit.log import SqliteLog
from ragmed.entries import Verification
from tests.audit.damage import unguarded
from tests.audit.faults import Course
from tests.audit.kills import kill_at_random, kill_at_steps
from tests.audit.logs import answer, at_rest, copied, feedback_on, filled


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return Course(tmp_path_factory.mktemp("course"), seed=11, entries=150)


@pytest.fixture(autouse=True)
def nothing_found_before(request: pytest.FixtureRequest) -> None:
    if "course" in request.fixturenames:
        request.getfixturevalue("course").findings.clear()


def test_every_flipped_bit_of_every_column_is_named(course: Course) -> None:
    course.flip_columns(800)
    assert course.findings == []
    assert course.counts["flips"] > 700


def test_every_flipped_bit_of_a_key_is_named(course: Course) -> None:
    course.flip_keys(30)
    assert course.findings == []
    assert course.counts["key flips"] == 30


def test_a_flipped_bit_of_the_raw_file_is_a_fault_or_changes_nothing(course: Course) -> None:
    course.flip_raw(60)
    assert course.findings == []
    assert 0 < course.counts["raw flips of nothing that is read"] < 50


def test_a_flipped_bit_of_a_checkpoint_is_named(course: Course) -> None:
    course.flip_checkpoints(7)
    assert course.findings == []
    assert course.counts["checkpoint flips"] > 500


def test_what_is_deleted_swapped_or_cut_off_is_named(course: Course) -> None:
    course.rows(19)
    assert course.findings == []
    assert min(course.counts[what] for what in ("deleted", "deleted with its leaf", "swapped", "cut off")) == 8


def test_an_older_checkpoint_put_back_is_noticed(course: Course) -> None:
    course.replayed()
    assert course.findings == []
    assert course.counts["checkpoint put back"]


def test_honest_runs_raise_no_alarm(course: Course) -> None:
    course.honest(60)
    assert course.findings == []
    assert course.counts["honest runs"] == 60


def test_a_writer_killed_at_any_step_loses_nothing_that_it_returned_from(course: Course, tmp_path: Path) -> None:
    assert list(kill_at_steps(tmp_path, (7, 60, 95, 130, 210), course.counts)) == []
    assert course.counts["killed at a step"] == 5


def test_four_writers_killed_at_any_moment_lose_nothing(course: Course, tmp_path: Path) -> None:
    assert list(kill_at_random(tmp_path, 4, random.Random(2), course.counts)) == []
    assert course.counts["killed at a moment"] == 4


# ---- what a whole verification says ----


def changed(folder: Path, tmp_path: Path, *statements: str) -> Verification:
    log = copied(folder, tmp_path / "changed")
    with unguarded(log.path) as connection:
        for statement in statements:
            connection.execute(statement)
    found = log.verify()
    log.close()
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return at_rest(filled(tmp_path_factory.mktemp("whole"), 150))


def test_counts_root_and_no_notes(whole: Path) -> None:
    log = SqliteLog(whole / "records.sqlite")
    told: list[tuple[str, int, int]] = []
    found = log.verify(lambda what, done, total: told.append((what, done, total)))
    assert (found.entries, found.answers, found.feedback, found.erasures) == (150, 141, 6, 3)
    assert found.root == log.root().hex()
    assert found.checkpoints >= 2
    assert (found.faults, found.notes) == ((), ())
    assert told[-1][1:] == (150, 150)
    at_rest(log)


def test_it_does_not_stop_at_the_first_fault(whole: Path, tmp_path: Path) -> None:
    found = changed(
        whole,
        tmp_path,
        "UPDATE entries SET user = 'nobody' WHERE number = 7",
        "UPDATE contents SET sealed = substr(sealed, 2) WHERE number = 44",
        "UPDATE answers SET outcome = 'rejected' WHERE number = 81",
        "UPDATE nodes SET hash = zeroblob(32) WHERE level = 2 AND place = 30",
        "DELETE FROM judged WHERE number = 140",
    )
    assert {(fault.what, fault.number) for fault in found.faults if fault.what != "checkpoint"} == {
        ("entry", 7),
        ("content", 7),
        ("content", 44),
        ("index", 81),
        ("tree", 124),
        ("index", 140),
    }


def test_a_rewritten_history_disagrees_with_the_checkpoints(whole: Path, tmp_path: Path) -> None:
    """Whoever holds machine and keys writes an entry anew, and the whole tree above it, as the program would."""
    log = copied(whole, tmp_path / "rewritten")
    other = SqliteLog(tmp_path / "other" / "records.sqlite")
    for entry in log.entries():
        if entry.kind.value == "answer" and entry.number not in (1, 2, 3, 4):
            record = answer(int(entry.subject, 16))
            other.append(answer(int(entry.subject, 16), text="Give poison.") if entry.number == 5 else record)
    other.checkpoints.settle()
    log.close()
    for name in ("records.sqlite", "records.keys"):
        at_rest(other)
        (tmp_path / "rewritten" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    found = SqliteLog(log.path).verify()
    assert {fault.what for fault in found.faults} == {"truncated", "checkpoint"}
    assert any("an entry of 2 to 100 is not" in f.message or "an entry of 1 to" in f.message for f in found.faults)


def test_emptied_content_without_an_erasure(whole: Path, tmp_path: Path) -> None:
    found = changed(whole, tmp_path, "UPDATE contents SET sealed = x'' WHERE number = 30")
    (fault,) = found.faults
    assert (fault.what, fault.number) == ("content", 30)
    assert "no erasure is recorded" in fault.message


def test_a_guard_taken_away_or_added(whole: Path, tmp_path: Path) -> None:
    log = copied(whole, tmp_path / "guards")
    connection = sqlite3.connect(log.path)
    connection.execute("DROP TRIGGER entries_never_DELETE")
    (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entries_in_order'").fetchone()
    connection.execute("DROP TRIGGER entries_in_order")
    connection.execute(sql.replace("+ 1", "+ 2"))
    connection.execute("CREATE TRIGGER sly AFTER INSERT ON entries BEGIN SELECT 1; END")
    connection.commit()
    connection.close()
    assert {fault.subject for fault in log.verify().faults} == {"entries_never_DELETE", "entries_in_order", "sly"}


def test_rows_that_belong_to_no_entry(whole: Path, tmp_path: Path) -> None:
    found = changed(
        whole,
        tmp_path,
        "INSERT INTO answers VALUES (9001, 'en', 'answer', 'answered', 's')",
        "INSERT INTO cited VALUES (9002, 'd-x', 'verbatim', 'x', '', 1)",
        "INSERT INTO judged VALUES (9003, 1, 'right')",
        "INSERT INTO contents VALUES (9004, x'00')",
        "INSERT INTO nodes VALUES (3, 9005, zeroblob(32))",
    )
    assert {(fault.what, fault.number) for fault in found.faults} == {
        ("index", 9001),
        ("index", 9002),
        ("index", 9003),
        ("content", 9004),
        ("tree", (9005 + 1) << 3),
    }


def test_a_file_that_is_no_database_any_more(whole: Path, tmp_path: Path) -> None:
    log = copied(whole, tmp_path / "broken")
    log.path.write_bytes(b"no database " * 1000)
    found = log.verify()
    assert {fault.what for fault in found.faults} == {"database", "truncated"}


def test_a_schema_that_is_no_text_any_more(whole: Path, tmp_path: Path) -> None:
    log = copied(whole, tmp_path / "schema")
    raw = log.path.read_bytes()
    assert raw.count(b"CREATE TABLE contents") == 1
    log.path.write_bytes(raw.replace(b"CREATE TABLE contents", b"CREATE TABLE c\xc2ntents"))
    found = log.verify()
    assert "database" in {fault.what for fault in found.faults}


def test_writers_at_work_are_no_fault(tmp_path: Path) -> None:
    log = filled(tmp_path, 60)
    stop = threading.Event()

    def work() -> None:
        writer, number = SqliteLog(log.path), 1000
        while not stop.is_set():
            number += 1
            writer.append(answer(number))
            if number % 3 == 0:
                writer.append_feedback(feedback_on(answer(number), number))
            if number % 4 == 0:
                writer.erase(answer(number).record_id, user="dpo", reason="asked")

    writer = threading.Thread(target=work)
    writer.start()
    try:
        for _ in range(25):
            found = log.verify()
            assert found.sound, found.faults
    finally:
        stop.set()
        writer.join()
    assert log.size() > 60


def test_nothing_of_a_patient_gets_into_what_is_reported(whole: Path, tmp_path: Path) -> None:
    found = changed(
        whole,
        tmp_path,
        *(
            f"UPDATE contents SET sealed = substr(sealed, 1, {9 + number}) WHERE number = {number} AND sealed <> x''"
            for number in range(1, 40)
        ),
        *(f"UPDATE answers SET language = 'x' WHERE number = {number}" for number in range(50, 90)),
    )
    assert len(found.faults) > 60
    assert "Quill" not in repr(found)
