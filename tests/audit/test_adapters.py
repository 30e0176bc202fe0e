"""Changes of adapters in the log: proven, readable for ever, held to their chain; older logs take them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.adapters.change import AdapterAction, AdapterChange, Obstacle
from ragmed.audit.export import ExportFormat, export
from ragmed.audit.log import SqliteLog
from ragmed.canonical import plain, rebuild, sha256_of
from ragmed.entries import EntryKind, RecordFilter
from ragmed.errors import ErasedError, IntegrityError, NotFoundError
from tests.audit.damage import unguarded
from tests.audit.logs import answer, at_rest, filled

ONE = AdapterChange(
    number=1,
    previous="",
    action=AdapterAction.ADD,
    adapter_sha256="c" * 64,
    model="tiny",
    revision="r1",
    at="2026-12-01T08:00:00.000Z",
    user="dr-owen",
)
TWO = replace(
    ONE, number=2, previous=ONE.sha256, action=AdapterAction.PROMOTE, why="ticket 7", overridden=Obstacle.UNGATED
)


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    made = SqliteLog(tmp_path / "records.sqlite")
    made.append(answer(1))
    made.append_adapter(ONE)
    made.append(answer(2))
    made.append_adapter(TWO)
    return made


def test_they_are_entries_like_any_other(log: SqliteLog) -> None:
    assert log.adapter_changes() == (ONE, TWO)
    assert log.adapter_changes(after=1) == (TWO,)
    entry = log.entry(4)
    assert (entry.kind, entry.subject, entry.user, entry.at) == (EntryKind.ADAPTER, "c" * 64, "dr-owen", TWO.at)
    opening = log.opening(4)
    assert opening is not None
    assert json.loads(opening.content)["overridden"] == "ungated"
    assert len(log.inclusion_proof(4, 4)) == 2
    found = log.verify()
    assert (found.sound, found.answers, found.adapters, found.overridden) == (True, 2, 2, 1)


def test_a_chain_from_before_exports_holds() -> None:
    """As written by the program that knew of none: the hash of a change is what it was."""
    then = {key: value for key, value in plain(ONE).items() if key != "exported"}
    assert rebuild(AdapterChange, then) == ONE
    assert ONE.sha256 == sha256_of(then)
    left = replace(TWO, action=AdapterAction.EXPORT, exported="merged ward")
    assert left.sha256 == sha256_of(left) != replace(left, exported="nf4 ward").sha256


def test_they_change_nothing_about_answers(log: SqliteLog) -> None:
    assert [line.record_id for line in log.find(RecordFilter(), limit=9)] == [answer(2).record_id, answer(1).record_id]
    assert [entry.kind for entry in log.entries_of(answer(2).record_id)] == [EntryKind.ANSWER]
    for form in ExportFormat:
        assert list(export(log, form, RecordFilter()))
    with pytest.raises(NotFoundError):
        log.get("c" * 64)
    with pytest.raises(NotFoundError):
        log.erase("c" * 64, user="dpo", reason="letter 1")
    log.erase(answer(1).record_id, user="dpo", reason="letter 1")
    with pytest.raises(ErasedError):
        log.get(answer(1).record_id)
    assert log.verify().sound
    assert log.adapter_changes() == (ONE, TWO)


def test_a_change_that_does_not_follow_is_not_kept(log: SqliteLog) -> None:
    for wrong in (TWO, replace(TWO, number=3), replace(TWO, number=4, previous=TWO.sha256)):
        with pytest.raises(IntegrityError, match="does not follow change 2"):
            log.append_adapter(wrong)
    assert log.size() == 4


@pytest.mark.parametrize("harm", ["content", "not JSON", "another user", "no content"])
def test_a_changed_one_is_named(log: SqliteLog, harm: str) -> None:
    at_rest(log)
    with unguarded(log.path) as connection:
        if harm == "another user":
            connection.execute("UPDATE entries SET user = 'somebody' WHERE number = 4")
        elif harm == "no content":
            connection.execute("DELETE FROM contents WHERE number = 4")
        else:
            (sealed,) = connection.execute("SELECT sealed FROM contents WHERE number = 4").fetchone()
            changed = sealed.replace(b"dr-owen", b"dr-evil") if harm == "content" else sealed[:40]
            connection.execute("UPDATE contents SET sealed = ? WHERE number = 4", (changed,))
    found = log.verify()
    assert [fault.number for fault in found.faults][:1] == [4], found.faults
    if harm != "another user":
        with pytest.raises(IntegrityError):
            log.adapter_changes()


@pytest.mark.parametrize("version", [2, 3])
def test_a_file_of_an_older_schema_takes_them_and_no_entry_is_touched(tmp_path: Path, version: int) -> None:
    log = filled(tmp_path, 60)
    root, size = log.root(), log.size()
    path = at_rest(log) / "records.sqlite"
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("DROP INDEX entries_adapters")
        if version == 2:
            (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'contents_never_UPDATE'").fetchone()
            connection.execute("DROP TRIGGER contents_never_UPDATE")
            connection.execute(sql.replace(", 'review')", ")"))
            connection.execute("DROP INDEX entries_reviews")
        connection.execute(f"PRAGMA user_version={version}")
    connection.close()
    again = SqliteLog(path)
    assert again.adapter_changes() == ()
    again.append_adapter(ONE)
    assert again.verify().sound
    assert again.root(size) == root
