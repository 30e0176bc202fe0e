"""The curves of a result as one picture: the base's lessons, the tuning's loss, and how often both are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from typing import Any

_BLUE, _ORANGE, _GREEN, _GREY = "#1f4e79", "#b3541e", "#3a7d44", "#777777"
SHOWN = (
    "base",
    "base, other brackets read as square",
    "tuned",
    "tuned, markers held",
    "always cites [1]",
    "copies the first passage",
)


def curves_png(result: Mapping[str, Any]) -> bytes:
    """PNG, 1,400 pixels wide. The same result gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 4.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    lessons, tuning, way, end = figure.subplots(1, 4)
    _lessons(lessons, result["base"]["curve"])
    _tuning(tuning, result["tune"]["curve"])
    _way(way, result["on_the_way"])
    _end(end, result["held_out"])
    for axes in (lessons, tuning, way, end):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    written = BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _lessons(axes: Any, curve: Sequence[Mapping[str, float]]) -> None:
    read = [one["tokens"] / 1e6 for one in curve]
    axes.plot(read, [one["answer_tokens_right"] for one in curve], color=_BLUE, label="answers' tokens right")
    for before, after in pairwise(curve):
        if before["length"] != after["length"]:
            axes.axvline(before["tokens"] / 1e6, color=_GREY, linewidth=0.8, linestyle=":")
    axes.set(title="The base: its lessons", xlabel="million tokens", ylim=(0, 1))
    axes.legend(frameon=False)


def _tuning(axes: Any, curve: Sequence[Sequence[float | None]]) -> None:
    learned = [(step, loss) for step, loss, _ in curve if loss is not None]
    judged = [(step, loss) for step, _, loss in curve if loss is not None]
    for points, style, colour, name in ((learned, "-", _BLUE, "training"), (judged, "o--", _ORANGE, "validation")):
        axes.plot([step for step, _ in points], [loss for _, loss in points], style, color=colour, label=name)
    axes.set(title="QLoRA: loss", xlabel="step", ylabel="nats a token")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def _way(axes: Any, points: Sequence[Mapping[str, float]]) -> None:
    steps = [one["step"] for one in points]
    for name, colour, style in (("sentence", _GREY, "s:"), ("marker", _ORANGE, "^--"), ("both", _GREEN, "o-")):
        axes.plot(steps, [one[name] for one in points], style, color=colour, label=name)
    axes.set(title="Right, validation documents", xlabel="step", ylim=(0, 1))
    axes.legend(frameon=False)


def _end(axes: Any, found: Mapping[str, Any]) -> None:
    shares = [found[name]["both"] for name in SHOWN]
    places = range(len(SHOWN))
    values = [one["share"] for one in shares]
    reach = [[one["share"] - one["ci95"][0] for one in shares], [one["ci95"][1] - one["share"] for one in shares]]
    colours = [_GREEN if name.startswith("tuned") else _GREY for name in SHOWN]
    axes.barh(places, values, xerr=reach, color=colours, height=0.6)
    axes.axvline(0.6, color=_ORANGE, linewidth=1, linestyle="--")
    axes.set_yticks(places, SHOWN)
    axes.invert_yaxis()
    axes.set(title="Both right, unseen documents", xlim=(0, 1))
