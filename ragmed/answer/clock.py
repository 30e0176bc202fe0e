"""How long each step of an answer took, and how long it ought to have taken."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ragmed.records import Timings

EVIDENCE_BUDGET, FIRST_PIECE_BUDGET = 1000.0, 2000.0
"""Milliseconds: how long a doctor at night waits for the pages, and for a model's first words on a GPU. On a CPU these
come within 5 seconds (docs/figures.md)."""


@dataclass(slots=True)
class Clock:
    """Milliseconds of each step, and of the whole."""

    started: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)
    steps: dict[str, float] = field(default_factory=dict)
    first: float = 0.0
    found: float = 0.0

    def evidence(self) -> None:
        """The passages are told."""
        self.found = (time.perf_counter() - self.started) * 1000

    def first_piece(self) -> None:
        """A language model has written its first words."""
        self.first = self.first or (time.perf_counter() - self.started) * 1000

    def step(self, name: str) -> None:
        """The time since the last step belongs to ``name``."""
        now = time.perf_counter()
        self.steps[name] = self.steps.get(name, 0.0) + (now - self.last) * 1000
        self.last = now

    def timings(self) -> Timings:
        """As they go into the record, to the microsecond."""
        names = ("analyse", "retrieve", "generate", "verify")
        total = (time.perf_counter() - self.started) * 1000
        steps = {name: round(self.steps.get(name, 0.0), 3) for name in names}
        return Timings(
            **steps,
            total=round(total, 3),
            first_piece=round(self.first, 3),
            evidence=round(self.found, 3),
            evidence_budget=EVIDENCE_BUDGET,
            first_piece_budget=FIRST_PIECE_BUDGET if self.first else 0.0,
        )
