"""What the gate found, for whoever decides: JSON, a page of text, and a picture."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from ragmed.tune.gate.judging import MEASURES, Judgement

_COLOURS = {
    "candidate": "#b3541e",
    "current": "#1f4e79",
    "base": "#7a8a99",
    "always [1]": "#b9b9b9",
    "first passage": "#d9d9d9",
}
_TOLD = (
    ("sentences", "expected sentence right, whatever the marker"),
    ("places", "expected marker right, whatever the words"),
    ("precision", "of the abstentions, right ones"),
    ("recall", "of what has no answer, abstained from"),
    ("length", "length of the answer, of the expected one"),
)


def text_of(values: Mapping[str, Any]) -> str:
    """The report as a page of Markdown; ``values``: what ``gate.json`` holds."""
    found = values["judgement"]
    everyone = list(found["means"])
    lines = [
        f"# Gate: {'passed' if found['passed'] else 'refused'}",
        "",
        f"Adapter `{values['adapter_sha256'][:16]}` for {values['model']['name']}, against "
        + (f"adapter `{values['current_sha256'][:16]}`" if values["current_sha256"] else "the base model"),
        "",
        *(f"- {reason}" for reason in found["reasons"]),
        *([""] if found["reasons"] else []),
        f"{found['counts']['questions']} questions about {len(values['series'])} series that were in no training"
        f" ({', '.join(f'{count} {kind}' for kind, count in found['counts'].items() if kind != 'questions')}),"
        f" snapshot `{values['snapshot_id']}`, questions `{values['questions_sha256'][:16]}`.",
        "",
        f"| | {' | '.join(everyone)} |",
        f"|---|{'---:|' * len(everyone)}",
    ]
    rows = [(one.name, one.words) for one in MEASURES] + list(_TOLD)
    for name, words in rows:
        cells = [_cell(name, found["means"][who].get(name)) for who in everyone]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    lines += ["", "| candidate less | measure | difference, points | 95 % interval |", "|---|---|---:|---:|"]
    for one in [*found["against_current"], *found["against_baselines"]]:
        difference, low, high = (f"{100 * value:+.1f}" for value in (one["difference"], *one["ci95"]))
        lines.append(f"| {one['baseline']} | {one['measure']} | {difference} | {low} to {high} |")
    lines += [
        "",
        "Markers were not held at writing, and nothing was withheld before it was counted. "
        "“always [1]” has every right sentence and cites the first passage; “first passage” copies its first sentence.",
    ]
    return "\n".join(lines) + "\n"


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f} ×" if name == "length" else f"{100 * value:.1f} %"


def picture(judgement: Judgement) -> bytes:
    """PNG: every measure of everyone, the bounds, and the interval of the difference to the adapter of today."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2), sharey=True)
    places = range(len(MEASURES))
    for number, (who, means) in enumerate(judgement.means.items()):
        shift = 0.26 - 0.13 * number
        points = [(means[one.name], place + shift) for place, one in zip(places, MEASURES, strict=True)]
        there = [(100 * value, place) for value, place in points if value is not None]
        left.scatter(
            [value for value, _ in there],
            [place for _, place in there],
            color=_COLOURS.get(who, "#555555"),
            marker="D" if who == "candidate" else "o",
            s=46 if who == "candidate" else 30,
            label=who,
            zorder=3,
        )
    for place, one in zip(places, MEASURES, strict=True):
        if one.least:
            left.plot([100 * one.least] * 2, [place - 0.4, place + 0.4], color="#7d1a1a", linewidth=1, linestyle=":")
    left.set(xlim=(-3, 103), xlabel="per cent (dotted: least that is asked for)")
    left.set_yticks(list(places), [one.words for one in MEASURES])
    left.invert_yaxis()
    for compared in judgement.against_current:
        place = next(number for number, one in enumerate(MEASURES) if one.name == compared.measure)
        worse = compared.difference < 0
        right.plot(
            [100 * compared.low, 100 * compared.high],
            [place, place],
            color="#7d1a1a" if worse else "#3a7d44",
            linewidth=2,
        )
        right.plot([100 * compared.difference], [place], "o", color="#7d1a1a" if worse else "#3a7d44")
    right.axvline(0, color="#444444", linewidth=0.8)
    right.set_xlabel("candidate less current, points")
    for axes in (left, right):
        axes.grid(axis="x", alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper right", ncols=5, frameon=False)
    figure.suptitle("Gate: passed" if judgement.passed else "Gate: refused", x=0.01, ha="left")
    written = BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()
