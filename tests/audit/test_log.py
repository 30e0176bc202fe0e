"""The log beside its contents: order, proofs, finding, older files, many threads and processes."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from ragmed.audit import merkle, stored
from ragmed.audit.log import SqliteLog
from ragmed.canonical import canonical_json, plain, sha256_bytes
from ragmed.entries import EntryKind, FeedbackKind, RecordFilter
from ragmed.errors import BadInputError, IntegrityError, NotFoundError
from ragmed.records import AnswerRecord, Language, Outcome, Verdict
from tests.audit.damage import unguarded
from tests.audit.logs import GUIDES, answer, at_rest, feedback_on, filled

SCHEMA_1 = """
CREATE TABLE records (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    record_id TEXT NOT NULL UNIQUE,
    asked_at TEXT NOT NULL,
    language TEXT NOT NULL,
    mode TEXT NOT NULL,
    outcome TEXT NOT NULL,
    snapshot_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    record BLOB NOT NULL
) STRICT
"""


def older_file(path: Path, records: list[AnswerRecord]) -> None:
    """A file as the first schema had it, its records without the fields that came later."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(SCHEMA_1)
    for verb in ("UPDATE", "DELETE"):
        connection.execute(
            f"CREATE TRIGGER records_never_{verb} BEFORE {verb} ON records"
            " BEGIN SELECT RAISE(ABORT, 'records are never changed'); END"
        )
    for record in records:
        made = plain(record)
        for name in ("prompt", "user", "code_version", "settings_sha256"):
            del made[name]
        for name in ("quantisation", "sampling"):
            del made["generation"][name]
        body = canonical_json(made)
        row = (record.record_id, record.asked_at, record.language, record.mode, record.outcome, record.snapshot_id)
        connection.execute(
            "INSERT INTO records (record_id, asked_at, language, mode, outcome, snapshot_id, sha256, record)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*map(str, row), sha256_bytes(body), body),
        )
    connection.execute(f"PRAGMA application_id={0x5261_4D64}")
    connection.execute("PRAGMA user_version=1")
    connection.commit()
    connection.close()


# ---- entries and proofs ----


def test_entries_follow_each_other_and_bear_no_question(tmp_path: Path) -> None:
    log = filled(tmp_path, 60)
    entries = list(log.entries())
    assert [entry.number for entry in entries] == list(range(1, 61))
    assert log.size() == 60
    assert log.entry(7) == entries[6]
    assert list(log.entries(57)) == entries[57:]
    first = entries[0]
    record = answer(1)
    assert (first.kind, first.subject, first.at, first.user) == (
        EntryKind.ANSWER,
        record.record_id,
        record.asked_at,
        record.user,
    )
    for number in (0, 61):
        with pytest.raises(NotFoundError):
            log.entry(number)


def test_roots_and_proofs_are_those_of_the_entries(tmp_path: Path) -> None:
    log = filled(tmp_path, 45)
    leaves = [merkle.leaf_hash(stored.leaf_of(entry)) for entry in log.entries()]
    growing = merkle.Growing()
    roots = [growing.root()]
    for leaf in leaves:
        list(growing.add(leaf))
        roots.append(growing.root())
    assert log.root() == roots[45]
    for size in (1, 7, 32, 45):
        assert log.root(size) == roots[size]
        for number in range(1, size + 1):
            proof = log.inclusion_proof(number, size)
            merkle.check_inclusion(leaves[number - 1], number - 1, size, proof, roots[size])
        for old in range(size + 1):
            merkle.check_consistency(old, size, roots[old], roots[size], log.consistency_proof(old, size))
    for ask in (lambda: log.root(46), lambda: log.inclusion_proof(1, 46), lambda: log.consistency_proof(1, 46)):
        with pytest.raises(NotFoundError):
            ask()


