"""Which series are held out: chosen by a hash of seed and name, so that adding a document moves no other.

Editions of one guideline say the same things, so a series is on one side as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable

from ragmed.canonical import sha256_bytes
from ragmed.errors import BadInputError

SHARE = 0.2
"""Of the series: one in five, as in five-fold cross-validation."""

LEAST_HELD_OUT = 6
"""Series. Among five, winning on every one happens by luck in one of 32 cases, which a 95 % interval cannot exclude at
its lower end (1 in 40); among six in one of 64."""


def hold_out(series: Iterable[str], seed: int, share: float = SHARE) -> frozenset[str]:
    """The held-out series: ``share`` of them, at least ``LEAST_HELD_OUT``.

    Raises BadInputError where that would leave less than half to train on.
    """
    names = sorted(set(series), key=lambda name: sha256_bytes(f"{seed}:{name}".encode()))
    count = max(round(share * len(names)), LEAST_HELD_OUT)
    if 2 * count > len(names):
        raise BadInputError(
            f"the library holds {len(names)} documents to learn from and to judge by; {2 * LEAST_HELD_OUT} are needed",
            remedy="index more documents first; the default embedder needs no tuning",
        )
    return frozenset(names[:count])
