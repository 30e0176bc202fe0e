"""A run as it goes: loss, tokens a second, time left, for whoever waits; and the curve that the run folder keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MEASURED = 20
"""Steps over which the pace is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One step of the curve."""

    step: int
    epoch: float
    loss: float | None
    """Of the training rows; None where only the validation rows were looked at."""
    validation: float | None = None
    rate: float = 0.0
    margin: float | None = None
    """Of a preference run: reward of the chosen answer less that of the rejected one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Where a run stands."""

    step: int
    steps: int
    loss: float
    tokens_per_second: float
    """Read and learned, padding left out."""
    seconds_left: float


Watch = Callable[[Pace], None]


def not_watched(_: Pace) -> None:
    """For a run that nobody looks at."""


def callback_of(watch: Watch) -> Any:
    """A callback of transformers' trainer."""
    from transformers import TrainerCallback

    class Watching(TrainerCallback):
        """Tells each step."""

        def __init__(self) -> None:
            self._steps: list[tuple[float, float]] = []

        def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            logs: Mapping[str, float] = more["logs"]
            if "loss" not in logs:
                return
            self._steps = [*self._steps, (time.monotonic(), float(logs.get("num_tokens", 0.0)))][-_MEASURED:]
            (began, read_then), (now, read) = self._steps[0], self._steps[-1]
            each = (now - began) / (len(self._steps) - 1) if len(self._steps) > 1 else 0.0
            watch(
                Pace(
                    step=state.global_step,
                    steps=state.max_steps,
                    loss=float(logs["loss"]),
                    tokens_per_second=(read - read_then) / (now - began) if now > began else 0.0,
                    seconds_left=each * (state.max_steps - state.global_step),
                )
            )

    return Watching()


def curve_of(history: Sequence[Mapping[str, Any]]) -> tuple[Point, ...]:
    """The trainer's own history, which its checkpoints keep, as a curve."""
    return tuple(
        Point(
            step=int(line["step"]),
            epoch=round(float(line["epoch"]), 4),
            loss=_number(line.get("loss")),
            validation=_number(line.get("eval_loss")),
            rate=float(line.get("learning_rate", 0.0)),
            margin=_number(line.get("rewards/margins")),
        )
        for line in history
        if "loss" in line or "eval_loss" in line
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
