"""What the base reads: its tokenizer, and lessons as rows of tokens that say which of them are answers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from learning.lessons import BRACKETS, FOUND, Kind, Lesson, Lessons, Level, Turn, repeated
from ragmed.generate.prompt import prompt_of
from ragmed.records import Language, Mode, Query

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.role == 'assistant' %}<think>\n\n</think>\n\n"
    "{% generation %}{{ message.content }}<|im_end|>{% endgeneration %}\n"
    "{% else %}{{ message.content }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
"""ChatML as Qwen3 has it: an answer stands behind empty thoughts."""
MARKS = ("Ġtitle", '">', ".", "Ċ", "2")
"""The token before a note's title, two tokens before which its number stands; what closes its header; what ends a
sentence, and a line; what a year begins with."""
AROUND, ANSWER, FIRST, NUMBER = range(4)
"""What a token is: outside an answer, of an answer, the first of one or of a line in it, a note's number in one."""
PADDING = 0
"""``<|endoftext|>``, which fills a row up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the curriculum: rows of one length, at one level."""

    tokens: int
    """Read in all."""
    length: int
    level: Level
    repeated: float = 0.1
    """Share of the rows that are random tokens which come again."""
    alphabet: int = 0
    """Different tokens of such a row at most (0: all)."""


def tokenizer(vocabulary: int, seed: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE with single digits, trained on lessons and on the program's fixed words."""
    made = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=list(SPECIAL), initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    made.train_from_iterator(_texts(seed), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=4096
    )
    fast.chat_template = TEMPLATE
    return fast


def _texts(seed: int) -> Iterator[str]:
    query = Query(text="", language=Language.ENGLISH, english="", chinese="")
    system = prompt_of(query, Mode.ANSWER, ()).system
    yield from [system] * 50
    lessons = Lessons(f"{seed}:tokenizer").at(Level(notes=4, first=0.2, kinds={**FOUND, Kind.NONE: 0.2}))
    for _ in range(1500):
        yield "".join(piece for piece, _ in _chat(next(lessons)))


def _chat(lesson: Lesson) -> Iterator[tuple[str, Turn | None]]:
    """The text of a lesson in pieces, each answer a piece with its turn."""
    text = f"<|im_start|>system\n{lesson.system}<|im_end|>\n<|im_start|>user\n{lesson.notes}\n"
    for turn in lesson.turns:
        yield f"{text}{turn.question}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n", None
        yield f"{turn.answer}<|im_end|>", turn
        text = "\n<|im_start|>user\n"


def chat_ids(words: PreTrainedTokenizerFast, lesson: Lesson) -> tuple[list[int], list[int]]:
    """The tokens of a lesson, and what each is: ``AROUND``, ``ANSWER``, ``FIRST`` or ``NUMBER``."""
    ids: list[int] = []
    marks: list[int] = []
    line = words.encode("\n", add_special_tokens=False)[0]
    opening = {words.encode(f" {opens}1", add_special_tokens=False)[0] for opens, _ in BRACKETS}
    for piece, turn in _chat(lesson):
        own = words.encode(piece, add_special_tokens=False)
        ids += own
        if turn is None:
            marks += [AROUND] * len(own)
            continue
        marks += [NUMBER if turn.answer.isdigit() else FIRST, *[ANSWER] * (len(own) - 1)]
        for place in range(1, len(own)):
            if own[place - 1] in opening:
                marks[place - len(own)] = NUMBER
            elif own[place - 1] == line:
                marks[place - len(own)] = FIRST
    return ids, marks


class Rows:
    """Rows of tokens for a stage, packed full of lessons, with the places of the answers."""

    def __init__(self, words: PreTrainedTokenizerFast, seed: str) -> None:
        self._words = words
        self._lessons = Lessons(seed)
        self._draw = random.Random(f"{seed}:rows")

    def batches(self, stage: Stage, batch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """(tokens, what each is): both of rows × length."""
        lessons = self._lessons.at(stage.level)
        while True:
            made = [self._row(stage, lessons) for _ in range(max(1, batch // stage.length))]
            yield torch.tensor([ids for ids, _ in made]), torch.tensor([marks for _, marks in made])

    def _row(self, stage: Stage, lessons: Iterator[Lesson]) -> tuple[list[int], list[int]]:
        length = stage.length
        if self._draw.random() < stage.repeated:
            known = range(len(SPECIAL), len(self._words))
            alphabet = self._draw.choices(known, k=stage.alphabet) if stage.alphabet else known
            return repeated(self._draw, alphabet, length)
        ids: list[int] = []
        marks: list[int] = []
        while len(ids) < length:
            own, marked = chat_ids(self._words, next(lessons))
            if ids and len(own) > length - len(ids):
                own, marked = [PADDING] * (length - len(ids)), [AROUND] * (length - len(ids))
            ids += own
            marks += marked
        return ids[:length], marks[:length]
