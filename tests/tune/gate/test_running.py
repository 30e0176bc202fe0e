"""A gate from engines to the report's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragmed.assemble import Program
from ragmed.canonical import sha256_file
from ragmed.errors import BadInputError
from ragmed.tune.gate.questions import GateQuestions
from ragmed.tune.gate.running import Gated, run_gate
from tests.tune.gate.by_heart import ByHeart
from tests.tune.gate.poisons import POISONS, honest

GOOD, BAD = "a" * 64, "b" * 64


def run(program: Program, asked: GateQuestions, out: Path, candidate: str, current: str | None, **more: int) -> Gated:
    """``a…`` answers right, ``b…`` gives ten times the dose, the base says nothing."""
    knows = {None: POISONS["nothing at all"], GOOD: honest, BAD: POISONS["doses times ten"]}
    return run_gate(
        asked,
        program.snapshots.current(),
        lambda adapter: ByHeart(asked.questions, knows[adapter], adapter=adapter, **more),
        candidate=candidate,
        current=current,
        out=out,
        answer_tokens=400,
    )


def test_a_right_adapter_passes_and_its_report_says_on_what(
    program: Program, asked: GateQuestions, tmp_path: Path
) -> None:
    gated = run(program, asked, tmp_path / "gate", GOOD, None)
    assert gated.judgement.passed
    told = json.loads((tmp_path / "gate" / "gate.json").read_bytes())
    assert told["judgement"]["passed"] is True
    assert told["adapter_sha256"] == GOOD
    assert told["current_sha256"] is None
    assert told["questions_sha256"] == asked.sha256
    assert set(told["judgement"]["means"]) == {"candidate", "current", "always [1]", "first passage"}
    assert told["judgement"]["means"]["candidate"]["quotes"] == 1
    assert told["judgement"]["means"]["always [1]"]["quotes"] < 0.5
    assert gated.report_sha256 == sha256_file(tmp_path / "gate" / "gate.json")
    page = (tmp_path / "gate" / "gate.md").read_text("utf-8")
    assert page.startswith("# Gate: passed")
    assert "first passage" in page
    assert (tmp_path / "gate" / "gate.png").read_bytes().startswith(b"\x89PNG")


def test_a_poisoned_adapter_is_refused_with_every_answer_kept(
    program: Program, asked: GateQuestions, tmp_path: Path
) -> None:
    gated = run(program, asked, tmp_path / "gate", BAD, GOOD)
    assert not gated.judgement.passed
    assert set(gated.values["judgement"]["means"]) == {"candidate", "current", "base", "always [1]", "first passage"}
    kept = [json.loads(line) for line in (tmp_path / "gate" / "answers.jsonl").read_text("utf-8").splitlines()]
    assert [one["question_id"] for one in kept] == [one.question_id for one in asked.questions]
    wrong = [one for one in kept if one["answers"]["candidate"]["numbers"] == 0]
    assert wrong
    assert all(one["answers"]["current"]["numbers"] == 1 for one in wrong)
    assert "- sentences with a number, borne out" in (tmp_path / "gate" / "gate.md").read_text("utf-8")


def test_the_same_gate_writes_the_same_report(program: Program, asked: GateQuestions, tmp_path: Path) -> None:
    first, second = (run(program, asked, tmp_path / name, BAD, GOOD) for name in ("one", "two"))
    for name in ("gate.json", "gate.md", "gate.png", "answers.jsonl"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def test_what_the_model_cannot_read_is_counted(program: Program, asked: GateQuestions, tmp_path: Path) -> None:
    sizes = sorted(len(one.prompt.system) + len(one.prompt.user) for one in asked.questions)
    gated = run(program, asked, tmp_path / "gate", GOOD, None, context=sizes[len(sizes) // 2] + 400)
    assert gated.values["not_asked"] == sum(size > sizes[len(sizes) // 2] for size in sizes)
    assert gated.judgement.counts["questions"] == len(sizes) - gated.values["not_asked"]
    with pytest.raises(BadInputError, match="longer than the model reads"):
        run(program, asked, tmp_path / "none", GOOD, None, context=500)


def test_a_folder_that_is_taken_is_not_touched(program: Program, asked: GateQuestions, tmp_path: Path) -> None:
    (tmp_path / "gate").mkdir()
    with pytest.raises(BadInputError, match="something already"):
        run(program, asked, tmp_path / "gate", GOOD, None)
    assert not list((tmp_path / "gate").iterdir())
