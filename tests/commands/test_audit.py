"""``ragmed audit`` where there is nothing to audit, and its filters."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ragmed.commands.audit_flags import (
    FeedbackWord,
    FormatWord,
    LanguageWord,
    OutcomeWord,
    VerdictWord,
    wanted_of,
)
from ragmed.entries import FeedbackKind, RecordFilter
from ragmed.records import Language, Outcome, Verdict


def audit(index: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ragmed.cli", "audit", *words, "--index", str(index)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize(
    "words",
    [
        ["show", "abcd"],
        ["replay", "--all"],
        ["replay", "abcd"],
        ["impact", "sepsis"],
        ["bundle", "abcd"],
        ["export", "--format", "csv", "-o", "never.csv"],
        ["checkpoint"],
        ["erase", "abcd", "--reason", "x", "--yes"],
        ["feedback", "abcd", "--kind", "right"],
        ["prune", "--yes"],
    ],
    ids=" ".join,
)
def test_a_log_without_an_answer_is_told_with_what_to_do(tmp_path: Path, words: list[str]) -> None:
    done = audit(tmp_path / "index", *words)
    assert done.returncode == 2, done.stdout
    assert "no answer has been recorded here" in done.stderr
    assert "what to do: ask a question first" in done.stderr
    assert not (tmp_path / "index").exists(), "looking made something"


def test_an_empty_list_is_one_and_an_empty_log_verifies(tmp_path: Path) -> None:
    done = audit(tmp_path / "index", "list")
    assert (done.returncode, done.stdout[:30]) == (0, "No answer has been recorded he")
    assert json.loads(audit(tmp_path / "index", "list", "--json").stdout) == {"entries": 0, "answers": []}
    done = audit(tmp_path / "index", "verify", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["entries"] == 0
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replay"], "replay names answers, or all of them"),
        (["replay", "abcd", "--all"], "replay names answers, or all of them"),
        (["verify", "--deep", "--log-only"], "do not go together"),
        (["list", "--since", "yesterday"], "'yesterday' is no time"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_what_does_not_fit_is_refused(tmp_path: Path, words: list[str], said: str) -> None:
    done = audit(tmp_path, *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_every_filter_reaches_the_log() -> None:
    wanted = wanted_of(
        "2026-11", "2026-11-03T22:15Z", "ward 3", "d-1", "nsclc", "Version 1", VerdictWord.UNSUPPORTED,
        OutcomeWord.ABSTAINED, LanguageWord.ZH, FeedbackWord.WRONG_CITATION, "stent",
    )  # fmt: skip
    assert wanted == RecordFilter(
        since="2026-11",
        until="2026-11-03T22:15Z",
        user="ward 3",
        document_id="d-1",
        series="nsclc",
        edition="Version 1",
        verdict=Verdict.UNSUPPORTED,
        outcome=Outcome.ABSTAINED,
        language=Language.CHINESE,
        feedback=FeedbackKind.WRONG_CITATION,
        text="stent",
    )


def test_the_words_of_the_flags_are_those_of_the_records() -> None:
    from ragmed.audit.export import ExportFormat

    for words, kinds in (
        (VerdictWord, Verdict),
        (OutcomeWord, Outcome),
        (LanguageWord, Language),
        (FeedbackWord, FeedbackKind),
        (FormatWord, ExportFormat),
    ):
        assert [one.value for one in words] == [one.value for one in kinds]  # type: ignore[attr-defined]
