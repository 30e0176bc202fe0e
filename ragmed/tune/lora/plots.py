"""The run's curves as a picture: loss by step, validation, and of a preference run the margin."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from ragmed.tune.lora.watching import Point


def loss_png(points: Sequence[Point], title: str) -> bytes:
    """PNG, 1,000 pixels wide. The same points give the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    learned = [(one.step, one.loss) for one in points if one.loss is not None]
    judged = [(one.step, one.validation) for one in points if one.validation is not None]
    margins = [(one.step, one.margin) for one in points if one.margin is not None and one.loss is not None]
    axes.plot(
        *_columns(learned),
        color="#1f4e79",
        linewidth=1.4,
        marker="." if len(learned) < 40 else "",
        label="loss, training rows",
    )
    if judged:
        axes.plot(*_columns(judged), "o--", color="#b3541e", label="loss, validation rows")
    axes.set(xlabel="step", ylabel="loss (nats a token)" if not margins else "loss")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if margins:
        right = axes.twinx()
        right.plot(*_columns(margins), color="#3a7d44", linewidth=1.1, label="margin, chosen less rejected")
        right.set_ylabel("reward")
        right.spines["top"].set_visible(False)
    axes.set_title(title, loc="left")
    figure.legend(loc="outside upper right", ncols=3, frameon=False)
    written = BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _columns(pairs: Sequence[tuple[int, float]]) -> tuple[list[int], list[float]]:
    return [step for step, _ in pairs], [value for _, value in pairs]
