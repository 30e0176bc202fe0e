"""The whole loop on a tiny 4-bit Qwen, as a person types it: dataset, sft, dpo, gate, promote, answer, roll back, retire."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ragmed.adapters.change import AdapterState
from ragmed.assemble import Program, open_program
from ragmed.canonical import sha256_file
from ragmed.entries import FeedbackKind, ReviewDecision
from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord
from ragmed.settings import load_settings
from tests.generate import tiny_qwen

QUESTION = "Which dose of adrenaline is given in anaphylaxis?"
SETTINGS = """\
library = "{library}"
index = "{folder}/index"
[model]
name = "{folder}/models/tiny"
device = "cpu"
quantisation = "nf4"
answer_tokens = 24
prompt_tokens = 3500
least_held = 0.0
[retrieve]
passages = 2
abstain_below = 0.0
[tune]
rank = 8
alpha = 16
batch = 2
accumulate = 2
length = 3500
learning_rate = 0.005
preference_rate = 0.002
[audit]
user = "dr-owen"
"""


class Loop:
    """A hospital's folder, and the command line in it."""

    def __init__(self, folder: Path, library: Path, index: Path) -> None:
        self.folder = folder
        shutil.copytree(index, folder / "index")
        tiny_qwen.lock(tiny_qwen.build(folder / "models" / "tiny", hidden=64))
        (folder / "ragmed.toml").write_text(SETTINGS.format(folder=folder, library=library), "utf-8")

    def type(self, *words: object, code: int = 0) -> dict[str, Any]:
        """``ragmed tune …``, in the folder; its JSON."""
        command = [sys.executable, "-m", "ragmed.cli", "tune", *map(str, words), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, timeout=280)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout) if done.stdout else {"said": done.stderr}

    @property
    def program(self) -> Program:
        """Opened anew: no restart is needed, and none helps."""
        return open_program(load_settings(self.folder / "ragmed.toml"))

    def ask(self, generator: str = "qwen") -> AnswerRecord:
        settings = load_settings(self.folder / "ragmed.toml", {"answer": {"generator": generator}})
        last = list(open_program(settings).assistant.ask(QUESTION))[-1]
        assert isinstance(last, Finished)
        return last.record


def written_by(record: AnswerRecord) -> set[str | None]:
    """The adapters of what is shown, and of a draft that was refused."""
    return {record.generation.adapter_sha256, record.refused.generation.adapter_sha256 if record.refused else None}


@pytest.fixture
def loop(tmp_path: Path, demonstration_library: Path, demonstration_index: Path) -> Loop:
    return Loop(tmp_path, demonstration_library, demonstration_index)


@pytest.mark.timeout(600)
def test_from_a_correction_to_an_adapter_that_writes_and_back(loop: Loop) -> None:
    # a doctor corrects, a reviewer lets it through
    record = loop.ask("extractive")
    first = next(one for one in record.checks if one.citation.claim == 0).citation
    auditor = loop.program.auditor
    given = auditor.give_feedback(
        record.record_id, FeedbackKind.WRONG, user="dr-lee", correction=f"{record.claims[0].text} [{first.marker}]"
    )
    auditor.review(given.feedback_id, ReviewDecision.ACCEPT, user="dr-owen")

    card = loop.type("dataset", "--out", "rows", "--passages", 2, "--most", 60)
    assert sum(one["rows"]["dpo"] for one in card["splits"].values()) == 1

    sft = loop.type("sft", "rows", "--out", "sft", "--steps", 2)
    assert sft["rows"]["learned"] > 20
    assert sft["model"]["name"] == "tiny"
    dpo = loop.type("dpo", "rows", "--from", "sft", "--out", "dpo", "--steps", 2)
    assert dpo["begins_with"] == sft["adapter_sha256"]
    sha = dpo["adapter_sha256"]

    # the run's own folder names it as well as the adapter's in it
    added = loop.type("adapters", "add", "dpo")
    assert added["sha256"] == sha
    assert loop.program.adapters.find(sha).made_by == sha256_file(loop.folder / "dpo" / "run.json")

    # what a random model learned in four steps is not let through
    gate = loop.type("gate", "dpo", "--out", "report", "--most", 12, code=1)
    assert gate["judgement"]["passed"] is False
    assert any("baseline" in reason for reason in gate["judgement"]["reasons"])
    assert (loop.folder / "report" / "gate.png").is_file()
    refused = loop.type("promote", sha[:12], code=3)
    assert "the gate refused it" in refused["said"]
    assert sha not in written_by(loop.ask())

    # somebody takes it upon herself, by name; it writes, and the record says so
    loop.type("promote", sha[:12], "--without-gate", "--by", "dr-owen", "--why", "a trial on bay nine")
    assert sha in written_by(loop.ask())

    register = loop.program.adapters
    assert register.find(sha).state is AdapterState.PROMOTED
    loop.type("rollback", "--why", "the trial is over")
    assert register.find(sha).state is AdapterState.RETIRED
    assert sha not in written_by(loop.ask())
    entries = [one for one in loop.program.adapters.changes() if one.adapter_sha256 == sha]
    assert [one.action.value for one in entries] == ["add", "gate", "promote", "roll back"]
    assert loop.program.auditor.verify().sound
