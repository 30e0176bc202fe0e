"""The register in the running program: promoted and rolled back by another process, taken up by the next question."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from ragmed.adapters.verdict import GateVerdict
from ragmed.generate.prompt import REVISION
from ragmed.models.store import installed
from ragmed.records import AnswerRecord
from tests.generate import tiny_qwen
from tests.generate.test_in_the_program import QUESTION, asked, program_with
from tests.serve.serving import served
from tests.ui.library_app import LibraryProgram

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_qwen.build(tmp_path_factory.mktemp("models") / "tiny-qwen3")
    for seed in (1, 2):
        tiny_qwen.add_adapter(folder, folder.parent / f"tuned-{seed}", seed=seed)
    tiny_qwen.lock(folder)
    return folder


class Ward:
    """A program, and the command line of another process over the same index."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.program = program_with(folder, model)
        self.index = self.program.settings.index
        self.model = model

    def tune(self, *arguments: object, code: int = 0) -> str:
        command = [sys.executable, "-m", "ragmed.cli", "tune", *map(str, arguments), "--index", str(self.index)]
        environment = {**os.environ, "RAGMED_MODEL__NAME": str(self.model)}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=120, env=environment, cwd=self.index
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def add(self, seed: int) -> str:
        told = self.tune("adapters", "add", self.model.parent / f"tuned-{seed}", "--by", "dr-owen", "--json")
        return str(json.loads(told)["sha256"])

    def let_through(self, sha256: str) -> None:
        """As the gate does, in another opened program."""
        here = installed(self.program.settings.model)
        other = LibraryProgram(self.program.settings)
        now = other.adapters.promoted(here.name, here.revision)
        verdict = GateVerdict(
            adapter_sha256=sha256,
            model=here.name,
            revision=here.revision,
            current_sha256=now.sha256 if now else None,
            passed=True,
            reasons=(),
            questions_sha256="a" * 64,
            report_sha256="b" * 64,
            prompt_revision=REVISION,
            at="2026-12-01T08:00:00.000Z",
        )
        other.adapters.gated(verdict)
        other.records.close()

    def wrote(self) -> str | None:
        return hash_of(asked(self.program)[0])


def hash_of(record: AnswerRecord) -> str | None:
    """Random weights write nothing that holds: the draft is kept beside the answer."""
    assert record.refused is not None, record.notice
    return record.refused.generation.adapter_sha256


def text_of(record: AnswerRecord) -> str:
    assert record.refused is not None
    return record.refused.generation.text


@pytest.fixture
def ward(tmp_path: Path, model: Path) -> Ward:
    return Ward(tmp_path, model)


def test_a_running_server_takes_up_promotions_and_rollbacks_of_another_process(ward: Ward) -> None:
    with served(ward.program) as running:

        def ask() -> AnswerRecord:
            response = httpx.post(f"{running.v1}/answers", json={"question": QUESTION}, timeout=60)
            assert response.status_code == 200, response.text
            document: dict[str, Any] = response.json()
            record = ward.program.records.get(document["record_id"])
            assert document["refused"]["generator"]["adapter_sha256"] == hash_of(record)
            return record

        base = ask()
        first, second = ward.add(1), ward.add(2)
        assert "has not been through the gate" in ward.tune("promote", first, "--by", "dr-owen", code=3)
        assert hash_of(ask()) is None
        ward.let_through(first)
        assert "Promoted" in ward.tune("promote", first[:8], "--by", "dr-owen")
        tuned = ask()
        assert (hash_of(base), hash_of(tuned)) == (None, first)
        assert text_of(base) != text_of(tuned)
        why = ("--by", "dr-owen", "--why", "ticket 7")
        assert "Without the gate" in ward.tune("promote", second, *why, "--without-gate")
        assert hash_of(ask()) == second
        ward.tune("rollback", "--by", "dr-owen")
        again = ask()
        assert (hash_of(again), text_of(again)) == (first, text_of(tuned))
        assert "base model" in ward.tune("rollback", "--by", "dr-owen")
        last = ask()
        assert (hash_of(last), text_of(last)) == (None, text_of(base))
    log = ward.program.records.verify()
    assert (log.sound, log.adapters, log.overridden) == (True, 7, 1)