def test_an_empty_log_says_so(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    assert (log.size(), log.root(), list(log.entries())) == (0, merkle.EMPTY_ROOT, [])
    assert log.find(RecordFilter(), limit=5) == ()
    assert log.feedback("abcd") == ()
    assert log.erasure("abcd") is None
    assert log.cited_snapshots() == frozenset()
    found = log.verify()
    assert found.sound
    assert found.notes
    for ask in (lambda: log.entry(1), lambda: log.entries_of("abcd"), lambda: log.opening(1)):
        with pytest.raises(NotFoundError):
            ask()
    assert list(tmp_path.iterdir()) == []


# ---- finding ----

FILTERS: dict[str, tuple[RecordFilter, Any]] = {
    "everything": (RecordFilter(), lambda one: True),
    "since": (RecordFilter(since="2026-02"), lambda one: one.asked_at >= "2026-02"),
    "until a month": (RecordFilter(until="2026-01"), lambda one: one.asked_at < "2026-02"),
    "a day": (RecordFilter(since="2026-01-05", until="2026-01-05"), lambda one: one.asked_at[:10] == "2026-01-05"),
    "to the millisecond": (
        RecordFilter(since=answer(9).asked_at, until=answer(9).asked_at),
        lambda one: one.asked_at == answer(9).asked_at,
    ),
    "user": (RecordFilter(user="dr-lee"), lambda one: one.user == "dr-lee"),
    "document": (
        RecordFilter(document_id=GUIDES[2].document_id),
        lambda one: any(check.citation.document_id == GUIDES[2].document_id for check in one.checks),
    ),
    "series": (RecordFilter(series="guide3"), lambda one: one.checks and one.documents[0].series == "guide3"),
    "edition, any case": (
        RecordFilter(edition="version 3.2026"),
        lambda one: one.checks and one.documents[0].edition == "Version 3.2026",
    ),
    "series and another's edition": (RecordFilter(series="guide3", edition="Version 2.2026"), lambda one: False),
    "verdict of a citation": (
        RecordFilter(verdict=Verdict.SUPPORTED),
        lambda one: any(check.verdict is Verdict.SUPPORTED for check in one.checks),
    ),
    "verdict of a withheld claim": (RecordFilter(verdict=Verdict.NUMBER_MISMATCH), lambda one: bool(one.withheld)),
    "outcome": (RecordFilter(outcome=Outcome.ABSTAINED), lambda one: one.outcome is Outcome.ABSTAINED),
    "language": (RecordFilter(language=Language.CHINESE), lambda one: one.language is Language.CHINESE),
    "text, any case": (RecordFilter(text="QUESTION 1"), lambda one: "Question 1" in one.question),
    "text of the answer": (RecordFilter(text="give OXYGEN"), lambda one: True),
    "several": (
        RecordFilter(user="dr-owen", outcome=Outcome.ANSWERED, since="2026-01-10", text="quill"),
        lambda one: one.user == "dr-owen" and one.outcome is Outcome.ANSWERED and one.asked_at >= "2026-01-10",
    ),
    "nothing like it": (RecordFilter(user="nobody"), lambda one: False),
}


@pytest.mark.parametrize("time", ["2026-13", "2026-11-32", "26", "2026-11-03T25", "2026-11-03 22:15", "'; --"])
def test_what_is_no_time_is_refused_before_there_is_a_log_too(time: str, found_in: Any, tmp_path: Path) -> None:
    for log in (found_in[0], SqliteLog(tmp_path / "records.sqlite")):
        for wanted in (RecordFilter(since=time), RecordFilter(until=time)):
            with pytest.raises(BadInputError, match="is no time"):
                log.find(wanted, limit=1)


def test_an_answer_that_does_not_open_is_listed_as_such_and_left_out_by_no_words(tmp_path: Path) -> None:
    log = filled(tmp_path, 3)
    with unguarded(log.path) as connection:
        (sealed,) = connection.execute("SELECT sealed FROM contents WHERE number = 2").fetchone()
        changed = sealed[:99] + bytes([sealed[99] ^ 1]) + sealed[100:]
        connection.execute("UPDATE contents SET sealed = ? WHERE number = 2", (changed,))
    lines = {line.number: line for line in log.find(RecordFilter(), limit=10)}
    assert {number: line.damaged for number, line in lines.items() if number <= 3}[2]
    assert lines[2].question == ""
    assert not lines[1].damaged
    assert [line.number for line in log.find(RecordFilter(text="nobody ever asked this"), limit=10)] == [2]
    with pytest.raises(IntegrityError, match=f"entry 2, answer {lines[2].record_id}"):
        log.opening(2)


@pytest.mark.parametrize("common", [1, 20_000], ids=["all conditions common", "the rarest leads"])
@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_finds_what_it_says(name: str, common: int, found_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    log, answers = found_in
    monkeypatch.setattr("ragmed.audit.finding._COUNTED", common)
    monkeypatch.setattr("ragmed.audit.finding._AT_ONCE", 4)
    wanted, fits = FILTERS[name]
    expected = [one for one in reversed(answers) if fits(one)]
    lines = log.find(wanted, limit=1000)
    assert [line.record_id for line in lines] == [one.record_id for one in expected]
    for line, one in zip(lines, expected, strict=True):
        assert (line.at, line.user, line.question, line.outcome) == (one.asked_at, one.user, one.question, one.outcome)
        assert (line.language, line.mode, line.snapshot_id) == (one.language, one.mode, one.snapshot_id)
        verdicts = [check.verdict for check in one.checks] + [claim.verdict for claim in one.withheld]
        assert line.verdicts == tuple((verdict, 1) for verdict in verdicts)
    paged, before = [], 0
    while page := log.find(wanted, limit=7, before=before):
        paged += page
        before = page[-1].number
    assert tuple(paged) == lines


@pytest.fixture(scope="module")
def found_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[SqliteLog, list[AnswerRecord]]:
    log = SqliteLog(tmp_path_factory.mktemp("found") / "records.sqlite")
    answers = [answer(number) for number in range(60)]
    for one in answers:
        log.append(one)
    return log, answers


def test_answers_are_found_by_what_doctors_said_of_them(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    for number in range(4):
        log.append(answer(number))
    for number, kind in (
        (1, FeedbackKind.WRONG),
        (3, FeedbackKind.WRONG),
        (1, FeedbackKind.WRONG),
        (2, FeedbackKind.RIGHT),
    ):
        log.append_feedback(feedback_on(answer(number), number, kind))
    lines = log.find(RecordFilter(feedback=FeedbackKind.WRONG), limit=9)
    assert [line.record_id for line in lines] == [answer(3).record_id, answer(1).record_id]
    assert lines[1].feedback == (FeedbackKind.WRONG, FeedbackKind.WRONG)


def test_the_same_verdict_of_a_citation_and_of_a_withheld_claim_is_told_twice(tmp_path: Path) -> None:
    from dataclasses import replace

    log = SqliteLog(tmp_path / "records.sqlite")
    one = answer(0)
    wrong = replace(one.checks[0], verdict=Verdict.NUMBER_MISMATCH)
    log.append(replace(one, checks=(wrong, wrong)))
    (line,) = log.find(RecordFilter(), limit=1)
    assert line.verdicts == ((Verdict.NUMBER_MISMATCH, 2), (Verdict.NUMBER_MISMATCH, 1))


# ---- older files ----


def test_a_file_of_the_first_schema_becomes_a_log(tmp_path: Path) -> None:
    records = [answer(number, user="", code_version="", settings_sha256="") for number in range(30)]
    path = tmp_path / "records.sqlite"
    older_file(path, records)
    log = SqliteLog(path)
    assert log.recent(100) == tuple(reversed(records))
    assert [entry.subject for entry in log.entries()] == [one.record_id for one in records]
    log.append(answer(30))
    log.checkpoint()
    found = log.verify()
    assert found.sound, found.faults
    assert found.entries == 31
    at_rest(log)
    for file in tmp_path.iterdir():
        if file.is_file():
            assert b"Quill" not in file.read_bytes(), file.name
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'records%'").fetchone() == (0,)
    connection.close()


def test_an_older_file_with_a_changed_record_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    older_file(path, [answer(1), answer(2)])
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER records_never_UPDATE")
    connection.execute(
        "UPDATE records SET record = CAST(replace(CAST(record AS TEXT), 'oxygen', 'poison') AS BLOB) WHERE number = 2"
    )
    connection.commit()
    connection.close()
    log = SqliteLog(path)
    with pytest.raises(IntegrityError, match=answer(2).record_id):
        log.recent(5)
    with pytest.raises(IntegrityError):
        log.append(answer(3))
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM records").fetchone() == (2,)
    connection.close()


def test_an_older_file_that_may_not_be_written_says_what_to_do() -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom ragmed.audit.log import SqliteLog\n"
        "from ragmed.errors import NotPossibleError\n"
        "os.geteuid() or os.seteuid(65534)\n"
        "try:\n    SqliteLog(Path(sys.argv[1])).recent(1)\nexcept NotPossibleError as error:\n"
        "    print(error, '|', error.remedy)\n"
    )
    # not in pytest's folders: they are for their owner alone, and another run that begins makes them so again
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = folder / "records.sqlite"
        older_file(path, [answer(1)])
        path.chmod(0o444)
        folder.chmod(0o555)
        done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
        folder.chmod(0o755)
        assert "may not write it" in done.stdout, done.stderr
        assert "user who owns the file" in done.stdout
        assert SqliteLog(path).recent(1)[0].question == answer(1).question


def test_two_openers_bring_an_older_file_up_to_date_once(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    older_file(path, [answer(number) for number in range(40)])
    logs = [SqliteLog(path) for _ in range(4)]
    threads = [threading.Thread(target=log.recent, args=(5,)) for log in logs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert logs[0].size() == 40
    assert logs[0].verify().sound


# ---- sharing ----


def test_many_threads_share_a_log(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    numbers = itertools.count()

    def work() -> None:
        for _ in range(8):
            log.append(answer(next(numbers)))
            log.recent(2)
            log.root()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert log.size() == 48
    assert len({record.record_id for record in log.recent(100)}) == 48
    assert log.verify().sound


def test_a_file_put_in_its_place_is_opened_anew(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "here" / "records.sqlite")
    log.append(answer(1))
    folder = at_rest(filled(tmp_path / "backup", 30))
    assert log.size() == 1
    for name in ("records.sqlite", "records.keys"):
        log.path.with_name(f"{name}-wal").unlink(missing_ok=True)
        (folder / name).replace(log.path.with_name(name))
    assert log.size() == 30
    assert log.get(answer(1).record_id) == answer(1)


def test_a_forked_child_writes_on_its_own(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    log.append(answer(1))
    log.checkpoints.settle()
    child = os.fork()
    if child == 0:
        try:
            log.append(answer(2))
            log.checkpoints.settle()
            os._exit(0 if log.database._idle._inherited else 5)  # what was open stays open, and is not used
        finally:
            os._exit(6)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    log.append(answer(3))
    assert log.size() == 3
    assert log.verify().sound


# ---- nothing of a patient outside the sealed contents ----

SURNAMES = [
    "Abernathy",
    "Bartholomew",
    "Castellano",
    "Dimitriou",
    "Eszterhazy",
    "Fitzwilliam",
    "Gallagher",
    "Hollingsworth",
    "Ishikawa",
    "Jankowski",
]
GIVEN = [
    "Marguerite",
    "Thaddeus",
    "Ophelia",
    "Leopold",
    "Cassandra",
    "Bertrand",
    "Philippa",
    "Montague",
    "Rosalind",
    "Ferdinand",
]
XING = ["欧阳", "司马", "诸葛", "上官", "慕容", "夏侯", "东方", "皇甫", "尉迟", "公孙"]
MING = ["晓燕", "建国", "秀英", "志强", "丽华", "文博", "雨桐", "嘉怡", "俊杰", "思远"]


def planted() -> list[tuple[str, list[str]]]:
    """Questions, each with the identifiers that stand in it."""
    found = []
    for number in range(130):
        name = f"{GIVEN[number % 10]} {SURNAMES[number // 10 % 10]}-{SURNAMES[(number + 3) % 10]}"
        english = [name, f"MRN{7_300_000 + 37 * number}", f"+44 7700 9{number:05}", f"NHS 943 476 {5000 + number}"]
        chinese = [
            f"{XING[number % 10]}{MING[number // 10 % 10]}{number}",
            f"住院号{88_000_000 + 41 * number}",
            f"1380013{number:04}",
            f"11010519{number % 50 + 40:02}1231{number:03}X",
        ]
        question = (
            f"{english[0]}, {english[1]}, tel {english[2]}, {english[3]}, short of breath. Which drug?"
            f" 患者{chinese[0]}，{chinese[1]}，电话{chinese[2]}，身份证{chinese[3]}，呼吸困难，用什么药？"
        )
        found.append((question, [*english, *chinese]))
    return found


def test_no_identifier_of_a_patient_stands_in_plain_anywhere(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "index" / "records.sqlite")
    questions = planted()
    identifiers = [one for _, names in questions for one in names]
    assert len(set(identifiers)) >= 1000
    for number, (question, names) in enumerate(questions):
        log.append(answer(number, question=question, text=f"For {names[0]}: give oxygen."))
        if number % 20 == 0:
            log.append_feedback(feedback_on(answer(number), number))
    log.erase(answer(3).record_id, user="dpo", reason="asked")
    log.checkpoint()
    assert log.find(RecordFilter(text=identifiers[9]), limit=1), "they are there, sealed"
    while_open = _plain_in(tmp_path, identifiers)
    leaves = b"".join(stored.leaf_of(entry) for entry in log.entries())
    connection = sqlite3.connect(log.path)
    rows = [
        row
        for table in ("entries", "nodes", "answers", "cited", "judged")
        for row in connection.execute(f"SELECT * FROM {table}")
    ]
    connection.close()
    at_rest(log)
    assert while_open == []
    assert _plain_in(tmp_path, identifiers) == []
    assert [one for one in identifiers if one.encode() in leaves] == []
    assert [one for one in identifiers if one in json.dumps(rows, default=repr, ensure_ascii=False)] == []


def _plain_in(folder: Path, identifiers: list[str]) -> list[str]:
    """Identifiers in the bytes or the name of any file: UTF-8, UTF-16, GB 18030, or escaped in JSON."""
    forms = [
        (one, {one.encode(), one.encode("utf-16-le"), one.encode("gb18030"), json.dumps(one)[1:-1].encode()})
        for one in identifiers
    ]
    found = []
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        found += [
            one
            for one, encoded in forms
            if any(form in content for form in encoded) or one in str(path.relative_to(folder))
        ]
    return found


def test_the_search_for_identifiers_finds_what_is_there(tmp_path: Path) -> None:
    older_file(tmp_path / "records.sqlite", [answer(1, question=planted()[1][0])])
    assert _plain_in(tmp_path, planted()[1][1]) == planted()[1][1]
