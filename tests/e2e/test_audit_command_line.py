"""``ragmed audit`` as an auditor meets it: real processes over the demonstration library, from question to proof."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.audit.replays import ask, replay_elsewhere

ROOT = Path(__file__).resolve().parent.parent.parent
QUESTIONS = 24


@pytest.fixture(scope="module")
def index(demonstration_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demonstration index in which questions of every kind were asked."""
    folder = tmp_path_factory.mktemp("audited") / "index"
    # without what other tests have asked of it
    shutil.copytree(demonstration_index, folder, ignore=shutil.ignore_patterns("records.*", "checkpoints"))
    ended = ask(folder, QUESTIONS)
    assert {kind.split()[0] for kind in ended} == {"answered", "abstained", "rejected"}
    assert {kind.split()[1] for kind in ended} >= {"en", "zh"}
    return folder


def audit(index: Path, *words: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "ragmed.cli", "audit", *words, "--index", str(index)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=240)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code in (0, 1) else done.stderr


def lines(index: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(audit(index, "list", "-n", "1000", *words, "--json"))["answers"]
    return found


def an_answer(index: Path) -> str:
    return str(next(one["record_id"] for one in lines(index, "--outcome", "answered") if not one["erased"]))


def test_every_answer_is_the_same_bit_for_bit_in_a_new_process(index: Path) -> None:
    found, _ = replay_elsewhere(index)
    assert len(found) == QUESTIONS
    assert [one["differences"] for one in found if not one["same"]] == []
    assert all(one["asked"] and one["same_hits"] and one["same_text"] for one in found)


def test_changed_settings_are_named_by_a_replay_of_today(index: Path, tmp_path: Path) -> None:
    settings = tmp_path / "ragmed.toml"
    settings.write_text("[answer]\nmax_claims = 1\n[retrieve]\npassages = 3\n", "utf-8")
    record_id = an_answer(index)
    audit(index, "replay", record_id, "--settings", str(settings))
    said = audit(index, "replay", record_id, "--today", "--settings", str(settings), code=1)
    assert "the setting answer.max_claims was 7 and is 1" in said
    assert "the setting retrieve.passages was 8 and is 3" in said
    assert said.rstrip().endswith("1 asked again: 0 the same, 1 not.")


def test_verify_proves_log_and_citations_and_names_what_was_changed(index: Path, tmp_path: Path) -> None:
    said = audit(index, "verify", "--deep")
    assert "Everything that was checked is as it was written" in said
    found = json.loads(audit(index, "verify", "--json"))
    assert (found["sound"], found["answers"], found["unchecked_citations"]) == (True, QUESTIONS, 0)
    assert found["citations"] > 20
    spoiled = tmp_path / "index"
    shutil.copytree(index, spoiled)
    for path in (spoiled / "sources").iterdir():
        path.chmod(0o600)
        path.write_bytes(path.read_bytes() + b" ")
    said = audit(spoiled, "verify", code=1)
    assert "FAULT  source: entry" in said
    assert "not as it was written" in said


def test_an_answer_is_found_shown_taken_away_judged_and_erased(index: Path, tmp_path: Path) -> None:
    (line, *_) = lines(index, "--outcome", "answered", "--user", "tests", "--language", "en", "--verdict", "verbatim")
    record_id = line["record_id"]
    said = audit(index, "show", record_id[:8])
    assert line["question"] in " ".join(said.split())
    for words in ("How it came about", "snapshot 000001-", "Today", "still said today", "The log"):
        assert words in said
    shown = json.loads(audit(index, "show", record_id, "--json"))
    assert shown["record"]["settings_sha256"]
    assert shown["record"]["retrieval"]["passages"]
    document = shown["record"]["checks"][0]["citation"]["document_id"]
    assert record_id in [one["record_id"] for one in lines(index, "--document", document)]
    assert lines(index, "--document", "d-none") == []

    assert "Recorded: unsafe" in audit(
        index, "feedback", record_id, "--kind", "unsafe", "--citation", "1", "--by", "Dr Li"
    )
    refused = audit(index, "feedback", record_id, "--kind", "unsafe", "--citation", "99", code=2)
    assert line["question"] not in refused
    assert [one["record_id"] for one in lines(index, "--feedback", "unsafe")] == [record_id]

    audit(index, "bundle", record_id, "-o", str(tmp_path))
    bundle = tmp_path / f"ragmed-answer-{record_id}.zip"
    shutil.unpack_archive(bundle, tmp_path / "open")
    check = [sys.executable, "-I", str(tmp_path / "open" / "verify.py"), str(bundle)]
    assert subprocess.run(check, capture_output=True, text=True, check=False).returncode == 0
    for form in ("csv", "jsonl", "fhir"):
        output = tmp_path / f"answers.{form}"
        audit(index, "export", "--format", form, "-o", str(output), "--outcome", "answered")
        assert record_id in output.read_text("utf-8")
        assert line["question"] not in output.read_text("utf-8")
    assert audit(index, "checkpoint").startswith("ragmed.local/audit\n")

    audit(index, "erase", record_id, "--reason", "letter 7", code=1)  # nobody said yes
    assert "The log still verifies" in audit(
        index, "erase", record_id, "--reason", "letter 7", "--by", "Dr Li", "--yes"
    )
    said = audit(index, "show", record_id)
    assert "its content was erased" in said
    assert "reason: letter 7" in said
    assert line["question"] not in said
    assert "was erased on" in audit(index, "replay", record_id, code=2)
    assert json.loads(audit(index, "verify", "--json"))["sound"]


def test_nothing_of_today_has_been_kept_for_long_enough_to_go(index: Path) -> None:
    assert json.loads(audit(index, "prune", "--json"))["record_ids"] == []


def test_a_question_never_stands_in_a_log_or_a_file_name(index: Path) -> None:
    questions = [one["question"] for one in lines(index) if len(one["question"]) > 20]
    assert questions
    plain = [path for path in index.rglob("*") if path.is_file() and "segments" not in path.parts]
    for path in plain:
        held = path.read_bytes()
        for question in questions:
            assert question not in path.name
            assert question.encode() not in held, path.name
