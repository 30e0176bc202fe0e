"""Records come back exactly as they were kept, from any number of processes, and never change."""

from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragmed.audit.log import SqliteLog
from ragmed.audit.schema import SCHEMA, TABLES
from ragmed.canonical import canonical_json, plain, rebuild
from ragmed.errors import BadInputError, IntegrityError, NotFoundError, NotPossibleError
from ragmed.records import AnswerRecord
from tests.answer.records import a_record


def strategy(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a record's field type."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: strategy(hints[field.name]) for field in fields(kind)})
    if get_origin(kind) is tuple:
        members = get_args(kind)
        if members[-1] is not Ellipsis:
            return st.tuples(*map(strategy, members))
        return st.lists(strategy(members[0]), max_size=2).map(tuple)
    if type(None) in get_args(kind):
        return st.none() | strategy(next(one for one in get_args(kind) if one is not type(None)))
    if kind is str:
        return st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=8)
    if kind is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    return st.from_type(kind)


@given(strategy(AnswerRecord))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_record_survives_canonical_json(record: AnswerRecord) -> None:
    again = rebuild(AnswerRecord, plain(record))
    assert again == record
    assert canonical_json(again) == canonical_json(record)


def test_round_trip_and_order(tmp_path: Path) -> None:
    store = SqliteLog(tmp_path / "deep" / "records.sqlite")
    records = [a_record(f"aaaa{number:04}") for number in range(3)]
    for record in records:
        store.append(record)
    assert store.get("aaaa0001") == records[1]
    assert store.recent(2) == (records[2], records[1])
    assert SqliteLog(store.path).recent(10) == tuple(reversed(records))


def test_an_empty_store_has_nothing_and_makes_no_file(tmp_path: Path) -> None:
    store = SqliteLog(tmp_path / "records.sqlite")
    assert store.recent(5) == ()
    with pytest.raises(NotFoundError):
        store.get("abcd")
    assert not store.path.exists()


def test_prefixes(tmp_path: Path) -> None:
    store = SqliteLog(tmp_path / "records.sqlite")
    for record_id in ("abcd1111", "abcd2222", "abcd"):
        store.append(a_record(record_id))
    assert store.get("abcd1").record_id == "abcd1111"
    assert store.get("abcd").record_id == "abcd"  # a whole id wins over a prefix
    with pytest.raises(NotFoundError, match="fits more than one"):
        SqliteLog(_without(store, "abcd", tmp_path)).get("abcd")
    with pytest.raises(NotFoundError, match="too short"):
        store.get("abc")
    with pytest.raises(NotFoundError, match="no record"):
        store.get("ffff")
    with pytest.raises(NotFoundError, match="no record"):
        store.get("%%%%")


def _without(store: SqliteLog, record_id: str, folder: Path) -> Path:
    other = SqliteLog(folder / "other.sqlite")
    for record in reversed(store.recent(10)):
        if record.record_id != record_id:
            other.append(record)
    return other.path


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = SqliteLog(tmp_path / "records.sqlite")
    store.append(a_record("abcd1111"))
    store.checkpoints.settle()
    private = [path for path in tmp_path.iterdir() if path.suffix.startswith((".sqlite", ".keys", ".ed25519"))]
    assert len(private) >= 3
    for path in private:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_record_is_kept_once_and_never_changed(tmp_path: Path) -> None:
    store = SqliteLog(tmp_path / "records.sqlite")
    store.append(a_record("abcd1111"))
    with pytest.raises(BadInputError, match="kept already"):
        store.append(replace(a_record("abcd1111"), text="other"))
    connection = sqlite3.connect(store.path)
    for table in TABLES:
        (column,) = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")][-1:]
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            if table == "judged":
                connection.execute("INSERT OR IGNORE INTO judged VALUES (2, 1, 'right')")
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                connection.execute(statement)
    connection.close()


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    store = SqliteLog(tmp_path / "records.sqlite")
    store.append(a_record("abcd1111"))
    connection = sqlite3.connect(store.path)
    connection.execute("DROP TRIGGER contents_never_UPDATE")
    (sealed,) = connection.execute("SELECT sealed FROM contents").fetchone()
    changed = sealed[:99] + bytes([sealed[99] ^ 1]) + sealed[100:]
    connection.execute("UPDATE contents SET sealed = ?", (changed,))
    connection.commit()
    connection.close()
    with pytest.raises(IntegrityError, match="abcd1111"):
        store.get("abcd1111")


def test_a_newer_schema_is_refused_by_name(tmp_path: Path) -> None:
    store = SqliteLog(tmp_path / "records.sqlite")
    store.append(a_record("abcd1111"))
    connection = sqlite3.connect(store.path)
    connection.execute(f"PRAGMA user_version={SCHEMA + 1}")
    connection.close()
    for act in (lambda: store.get("abcd1111"), lambda: store.append(a_record("abcd2222"))):
        with pytest.raises(NotPossibleError, match="newer ragmed") as caught:
            act()
        assert caught.value.remedy


def test_a_file_that_is_no_database_and_a_database_of_others(tmp_path: Path) -> None:
    text = tmp_path / "text.sqlite"
    text.write_text("not a database " * 100, encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"text\.sqlite"):
        SqliteLog(text).append(a_record("abcd1111"))
    foreign = tmp_path / "foreign.sqlite"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(BadInputError, match="not of RagMed"):
        SqliteLog(foreign).append(a_record("abcd1111"))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotPossibleError) as caught:
        SqliteLog(tmp_path / "file" / "records.sqlite").append(a_record("abcd1111"))
    assert "writable" in caught.value.remedy


def _append_many(path: Path, name: str) -> None:
    store = SqliteLog(path)
    for number in range(20):
        store.append(a_record(f"{name}{number:04}"))
        store.recent(3)


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_append_many, args=(path, name)) for name in ("aaaa", "bbbb")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len({record.record_id for record in SqliteLog(path).recent(100)}) == 40


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"surprise": 1}, "unknown field 'surprise'"),
        ({"text": 5}, r"AnswerRecord\.text"),
        ({"claims": [{"text": "x", "start": 0}]}, "'end' is missing"),
        ({"outcome": "perhaps"}, "perhaps"),
        ({"timings_ms": []}, "an object is expected"),
        ({"withheld": "x"}, "a list is expected"),
    ],
)
def test_rebuilding_is_strict_and_names_the_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(ValueError, match=place):
        rebuild(AnswerRecord, {**plain(a_record("abcd1111")), **change})


def test_a_field_added_later_may_be_missing() -> None:
    older = plain(a_record("abcd1111"))
    del older["case"], older["notice"]
    assert rebuild(AnswerRecord, older).case == ()
