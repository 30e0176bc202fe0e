"""Reviews in the log: who let a feedback teach, when and with which words; sealed, proven, erased with the answer."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ragmed.audit.bundle import bundle_bytes, verifier_source
from ragmed.audit.export import ExportFormat, export
from ragmed.audit.log import SqliteLog
from ragmed.audit.schema import expected_schema
from ragmed.entries import EntryKind, RecordFilter, Review, ReviewDecision
from ragmed.errors import BadInputError, ErasedError, NotFoundError
from tests.audit.fhir_r4 import faults_of
from tests.audit.logs import answer, at_rest, feedback_on, filled
from tests.audit.small_evidence import small_evidence, small_library
from tests.audit.small_log import SmallLog

AT = "2026-12-25T08:00:00.000Z"


def review_of(record_id: str, number: int = 0, **more: object) -> Review:
    made = Review(
        review_id=f"v{number:04}",
        feedback_id=f"f{number:04}",
        record_id=record_id,
        at=AT,
        user="dr-owen",
        decision=ReviewDecision.ACCEPT,
        note="Mr Quill was asked.",
    )
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    """Two answers, three words on the first and one on the second."""
    made = SqliteLog(tmp_path / "records.sqlite")
    for number in (1, 2):
        made.append(answer(number))
    for number in range(3):
        made.append_feedback(feedback_on(answer(1), number))
    made.append_feedback(feedback_on(answer(2), 9))
    return made


def test_the_last_review_counts_and_earlier_ones_stay(log: SqliteLog) -> None:
    one = answer(1).record_id
    first, second = (
        review_of(one, 1),
        review_of(one, 1, review_id="v2", decision=ReviewDecision.EDIT, correction="Less."),
    )
    assert log.append_review(first).kind is EntryKind.REVIEW
    entry = log.append_review(second)
    assert (entry.subject, entry.user, entry.at) == (one, "dr-owen", AT)
    queue = {each.feedback.feedback_id: each for each in log.review_queue()}
    assert list(queue) == ["f0000", "f0001", "f0002", "f0009"]
    assert queue["f0000"].review is None
    assert not queue["f0000"].may_teach
    assert queue["f0001"].review == second
    assert queue["f0001"].correction == "Less."
    assert log.reviews(one) == (first, second)
    assert log.feedback(one)[1] == feedback_on(answer(1), 1), "the feedback is as it was"
    log.append_review(review_of(one, 1, review_id="v3", decision=ReviewDecision.REFUSE))
    assert not {each.feedback.feedback_id: each for each in log.review_queue()}["f0001"].may_teach


def test_what_cannot_be_reviewed_is_refused(log: SqliteLog) -> None:
    one = answer(1).record_id
    with pytest.raises(NotFoundError, match="no feedback f0009"):
        log.append_review(review_of(one, 9))
    with pytest.raises(NotFoundError, match="no record"):
        log.append_review(review_of("f" * 16, 1))
    with pytest.raises(BadInputError, match="an edit without a correction"):
        log.append_review(review_of(one, 1, decision=ReviewDecision.EDIT, correction=" "))
    with pytest.raises(BadInputError, match="beside the word 'accept'"):
        log.append_review(review_of(one, 1, correction="Less."))
    log.erase(one, user="dpo", reason="letter 1")
    with pytest.raises(ErasedError):
        log.append_review(review_of(one, 1))
    assert log.size() == 7


def test_a_log_with_reviews_verifies_and_hides_their_words(log: SqliteLog) -> None:
    log.append_review(review_of(answer(1).record_id, 1))
    found = log.verify()
    assert (found.sound, found.reviews, found.feedback, found.entries) == (True, 1, 4, 7)
    folder = at_rest(log)
    assert not [path for path in folder.rglob("*") if path.is_file() and b"Quill was asked" in path.read_bytes()]


def test_a_review_of_nothing_is_a_fault(log: SqliteLog) -> None:
    log.append_review(review_of(answer(1).record_id, 1))
    path = at_rest(log) / "records.sqlite"
    connection = sqlite3.connect(path)
    for name in ("contents_never_UPDATE", "entries_never_UPDATE"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE contents SET sealed = (SELECT sealed FROM contents WHERE number = 3) WHERE number = 7")
    connection.commit()
    connection.close()
    found = SqliteLog(path).verify()
    assert 7 in {fault.number for fault in found.faults if fault.what == "content"}


def test_reviews_are_erased_with_their_answer(log: SqliteLog) -> None:
    one = answer(1).record_id
    number = log.append_review(review_of(one, 1)).number
    log.append_review(review_of(answer(2).record_id, 9))
    log.erase(one, user="dpo", reason="letter 1")
    assert log.opening(number) is None
    assert log.reviews(one) == ()
    assert [each.feedback.feedback_id for each in log.review_queue()] == ["f0009"]
    assert log.verify().sound
    assert [entry.kind for entry in log.entries_of(one)].count(EntryKind.REVIEW) == 1


@pytest.mark.parametrize("with_content", [False, True])
def test_exports_tell_of_a_review_and_of_its_words_only_where_asked_for(log: SqliteLog, with_content: bool) -> None:
    edit = review_of(answer(1).record_id, 1, decision=ReviewDecision.EDIT, correction="Less for Mr Quill.")
    log.append_review(edit)

    def exported(form: ExportFormat) -> dict[str, Any]:
        lines = b"".join(export(log, form, RecordFilter(), with_content=with_content)).splitlines()
        (found,) = [json.loads(line) for line in lines if edit.review_id.encode() in line or b'"edit"' in line]
        return dict(found)

    (review,) = exported(ExportFormat.JSONL)["reviews"]
    assert (review["decision"], review["user"]) == ("edit", "dr-owen")
    assert ("correction" in review, "note" in review) == (with_content, with_content)
    bundle = exported(ExportFormat.FHIR)
    assert faults_of(bundle) == []
    (event,) = [one["resource"] for one in bundle["entry"] if one["resource"].get("outcomeDesc") == "review"]
    assert {"type": "review", "valueString": "edit"} in event["entity"][0]["detail"]
    assert ("Less for Mr Quill." in json.dumps(event)) == with_content


def test_a_bundle_holds_the_review_and_verifies(tmp_path: Path) -> None:
    snapshots, record = small_library(tmp_path)
    log = SmallLog()
    log.append(record)
    log.append_feedback(feedback_on(record, 1))
    log.append_review(review_of(record.record_id, 1))
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle_bytes(log, small_evidence(snapshots), record.record_id))  # type: ignore[arg-type]
    with zipfile.ZipFile(path) as archive:
        assert "review-000003/content.json" in archive.namelist()
    script = tmp_path / "verify.py"
    script.write_bytes(verifier_source())
    checked = subprocess.run([sys.executable, script, path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_file_of_the_second_schema_takes_reviews(tmp_path: Path) -> None:
    log = filled(tmp_path, 60)
    root, size = log.root(), log.size()
    path = at_rest(log) / "records.sqlite"
    connection = sqlite3.connect(path)
    old = expected_schema()["contents_never_UPDATE"].replace(", 'review')", ")")
    connection.execute("DROP TRIGGER contents_never_UPDATE")
    connection.execute("DROP INDEX entries_reviews")
    connection.execute("DROP INDEX entries_adapters")
    connection.execute(old)
    connection.execute("PRAGMA user_version=2")
    connection.commit()
    connection.close()
    again = SqliteLog(path)
    (first, *_) = list(again.review_queue())
    again.append_review(review_of(first.feedback.record_id, 0, feedback_id=first.feedback.feedback_id))
    assert again.verify().sound
    assert again.root(size) == root
    again.erase(first.feedback.record_id, user="dpo", reason="letter 1")
    assert again.verify().sound
