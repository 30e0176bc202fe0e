"""What the small base of the learning benchmark begins with: a question's words find the note that has them."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from learning.base import FULL, build, chat_ids, tokenizer
from learning.lessons import Lessons, Level
from learning.start import begin

_TEXT_BEGINS = '">\n'


def test_before_any_training_a_question_is_drawn_to_the_note_that_it_names() -> None:
    words = tokenizer(FULL.shape.vocabulary, 7)
    network = build(words, FULL.shape, 7)
    begin(network, wired=True)
    network.set_attn_implementation("eager")
    lessons = Lessons("start").at(Level(notes=4, turns=1, plain=True))
    found: list[bool] = []
    chance: list[float] = []
    while len(found) < 12:
        lesson = next(lessons)
        ids, answers = chat_ids(words, lesson)
        pieces = words.batch_decode([[one] for one in ids])
        texts = [part.split("\n</")[0].replace("\n", " ") for part in lesson.notes.split(_TEXT_BEGINS)[1:]]
        begins = [place for place in range(2, len(ids)) if "".join(pieces[place - 2 : place]).endswith(_TEXT_BEGINS)]
        assert len(begins) == len(texts)
        with torch.no_grad():
            looked = network(input_ids=torch.tensor([ids]), output_attentions=True).attentions[1][0]
        drawn = looked[2:4, answers.index(True) - 1, begins].log().sum(0)
        found.append(texts[int(drawn.argmax())] == lesson.turns[0][1].replace("\n", " "))
        chance.append(1 / len(texts))
    assert sum(chance) / len(chance) < 0.5
    assert sum(found) >= 11
