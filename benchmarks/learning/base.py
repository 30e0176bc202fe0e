"""A Qwen3 of a few million parameters, from random weights to one that copies and looks up."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from learning.lessons import Lesson, Lessons, Level, repeated
from learning.start import begin
from ragmed.canonical import plain
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
ROPE = 100_000.0
POINT = 25
"""Steps from one point of the curve to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Of the network."""

    hidden: int = 256
    layers: int = 5
    heads: int = 4
    vocabulary: int = 1536
    positions: int = 2048


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Curriculum:
    """All that the base is made by, but for the seed."""

    shape: Shape
    stages: tuple[Stage, ...]
    batch: int = 2048
    """Tokens of a step."""
    rate: float = 1e-3
    warmup: int = 20
    """Steps."""
    falling: float = 0.5
    """Share of the tokens over which the rate falls to nothing."""
    wired: bool = True
    """Copying is there at the start (``learning.start``)."""
    compiled: bool = True
    """Where a compiler is there: half as fast again, after a minute of compiling."""

    def told(self) -> dict[str, Any]:
        """What a result keeps."""
        return {**plain(self), "tokens": sum(stage.tokens for stage in self.stages)}


FULL = Curriculum(
    shape=Shape(),
    stages=(
        Stage(tokens=250_000, length=256, level=Level(notes=3, turns=12, plain=True, apart=True), repeated=0.05),
        Stage(tokens=350_000, length=512, level=Level(notes=4, turns=8, plain=True), repeated=0.0),
        Stage(tokens=500_000, length=512, level=Level(notes=4, turns=8, plain=True, others=0.4), repeated=0.0),
        Stage(
            tokens=600_000,
            length=896,
            level=Level(notes=4, turns=6, filler=0.7, plain=True, others=0.6),
            repeated=0.0,
        ),
    ),
)
TOY = Curriculum(
    shape=Shape(hidden=64, layers=2, heads=2, vocabulary=600),
    stages=(
        Stage(tokens=2_048, length=64, level=Level(notes=1), repeated=1.0, alphabet=64),
        Stage(tokens=4_096, length=256, level=Level(notes=2)),
    ),
    batch=1024,
    compiled=False,
)
_AROUND = 0.1
"""What a token outside an answer weighs."""
_BEGINNING = 6.0
"""What the first token of an answer weighs."""
_PADDING = 0
"""``<|endoftext|>``, which fills a row up."""


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
    lessons = Lessons(f"{seed}:tokenizer").at(Level(notes=4))
    for _ in range(1500):
        lesson = next(lessons)
        yield "\n".join((lesson.system, lesson.notes, *(part for turn in lesson.turns for part in turn)))


def build(words: PreTrainedTokenizerFast, shape: Shape, seed: int) -> Qwen3ForCausalLM:
    """The network with random weights."""
    torch.manual_seed(seed)
    ids = words.convert_tokens_to_ids
    stated = Qwen3Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=3 * shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        head_dim=shape.hidden // shape.heads,
        max_position_embeddings=shape.positions,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE},
        bos_token_id=None,
        eos_token_id=ids("<|im_end|>"),
        pad_token_id=ids("<|endoftext|>"),
    )
    return Qwen3ForCausalLM(stated)


def chat_ids(words: PreTrainedTokenizerFast, lesson: Lesson) -> tuple[list[int], list[bool]]:
    """The tokens of a lesson, and which of them are answers'."""
    ids: list[int] = []
    marks: list[bool] = []
    text = f"<|im_start|>system\n{lesson.system}<|im_end|>\n<|im_start|>user\n{lesson.notes}\n"
    for question, answer in lesson.turns:
        text += f"{question}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
        for piece, mark in ((text, False), (f"{answer}<|im_end|>", True)):
            own = words.encode(piece, add_special_tokens=False)
            ids += own
            marks += [mark] * len(own)
        text = "\n<|im_start|>user\n"
    return ids, marks


