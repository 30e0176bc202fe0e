"""Which way this machine runs the default model, chosen by measuring.

The laws of the room:

* The choice is made once, at the first index, from times taken on this machine; it is written down with them beside the
  index, stands in every manifest, and questions are embedded by the engine that the passages were. It changes only if
  the settings name another one.
* Both engines run the same checked weights into the same space; what 8 bits cost is measured in
  docs/adr/0010-embedding-engines.md.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ragmed.canonical import canonical_json, plain, write_atomic
from ragmed.errors import IntegrityError
from ragmed.index.encoding import parse_object, parse_record

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOAT32, INT8 = "fp32", "int8"
ENGINES = (FLOAT32, INT8)
CHOICE_FILE = "engine.json"
KEPT_MODELS = "engines"

QUERY_MS = 8.0
"""A query's embedding should take no longer, milliseconds: it is a fixed part of what a doctor waits for."""
_TEXTS, _TOKENS, _ROUNDS = 16, 250, 3
"""About 4,000 tokens a round: under a second for the slowest engine on two cores."""


class Engine(Protocol):
    """Token ids, special tokens included → float32 unit vectors."""

    batch_tokens: int
    """How many tokens a call should have at most, padding included."""

    def __call__(self, ids: Sequence[Sequence[int]]) -> NDArray[Any]:
        """Of passages: shape (texts, dimensions)."""
        ...

    def question(self, ids: Sequence[int]) -> NDArray[Any]:
        """Of one question: shape (dimensions,)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTimes:
    """One engine on this machine."""

    engine: str
    tokens_per_second: float
    """Passages of 250 tokens, in the batches of a build."""
    query_ms: float
    """One question of 16 tokens, median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """What was chosen, for which weights, and why."""

    engine: str
    revision: str
    cpu: str
    cores: int
    times: tuple[EngineTimes, ...]


def choose(runs: Mapping[str, Engine], revision: str, clock: Callable[[], float] = time.perf_counter) -> EngineChoice:
    """Measure each engine; the most tokens a second among those that embed a query within ``QUERY_MS``, else of all."""
    times = tuple(_timed(engine, run, clock) for engine, run in runs.items())
    quick = [one for one in times if one.query_ms <= QUERY_MS] or list(times)
    best = max(quick, key=lambda one: one.tokens_per_second)
    return EngineChoice(engine=best.engine, revision=revision, cpu=_cpu(), cores=cores(), times=times)


def _timed(engine: str, run: Engine, clock: Callable[[], float]) -> EngineTimes:
    # any ids will do: time depends on how many there are
    passages = [
        [101, *(1000 + (7 * row + 13 * place) % 20000 for place in range(_TOKENS - 2)), 102] for row in range(_TEXTS)
    ]
    question = passages[0][:16]
    run(passages[:4])
    run.question(question)
    whole = [_seconds(run, passages, clock) for _ in range(_ROUNDS)]
    single = [_seconds_of_question(run, question, clock) for _ in range(5 * _ROUNDS)]
    return EngineTimes(
        engine=engine,
        tokens_per_second=round(_TEXTS * _TOKENS / min(whole), 0),
        query_ms=round(1000 * statistics.median(single), 2),
    )


def _seconds(run: Engine, ids: Sequence[Sequence[int]], clock: Callable[[], float]) -> float:
    began = clock()
    for batch in batches([len(one) for one in ids], len(ids), run.batch_tokens):
        run([ids[row] for row in batch])
    return clock() - began


def _seconds_of_question(run: Engine, ids: Sequence[int], clock: Callable[[], float]) -> float:
    began = clock()
    run.question(ids)
    return clock() - began


BATCH_TOKENS = 2048
"""Of a batch of texts that run together: what a layer works on then stays in the second-level cache (ADR 0010)."""


def batches(lengths: Sequence[int], most: int, tokens: int = BATCH_TOKENS) -> list[list[int]]:
    """Rows, longest text first, ties in the order given, in batches of at most ``tokens`` and ``most`` texts.

    They depend on the lengths alone, so the vectors of one call's texts do too.
    """
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    made: list[list[int]] = []
    while order:
        count = max(1, min(most, tokens // max(1, lengths[order[0]])))
        made.append(order[:count])
        order = order[count:]
    return made


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> str:
    listing = Path("/proc/cpuinfo")
    for line in listing.read_text("utf-8").splitlines() if listing.is_file() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def remembered(index_folder: Path, revision: str) -> EngineChoice | None:
    """The choice made for these weights; none where there is none, or it cannot be read: then it is made again."""
    path = index_folder / CHOICE_FILE
    if not path.is_file():
        return None
    try:
        choice = parse_record(EngineChoice, parse_object(path.read_bytes(), str(path)), str(path))
    except IntegrityError:
        return None
    return choice if choice.revision == revision and choice.engine in ENGINES else None


def remember(index_folder: Path, choice: EngineChoice) -> None:
    """Write the choice down beside the index."""
    write_atomic(index_folder / CHOICE_FILE, canonical_json(plain(choice)))
