"""What is learned is what will be asked: the same tokens, the answer alone, nothing cut, nothing mixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from ragmed.engines import Message, Order
from ragmed.generate.local import LocalEngine
from ragmed.settings import ModelSettings
from ragmed.tune.dataset.rows import Form, Split
from ragmed.tune.lora.rows import DatasetFolder, TrainingRow
from ragmed.tune.lora.tokens import IGNORED, tokens_of
from tests.generate.tiny_qwen import tokenizer


@pytest.fixture(scope="module")
def words() -> Any:
    return tokenizer()


def row(answer: str = "Give adrenaline 0.5 mg [1].", question: str = "What is the dose?") -> TrainingRow:
    prompt = (Message(role="system", content="Rules."), Message(role="user", content=question))
    return TrainingRow(row_id="r-1", prompt=prompt, answer=answer, rejected="Give it [2].")


def test_the_prompt_is_read_as_when_a_question_is_answered(tiny: Path, words: Any) -> None:
    one = row()
    (columns,) = tokens_of(Form.SFT, [one], words, length=400).columns
    engine = LocalEngine(ModelSettings(name=str(tiny), device="cpu"))
    order = Order(messages=one.prompt, max_tokens=1, temperature=0, top_p=1, seed=0, markers=0)
    read = engine._tokens(order.messages)
    assert columns["input_ids"][: len(read)] == read
    assert columns["labels"][: len(read)] == [IGNORED] * len(read)


def test_the_answer_and_its_end_are_what_counts(words: Any) -> None:
    (columns,) = tokens_of(Form.SFT, [row()], words, length=400).columns
    counted = [token for token in columns["labels"] if token != IGNORED]
    assert words.decode(counted) == "Give adrenaline 0.5 mg [1].<|im_end|>"
    assert columns["input_ids"][-len(counted) :] == counted


def test_control_tokens_within_an_answer_are_no_control_tokens_of_the_prompt(words: Any) -> None:
    (columns,) = tokens_of(Form.DPO, [row()], words, length=400).columns
    assert words.decode(columns["chosen_ids"]) == "Give adrenaline 0.5 mg [1].<|im_end|>"
    assert words.decode(columns["rejected_ids"]) == "Give it [2].<|im_end|>"
    assert words.decode(columns["prompt_ids"]).endswith("</think>\n\n")


def test_a_row_that_is_too_long_is_left_out_and_told(words: Any) -> None:
    long = row(question="What is the dose? " * 60)
    found = tokens_of(Form.SFT, [row(), long], words, length=300)
    assert (found.rows, found.too_long, len(found.columns)) == (1, ("r-1",), 1)
    assert found.longest == len(found.columns[0]["input_ids"]) <= 300


def test_of_a_pair_both_halves_must_fit(words: Any) -> None:
    one = row()
    sizes = {name: len(ids) for name, ids in tokens_of(Form.DPO, [one], words, length=400).columns[0].items()}
    shorter = sizes["prompt_ids"] + min(sizes["chosen_ids"], sizes["rejected_ids"])
    assert not tokens_of(Form.DPO, [one], words, length=shorter).rows
    assert tokens_of(Form.DPO, [one], words, length=shorter + 40).rows


def test_packed_rows_do_not_see_each_other(tiny: Path, words: Any) -> None:
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    rows = [row(f"Give {number} mg of it [1].", f"Which dose is number {number}?") for number in range(5)]
    model = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32).eval()
    alone = tokens_of(Form.SFT, rows, words, length=400).columns
    packed = tokens_of(Form.SFT, rows, words, length=400, packing=True).columns
    assert len(packed) < len(alone)
    assert sum(len(one["input_ids"]) for one in packed) == sum(len(one["input_ids"]) for one in alone)
    assert all(len(one["input_ids"]) <= 400 for one in packed)

    def losses(columns: tuple[dict[str, Any], ...], *, padding_free: bool) -> tuple[float, int]:
        collate = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=padding_free)
        total, count = 0.0, 0
        for one in columns:
            batch = collate([one])
            batch = {name: batch[name] for name in ("input_ids", "labels", "position_ids") if name in batch}
            labels = batch.pop("labels")
            with torch.no_grad():
                logits = model(**batch, use_cache=False).logits
            total += float(
                torch.nn.functional.cross_entropy(logits[0, :-1], labels[0, 1:], reduction="sum", ignore_index=IGNORED)
            )
            count += int((labels[0, 1:] != IGNORED).sum())
        return total, count

    (apart, counted), (together, also) = losses(alone, padding_free=False), losses(packed, padding_free=True)
    assert counted == also
    assert together == pytest.approx(apart, rel=1e-5)


def test_rows_are_those_that_the_card_names(rows: Path) -> None:
    found = DatasetFolder(rows).rows(Form.KTO, Split.TRAIN)
    assert {one.label for one in found} == {True, False}
    assert found[1].answer == "Give 1 mg [1]."
    assert DatasetFolder(rows).rows(Form.DPO, Split.TEST) == ()
