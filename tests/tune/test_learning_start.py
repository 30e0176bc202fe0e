"""What the small base of the learning benchmark begins with: it is drawn to the note and the sentence that are asked
for, tells a note's number from that of others, and copies; its lessons hold nothing of the program's form."""

from __future__ import annotations

import re
import sys
from itertools import accumulate
from pathlib import Path

import pytest
import torch

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from learning.base import FULL, build
from learning.lessons import BRACKETS, Kind, Lesson, Lessons, Level
from learning.reading import MARKS, chat_ids, tokenizer
from learning.scoring import squared
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


def _span(pieces: list[str], text: str) -> range:
    """The tokens of the first place where ``text`` stands."""
    begins = list(accumulate(map(len, pieces), initial=0))
    start = "".join(pieces).index(text)
    inside = [place for place in range(len(pieces)) if begins[place + 1] > start and begins[place] < start + len(text)]
    return range(inside[0], inside[-1] + 1)


def test_before_any_training_a_line_with_a_number_looks_to_that_notes_next_sentence(wired: tuple) -> None:
    words, network = wired
    drawn: list[float] = []
    for lesson in _drawn(40, {Kind.TEXT: 1.0, Kind.NUMBER: 1e-9}):
        lines = [re.sub(r" .\d.\.$", ".", line) for line in lesson.turns[0].answer.split("\n")]
        if len(lines) < 2 or 'number="' not in lesson.notes:
            continue
        ids, marks = chat_ids(words, lesson)
        pieces = words.batch_decode([[one] for one in ids])
        line = next(place for place, mark in enumerate(marks) if mark and pieces[place] == "\n")
        place = _span(pieces, lines[1]).start
        with torch.no_grad():
            looked = network(input_ids=torch.tensor([ids]), output_attentions=True).attentions[2][0, 7, line]
        drawn.append(float(looked[place]))
    assert len(drawn) >= 8
    assert sum(drawn) / len(drawn) > 0.3


def test_before_any_training_a_questions_words_are_drawn_to_sentences_that_carry_their_own_beginning(
    wired: tuple,
) -> None:
    words, network = wired
    begun: list[float] = []
    drawn: list[float] = []
    for lesson in _drawn(30, {Kind.SENTENCE: 1.0}):
        first = lesson.turns[0].answer.split("\n")[0]
        ids, _ = chat_ids(words, lesson)
        pieces = words.batch_decode([[one] for one in ids])
        said, asked = _span(pieces, first), _span(pieces, lesson.turns[0].question)
        with torch.no_grad():
            looked = network(input_ids=torch.tensor([ids]), output_attentions=True).attentions
        begun += looked[1][0, 1, said[1:], said[0]].tolist()
        drawn.append(float(looked[2][0, 6][list(asked)][:, list(said)].sum(1).max()))
    assert sum(begun) / len(begun) > 0.5
    assert sum(drawn) / len(drawn) > 0.6


def test_lessons_say_nothing_in_the_programs_form() -> None:
    lessons = Lessons("form").at(FULL.stages[-1].level)
    kinds: set[Kind] = set()
    for lesson, _ in zip(lessons, range(200), strict=False):
        numbered = 'number="' in lesson.notes
        for turn in lesson.turns:
            kinds.add(turn.kind)
            assert not re.search(r"[\[\]]", f"{lesson.system} {lesson.notes} {turn.question} {turn.answer}")
            assert not says_not_covered(turn.answer)
            if turn.kind in (Kind.TEXT, Kind.SENTENCE):
                lines = turn.answer.split("\n")
                assert [bool(re.search(r" [({<]\d[)}>]\.$", line)) for line in lines] == [numbered] * len(lines)
    assert kinds == {Kind.TEXT, Kind.SENTENCE, Kind.NUMBER, Kind.HOLDER, Kind.NONE}


def test_a_sentence_has_the_number_of_the_note_that_says_it() -> None:
    lessons = Lessons("numbers").at(FULL.stages[-1].level)
    checked = 0
    for lesson, _ in zip(lessons, range(100), strict=False):
        texts = dict(re.findall(r'number="(\d)"[^\n]*">\n(.*?)\n</', lesson.notes, re.DOTALL))
        for turn in lesson.turns:
            for line in turn.answer.split("\n"):
                if said := re.fullmatch(r"(.+) [({<](\d)[)}>]\.", line):
                    assert f"{said[1]}." in texts[said[2]]
                    checked += 1
    assert checked > 100


def test_only_numbers_in_the_brackets_of_the_lessons_are_read_as_markers() -> None:
    for opens, closes in BRACKETS:
        assert squared(f"Rest for 3 days {opens}2{closes}.") == "Rest for 3 days [2]."
    assert squared("Rest (at home) for 3 days <b>.") == "Rest (at home) for 3 days <b>."
