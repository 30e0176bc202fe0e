"""A Qwen3 of a few million parameters, from random weights to one that copies and looks up."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from learning.lessons import FOUND, Kind, Level
from learning.reading import AROUND, FIRST, MARKS, NUMBER, PADDING, Rows, Stage, tokenizer
from learning.start import begin
from ragmed.canonical import plain

ROPE = 100_000.0
POINT = 25
"""Steps from one point of the curve to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Of the network."""

    hidden: int = 256
    layers: int = 5
    heads: int = 8
    size: int = 64
    """Dimensions of a head."""
    vocabulary: int = 1536
    positions: int = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Curriculum:
    """All that the base is made by, but for the seed."""

    shape: Shape
    stages: tuple[Stage, ...]
    batch: int = 2048
    """Tokens of a step."""
    rate: float = 5e-4
    warmup: int = 20
    """Steps."""
    falling: float = 0.5
    """Share of the tokens over which the rate falls to nothing."""
    wired: bool = True
    """Some heads begin as circuits (``learning.start``)."""
    compiled: bool = True
    """Where a compiler is there: half as fast again, after a minute of compiling."""

    def told(self) -> dict[str, Any]:
        """What a result keeps."""
        return {**plain(self), "tokens": sum(stage.tokens for stage in self.stages)}


FULL = Curriculum(
    shape=Shape(),
    stages=(
        Stage(
            tokens=350_000,
            length=384,
            level=Level(
                notes=3,
                turns=12,
                apart=True,
                kinds={Kind.PLAIN: 0.3, Kind.TEXT: 0.4, Kind.SENTENCE: 0.5, Kind.NUMBER: 0.2},
            ),
            repeated=0.05,
        ),
        Stage(
            tokens=1_200_000,
            length=512,
            level=Level(notes=4, kinds={**FOUND, Kind.PLAIN: 0.2}),
            repeated=0.08,
        ),
        Stage(
            tokens=1_500_000,
            length=512,
            level=Level(notes=4, alike=0.3, first=0.2, kinds={**FOUND, Kind.NONE: 0.15}),
            repeated=0.08,
        ),
        Stage(
            tokens=1_300_000,
            length=896,
            level=Level(notes=4, turns=6, filler=0.7, alike=0.3, first=0.3, kinds={**FOUND, Kind.NONE: 0.2}),
            repeated=0.0,
        ),
    ),
)
TOY = Curriculum(
    shape=Shape(hidden=64, layers=2, heads=2, size=32, vocabulary=600),
    stages=(
        Stage(tokens=2_048, length=64, level=Level(notes=1), repeated=1.0, alphabet=64),
        Stage(tokens=4_096, length=256, level=Level(notes=2, kinds={Kind.TEXT: 1.0, Kind.NUMBER: 1.0})),
    ),
    batch=1024,
    wired=False,
    compiled=False,
)
_WEIGHTS = (0.1, 1.0, 6.0, 6.0)
"""Where an answer begins is decided what it is about, and at a number which note's: the rest is copying."""
_EARLY = 0.3
"""Share of the rate at which the first two layers of a wired network learn: at the whole, what is not of use yet is
worn away before it is."""


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
        head_dim=shape.size,
        max_position_embeddings=shape.positions,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE},
        bos_token_id=None,
        eos_token_id=ids("<|im_end|>"),
        pad_token_id=ids("<|endoftext|>"),
    )
    return Qwen3ForCausalLM(stated)


def train_base(chosen: Curriculum, seed: int, folder: Path) -> list[dict[str, float]]:
    """Train, and write model and tokenizer into ``folder`` after every stage; the curve, a point every 25 steps."""
    words = tokenizer(chosen.shape.vocabulary, seed)
    network = build(words, chosen.shape, seed)
    begin(network, tuple(words.convert_tokens_to_ids(MARKS)) if chosen.wired else None)
    forward = torch.compile(network, dynamic=False) if chosen.compiled and which("g++") else network
    optimiser = torch.optim.AdamW(_groups(network, chosen), chosen.rate, betas=(0.9, 0.98), weight_decay=0.01)
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
            tokens, marks = next(batches)
            for group in optimiser.param_groups:
                group["lr"] = group["share"] * chosen.rate * _rate(chosen, step, read / total)
            with torch.autocast("cpu", torch.bfloat16):
                logits = forward(input_ids=tokens, use_cache=False).logits
            loss, found = losses(logits, tokens, marks)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            met.append((float(loss.detach()), *found))
            read += tokens.numel()
            step += 1
            if step % POINT == 0 or read >= until:
                curve.append(_point(step, read, stage.length, time.monotonic() - began, met))
                print("  " + " ".join(f"{name} {value}" for name, value in curve[-1].items()), flush=True)
                met.clear()
        copy.deepcopy(network).to(torch.bfloat16).save_pretrained(folder)
        words.save_pretrained(folder)
    return curve


def _groups(network: Qwen3ForCausalLM, chosen: Curriculum) -> list[dict[str, Any]]:
    """All weights, with the share of the rate that each learns at."""
    groups: dict[float, list[torch.nn.Parameter]] = {}
    for name, weights in network.named_parameters():
        early = chosen.wired and name.startswith(("model.layers.0.", "model.layers.1."))
        groups.setdefault(_EARLY if early else 1.0, []).append(weights)
    return [{"params": weights, "share": share} for share, weights in groups.items()]


def _rate(chosen: Curriculum, step: int, done: float) -> float:
    return min(1.0, (step + 1) / chosen.warmup) * min(1.0, max(0.01, (1.0 - done) / chosen.falling))


def _point(
    step: int, read: int, length: int, seconds: float, met: Sequence[tuple[float, ...]]
) -> dict[str, float | None]:
    names = ("loss", "answer_loss", "answer_tokens_right", "first_tokens_right", "numbers_right")
    means = [[one for one in values if one == one] for values in zip(*met, strict=True)]
    return {
        "step": step,
        "tokens": read,
        "length": length,
        "seconds": round(seconds, 1),
        **{name: round(sum(each) / len(each), 4) if each else None for name, each in zip(names, means, strict=True)},
    }


def losses(logits: torch.Tensor, tokens: torch.Tensor, marks: torch.Tensor) -> tuple[torch.Tensor, list[float]]:
    """What is minimised; the loss at answers, and the shares of their tokens, of their first and of the numbers in
    them that are the likeliest (not a number where there is none)."""
    target = tokens[:, 1:].reshape(-1)
    marked = marks[:, 1:].reshape(-1)
    flat = logits[:, :-1].reshape(-1, logits.shape[-1]).float()
    each = cross_entropy(flat, target, reduction="none")
    weights = torch.tensor(_WEIGHTS)[marked] * (target != PADDING)
    with torch.no_grad():
        likeliest = (flat.argmax(-1) == target).float()
        found = [each.detach()[marked > AROUND].mean()]
        found += [likeliest[chosen].mean() for chosen in (marked > AROUND, marked == FIRST, marked == NUMBER)]
    return (each * weights).sum() / weights.sum(), [float(one) for one in found]
