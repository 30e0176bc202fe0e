"""Bundles and exports of the log itself: what it writes is what the stand-alone verifier and FHIR R4 take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ragmed.audit.bundle import write_bundle
from ragmed.audit.export import ExportFormat, export
from ragmed.audit.log import SqliteLog
from ragmed.entries import Feedback, FeedbackKind, RecordFilter
from tests.answer.records import a_record
from tests.audit.fhir_r4 import faults_of
from tests.audit.small_evidence import KeptSnapshots, small_evidence, small_library


@pytest.fixture
def kept(tmp_path: Path) -> tuple[SqliteLog, KeptSnapshots, str]:
    snapshots, record = small_library(tmp_path)
    log = SqliteLog(tmp_path / "index" / "records.sqlite")
    for number in range(5):
        log.append(a_record(f"before-{number}"))
    log.append(record)
    for kind in (FeedbackKind.WRONG, FeedbackKind.UNSAFE):
        log.append_feedback(
            Feedback(
                feedback_id=kind.value,
                record_id=record.record_id,
                at="2026-11-24T09:00:00.000Z",
                user="dr l",
                kind=kind,
                note="漏了禁忌",
            )
        )
    log.append(a_record("afterwards"))
    return log, snapshots, record.record_id


def verified(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    source = Path(__file__).resolve().parents[2] / "ragmed" / "audit" / "verifier" / "verify.py"
    command = [sys.executable, "-I", "-S", str(source), str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def test_a_bare_python_verifies_a_bundle_of_the_log(tmp_path: Path, kept: tuple[SqliteLog, KeptSnapshots, str]) -> None:
    log, snapshots, record_id = kept
    path = write_bundle(log, small_evidence(snapshots), record_id, tmp_path / "b.zip")
    (tmp_path / "checkpoint").write_text(log.checkpoint().note, encoding="utf-8")
    done = verified(path, "--key", log.public_key(), "--checkpoint", str(tmp_path / "checkpoint"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "entry 6 of 9 (answer" in done.stdout and "entry 8 of 9 (feedback" in done.stdout
    content = bytearray(path.read_bytes())
    content[content.rindex("漏了禁忌".encode())] ^= 1
    path.write_bytes(content)
    done = verified(path)
    assert done.returncode == 1 and "feedback-000008/content.json" in done.stdout.splitlines()[-1]


def test_a_bare_python_verifies_that_an_answer_of_the_log_was_erased(
    tmp_path: Path, kept: tuple[SqliteLog, KeptSnapshots, str]
) -> None:
    log, snapshots, record_id = kept
    log.erase(record_id, user="dpo", reason="request 7")
    path = write_bundle(log, small_evidence(snapshots), record_id, tmp_path / "b.zip")
    done = verified(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "destroyed on request (entry 10" in done.stdout
    assert "漏了禁忌".encode() not in path.read_bytes() and b"What to give" not in path.read_bytes()


@pytest.mark.parametrize("form", list(ExportFormat))
def test_the_log_is_exported(form: ExportFormat, kept: tuple[SqliteLog, KeptSnapshots, str]) -> None:
    log, _, record_id = kept
    log.erase("before-2", user="dpo", reason="request 8")
    pieces = list(export(log, form, RecordFilter()))
    assert len(pieces) == 7 + (form is ExportFormat.CSV)
    assert record_id.encode() in b"".join(pieces) and "漏了禁忌".encode() not in b"".join(pieces)
    if form is ExportFormat.FHIR:
        for piece in pieces:
            assert faults_of(json.loads(piece)) == []
