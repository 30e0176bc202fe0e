"""The way of an adapter: candidate, gated, promoted, retired; what stands against a promotion; what the log holds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.adapters.change import AdapterAction, AdapterState, Obstacle
from ragmed.adapters.change_file import STATE_FILE
from ragmed.adapters.files import adapter_sha256
from ragmed.adapters.register import AdapterRegister
from ragmed.audit.log import SqliteLog
from ragmed.canonical import canonical_json, sha256_file
from ragmed.entries import EntryKind
from ragmed.errors import BadInputError, BusyError, IntegrityError, NotFoundError, NotPossibleError
from ragmed.generate.loading import Adapter
from tests.adapters.made import MODEL, PROMPT, REVISION, adapter_files, added, promoted, register_over, verdict_on


@pytest.fixture
def register(tmp_path: Path) -> AdapterRegister:
    return register_over(tmp_path)


def states(register: AdapterRegister) -> dict[str, AdapterState]:
    return {one.sha256: one.state for one in register.all()}


def writes(register: AdapterRegister) -> str | None:
    found = register.promoted(MODEL, REVISION)
    return found.sha256 if found else None


def log_of(register: AdapterRegister) -> SqliteLog:
    return SqliteLog(register.folder.parent / "records.sqlite")


def test_the_whole_way_is_in_the_log_before_it_is_told(register: AdapterRegister) -> None:
    sha256 = added(register)
    assert states(register) == {sha256: AdapterState.CANDIDATE}
    assert writes(register) is None
    verdict = verdict_on(register, sha256)
    assert register.gated(verdict).state is AdapterState.GATED
    found = register.promote(sha256, "dr-owen", "better at doses", installed=REVISION, prompt_revision=PROMPT)
    assert (found.state, found.why, found.overridden, found.verdict) == (
        AdapterState.PROMOTED,
        "better at doses",
        None,
        verdict,
    )
    assert writes(register) == sha256
    assert register.retire(sha256, "dr-owen").state is AdapterState.RETIRED
    assert writes(register) is None
    log = log_of(register)
    entries = list(log.entries())
    assert [one.kind for one in entries] == [EntryKind.ADAPTER] * 4
    assert {one.subject for one in entries} == {sha256}
    assert [one.user for one in entries] == ["dr-owen", "ragmed tune gate", "dr-owen", "dr-owen"]
    assert [one.action for one in log.adapter_changes()] == [
        AdapterAction.ADD,
        AdapterAction.GATE,
        AdapterAction.PROMOTE,
        AdapterAction.RETIRE,
    ]
    proof = log.verify()
    assert (proof.sound, proof.adapters, proof.overridden) == (True, 4, 0)
    assert register.changes() == tuple(log.adapter_changes())


def test_an_adapter_is_named_by_its_bytes_as_the_engine_names_it(register: AdapterRegister, tmp_path: Path) -> None:
    source = adapter_files(tmp_path / "source-1")
    sha256 = added(register)
    assert sha256 == adapter_sha256(source) == Adapter(source).sha256
    kept = register.find(sha256).folder
    assert sorted(one.name for one in kept.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    assert kept == register.folder / sha256


def test_the_manifest_of_the_run_is_kept_where_it_lies_beside(register: AdapterRegister, tmp_path: Path) -> None:
    adapter_files(tmp_path / "run" / "adapter", 5)
    manifest = tmp_path / "run" / "manifest.json"
    manifest.write_text('{"dataset": "x"}', "utf-8")
    hashed = sha256_file(manifest)
    found = register.add(
        tmp_path / "run" / "adapter", model=MODEL, revision=REVISION, made_by=hashed, by="ragmed tune sft"
    )
    assert found.made_by == hashed
    assert (found.folder / "run.json").read_bytes() == manifest.read_bytes()


def test_adding_again_is_no_change_and_puts_damaged_bytes_right(register: AdapterRegister) -> None:
    sha256 = added(register)
    assert added(register) == sha256
    assert len(register.changes()) == 1
    weights = register.folder / sha256 / "adapter_model.safetensors"
    weights.chmod(0o600)
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x07")
    with pytest.raises(IntegrityError, match="not those that it is named by"):
        register.opened(sha256)
    register.gated(verdict_on(register, sha256))
    with pytest.raises(IntegrityError, match="not those that it is named by"):
        register.promote(sha256, "dr-owen")
    added(register)
    assert register.opened(sha256).sha256 == sha256
    assert len(register.changes()) == 2
    shutil.rmtree(register.folder / sha256)
    with pytest.raises(IntegrityError, match="is gone"):
        register.opened(sha256)


@pytest.mark.parametrize("wrong", ["no weights", "no config", "no lora", "no header", "not lora"])
def test_what_is_no_adapter_is_not_added(register: AdapterRegister, tmp_path: Path, wrong: str) -> None:
    source = adapter_files(tmp_path / "wrong", peft_type="IA3" if wrong == "not lora" else "LORA")
    if wrong == "no weights":
        (source / "adapter_model.safetensors").unlink()
    if wrong == "no config":
        (source / "adapter_config.json").write_text("[]", "utf-8")
    if wrong in ("no lora", "no header"):
        weights = source / "adapter_model.safetensors"
        content = weights.read_bytes()
        weights.write_bytes(content.replace(b".lora_", b".loro_") if wrong == "no lora" else content[9:])
    with pytest.raises(BadInputError, match="adapter wrong") as told:
        register.add(source, model=MODEL, revision=REVISION, by="dr-owen")
    assert told.value.remedy
    assert str(tmp_path) not in str(told.value)
    assert register.all() == ()


def test_without_the_gates_word_there_is_no_promotion(register: AdapterRegister) -> None:
    sha256 = added(register)
    with pytest.raises(NotPossibleError, match="has not been through the gate") as told:
        register.promote(sha256, "dr-owen", "please")
    assert "ragmed tune gate" in told.value.remedy
    assert register.gated(verdict_on(register, sha256, passed=False)).state is AdapterState.REFUSED
    with pytest.raises(NotPossibleError, match=r"refused it \(number mismatches rose"):
        register.promote(sha256, "dr-owen")
    assert writes(register) is None
    assert len(register.changes()) == 2


def test_a_verdict_against_another_adapter_prompt_or_revision_is_stale(register: AdapterRegister) -> None:
    first, second = added(register, 1), added(register, 2)
    for one in (first, second):
        register.gated(verdict_on(register, one))  # both against the base model
    with pytest.raises(NotPossibleError, match="asked with prompt 7, and answers are written from 8"):
        register.promote(first, "dr-owen", prompt_revision="8")
    with pytest.raises(NotPossibleError, match="tuned on tiny r1, and r2 is installed"):
        register.promote(first, "dr-owen", "why not", True, installed="r2")
    register.promote(first, "dr-owen")
    with pytest.raises(NotPossibleError, match=f"compared it with the base model, and adapter {first[:12]}") as told:
        register.promote(second, "dr-owen")
    assert told.value.remedy == "run `ragmed tune gate` again"
    register.gated(verdict_on(register, second))
    register.promote(second, "dr-owen")
    assert states(register) == {first: AdapterState.RETIRED, second: AdapterState.PROMOTED}
    assert writes(register) == second
    assert register.promoted(MODEL, "r2") is None
    assert register.promoted("other", REVISION) is None


def test_an_override_is_named_reasoned_and_logged(register: AdapterRegister) -> None:
    sha256 = added(register)
    register.gated(verdict_on(register, sha256, passed=False))
    for by, why in (("", "urgent"), ("  ", "urgent"), ("dr-owen", ""), ("dr-owen", "  ")):
        with pytest.raises(BadInputError):
            register.promote(sha256, by, why, True)
    found = register.promote(sha256, "dr-owen", "urgent: ticket 7", True)
    assert found.overridden is Obstacle.REFUSED
    log = log_of(register)
    assert log.verify().overridden == 1
    (last,) = list(log.adapter_changes())[-1:]
    assert (last.user, last.why, last.overridden) == ("dr-owen", "urgent: ticket 7", found.overridden)


def test_an_override_that_overrides_nothing_is_none(register: AdapterRegister) -> None:
    sha256 = added(register)
    register.gated(verdict_on(register, sha256))
    assert register.promote(sha256, "dr-owen", "as ever", True).overridden is None
    assert log_of(register).verify().overridden == 0


def test_rollback_leads_back_step_by_step_to_the_base_model(register: AdapterRegister) -> None:
    first, second = promoted(register, 1), promoted(register, 2)
    back = register.rollback(MODEL, "dr-owen", "worse on the ward")
    assert back is not None
    assert (back.sha256, back.state, back.why) == (first, AdapterState.PROMOTED, "worse on the ward")
    assert states(register) == {first: AdapterState.PROMOTED, second: AdapterState.RETIRED}
    assert register.rollback(MODEL, "dr-owen", revision=REVISION) is None
    assert writes(register) is None
    with pytest.raises(BadInputError, match="nothing did before it"):
        register.rollback(MODEL, "dr-owen")
    with pytest.raises(BadInputError, match="nothing did before it"):
        register.rollback("other", "dr-owen")
    assert log_of(register).verify().sound


def test_what_a_person_retired_does_not_come_back_by_a_rollback(register: AdapterRegister) -> None:
    first, second, third = (promoted(register, seed) for seed in (1, 2, 3))
    register.retire(second, "dr-owen", "wrong doses")  # it was retired by the third: now for good
    with pytest.raises(BadInputError, match="retired already"):
        register.retire(second, "dr-owen")
    register.retire(third, "dr-owen")
    assert writes(register) is None
    back = register.rollback(MODEL, "dr-owen")
    assert back is not None
    assert back.sha256 == first
    assert register.rollback(MODEL, "dr-owen") is None


def test_a_retired_adapter_needs_the_gate_again(register: AdapterRegister) -> None:
    sha256 = promoted(register)
    register.retire(sha256, "dr-owen")
    with pytest.raises(NotPossibleError, match="it was retired"):
        register.promote(sha256, "dr-owen")
    register.gated(verdict_on(register, sha256))
    register.promote(sha256, "dr-owen")
    with pytest.raises(BadInputError, match="promoted already"):
        register.promote(sha256, "dr-owen")
    assert register.gated(verdict_on(register, sha256, passed=False)).state is AdapterState.PROMOTED


def test_a_beginning_that_is_not_unambiguous_is_refused(register: AdapterRegister) -> None:
    one = added(register)
    assert register.find(one[:4]).sha256 == one
    assert register.find(one[:6].upper()).sha256 == one
    for wrong in ("", one[:3], "zzzz"):
        with pytest.raises(NotFoundError, match="no adapter"):
            register.find(wrong)


def test_one_of_another_model_is_told(register: AdapterRegister) -> None:
    sha256 = added(register)
    with pytest.raises(BadInputError, match="as one of tiny r1"):
        added(register, model="other")
    with pytest.raises(BadInputError, match="the gate asked other"):
        register.gated(verdict_on(register, sha256, model="other"))


def test_without_the_log_it_is_read_only(register: AdapterRegister, tmp_path: Path) -> None:
    sha256 = promoted(register)
    reading = AdapterRegister(register.folder)
    assert writes(reading) == sha256
    with pytest.raises(NotPossibleError, match="for reading only"):
        reading.retire(sha256, "dr-owen")


def test_a_promotion_that_the_log_does_not_bear_out_is_not_in_force(register: AdapterRegister) -> None:
    """Somebody writes himself a promotion into the file."""
    sha256 = added(register)
    before = register.changes()
    register.gated(verdict_on(register, sha256, passed=False))
    path = register.folder / STATE_FILE
    refused = register.changes()[-1]
    assert refused.verdict is not None
    forged = replace(refused, verdict=replace(refused.verdict, passed=True, reasons=()))
    promotion = replace(
        forged, number=3, previous=forged.sha256, action=AdapterAction.PROMOTE, user="nobody", verdict=forged.verdict
    )
    for changes in (
        (*before, forged),
        (*before, forged, promotion),
        (*before, refused, replace(promotion, previous=refused.sha256)),
    ):
        path.write_bytes(canonical_json({"format": 1, "changes": changes}))
        with pytest.raises(IntegrityError, match="does not bear out"):
            writes(register)
        with pytest.raises(IntegrityError, match="does not bear out"):
            register.retire(sha256, "dr-owen")
    path.write_text("{", "utf-8")
    with pytest.raises(IntegrityError, match="is damaged"):
        writes(register)


def test_a_register_that_has_gone_is_no_empty_one(register: AdapterRegister) -> None:
    sha256 = promoted(register)
    shutil.rmtree(register.folder)
    with pytest.raises(IntegrityError, match="is gone") as told:
        writes(register)
    assert "adapters list" in told.value.remedy
    register.settle()
    assert writes(register) == sha256
    with pytest.raises(IntegrityError, match="is gone"):
        register.opened(sha256)


def test_a_second_writer_waits_or_is_told_who_is_at_work(register: AdapterRegister) -> None:
    sha256 = promoted(register)
    program = (
        "import sys; from pathlib import Path; from ragmed.hold import exclusive\n"
        "with exclusive(Path(sys.argv[1]), 'it', 'is at work'):\n    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(register.folder / ".lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"process {holder.pid} on "):
            register.retire(sha256, "dr-owen")
        assert writes(register) == sha256
        holder.kill()
        holder.wait()
    assert register.retire(sha256, "dr-owen").state is AdapterState.RETIRED


def test_of_two_promotions_that_were_decided_alike_the_log_takes_one(register: AdapterRegister) -> None:
    """As where the lock does not hold: on a network's disk."""
    sha256 = added(register)
    log = log_of(register)
    (first,) = log.adapter_changes()
    second = replace(first, number=2, previous=first.sha256, action=AdapterAction.RETIRE)
    log.append_adapter(second)
    with pytest.raises(IntegrityError, match="does not follow"):
        log.append_adapter(replace(second, user="another"))
    register.settle()
    assert states(register) == {sha256: AdapterState.RETIRED}


