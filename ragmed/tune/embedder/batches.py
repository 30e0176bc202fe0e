"""Batches of pairs with hard negatives, endless and seeded.

No two pairs of a batch are of one section, and a passage that may answer a query of the batch is masked for it: what is
held against a query is taken to be wrong. A hard negative is dressed as its positive is, without its nearest heading
where the positive lacks one, so that the dress tells nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ragmed.index.pipeline import passage_text
from ragmed.tune.embedder.negatives import HardNegatives
from ragmed.tune.embedder.pairs import Pair, without_heading
from ragmed.tune.embedder.rows import LibraryRows

if TYPE_CHECKING:
    from ragmed.interfaces import Embedder


@dataclass(frozen=True, slots=True)
class Batch:
    """Passage ``i`` answers query ``i``; the passages after those are hard negatives."""

    queries: tuple[str, ...]
    passages: tuple[str, ...]
    masked: NDArray[np.bool_]
    """Shape (queries, passages): not held against the query."""


def batches(
    pairs: Sequence[Pair], rows: LibraryRows, negatives: HardNegatives, embedder: Embedder, *, size: int, seed: int
) -> Iterator[Batch]:
    """Batch after batch, in rounds in which no pair comes twice. ``embedder`` chooses the hard negatives.

    Raises ValueError where all pairs are of one section, so that nothing can be held against anything.
    """
    if len({int(rows.sections[pair.row]) for pair in pairs}) < 2:
        raise ValueError("a batch needs pairs of two sections")
    draw = random.Random(f"{seed}:batches")
    while True:
        waiting = list(pairs)
        draw.shuffle(waiting)
        while waiting:
            taken, waiting = _of_different_sections(waiting, rows, size)
            if len(taken) > 1:  # one alone would be what is left of a section larger than all others together
                yield _batch(taken, rows, negatives, embedder, draw)


def _of_different_sections(waiting: Sequence[Pair], rows: LibraryRows, size: int) -> tuple[list[Pair], list[Pair]]:
    """The first ``size`` pairs that share no section, and all others in their order."""
    taken: dict[int, Pair] = {}
    left: list[Pair] = []
    for place, pair in enumerate(waiting):
        if len(taken) == size:
            left += waiting[place:]
            break
        section = int(rows.sections[pair.row])
        if section in taken:
            left.append(pair)
        else:
            taken[section] = pair
    return list(taken.values()), left


def _batch(
    pairs: Sequence[Pair], rows: LibraryRows, negatives: HardNegatives, embedder: Embedder, draw: random.Random
) -> Batch:
    queries = tuple(pair.query for pair in pairs)
    drawn = negatives.draw(pairs, embedder.embed_queries(queries), draw)
    hard = [(pair, row) for pair, row in zip(pairs, drawn, strict=True) if row is not None]
    passages = (*(pair.positive for pair in pairs), *(_dressed(rows, pair, row) for pair, row in hard))
    sections = rows.sections[[*(pair.row for pair in pairs), *(row for _, row in hard)]]
    masked = rows.sections[[pair.row for pair in pairs]][:, None] == sections[None, :]
    np.fill_diagonal(masked, val=False)
    return Batch(queries, passages, masked)


def _dressed(rows: LibraryRows, pair: Pair, row: int) -> str:
    chunk, title = rows.chunks[row], rows.titles[row]
    return without_heading(chunk, title) if pair.headless else passage_text(chunk, title, multilingual=False)
