"""``ragmed tune dataset`` and ``ragmed tune review`` as a person types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ragmed.entries import FeedbackKind
from tests.tune.dataset.ward import Ward

RIGHT = "Give adrenaline 0.5 mg into the outer thigh muscle as soon as anaphylaxis is suspected."


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ragmed.cli", "tune", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return Ward.of(tmp_path_factory.mktemp("commands"))


def test_the_queue_is_listed_decided_and_listed_no_more(own: Ward) -> None:
    record = own.asked("Which dose of adrenaline is given in anaphylaxis?")
    given = own.auditor.give_feedback(record.record_id, FeedbackKind.WRONG, user="dr-lee", correction="Give 5 g.")
    index = ("--index", own.folder / "index")
    edited = run("review", "edit", given.feedback_id[:6], "--correction", RIGHT, "--by", "dr-owen", *index)
    assert edited.stdout == f"Recorded: edit of feedback {given.feedback_id}, by dr-owen.\n"
    (one,) = json.loads(run("review", "list", "--all", "--json", *index).stdout)
    assert one["review"]["correction"] == RIGHT
    assert one["feedback"]["correction"] == "Give 5 g."
    assert run("review", "refuse", given.feedback_id, *index).returncode == 0
    assert "Nothing waits" in run("review", "list", *index).stdout
    unknown = run("review", "accept", "nothing", *index)
    assert (unknown.returncode, "ragmed tune review list" in unknown.stderr) == (2, True)


def test_what_fell_short_makes_the_exit_code_and_a_list(own: Ward, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"instruction": "Hello?", "output": "Hello."}\n{"instruction": 4}\n', "utf-8")
    flags = ("--no-library-rows", "--no-feedback", "--from", file, "--index", own.folder / "index")
    done = run("dataset", "--out", tmp_path / "rows", *flags, "--format", "ms-swift")
    assert done.returncode == 1, done.stderr
    assert "rows.jsonl:2: 'instruction' is not text" in done.stdout
    assert (tmp_path / "rows" / "ms-swift").is_dir()
    again = run("dataset", "--out", tmp_path / "rows", *flags)
    assert (again.returncode, "something already" in again.stderr, "Traceback" in again.stderr) == (2, True, False)
    file.write_text('{"instruction": "Hello?", "output": "Hello."}\n', "utf-8")
    told = run("dataset", "--out", tmp_path / "good", *flags, "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["problems"] == []
