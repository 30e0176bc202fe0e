"""Nothing leaks: no passage, document or series stands on two sides, whatever rows come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragmed.entries import FeedbackKind, ReviewDecision
from ragmed.tune.dataset.rows import Form, Split
from ragmed.tune.dataset.sides import CrossingError, Sides, library_sides
from tests.tune.dataset.reading_rows import passages, rows
from tests.tune.dataset.ward import ENGLISH, Ward


def test_no_passage_document_or_series_crosses(ward: Ward, dataset: Path, tmp_path: Path) -> None:
    own = Ward.of(tmp_path / "ward")
    for title, sections in ENGLISH.items():
        for sentences in sections.values():
            if "|" in sentences[0]:
                continue
            record = own.asked(f"{title}: {sentences[0]}", writes=f"{sentences[0]} [1]")
            given = own.auditor.give_feedback(record.record_id, FeedbackKind.WRONG, user="a", correction=sentences[0])
            own.auditor.review(given.feedback_id, ReviewDecision.ACCEPT, user="b")
    file = tmp_path / "others.jsonl"
    lines = [row for _, row in rows(dataset)] + [
        {"messages": [{"role": "user", "content": "Twice?"}, {"role": "assistant", "content": said}]} for said in "ab"
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in lines), "utf-8")
    made = own.make(tmp_path / "rows", files=(file,))
    assert not [one for one in made.problems if one.where == file.name]
    seen: dict[str, set[Split]] = {}
    sources = set()
    for form in Form:
        for split, row in rows(tmp_path / "rows", form):
            sources.add((form, row["meta"]["source"]))
            keys = [*row["meta"]["document_ids"], *(f"series {one}" for one in row["meta"]["series"])]
            keys += [" ".join(text.split()).casefold() for text in passages(row).values()]
            if not passages(row):
                keys.append(row["messages"][0]["content"])
            for key in keys:
                seen.setdefault(key, set()).add(split)
    assert {key: sides for key, sides in seen.items() if len(sides) > 1} == {}
    assert {(Form.SFT, "library"), (Form.SFT, "feedback"), (Form.SFT, "file"), (Form.KTO, "feedback")} <= sources
    assert len({split for sides in seen.values() for split in sides}) == len(Split)


def test_what_has_met_stays_together_in_whatever_order() -> None:
    for order in ([("a", "b"), ("c", "d"), ("b", "c")], [("b", "c"), ("c", "d"), ("a", "b")]):
        sides = Sides(3)
        for pair in order:
            sides.join(pair)
        assert len({sides.side(key) for key in "abcd"}) == 1
        assert sides.side("a") is Sides(3).side("a")


def test_two_sides_never_meet() -> None:
    sides = Sides(3)
    sides.place(["a"], Split.TRAIN)
    sides.place(["b"], Split.TEST)
    sides.join(["a", "x"])
    with pytest.raises(CrossingError):
        sides.join(["x", "y", "b"])
    assert sides.known("y") is None, "nothing was joined"
    assert sides.known("x") is Split.TRAIN
    with pytest.raises(CrossingError):
        sides.place(["x"], Split.VALIDATION)


def test_every_language_with_two_series_is_asked_about_and_a_new_one_moves_few() -> None:
    series = {f"s{number}": "en" for number in range(20)} | {"z1": "zh", "z2": "zh", "o1": "other"}
    found = library_sides(series, 7)
    assert {found["z1"], found["z2"]} == {Split.TRAIN, Split.TEST}
    assert found["o1"] is Split.TRAIN
    english = [side for name, side in found.items() if name.startswith("s")]
    assert (english.count(Split.TEST), english.count(Split.VALIDATION)) == (4, 2)
    moved = library_sides({**series, "s99": "en"}, 7)
    assert sum(moved[name] is not side for name, side in found.items()) <= 2
    assert library_sides(series, 8) != found
