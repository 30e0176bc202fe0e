"""The forms of ms-swift and LLaMA-Factory hold the same rows, and are read back as what they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragmed.engines import Message
from ragmed.tune.dataset.exports import FORMATS, dataset_info, exported
from ragmed.tune.dataset.rows import Form, Meta, Row, Source, Split
from ragmed.tune.dataset.shapes import shaped
from tests.tune.dataset.reading_rows import answer, lines, rows, turns

META = Meta(row_id="r", source=Source.FILE, kind="x", language="en", answerable=True, document_ids=(), series=())
PROMPT = (Message(role="system", content="Rules."), Message(role="user", content="问题？"))
ROWS = (
    Row(form=Form.SFT, prompt=PROMPT, answer="Yes [1].", meta=META),
    Row(form=Form.DPO, prompt=PROMPT, answer="Yes [1].", rejected="No [2].", meta=META),
    Row(form=Form.KTO, prompt=PROMPT, answer="No [2].", label=False, meta=META),
)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_exported_row_is_read_back_as_it_was(name: str) -> None:
    for row in ROWS:
        again = shaped(json.loads(json.dumps(FORMATS[name](row))))
        assert (again.form, again.prompt, again.answer) == (row.form, row.prompt, row.answer)
        assert (again.rejected, again.label) == (row.rejected, row.label)


def test_llama_factory_is_told_of_every_file() -> None:
    made = exported([(Split.TRAIN, row) for row in ROWS], "llama-factory")
    info = json.loads(made["llama-factory/dataset_info.json"])
    named = {one["file_name"] for one in info.values()}
    assert {f"llama-factory/{name}" for name in named} == made.keys() - {"llama-factory/dataset_info.json"}
    for form, row in zip(Form, ROWS, strict=True):
        columns = info[f"ragmed_{form.value}_train"]["columns"]
        assert set(columns.values()) == set(FORMATS["llama-factory"](row))
        assert info[f"ragmed_{form.value}_train"].get("ranking", False) is (form is Form.DPO)
    assert dataset_info([]) == {}


def test_the_files_beside_the_dataset_hold_its_rows(dataset: Path) -> None:
    for name in FORMATS:
        for split in Split:
            own = [row for side, row in rows(dataset) if side is split]
            there = lines(dataset / name / f"ragmed-sft-{split.value}.jsonl")
            assert [one["messages"] for one in there] == [turns(row) for row in own]
            assert [one["messages"][-1]["content"] for one in there] == [answer(row) for row in own]