def test_a_reader_sees_what_another_process_changed(register: AdapterRegister, tmp_path: Path) -> None:
    other = register_over(tmp_path)
    assert writes(other) is None
    sha256 = promoted(register)
    assert writes(other) == sha256
    register.rollback(MODEL, "dr-owen")
    assert writes(other) is None


def test_the_state_file_holds_no_more_than_the_changes(register: AdapterRegister) -> None:
    promoted(register)
    kept = json.loads((register.folder / STATE_FILE).read_bytes())
    assert sorted(kept) == ["changes", "format"]
    assert [one["number"] for one in kept["changes"]] == [1, 2, 3]


def test_what_cannot_be_read_or_written_is_told_without_a_path(tmp_path: Path) -> None:
    (tmp_path / "adapters").write_text("a file where the folder should be", "utf-8")
    register = register_over(tmp_path)
    for attempt in (lambda: writes(register), lambda: added(register)):
        with pytest.raises(NotPossibleError, match="the adapter register cannot be") as told:
            attempt()
        assert told.value.remedy
        assert str(tmp_path) not in str(told.value)


def test_a_damaged_log_is_told_without_a_path(register: AdapterRegister) -> None:
    promoted(register)
    path = register.folder.parent / "records.sqlite"
    log = register._file._log
    assert isinstance(log, SqliteLog)
    log.checkpoints.settle()  # its thread would make the file anew
    log.close()
    for left in [path, *path.parent.glob("records.sqlite-*")]:
        left.unlink()  # a new file: SQLite shares what it knows of an open one among all of a process
    path.write_bytes(b"no database at all" * 300)
    with pytest.raises(IntegrityError, match="held against the log, which is damaged") as told:
        writes(register_over(path.parent))
    assert str(path.parent) not in str(told.value)
