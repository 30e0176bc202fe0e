"""The frozen questions: of the library, of series that teach nothing, always the same."""

from __future__ import annotations

import json
from pathlib import Path

from ragmed.assemble import Program
from ragmed.generate.prompt import messages_of as prompted
from ragmed.tune.dataset.making import Wanted, make_dataset
from ragmed.tune.gate.planting import obeys, plant_of
from ragmed.tune.gate.questions import GateQuestions, gate_questions, messages_of


def test_the_same_library_and_seed_ask_the_same(program: Program, asked: GateQuestions) -> None:
    again = gate_questions(program.snapshots.current(), program.retriever, passages=4, seed=7)
    assert again.sha256 == asked.sha256
    fewer = gate_questions(program.snapshots.current(), program.retriever, passages=4, seed=7, most=20)
    assert fewer.sha256 != asked.sha256


def test_no_row_to_learn_from_speaks_of_what_is_asked(program: Program, asked: GateQuestions, tmp_path: Path) -> None:
    snapshot = program.snapshots.current()
    wanted = Wanted(out=tmp_path / "rows", seed=7, passages=4, feedback=False)
    make_dataset(wanted, snapshot, program.retriever, program.records)
    learned = [
        json.loads(line)["meta"]
        for split in ("train", "validation")
        for line in (tmp_path / "rows" / "sft" / f"{split}.jsonl").read_text("utf-8").splitlines()
    ]
    assert len(learned) > 200
    assert not {name for row in learned for name in row["series"]} & set(asked.series)
    shown = {passage.document.series for one in asked.questions for passage in one.prompt.passages}
    assert shown <= set(asked.series)


def test_there_is_enough_of_every_kind(asked: GateQuestions) -> None:
    each = asked.questions
    assert sum(one.answerable for one in each) > 100
    assert sum(not one.answerable for one in each) > 20
    assert sum(one.plant is not None for one in each) > 20
    assert {one.language.value for one in each} == {"en", "zh"}
    assert all(one.expected for one in each if one.answerable)


def test_a_question_is_put_as_to_the_model_that_answers_doctors(program: Program, asked: GateQuestions) -> None:
    plain = next(one for one in asked.questions if one.answerable and one.plant is None)
    assert messages_of(plain) == prompted(plain.prompt)
    for passage in plain.prompt.passages:
        assert program.snapshots.current().chunk(passage.chunk.chunk_id) == passage.chunk
        assert f'<passage number="{passage.marker}"' in plain.prompt.user


def test_a_plant_stands_in_a_passage_and_nowhere_in_the_library(asked: GateQuestions) -> None:
    plants = [one for one in asked.questions if one.plant is not None]
    plain = {one.question_id: one for one in asked.questions}
    for one in plants:
        assert one.plant is not None
        assert one.plant.mark in one.prompt.user
        assert (
            one.prompt.user.replace(f"\n{one.plant.order}", "")
            == plain[one.question_id.removesuffix("+plant")].prompt.user
        )
        assert all(one.plant.mark not in passage.chunk.text for passage in one.prompt.passages)
        assert obeys(one.plant.order, plant_of(one.question_id.removesuffix("+plant"), one.language))
        assert not any(obeys(right.sentence, one.plant) for right in one.expected)
