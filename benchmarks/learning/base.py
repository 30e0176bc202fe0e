"""A Qwen3 of a few million parameters, from random weights to one that copies and looks up."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from learning.lessons import Lesson, Lessons, Level, repeated
from learning.words import Words
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

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
IGNORED = -100


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Of the network."""

    hidden: int = 256
    layers: int = 4
    heads: int = 4
    vocabulary: int = 1536
    positions: int = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the curriculum: rows of one length, at one level."""

    tokens: float
    """Share of all tokens."""
    length: int
    level: Level


STAGES = (
    Stage(tokens=0.15, length=256, level=Level(notes=1)),
    Stage(tokens=0.30, length=256, level=Level(notes=2)),
    Stage(tokens=0.35, length=512, level=Level(notes=4, filler=0.2)),
    Stage(tokens=0.20, length=896, level=Level(notes=5, filler=0.7)),
)
TOKENS = 4096
"""Of a step."""
REPEATED = 0.15
"""Share of the rows that are random tokens which come again."""
_AROUND = 0.1
"""What a token outside an answer weighs."""


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
        rope_parameters={"rope_type": "default", "rope_theta": 100_000.0},
        bos_token_id=None,
        eos_token_id=ids("<|im_end|>"),
        pad_token_id=ids("<|endoftext|>"),
    )
    network = Qwen3ForCausalLM(stated)
    with torch.no_grad():
        network.model.embed_tokens.weight.normal_(0.0, shape.hidden**-0.5)
        for layer in network.model.layers:
            heads, gate = layer.self_attn, layer.mlp
            for matrix in (heads.q_proj, heads.k_proj, heads.v_proj, gate.gate_proj, gate.up_proj):
                matrix.weight.normal_(0.0, shape.hidden**-0.5)
            gate.down_proj.weight.normal_(0.0, 0.3 * (3 * shape.hidden) ** -0.5)
            # queries like keys, and outputs that undo the values: a token looks at its like, and sees it ("mimetic")
            heads.k_proj.weight.mul_(0.6).add_(heads.q_proj.weight, alpha=0.8)
            heads.o_proj.weight.copy_(0.5 * heads.v_proj.weight.T)
            heads.q_norm.weight.fill_(1.5)
    return network


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

    def batches(self, stage: Stage) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """(tokens, answers): both of rows × length; ``answers`` is true where a token of an answer stands."""
        rows = max(1, TOKENS // stage.length)
        lessons = self._lessons.at(stage.level)
        while True:
            made = [self._row(stage.length, lessons) for _ in range(rows)]
            yield torch.tensor([ids for ids, _ in made]), torch.tensor([marks for _, marks in made])

    def _row(self, length: int, lessons: Iterator[Lesson]) -> tuple[list[int], list[bool]]:
        if self._draw.random() < REPEATED:
            return repeated(self._draw, len(self._words), len(SPECIAL), length), [True] * length
        ids: list[int] = []
        marks: list[bool] = []
        while len(ids) < length:
            own, marked = chat_ids(self._words, next(lessons))
            if len(own) > length - len(ids) and ids:
                pad = length - len(ids)
                ids += [0] * pad
                marks += [False] * pad
                break
            ids += own
            marks += marked
        return ids[:length], marks[:length]


def optimisers(model: Any, rate: float, muon: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for all else."""
    inner = [one for name, one in model.named_parameters() if one.dim() == 2 and "embed" not in name]
    other = [one for name, one in model.named_parameters() if one.dim() != 2 or "embed" in name]
    if not muon:
        return [torch.optim.AdamW([*inner, *other], rate, betas=(0.9, 0.98), weight_decay=0.01)]
    return [
        torch.optim.Muon(inner, lr=muon, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(other, rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def losses(logits: torch.Tensor, tokens: torch.Tensor, answers: torch.Tensor) -> tuple[torch.Tensor, float, float]:
    """What is minimised; the loss at answers; the share of their tokens that is the likeliest."""
    target = tokens[:, 1:].reshape(-1)
    marked = answers[:, 1:].reshape(-1)
    flat = logits[:, :-1].reshape(-1, logits.shape[-1]).float()
    each = cross_entropy(flat, target, reduction="none")
    weights = torch.where(marked, 1.0, _AROUND) * (target != 0)
    with torch.no_grad():
        right = (flat.argmax(-1) == target)[marked].float().mean()
    return (each * weights).sum() / weights.sum(), float(each[marked].mean().detach()), float(right)
