"""Contrastive training: every query nearer to its own passage than to all others of the batch.

The loss is InfoNCE over in-batch and hard negatives (van den Oord et al. 2018; "multiple negatives ranking" in
sentence-transformers, with its scale of 20), minimised by AdamW with a linear warm-up and a linear decline. There is no
dropout and no random weight: seed, snapshot and number of steps say everything.

A time limit becomes a number of steps after the first few, while the learning rate still rises and does not depend on
that number: training again with the number that was found gives the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from ragmed.interfaces import Progress, no_progress
from ragmed.tune.embedder.batches import Batch
from ragmed.tune.embedder.network import LearningNetwork

if TYPE_CHECKING:
    from torch import Tensor

_TIMED = 5
"""Steps that the speed is taken from; the first of them, which also warms the caches, does not count."""
_SPARE = 0.95
"""Of the time limit that is planned for: a machine that others use is not equally fast all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """All that training depends on beside snapshot and base. Measured in docs/adr/0009-tuned-embedder.md."""

    minutes: float = 45.0
    """Of training alone."""
    steps: int = 0
    """Exactly so many, however long they take; 0: as many as the minutes allow."""
    epochs: int = 3
    """Times that a pair is seen at most."""
    batch: int = 48
    tokens: int = 128
    """A passage is cut after so many: half of what the network reads takes less than half of the time."""
    rate: float = 5e-5
    """Peak learning rate."""
    warm_up: int = 10
    """Steps."""
    scale: float = 20.0
    decay: float = 0.01
    clip: float = 1.0
    """Largest norm of the gradient."""
    bf16: bool = True
    """Products in bfloat16 where the CPU multiplies it by itself; float32 elsewhere."""
    seed: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training came to."""

    steps: int
    seconds: float
    first_loss: float
    last_loss: float
    """Means of the first and the last tenth of the steps."""
    cut_short: bool
    """The time was up before the planned steps were done: the machine became slower."""


def train(
    network: LearningNetwork,
    folder: Path,
    batches: Iterator[Batch],
    plan: TrainingPlan,
    *,
    most_steps: int,
    prefixes: tuple[str, str] = ("", ""),
    progress: Progress = no_progress,
) -> Trained:
    """Train in place; ``folder`` has the tokenizer, ``prefixes`` stand before queries and passages."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(plan.tokens)
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=plan.decay)
    losses: list[float] = []
    began = time.monotonic()
    timed_from = began
    planned = plan.steps or most_steps
    while len(losses) < planned:
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * share_of_rate(len(losses), planned, plan.warm_up)
        batch = next(batches)
        loss = _loss(network, tokenizer, batch, plan, prefixes)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), plan.clip)
        optimizer.step()
        losses.append(float(loss.detach()))
        now = time.monotonic()
        if len(losses) == 1:
            timed_from = now
        if not plan.steps:
            left = 60 * plan.minutes * _SPARE - (now - began)
            if len(losses) == _TIMED:
                planned = min(most_steps, _TIMED + max(0, int(left / (now - timed_from) * (_TIMED - 1))))
            if now - began > 60 * plan.minutes:
                break
        progress("train", len(losses), planned if plan.steps or len(losses) >= _TIMED else 0)
    progress("train", len(losses), len(losses))  # also where the time was up before
    tenth = max(1, len(losses) // 10)
    return Trained(
        steps=len(losses),
        seconds=round(time.monotonic() - began, 1),
        first_loss=sum(losses[:tenth]) / tenth,
        last_loss=sum(losses[-tenth:]) / tenth,
        cut_short=len(losses) < planned,
    )


def share_of_rate(step: int, steps: int, warm_up: int) -> float:
    """Of the peak learning rate at ``step`` (from 0): up to 1 over the warm-up, then down to 0 at ``steps``."""
    if step < warm_up:
        return (step + 1) / warm_up
    return (steps - step) / (steps - warm_up)


def _loss(
    network: LearningNetwork, tokenizer: Tokenizer, batch: Batch, plan: TrainingPlan, prefixes: tuple[str, str]
) -> Tensor:
    queries, passages = (
        network.embed(_ids(tokenizer, prefix, texts), bf16=plan.bf16)
        for prefix, texts in zip(prefixes, (batch.queries, batch.passages), strict=True)
    )
    cosines = plan.scale * queries @ passages.T
    cosines = cosines.masked_fill(torch.from_numpy(batch.masked), -torch.inf)
    return F.cross_entropy(cosines, torch.arange(len(batch.queries)))


def _ids(tokenizer: Tokenizer, prefix: str, texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch([prefix + text for text in texts])]
