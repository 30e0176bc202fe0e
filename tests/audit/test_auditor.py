"""The auditor's desk over a small library that is asked, published anew, erased from and judged."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ragmed.changes import ImpactKind
from ragmed.entries import EntryKind, FeedbackKind, RecordFilter, WorthToday
from ragmed.errors import BadInputError, ErasedError, NotFoundError
from ragmed.index.folder_store import FolderStore
from ragmed.records import Outcome
from tests.audit.bench import DOSE, HOW_LONG, PNEUMONIA_ZH, Bench, library, nodules
from tests.index.support import reading


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# --- the record ---


def test_answers_abstentions_and_rejections_say_who_asked_with_what(bench: Bench) -> None:
    for record in bench.ask(HOW_LONG, "?!", "x" * 4100):
        assert record.user == "ward 3"
        assert record.code_version
        assert dict(record.settings)["answer.max_claims"] == "7"
        assert len(record.settings_sha256) == 64
    long = bench.log.recent(1)[0]
    assert (long.outcome, len(long.question), long.asked_characters) == (Outcome.REJECTED, 4000, 4100)
    assert {line.user for line in bench.auditor.find()} == {"ward 3"}


# --- asking again ---


def test_answers_are_the_same_again_after_the_library_has_moved_on(bench: Bench) -> None:
    records = bench.ask(HOW_LONG, DOSE, PNEUMONIA_ZH, "", "x" * 4100)
    bench.publish(library(nodules(2, "six")))
    (newer,) = bench.ask(HOW_LONG)
    assert "six months" in newer.text
    size = bench.log.size()
    for record in [*records, newer]:
        found = bench.auditor.replay(record.record_id)
        assert found.same, found.differences
    assert bench.log.size() == size, "a replay was kept"


def test_a_replay_asks_with_the_recorded_settings_and_names_those_of_today(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (record,) = bench.ask("nodule of 6 mm: CT scan, and smoking?")
    assert len(record.claims) > 1
    fewer = bench.settings.model_copy(update={"answer": bench.settings.answer.model_copy(update={"max_claims": 1})})
    auditor = bench.auditor_with(fewer)
    assert auditor.replay(record.record_id).same
    found = auditor.replay(record.record_id, today=True)
    assert not found.same_text
    assert found.same_hits
    assert {one.reason for one in found.differences} == {"the setting answer.max_claims was 7 and is 1"}


def test_a_collected_snapshot_cannot_be_asked_and_says_so(bench: Bench) -> None:
    (record,) = bench.ask(DOSE)
    bench.publish(library(nodules(2, "six")))
    shutil.rmtree(bench.index / "snapshots" / record.snapshot_id)
    bench.store = FolderStore(bench.index)  # one that has not got it open
    found = bench.auditor_with(bench.settings).replay(record.record_id)
    assert (found.same, found.asked) == (False, False)
    assert found.differences[0].part == "snapshot"
    assert record.snapshot_id in found.differences[0].reason


# --- worth today, impact ---


def test_what_a_citation_is_worth_today(bench: Bench) -> None:
    asked, dose = bench.ask(HOW_LONG, DOSE)
    assert {one.worth for one in bench.auditor.open(asked.record_id).today} == {WorthToday.SAID}
    bench.publish(library(nodules(2, "six")))
    today = {
        check.citation.quote: one for check, one in zip(asked.checks, bench.auditor.worth_today(asked), strict=True)
    }
    changed = next(one for quote, one in today.items() if "twelve" in quote)
    assert (changed.worth, changed.new_edition) == (WorthToday.CHANGED, "Version 2.2026")
    assert changed.now is not None
    assert "six months" in changed.now.text
    assert {(one.worth, one.new_document_id) for one in bench.auditor.worth_today(dose)} == {(WorthToday.SAID, "")}
    bench.publish([one for one in library() if one.source_path != "anaphylaxis.txt"])
    assert {one.worth for one in bench.auditor.worth_today(dose)} == {WorthToday.WITHDRAWN}


def test_impact_of_a_series_and_of_a_snapshot(bench: Bench) -> None:
    first = bench.store.current().snapshot_id
    asked, dose = bench.ask(HOW_LONG, DOSE)
    assert bench.auditor.impact("nodules") == ()
    second = bench.publish(library(nodules(2, "six")))
    found = bench.auditor.impact("nodules")
    assert {one.record_id for one in found} == {asked.record_id}
    assert {one.kind for one in found} == {ImpactKind.CHANGED}
    assert bench.auditor.impact(second) == found
    assert bench.auditor.impact("2") == found
    assert bench.auditor.impact(first) == ()
    assert bench.auditor.impact("anaphylaxis") == ()
    third = bench.publish([one for one in library(nodules(2, "six")) if one.source_path != "anaphylaxis.txt"])
    (gone,) = [one for one in bench.auditor.impact(third) if one.record_id == dose.record_id]
    assert gone.kind is ImpactKind.WITHDRAWN
    with pytest.raises(NotFoundError, match="neither a series nor a snapshot"):
        bench.auditor.impact("nodule")


def test_an_edition_that_two_newer_ones_followed_is_held_against_the_last(bench: Bench) -> None:
    (asked,) = bench.ask(HOW_LONG)
    bench.publish(library(nodules(2, "six"), nodules(3, "nine")))
    (one,) = [one for one in bench.auditor.impact("nodules") if "twelve" in one.quote]
    assert (one.record_id, one.new_edition) == (asked.record_id, "Version 3.2026")
    assert one.now is not None
    assert "nine" in one.now.text


# --- proving ---


def test_everything_verifies_and_deep_reads_the_sources_again(bench: Bench) -> None:
    records = bench.ask(HOW_LONG, DOSE, PNEUMONIA_ZH, "?!")
    steps: set[str] = set()
    found = bench.auditor.verify(deep=True, progress=lambda what, done, total: steps.add(what))
    assert found.sound, found.faults
    assert found.answers == len(records)
    assert found.citations == sum(len(one.checks) for one in records) > 0
    assert "citations" in steps
    assert bench.auditor.verify(citations=False).citations == 0


def test_a_page_that_reads_otherwise_in_its_source_is_found_by_reading_deep(bench: Bench) -> None:
    ligature = reading("office.txt", ["Give of\N{LATIN SMALL LIGATURE FI}cial oxygen at once in hypoxia."])
    bench.publish(library(ligature))
    (record,) = bench.ask("What to give at once in hypoxia?")
    assert record.checks
    assert bench.auditor.verify().sound
    found = bench.auditor.verify(deep=True)
    assert {(fault.what, fault.number) for fault in found.faults} == {("source", 1)}
    assert "reads otherwise" in found.faults[0].message


def test_a_changed_source_is_a_fault_of_the_answers_that_cite_it(bench: Bench) -> None:
    _, dose = bench.ask(HOW_LONG, DOSE)
    path = bench.store.get(dose.snapshot_id).source(dose.checks[0].citation.document_id)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"0.5", b"5.0"))
    found = bench.auditor.verify()
    assert not found.sound
    assert {(fault.what, fault.number) for fault in found.faults} == {("source", 2)}


# --- erasing, judging, retention ---


def test_an_erased_answer_opens_without_content_by_a_part_of_its_id(bench: Bench) -> None:
    (record,) = bench.ask(DOSE)
    bench.auditor.give_feedback(record.record_id[:6], FeedbackKind.UNSAFE, citation_key="1", note="dose?")
    opened = bench.auditor.open(record.record_id[:6])
    assert opened.record == record
    assert [one.kind for one in opened.feedback] == [FeedbackKind.UNSAFE]
    assert opened.feedback[0].user == "auditor"
    with pytest.raises(BadInputError, match="without a reason"):
        bench.auditor.erase(record.record_id, reason=" ")
    erasure = bench.auditor.erase(record.record_id[:6], reason="letter 7", user="Dr Li")
    assert (erasure.user, erasure.reason) == ("Dr Li", "letter 7")
    opened = bench.auditor.open(record.record_id[:6])
    assert (opened.record, opened.feedback, opened.today) == (None, (), ())
    assert opened.erasure == erasure
    assert [one.kind for one in opened.entries] == [EntryKind.ANSWER, EntryKind.FEEDBACK, EntryKind.ERASURE]
    with pytest.raises(ErasedError):
        bench.auditor.replay(record.record_id)
    with pytest.raises(ErasedError):
        bench.auditor.erase(record.record_id, reason="again")
    assert bench.auditor.verify().sound
    assert bench.auditor.find()[0].erased == erasure.at


def test_what_is_older_than_its_retention_goes_when_told_and_no_sooner(tmp_path: Path) -> None:
    bench = Bench(tmp_path, retention_days=30)
    old, older = bench.ask(HOW_LONG, DOSE)
    bench.auditor.erase(older.record_id, reason="letter 8")
    now = datetime.now(UTC)
    assert bench.auditor.prune(now=now + timedelta(days=29)).record_ids == ()
    later = now + timedelta(days=31)
    planned = bench.auditor.prune(now=later)
    assert (planned.record_ids, planned.dry_run) == ((old.record_id,), True)
    assert bench.auditor.record(old.record_id) == old
    done = bench.auditor.prune(dry_run=False, now=later)
    assert done.record_ids == (old.record_id,)
    erasure = bench.log.erasure(old.record_id)
    assert erasure is not None
    assert "30 days" in erasure.reason
    assert bench.auditor.prune(now=later).record_ids == ()
    assert bench.auditor.verify().sound


# --- finding, figures, taking away ---


def test_pages_of_answers_follow_each_other_without_a_gap(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragmed.auditor._PAGE", 2)
    records = bench.ask(HOW_LONG, DOSE, "?!", PNEUMONIA_ZH, "!")
    assert [line.record_id for line in bench.auditor.all()] == [one.record_id for one in reversed(records)]
    rejected = bench.auditor.all(RecordFilter(outcome=Outcome.REJECTED))
    assert [line.record_id for line in rejected] == [records[4].record_id, records[2].record_id]


def test_days_count_what_was_answered(bench: Bench) -> None:
    assert bench.auditor.days() == ()
    first, *_ = bench.ask("nodule of 6 mm: CT scan, and smoking?", DOSE, "?!")
    bench.auditor.give_feedback(first.record_id, FeedbackKind.RIGHT)
    bench.auditor.erase(first.record_id, reason="letter 9")
    counted = Counter(line_verdict for line in bench.auditor.all() for line_verdict in _each(line.verdicts))
    (day,) = bench.auditor.days()
    assert day.day == first.asked_at[:10]
    assert (day.answered, day.abstained, day.rejected, day.feedback) == (2, 0, 1, 1)
    assert dict(day.verdicts) == counted
    assert counted["verbatim"] > 2
    assert bench.auditor.days(since="9999") == ()


def _each(verdicts: tuple[tuple[str, int], ...]) -> list[str]:
    return [verdict for verdict, count in verdicts for _ in range(count)]


def test_the_forecast_grows_with_the_answers(bench: Bench) -> None:
    nothing = bench.auditor.forecast()
    assert (nothing.entries, nothing.days_left, nothing.full_on) == (0, None, "")
    bench.ask(HOW_LONG, DOSE, PNEUMONIA_ZH)
    found = bench.auditor.forecast()
    assert found.entries == 3
    assert found.bytes_now >= (bench.index / "records.sqlite").stat().st_size
    assert (found.days, found.entries_a_day) == (1.0, 3.0)
    assert found.bytes_a_day == pytest.approx(found.bytes_now)
    assert found.bytes_at_retention == pytest.approx(found.bytes_a_day * 2192)
    assert found.days_left == pytest.approx(found.free / found.bytes_a_day)


def test_a_bundle_and_an_export_are_written_for_their_owner_alone(bench: Bench, tmp_path: Path) -> None:
    (record,) = bench.ask(DOSE)
    path = bench.auditor.write_bundle(record.record_id[:6], tmp_path)
    assert path.name == f"ragmed-answer-{record.record_id}.zip"
    assert bench.auditor.bundle(record.record_id)[:2] == b"PK"
    output = tmp_path / "deep" / "answers.jsonl"
    size = bench.auditor.write_export("jsonl", output, RecordFilter())
    assert output.stat().st_size == size
    assert output.stat().st_mode & 0o777 == 0o600
    (line,) = output.read_text("utf-8").splitlines()
    assert record.record_id in line
    assert json.loads(line)
    assert "adrenaline" not in line
    bench.auditor.write_export("jsonl", output, RecordFilter(), with_content=True)
    assert "adrenaline" in output.read_text("utf-8")
    assert [one.name for one in output.parent.iterdir()] == ["answers.jsonl"]