class Rows:
    """Rows of tokens for a stage, packed full of lessons, with the places of the answers."""

    def __init__(self, words: PreTrainedTokenizerFast, seed: str) -> None:
        self._words = words
        self._lessons = Lessons(seed)
        self._draw = random.Random(f"{seed}:rows")

    def batches(self, stage: Stage, batch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """(tokens, answers): both of rows × length; ``answers`` is true where a token of an answer stands."""
        lessons = self._lessons.at(stage.level)
        while True:
            made = [self._row(stage, lessons) for _ in range(max(1, batch // stage.length))]
            yield torch.tensor([ids for ids, _ in made]), torch.tensor([marks for _, marks in made])

    def _row(self, stage: Stage, lessons: Iterator[Lesson]) -> tuple[list[int], list[bool]]:
        length = stage.length
        if self._draw.random() < stage.repeated:
            known = range(len(SPECIAL), len(self._words))
            alphabet = self._draw.choices(known, k=stage.alphabet) if stage.alphabet else known
            return repeated(self._draw, alphabet, length)
        ids: list[int] = []
        marks: list[bool] = []
        while len(ids) < length:
            own, marked = chat_ids(self._words, next(lessons))
            if ids and len(own) > length - len(ids):
                own, marked = [_PADDING] * (length - len(ids)), [False] * (length - len(ids))
            ids += own
            marks += marked
        return ids[:length], marks[:length]


def train_base(chosen: Curriculum, seed: int, folder: Path) -> list[dict[str, float]]:
    """Train, and write model and tokenizer into ``folder`` after every stage; the curve, a point every 25 steps."""
    words = tokenizer(chosen.shape.vocabulary, seed)
    network = build(words, chosen.shape, seed)
    begin(network, wired=chosen.wired)
    forward = torch.compile(network, dynamic=False) if chosen.compiled and which("g++") else network
    optimiser = torch.optim.AdamW(network.parameters(), chosen.rate, betas=(0.9, 0.98), weight_decay=0.01)
    rows = Rows(words, f"{seed}:base")
    total = sum(stage.tokens for stage in chosen.stages)
    curve: list[dict[str, float]] = []
    met: list[tuple[float, ...]] = []
    read = step = 0
    began = time.monotonic()
    for stage in chosen.stages:
        batches = rows.batches(stage, chosen.batch)
        until = read + stage.tokens
        while read < until:
            tokens, answers = next(batches)
            for group in optimiser.param_groups:
                group["lr"] = chosen.rate * _rate(chosen, step, read / total)
            with torch.autocast("cpu", torch.bfloat16):
                logits = forward(input_ids=tokens, use_cache=False).logits
            loss, *found = losses(logits, tokens, answers)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            met.append((float(loss.detach()), *found))
            read += tokens.numel()
            step += 1
            if step % POINT == 0 or read >= until:
                curve.append(_point(step, read, stage.length, time.monotonic() - began, met))
                print("  " + " ".join(f"{name} {value:g}" for name, value in curve[-1].items()), flush=True)
                met.clear()
        copy.deepcopy(network).to(torch.bfloat16).save_pretrained(folder)
        words.save_pretrained(folder)
    return curve


def _rate(chosen: Curriculum, step: int, done: float) -> float:
    return min(1.0, (step + 1) / chosen.warmup) * min(1.0, max(0.01, (1.0 - done) / chosen.falling))


def _point(step: int, read: int, length: int, seconds: float, met: Sequence[tuple[float, ...]]) -> dict[str, float]:
    loss, answers, right, begun = (round(sum(values) / len(met), 4) for values in zip(*met, strict=True))
    return {
        "step": step,
        "tokens": read,
        "length": length,
        "seconds": round(seconds, 1),
        "loss": loss,
        "answer_loss": answers,
        "answer_tokens_right": right,
        "first_tokens_right": begun,
    }


def losses(
    logits: torch.Tensor, tokens: torch.Tensor, answers: torch.Tensor
) -> tuple[torch.Tensor, float, float, float]:
    """What is minimised; the loss at answers; the share of their tokens, and of their first, that is the likeliest."""
    target = tokens[:, 1:].reshape(-1)
    marked = answers[:, 1:].reshape(-1)
    flat = logits[:, :-1].reshape(-1, logits.shape[-1]).float()
    each = cross_entropy(flat, target, reduction="none")
    weights = torch.where(marked, 1.0, _AROUND) * (target != _PADDING)
    # where an answer begins is decided what it is about: the rest is copying
    first = (answers[:, 1:] & ~answers[:, :-1]).reshape(-1)
    weights = torch.where(first, _BEGINNING, weights)
    with torch.no_grad():
        likeliest = flat.argmax(-1) == target
        right, begun = likeliest[marked].float().mean(), likeliest[first].float().mean()
    return (each * weights).sum() / weights.sum(), float(each.detach()[marked].mean()), float(right), float(begun)