def test_an_old_answer_is_asked_again_of_the_adapter_that_wrote_it(ward: Ward, model: Path) -> None:
    base, _ = asked(ward.program)
    first = ward.add(1)
    ward.tune("promote", first, "--by", "dr-owen", "--why", "ticket 7", "--without-gate")
    tuned, _ = asked(ward.program)
    ward.tune("retire", first, "--by", "dr-owen")
    second = ward.add(2)
    ward.tune("promote", second, "--by", "dr-owen", "--why", "ticket 8", "--without-gate")
    for program in (ward.program, program_with(ward.index.parent, model)):
        for record, wrote in ((base, None), (tuned, first)):
            again = program.auditor.replay(record.record_id)
            assert (again.asked, again.differences, hash_of(record)) == (True, (), wrote)
        assert [one.part for one in program.auditor.replay(tuned.record_id, today=True).differences]
    assert ward.wrote() == second, "replays change nothing for the next question"
    shutil.rmtree(ward.index / "adapters" / first)
    lost = program_with(ward.index.parent, model).auditor.replay(tuned.record_id)
    assert not lost.asked
    assert f"adapter {first[:12]}" in lost.differences[0].reason
    assert lost.differences[0].part == "model"


def test_one_that_cannot_be_loaded_is_told_and_the_library_quoted(ward: Ward, tmp_path: Path) -> None:
    first = ward.add(1)
    ward.tune("promote", first, "--by", "dr-owen", "--why", "ticket 7", "--without-gate")
    weights = ward.index / "adapters" / first / "adapter_model.safetensors"
    weights.chmod(0o600)
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    record, told = asked(ward.program)
    assert (told, record.generation.kind) == ("", "extractive")
    assert record.refused is not None
    assert (record.refused.generation.text, record.refused.generation.finish_reason) == ("", "not_started")
    assert f"adapter {first[:12]}: its bytes are not those" in record.notice
    assert "within three hours" in record.text
    ward.add(1)
    assert ward.wrote() == first


def test_a_named_folder_goes_before_the_register(ward: Ward, model: Path, tmp_path: Path) -> None:
    first = ward.add(1)
    ward.tune("promote", first, "--by", "dr-owen", "--why", "ticket 7", "--without-gate")
    pinned = program_with(tmp_path, model, adapter=model.parent / "tuned-2")
    wrote = hash_of(asked(pinned)[0])
    assert wrote not in (None, first)
    assert wrote == pinned.writers.local_engine.adapter_sha256


def test_the_command_line_lists_refuses_and_explains(ward: Ward) -> None:
    assert "No adapter is in the register" in ward.tune("adapters", "list")
    first = ward.add(1)
    assert ward.add(1) == first
    told = ward.tune("promote", first, "--without-gate", code=2)
    assert "needs a name and a reason" in told
    assert "no adapter ffff" in ward.tune("retire", "ffff", code=2)
    assert "nothing did before it" in ward.tune("rollback", code=2)
    ward.tune("promote", first, "--by", "dr-owen", "--why", "ticket 7", "--without-gate")
    listed = ward.tune("adapters", "list")
    assert "WITHOUT THE GATE: it has not been through the gate" in listed
    assert "why: ticket 7" in listed
    (one,) = json.loads(ward.tune("adapters", "list", "--json"))
    assert (one["sha256"], one["state"], one["changed_by"]) == (first, "promoted", "dr-owen")
    command = [sys.executable, "-m", "ragmed.cli", "audit", "adapters", "--index", str(ward.index)]
    audit = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "promoted, tiny-qwen3, by dr-owen" in audit
    assert "2 changes, 1 promotions without the gate." in audit
    changes = json.loads(
        subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, timeout=60).stdout
    )
    assert [change["number"] for change in changes] == [1, 2]
