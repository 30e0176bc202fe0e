"""A training run on the terminal: its pace on stderr while it goes, and what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.terminal.screen import clean, console_for, print_json
from ragmed.terminal.waiting import EVERY

if TYPE_CHECKING:
    from ragmed.tune.lora.forecast import TrainingForecast
    from ragmed.tune.lora.watching import Pace, Watch

_SHOWN = 10


def watch(every: float = EVERY, clock: Callable[[], float] = time.monotonic) -> Watch:
    """A line of where the run stands on stderr: at the first step, then every so many seconds, and at the last."""
    last = -every

    def show(pace: Pace) -> None:
        nonlocal last
        if clock() - last < every and pace.step < pace.steps:
            return
        last = clock()
        sys.stderr.write(f"{pace_line(pace)}\n")
        sys.stderr.flush()

    return show


def pace_line(pace: Pace) -> str:
    """``step 12 of 100, loss 0.812, 1,234 tokens/s, 3 min left``."""
    parts = [f"step {pace.step:,} of {pace.steps:,}", f"loss {pace.loss:.3f}"]
    if pace.tokens_per_second:
        parts.append(f"{pace.tokens_per_second:,.0f} tokens/s")
    if pace.step < pace.steps and pace.seconds_left:
        parts.append(f"{_time_words(pace.seconds_left)} left")
    return ", ".join(parts)


def print_forecast(found: TrainingForecast, free: int, *, as_json: bool) -> None:
    """What a run would take, and whether it fits."""
    values = {
        "weights": found.weights,
        "adapter": found.adapter,
        "activations": found.activations,
        "program": found.program,
        "total": found.total,
        "free": free,
        "fits": found.total <= free,
        "learning_numbers": found.learning,
        "learning_percent": round(100 * found.share, 4),
    }
    if as_json:
        print_json(values)
        return
    console = console_for()
    for name in ("weights", "adapter", "activations", "program", "total", "free"):
        console.print(f"{name:<14}{_size(int(values[name])):>12}")
    console.print(f"{'learns':<14}{found.learning:>12,} numbers, {100 * found.share:.2f} % of the network")


def print_run(values: Mapping[str, Any], out: Path, *, as_json: bool) -> None:
    """What a run came to, and what comes next."""
    if as_json:
        print_json(values)
        return
    console = console_for()
    rows, loss, memory, learns = values["rows"], values["loss"], values["memory_bytes"], values["trainable"]
    judged = "" if loss["validation"] is None else f"; validation {loss['validation']:.3f}"
    console.print(f"model       {clean(values['model']['name'])}, {values['form']}")
    console.print(f"rows        {rows['learned']:,} learned, {rows['validated']:,} for validation")
    if rows["too_long"]:
        console.print(
            f"left out    {len(rows['too_long']):,} rows longer than {values['settings']['length']:,} tokens:"
        )
        for row_id in rows["too_long"][:_SHOWN]:
            console.print(f"  {clean(row_id)}")
    if loss["first"] is not None:
        console.print(f"loss        {loss['first']:.3f} → {loss['last']:.3f}{judged}")
    console.print(f"learned     {learns['numbers']:,} numbers, {learns['percent']} % of {learns['of']:,}")
    console.print(f"memory      {_size(memory['peak'])} at most, forecast {_size(memory['forecast'])}")
    console.print(f"pace        {values['tokens_per_second']:,} tokens/s, {_time_words(values['seconds'])}")
    console.print(f"adapter     {values['adapter_sha256']}")
    console.print(f"Written: {clean(str(out))}", style="bold")
    console.print("It answers nobody yet: `ragmed tune gate` judges it, `ragmed tune promote` puts it to work.")


def _size(count: int) -> str:
    return f"{count / (1 << 30):.2f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):,.0f} MiB"


def _time_words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
