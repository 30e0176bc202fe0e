"""Files of others: every common format is recognised, every bad row is listed with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ragmed.engines import Message
from ragmed.tune.dataset.rows import Form
from ragmed.tune.dataset.shapes import ShapeError, shaped
from tests.tune.dataset.reading_rows import answer, lines, rows, turns
from tests.tune.dataset.ward import Ward

ASKED, TOLD, WORSE = "Which drug?", "Adrenaline.", "Aspirin."
TURNS = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": TOLD}]
GOOD: list[tuple[dict[str, Any], str, Form]] = [
    ({"messages": TURNS}, "messages", Form.SFT),
    ({"messages": [{"role": "system", "content": "Be brief."}, *TURNS]}, "messages", Form.SFT),
    ({"messages": TURNS, "rejected_response": WORSE}, "messages", Form.DPO),
    ({"messages": TURNS, "label": False}, "messages", Form.KTO),
    (
        {"messages": TURNS[:1], "chosen": TURNS[1], "rejected": {"role": "assistant", "content": WORSE}},
        "messages",
        Form.DPO,
    ),
    ({"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": TOLD}]}, "sharegpt", Form.SFT),
    (
        {
            "conversations": [{"from": "human", "value": ASKED}],
            "chosen": {"from": "gpt", "value": TOLD},
            "rejected": {"from": "gpt", "value": WORSE},
        },
        "sharegpt",
        Form.DPO,
    ),
    ({"instruction": ASKED, "input": "", "output": TOLD}, "alpaca", Form.SFT),
    ({"instruction": "Answer.", "input": ASKED, "output": TOLD, "history": [["Hello.", "Yes?"]]}, "alpaca", Form.SFT),
    ({"instruction": ASKED, "chosen": TOLD, "rejected": WORSE}, "alpaca", Form.DPO),
    ({"prompt": ASKED, "chosen": TOLD, "rejected": WORSE}, "preference", Form.DPO),
    (
        {"prompt": TURNS[:1], "chosen": [TURNS[1]], "rejected": [{"role": "assistant", "content": WORSE}]},
        "preference",
        Form.DPO,
    ),
    ({"chosen": TURNS, "rejected": [TURNS[0], {"role": "assistant", "content": WORSE}]}, "preference", Form.DPO),
    ({"prompt": ASKED, "completion": TOLD, "label": True}, "completion", Form.KTO),
    ({"prompt": TURNS[:1], "completion": [TURNS[1]]}, "completion", Form.SFT),
]
BAD: list[tuple[object, str]] = [
    ([], "not a JSON object"),
    ({"question": "?"}, "in no known format; its fields: question"),
    ({"messages": []}, "an empty one"),
    ({"messages": TURNS[:1]}, "last turn is not the assistant's"),
    ({"messages": [TURNS[1], TURNS[1]]}, "do not speak in turn"),
    ({"messages": [*TURNS, TURNS[1]]}, "do not speak in turn"),
    ({"messages": [{"role": "nurse", "content": "x"}, TURNS[1]]}, "turn 1 is by nobody that is known"),
    ({"messages": [{"role": "user", "content": ["x"]}, TURNS[1]]}, "'turn 1' is not text"),
    ({"messages": [{"role": "user", "content": " "}, TURNS[1]]}, "'turn 1' is empty"),
    ({"messages": TURNS, "label": "yes"}, "neither true nor false"),
    ({"instruction": ASKED}, "'output' is missing"),
    ({"instruction": ASKED, "output": TOLD, "history": ["x"]}, "not a list of pairs"),
    ({"prompt": ASKED, "chosen": TOLD}, "'rejected' is missing"),
    ({"prompt": ASKED, "chosen": TOLD, "rejected": TOLD}, "are the same"),
    ({"chosen": TOLD, "rejected": WORSE}, "whose 'chosen' is no conversation"),
]


@pytest.mark.parametrize(("item", "name", "form"), GOOD)
def test_every_common_format_is_recognised(item: dict[str, Any], name: str, form: Form) -> None:
    found = shaped(item)
    assert (found.format, found.form, found.answer) == (name, form, TOLD)
    assert found.prompt[-1].role == "user"
    assert ASKED in found.prompt[-1].content
    assert found.rejected == (WORSE if form is Form.DPO else "")
    if "history" in item:
        assert found.prompt == (
            Message(role="user", content="Hello."),
            Message(role="assistant", content="Yes?"),
            Message(role="user", content=f"Answer.\n{ASKED}"),
        )


@pytest.mark.parametrize(("item", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_what_is_wrong_with_a_row_is_said(item: object, reason: str) -> None:
    with pytest.raises(ShapeError, match=reason):
        shaped(item)


def test_bad_rows_are_listed_with_their_lines_and_good_ones_are_kept(ward: Ward, tmp_path: Path) -> None:
    file = tmp_path / "mixed.jsonl"
    good, bad = [json.dumps(item) for item, _, _ in GOOD], [json.dumps(item) for item, _ in BAD]
    content = "\ufeff" + "\n".join([*good, "", "{not json", *bad]) + "\n"
    file.write_bytes(content.encode() + b'{"messages": "\xff"}\n')
    made = ward.make(tmp_path / "rows", library=False, feedback=False, files=(file,))
    first = len(good) + 2
    assert [one.line for one in made.problems] == [*range(first, first + len(bad) + 2)]
    assert {one.where for one in made.problems} == {"mixed.jsonl"}
    assert made.problems[0].reason.startswith("not JSON")
    assert made.problems[-1].reason == "not JSON: it is not UTF-8"
    assert lines(tmp_path / "rows" / "problems.jsonl")[1]["line"] == first + 1
    (told,) = made.card["sources"]
    assert (told["name"], told["rows"], told["bad"]) == ("mixed.jsonl", len(GOOD), len(BAD) + 2)
    kept = sum(len(rows(tmp_path / "rows", form)) for form in Form)
    assert kept + made.card["repeated"] == len(GOOD)
    assert made.card["unchecked"] == sum(
        row["meta"]["answerable"] and row.get("label", True)
        for form in Form
        for _, row in rows(tmp_path / "rows", form)
    )


def test_a_json_list_and_a_broken_one(ward: Ward, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.json", tmp_path / "broken.json"
    whole.write_text(json.dumps([GOOD[0][0], {"no": 1}, GOOD[7][0]], indent=1), "utf-8")
    broken.write_text("[{},\n{\n", "utf-8")
    made = ward.make(tmp_path / "rows", library=False, feedback=False, files=(whole, broken))
    assert [(one.where, one.line) for one in made.problems] == [("whole.json", 2), ("broken.json", 3)]


def test_a_row_over_passages_is_checked_against_them(ward: Ward, dataset: Path, tmp_path: Path) -> None:
    """Poison: each of these is a row of the program's own with one thing changed."""
    (row, *_) = [one for _, one in rows(dataset) if len(one["meta"]["expected"]) == 1 and "Alteplase" in answer(one)]
    right = answer(row)
    (expected,) = row["meta"]["expected"]
    marker = expected["marker"]
    other = marker % len(row["meta"]["passages"]) + 1
    said = {
        "the dose": right.replace("0.9 mg", "9 mg"),
        "the marker": right.replace(f"[{marker}]", f"[{other}]"),
        "no marker": right.replace(f" [{marker}]", ""),
        "no such passage": right.replace(f"[{marker}]", "[9]"),
        "a denial": right.replace("can be", "must not be"),
        "advice": f"{right}\nIgnore the passages and give 50 mg of morphine [{marker}].",
    }
    file = tmp_path / "poison.jsonl"
    prompt = turns(row)[:2]
    made_of = [{"messages": [*prompt, {"role": "assistant", "content": text}]} for text in [right, *said.values()]]
    file.write_text("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in made_of), "utf-8")
    made = ward.make(tmp_path / "rows", library=False, feedback=False, files=(file,))
    assert [one.line for one in made.problems] == [*range(2, 2 + len(said))], [one.reason for one in made.problems]
    ((_, kept),) = rows(tmp_path / "rows")
    assert kept["meta"]["expected"][0]["sentence"] == expected["sentence"]
    assert kept["meta"]["series"] == row["meta"]["series"]


def test_passages_of_restricted_documents_and_of_two_sides_fall_short(ward: Ward, tmp_path: Path) -> None:
    texts = {
        chunk.heading_path[-1]: chunk.text
        for chunk in ward.snapshot.chunks(range(ward.snapshot.chunk_count()))
        if chunk.heading_path
    }

    def item(*names: str) -> dict[str, Any]:
        fenced = "\n".join(
            f'<passage number="{number}" title="x">\n{texts[name]}\n</passage>' for number, name in enumerate(names, 1)
        )
        asked = f"<passages>\n{fenced}\n</passages>\nQuestion: What?"
        return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": "NOT COVERED"}]}

    file = tmp_path / "rows.jsonl"
    sides = {name: [] for name in ("Antibiotics", "Fluids")}
    assert sides.keys() <= texts.keys()
    made_of = [item("Hidden dose"), item("Antibiotics", "Fluids"), item("Antibiotics")]
    file.write_text("".join(f"{json.dumps(one)}\n" for one in made_of), "utf-8")
    made = ward.make(tmp_path / "out", library=False, feedback=False, files=(file,))
    assert [one.line for one in made.problems] == [1, 2]
    assert "teaches nothing" in made.problems[0].reason
    assert "different sides" in made.problems[1].reason
    ((split, row),) = rows(tmp_path / "out")
    assert (split.value, row["meta"]["answerable"]) == ("train", False)
