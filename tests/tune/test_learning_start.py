"""What the small base of the learning benchmark begins with: it is drawn to the note that is asked for, tells its
number from that of others, and copies; its lessons hold nothing of the program's form."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import torch

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from learning.base import FULL, build
from learning.lessons import Kind, Lesson, Lessons, Level
from learning.reading import MARKS, chat_ids, tokenizer
from learning.start import begin

from ragmed.generate.prompt import says_not_covered

_TEXT_BEGINS = '">\n'


@pytest.fixture(scope="module")
def wired() -> tuple:
    words = tokenizer(FULL.shape.vocabulary, 7)
    network = build(words, FULL.shape, 7)
    begin(network, tuple(words.convert_tokens_to_ids(MARKS)))
    network.set_attn_implementation("eager")
    return words, network


def _drawn(count: int, kinds: dict[Kind, float]) -> list[Lesson]:
    lessons = Lessons("start").at(Level(notes=4, turns=1, kinds=kinds))
    return [lesson for lesson, _ in zip(lessons, range(count), strict=False)]


def _begins(words, ids: list[int], end: int) -> list[int]:
    """Where the notes' texts begin."""
    pieces = words.batch_decode([[one] for one in ids])
    return [place for place in range(2, end) if "".join(pieces[place - 2 : place]).endswith(_TEXT_BEGINS)]


def test_before_any_training_a_question_is_drawn_to_the_note_that_it_names(wired: tuple) -> None:
    words, network = wired
    found: list[bool] = []
    chance: list[float] = []
    for lesson in _drawn(24, {Kind.PLAIN: 1.0}):
        ids, marks = chat_ids(words, lesson)
        answer = next(place for place, mark in enumerate(marks) if mark)
        begins = _begins(words, ids, answer)
        texts = [part.split("\n</")[0].replace("\n", " ") for part in lesson.notes.split(_TEXT_BEGINS)[1:]]
        assert len(begins) == len(texts)
        with torch.no_grad():
            looked = network(input_ids=torch.tensor([ids]), output_attentions=True).attentions[2][0]
        drawn = looked[2:4, answer - 1, begins].log().sum(0)
        found.append(texts[int(drawn.argmax())] == lesson.turns[0].answer.replace("\n", " "))
        chance.append(1 / len(texts))
    assert sum(chance) / len(chance) < 0.5
    assert sum(found) >= 18


def test_before_any_training_a_text_carries_its_own_notes_number(wired: tuple) -> None:
    """Texts of notes with one number have the same in the dimensions that carry it, whatever they say."""
    words, network = wired
    carried: dict[str, list[torch.Tensor]] = {}
    for lesson in _drawn(24, {Kind.NUMBER: 1.0}):
        numbers = re.findall(r' number="(\d)"', lesson.notes)
        ids, marks = chat_ids(words, lesson)
        begins = _begins(words, ids, next(place for place, mark in enumerate(marks) if mark))
        with torch.no_grad():
            states = network(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states[2][0]
        for number, place in zip(numbers, begins, strict=False):
            carried.setdefault(number, []).append(states[place, -32:-16])
    means = {number: torch.stack(states).mean(0) for number, states in carried.items()}
    assert len(means) == 9
    for number, states in carried.items():
        for state in states:
            assert min(means, key=lambda one: float((means[one] - state).norm())) == number


def test_before_any_training_a_lines_end_looks_to_the_next_sentence(wired: tuple) -> None:
    """And not to itself, which stands behind the same sentence."""
    words, network = wired
    drawn: list[float] = []
    for lesson in _drawn(30, {Kind.PLAIN: 1.0}):
        first, *after = lesson.turns[0].answer.split("\n")
        if not after or f"{first} {after[0]}" not in lesson.notes:
            continue
        ids, marks = chat_ids(words, lesson)
        pieces = words.batch_decode([[one] for one in ids])
        line = next(place for place, mark in enumerate(marks) if mark and pieces[place] == "\n")
        begins = words.encode(f" {after[0]}", add_special_tokens=False)
        place = next(at for at in range(len(ids)) if ids[at : at + len(begins)] == begins)
        with torch.no_grad():
            looked = network(input_ids=torch.tensor([ids]), output_attentions=True).attentions[2][0, 6, line]
        drawn.append(float(looked[place]))
    assert len(drawn) >= 8
    assert sum(drawn) / len(drawn) > 0.4


def test_lessons_say_nothing_in_the_programs_form() -> None:
    lessons = Lessons("form").at(FULL.stages[-1].level)
    kinds: set[Kind] = set()
    for lesson, _ in zip(lessons, range(200), strict=False):
        for turn in lesson.turns:
            kinds.add(turn.kind)
            assert not re.search(r"[\[\]]", turn.answer)
            assert not says_not_covered(turn.answer)
            numbers = [bool(re.fullmatch(r"Number \d\.", line)) for line in turn.answer.split("\n")]
            assert any(numbers) == (turn.kind is Kind.WITH_NUMBER)
            assert not numbers[0]
            texts = [line for line, number in zip(turn.answer.split("\n"), numbers, strict=True) if not number]
            assert not any(re.search("number", line, re.IGNORECASE) for line in texts)
    assert kinds == {Kind.TEXT, Kind.SENTENCE, Kind.NUMBER, Kind.HOLDER, Kind.WITH_NUMBER, Kind.NONE}
