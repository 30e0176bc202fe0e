"""Erased content is gone for good, file by file; the log verifies and says when; feedback goes with its answer."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.audit import stored
from ragmed.audit.log import SqliteLog
from ragmed.audit.sealing import seal, unseal
from ragmed.canonical import canonical_json, rebuild
from ragmed.changes import CitedQuote
from ragmed.entries import EntryKind, Erasure, Feedback, FeedbackKind, Opening, RecordFilter
from ragmed.errors import BadInputError, BusyError, ErasedError, IntegrityError, NotFoundError
from ragmed.records import AnswerRecord, Verdict
from tests.audit.logs import GUIDES, answer, at_rest, copied, feedback_on

EVERY_GUIDE = frozenset(one.document_id for one in GUIDES)


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    made = SqliteLog(tmp_path / "index" / "records.sqlite")
    for number in range(12):
        made.append(answer(number))
    made.append_feedback(feedback_on(answer(4)))
    return made


def raw_key(log: SqliteLog, number: int) -> bytes:
    connection = sqlite3.connect(log.path.with_suffix(".keys"))
    (key,) = connection.execute("SELECT key FROM keys WHERE number = ?", (number,)).fetchone()
    connection.close()
    return bytes(key)


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_copy_of_the_key_is_left_in_any_file(log: SqliteLog) -> None:
    folder = log.path.parent
    keys = {number: raw_key(log, number) for number in (1, 5, 9)}
    assert all(key in all_bytes(folder) for key in keys.values())
    for number, key in keys.items():
        log.erase(answer(number - 1).record_id, user="dpo", reason="asked")
        assert key not in all_bytes(folder), "with the log still open: file, write-ahead log and shared memory"
        assert raw_key(log, number) == bytes(32), "its number stays, so that destroyed and lost differ"
    assert raw_key(log, 2) in all_bytes(folder)


def test_erased_content_is_gone_and_the_log_verifies(log: SqliteLog) -> None:
    record = answer(4)
    before = log.root(13)
    entry = log.erase(record.record_id, user="dpo", reason="request 7")
    assert (entry.kind, entry.number, entry.subject, entry.user) == (EntryKind.ERASURE, 14, record.record_id, "dpo")
    with pytest.raises(ErasedError, match=entry.at):
        log.get(record.record_id)
    assert log.opening(5) is None
    assert log.opening(13) is None, "the feedback's content too"
    assert log.feedback(record.record_id) == ()
    assert log.root(13) == before
    assert [one.kind for one in log.entries_of(record.record_id)] == [
        EntryKind.ANSWER,
        EntryKind.FEEDBACK,
        EntryKind.ERASURE,
    ]
    erasure = log.erasure(record.record_id)
    assert erasure is not None
    assert (erasure.at, erasure.user, erasure.reason) == (entry.at, "dpo", "request 7")
    opening = log.opening(14)
    assert opening is not None
    assert rebuild(Erasure, json.loads(opening.content)) == erasure
    assert log.erasure(answer(1).record_id) is None
    found = log.verify()
    assert found.sound, found.faults
    assert (found.answers, found.feedback, found.erasures) == (12, 1, 1)


def test_an_erased_answer_is_listed_without_its_question(log: SqliteLog) -> None:
    record = answer(4)
    entry = log.erase(record.record_id, user="dpo", reason="asked")
    (line,) = log.find(RecordFilter(feedback=FeedbackKind.WRONG), limit=5)
    assert (line.record_id, line.question, line.erased) == (record.record_id, "", entry.at)
    assert line.verdicts
    assert log.find(RecordFilter(text="question 4 "), limit=5) == ()


def test_an_erased_answer_is_left_out_of_what_needs_content(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    records = [answer(number, snapshot_id=f"00000{number}-00000000") for number in (0, 2, 4, 6)]
    for record in records:
        log.append(record)
    log.erase(records[0].record_id, user="dpo", reason="asked")
    log.erase(records[3].record_id, user="dpo", reason="asked")
    assert log.recent(10) == (records[2], records[1])
    assert log.unanswered(10) == (records[1],)
    assert log.cited_snapshots() == {"000002-00000000", "000004-00000000"}
    assert list(log.cited_series("")) == [(3, frozenset({"guide4"}))]
    assert {quote.record_id for quote in log.quotes_from(EVERY_GUIDE)} == {records[2].record_id}


def test_erasing_twice_and_what_is_not_there(log: SqliteLog) -> None:
    record = answer(3)
    log.erase(record.record_id, user="dpo", reason="asked")
    with pytest.raises(ErasedError):
        log.erase(record.record_id, user="dpo", reason="asked")
    with pytest.raises(ErasedError):
        log.append_feedback(feedback_on(record))
    with pytest.raises(NotFoundError):
        log.erase("ffff0000", user="dpo", reason="asked")
    with pytest.raises(BadInputError, match="kept already"):
        log.append(record)
    assert log.size() == 14
    assert log.keys.kept([4]) == []


def test_an_erasure_that_was_cut_off_is_told_and_finished(log: SqliteLog, tmp_path: Path) -> None:
    record = answer(3)
    folder = at_rest(log)
    key = raw_key(log, 4)
    cut = copied(folder, tmp_path / "cut")
    with cut.database.writing() as connection:  # all of ``erase`` but for its last step
        cut._erased(connection, 4, record.record_id, "dpo", "asked")
    assert any("cut off" in note for note in cut.verify().notes)
    assert key in all_bytes(cut.path.parent)
    again = SqliteLog(cut.path)
    again.append(answer(50))
    assert key not in all_bytes(cut.path.parent)
    assert not any("cut off" in note for note in again.verify().notes)


def test_a_reader_that_keeps_a_copy_alive_is_told(log: SqliteLog) -> None:
    key = raw_key(log, 6)
    reader = sqlite3.connect(log.path.with_suffix(".keys"), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM keys").fetchone()
    with pytest.raises(BusyError, match="copy may be left"):
        log.keys.destroy(6, wait=0.1)
    assert key in all_bytes(log.path.parent)
    reader.close()
    log.keys.destroy(6, wait=0.1)
    assert key not in all_bytes(log.path.parent)


def test_a_lost_key_is_another_thing_than_a_destroyed_one(log: SqliteLog) -> None:
    connection = sqlite3.connect(log.path.with_suffix(".keys"))
    connection.execute("DELETE FROM keys WHERE number = 3")
    connection.commit()
    connection.close()
    with pytest.raises(IntegrityError, match="key of entry 3 is lost"):
        log.get(answer(2).record_id)
    (fault,) = log.verify().faults
    assert (fault.what, fault.number) == ("content", 3)


def test_a_key_destroyed_without_an_entry_is_a_fault(log: SqliteLog) -> None:
    log.keys.destroy(3)
    (fault,) = log.verify().faults
    assert (fault.what, fault.number, fault.subject) == ("content", 3, answer(2).record_id)


def test_what_an_erased_answer_is_found_by_cannot_be_changed_unseen(log: SqliteLog) -> None:
    log.erase(answer(4).record_id, user="dpo", reason="asked")
    connection = sqlite3.connect(log.path)
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE answers SET outcome = 'abstained' WHERE number = 5")
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()
    (fault,) = log.verify().faults
    assert (fault.what, fault.number) == ("index", 5)


def test_sealed_content_opens_with_its_key_and_its_entry_alone() -> None:
    opening = Opening(salt=bytes(range(32)), content=canonical_json({"a": "Zhang Wei"}))
    sealed = seal(bytes(32), opening, b"c" * 32)
    assert unseal(bytes(32), sealed, b"c" * 32) == opening
    assert sealed != seal(bytes(32), opening, b"c" * 32), "a nonce is used once"
    for key, content, commitment in (
        (b"\x01" + bytes(31), sealed, b"c" * 32),
        (bytes(32), sealed, b"d" * 32),
        (bytes(32), sealed[:-1], b"c" * 32),
        (bytes(32), b"", b"c" * 32),
        (bytes(32), bytes([2]) + sealed[1:], b"c" * 32),
        (bytes(32), sealed[:-1] + bytes([sealed[-1] ^ 1]), b"c" * 32),
    ):
        with pytest.raises(IntegrityError):
            unseal(key, content, commitment)


def test_feedback_is_an_entry_and_comes_back(log: SqliteLog) -> None:
    record = answer(4)
    more = feedback_on(record, 1, FeedbackKind.UNSAFE)
    entry = log.append_feedback(more)
    assert (entry.kind, entry.subject, entry.at, entry.user) == (
        EntryKind.FEEDBACK,
        record.record_id,
        more.at,
        more.user,
    )
    assert log.feedback(record.record_id) == (feedback_on(record), more)
    assert log.get(record.record_id) == record
    for wrong, error in (
        (Feedback(feedback_id="f", record_id="ffff0000", at="", user="", kind=FeedbackKind.RIGHT), NotFoundError),
        (
            Feedback(feedback_id="f", record_id=record.record_id[:8], at="", user="", kind=FeedbackKind.RIGHT),
            NotFoundError,
        ),
        (
            Feedback(
                feedback_id="f", record_id=record.record_id, at="", user="", kind=FeedbackKind.RIGHT, citation_key="9"
            ),
            BadInputError,
        ),
    ):
        with pytest.raises(error):
            log.append_feedback(wrong)
    assert log.size() == 14


def test_openings_are_what_entries_committed_to(log: SqliteLog) -> None:
    from hashlib import sha256

    salts = set()
    for entry in log.entries():
        opening = log.opening(entry.number)
        assert opening is not None
        assert sha256(opening.salt + opening.content).hexdigest() == entry.commitment
        assert len(opening.salt) == 32
        salts.add(opening.salt)
        if entry.kind is EntryKind.ANSWER:
            assert rebuild(AnswerRecord, json.loads(opening.content)) == log.get(entry.subject)
            assert b"Quill" not in stored.leaf_of(entry)
    assert len(salts) == 13


def test_content_sealed_anew_with_the_right_key_is_not_what_was_committed_to(log: SqliteLog) -> None:
    entry, key = log.entry(3), log.keys.key(3)
    opening = log.opening(3)
    assert opening is not None
    assert key is not None
    poison = Opening(salt=opening.salt, content=opening.content.replace(b"oxygen", b"poison"))
    connection = sqlite3.connect(log.path)
    connection.execute("DROP TRIGGER contents_never_UPDATE")
    connection.execute(
        "UPDATE contents SET sealed = ? WHERE number = 3", (seal(key, poison, bytes.fromhex(entry.commitment)),)
    )
    connection.commit()
    connection.close()
    with pytest.raises(IntegrityError, match="not what it committed to"):
        log.get(entry.subject)
    assert ("content", 3) in {(fault.what, fault.number) for fault in log.verify().faults}


def test_only_what_holds_is_quoted(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    record = answer(0)
    wrong = replace(
        record.checks[0],
        verdict=Verdict.NUMBER_MISMATCH,
        citation=replace(record.checks[0].citation, quote="Give 5 g."),
    )
    log.append(replace(record, checks=(*record.checks, wrong)))
    log.append(answer(5, checks=(wrong,)))
    assert [quote.quote for quote in log.quotes_from(EVERY_GUIDE)] == ["Give oxygen."]
    assert list(log.cited_series("")) == [(1, frozenset({"guide0"})), (2, frozenset())]


def test_quotes_come_from_the_search_rows_in_order_and_once(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    for number in (0, 1, 4, 5):
        log.append(answer(number))
    wanted = GUIDES[0].document_id
    quotes = list(log.quotes_from(frozenset({wanted})))
    assert quotes == [
        CitedQuote(
            record_id=answer(number).record_id,
            asked_at=answer(number).asked_at,
            document_id=wanted,
            page_number=1,
            quote="Give oxygen.",
        )
        for number in (0, 5)
    ]
    assert list(log.quotes_from(frozenset())) == []
