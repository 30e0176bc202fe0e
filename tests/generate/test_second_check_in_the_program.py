"""The whole program with a second check: withheld, recorded, shown, replayed; missing or tampered: said, and the rules
alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.answer.json_form import answer_json
from ragmed.canonical import canonical_json, plain, rebuild
from ragmed.doctor_entailment import examine_entailment
from ragmed.interfaces import Finished
from ragmed.machine import Machine
from ragmed.models.tiers import Device
from ragmed.records import AnswerRecord, Outcome, Verdict
from ragmed.second_checks import SecondChecks, second_checks
from ragmed.settings import ServedSettings, Settings
from ragmed.ui.answer_view import answer
from ragmed.ui.audit_aside import second
from ragmed.ui.words import Words
from tests.answer.records import a_record
from tests.generate import tiny_entailment, tiny_qwen
from tests.generate.played_engine import PlayedEngine, says
from tests.models.test_store import flip
from tests.ui.library_app import LibraryProgram, program_over

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
QUESTION = "When are antibiotics given in septic shock?"
QUOTED = "In septic shock, give broad-spectrum antibiotics within three hours of recognition."
REWORDED = "Give broad-spectrum antibiotics within three hours of recognition in septic shock."
MACHINE = Machine(device=Device.CPU, memory_bytes=1 << 34, system_bytes=1 << 34, words="a machine")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with tiny_entailment.one_thread():
        yield


@pytest.fixture(scope="module")
def contrary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_entailment.always(tmp_path_factory.mktemp("models") / "contrary", "contradiction", positions=256)


@pytest.fixture(scope="module")
def agreeing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_entailment.always(tmp_path_factory.mktemp("models") / "agreeing", "entailment", positions=256)


def program_with(folder: Path, engine: PlayedEngine | None, model: Path | str) -> LibraryProgram:
    """A served engine that words things its own way, or none, and this model behind the rules."""
    settings = program_over(folder).settings
    kind = "served" if engine else "extractive"
    answering = settings.answer.model_copy(update={"generator": kind, "entailment_model": str(model)})
    served = ServedSettings(url=engine.url if engine else "", retries=0)
    return LibraryProgram(settings.model_copy(update={"answer": answering, "served": served}))


def asked(program: LibraryProgram) -> AnswerRecord:
    *_, last = program.assistant.ask(QUESTION)
    assert isinstance(last, Finished)
    return program.records.get(last.record.record_id)


def test_what_it_withholds_is_recorded_shown_and_replayed(tmp_path: Path, played: PlayedEngine, contrary: Path) -> None:
    played.replies = [says(f"{QUOTED[:-1]} [1].\n{REWORDED[:-1]} [1].")]
    program = program_with(tmp_path, played, contrary)
    record = asked(program)
    assert [claim.text for claim in record.claims] == [QUOTED]
    (withheld,) = record.withheld
    assert (withheld.text, withheld.verdict) == (REWORDED, Verdict.UNSUPPORTED)
    assert withheld.entailment is not None
    assert (withheld.entailment.label, withheld.entailment.model_id) == ("contradiction", "contrary")
    assert withheld.entailment.revision.startswith("files-")
    form = answer_json(record)
    assert form["withheld"][0]["entailment"]["contradiction"] == withheld.entailment.contradiction
    assert form["claims"][0]["citations"][0]["entailment"] is None
    assert "reads the page as saying otherwise" in answer(record, Words("en"), {})
    assert second_checks(record) == (
        SecondChecks(model_id="contrary", revision=withheld.entailment.revision, asked=1, withheld=1),
    )
    (line,) = second(record, Words("en"))
    assert line.startswith("second check by contrary, revision files-")
    assert line.endswith("sentences asked about 1, of these withheld 1")
    assert "第二道核对：contrary" in second(record, Words("zh"))[0]
    assert dict(record.settings)["answer.entailment_model"] == '"contrary"'
    assert str(contrary.parent) not in canonical_json(record).decode()
    again = program_with(tmp_path, played, contrary).auditor.replay(record.record_id)
    assert not again.differences
    assert program.auditor.verify().sound


def test_what_it_lets_through_keeps_its_word_in_the_record(
    tmp_path: Path, played: PlayedEngine, agreeing: Path
) -> None:
    played.replies = [says(f"{REWORDED[:-1]} [1].")]
    record = asked(program_with(tmp_path, played, agreeing))
    (check,) = record.checks
    assert check.verdict is Verdict.SUPPORTED
    assert check.entailment is not None
    assert check.entailment.entailment > 0.9
    assert answer_json(record)["claims"][0]["citations"][0]["entailment"]["label"] == "entailment"
    without = program_with(tmp_path, played, agreeing)
    shutil.move(agreeing, agreeing.with_name("away"))
    try:
        replayed = without.auditor.replay(record.record_id)
    finally:
        shutil.move(agreeing.with_name("away"), agreeing)
    parts = {one.part: one for one in replayed.differences}
    assert parts.keys() == {"second check", "notice"}
    assert "the second check's model was agreeing files-" in parts["second check"].reason


def test_a_quoted_answer_asks_nothing_and_misses_nothing(tmp_path: Path) -> None:
    record = asked(program_with(tmp_path, None, "Somebody/not-here"))
    assert record.outcome is Outcome.ANSWERED
    assert {check.verdict for check in record.checks} == {Verdict.VERBATIM}
    assert "second check" not in record.notice


@pytest.mark.parametrize("harm", ["missing", "tampered", "writes"])
def test_a_model_that_cannot_be_used_is_said_once_and_the_rules_decide(
    tmp_path: Path, played: PlayedEngine, agreeing: Path, harm: str
) -> None:
    model = tmp_path / "nli"
    if harm == "tampered":
        shutil.copytree(agreeing, model)
        flip(model / "model.safetensors")
    elif harm == "writes":
        tiny_qwen.lock(tiny_qwen.build(model))
    played.replies = [says(f"{REWORDED[:-1]} [1].\nGive antibiotics within six hours of recognition [1].")]
    program = program_with(tmp_path / "app", played, model)
    record = asked(program)
    assert REWORDED in [claim.text for claim in record.claims]
    assert [one.verdict for one in record.withheld] == [Verdict.NUMBER_MISMATCH]
    assert not [check for check in record.checks if check.entailment]
    named = "agreeing" if harm == "tampered" else "nli"  # a copy bears the name that its lock has
    assert record.notice.count(f"The second check did not run ({named}: ") == 1
    assert "the sentences were checked by the rules alone." in answer(record, Words("en"), {})
    assert str(tmp_path) not in record.notice
    (found,) = examine_entailment(program.settings, MACHINE)
    # a changed byte is found by hashing, which the doctor leaves to `ragmed models check`
    assert found.state == ("fine" if harm == "tampered" else "fault")
    assert harm == "tampered" or "checked by the rules alone" in found.found


def test_the_doctor_names_it_and_is_silent_without_one(contrary: Path) -> None:
    assert not list(examine_entailment(Settings(), MACHINE))
    (found,) = examine_entailment(Settings(answer={"entailment_model": str(contrary)}), MACHINE)  # type: ignore[arg-type]
    assert (found.subject, found.state) == ("second check", "fine")
    assert found.found.startswith("contrary on cpu, ")
    elsewhere = {"entailment_model": str(contrary), "entailment_device": "cuda"}
    (short,) = examine_entailment(Settings(answer=elsewhere), MACHINE)  # type: ignore[arg-type]
    assert (short.state, short.remedy) == ("fault", "set it to cpu")


def test_records_of_before_are_read_as_they_are() -> None:
    record = a_record("0123456789abcdef")
    old = plain(record)
    for row in (*old["checks"], *old["withheld"]):
        assert row.pop("entailment") is None
    assert rebuild(AnswerRecord, json.loads(json.dumps(old))) == record
    assert second_checks(record) == ()
    assert second(replace(record, withheld=()), Words("en")) == ()
