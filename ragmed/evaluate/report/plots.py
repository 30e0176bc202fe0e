"""Small plots as inline SVG. Colours and type come from the page's style sheet, so that they follow light and dark.

Laws of this room: an axis has a name and two ends; a line is told apart by its dashes as well as its colour; nothing
that was not measured is drawn. The drawing is 360 units wide, so that on a phone a letter keeps its size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 360, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 42


@dataclass(frozen=True, slots=True)
class Bar:
    """One value in [0, 1] with its name."""

    name: str
    value: float
    note: str = ""
    strong: bool = False


def bars(rows: Sequence[Bar], said: str) -> str:
    """Horizontal bars, their names above them."""
    height = 34 * len(rows) + 4
    parts = []
    for number, row in enumerate(rows):
        top = 34 * number
        kind = "a" if row.strong else "quiet"
        parts.append(
            f'<text x="0" y="{top + 12}">{escape(row.name)}</text>'
            f'<text x="{WIDTH}" y="{top + 12}" class="end">{row.value:.3f}{escape(row.note)}</text>'
            f'<rect class="track" x="0" y="{top + 17}" width="{WIDTH}" height="10" rx="2"/>'
            f'<rect class="{kind}" x="0" y="{top + 17}" width="{WIDTH * row.value:.1f}" height="10" rx="2"/>'
        )
    return _svg(parts, said, height)


def two_histograms(
    first: Sequence[float], second: Sequence[float], said: str, axis: str, threshold: float | None = None
) -> str:
    """Values in [0, 1] of two groups in twenty bins: the first above the line, the second below, as shares."""
    count = 20
    middle, reach = (HEIGHT - _BOTTOM + _TOP) / 2, (HEIGHT - _BOTTOM - _TOP) / 2 - 4
    shares = [_shares(values, count) for values in (first, second)]
    highest = max([*shares[0], *shares[1], 1e-9])
    step = _x(1 / count) - _x(0)
    parts = []
    for kind, group, sign in (("a", shares[0], -1), ("b", shares[1], 1)):
        for place, share in enumerate(group):
            tall = reach * share / highest
            top = middle - tall if sign < 0 else middle
            parts.append(
                f'<rect class="{kind}" x="{_x(place / count) + 0.5:.1f}" y="{top:.1f}" width="{step - 1:.1f}" '
                f'height="{tall:.1f}"/>'
            )
    parts.append(_line(_x(0), middle, _x(1), middle, "axis"))
    for value, y in ((highest, middle - reach), (highest, middle + reach)):
        parts.append(f'<text class="end small" x="{_LEFT - 5}" y="{y + 4:.1f}">{value:.0%}</text>')
    if threshold is not None:
        x = _x(threshold)
        parts.append(_line(x, _TOP - 4, x, HEIGHT - _BOTTOM, "mark"))
        anchor = "end" if threshold > 0.5 else ""
        at = x + (-4 if anchor else 4)
        parts.append(f'<text class="small {anchor}" x="{at:.1f}" y="{_TOP + 6}">threshold {threshold:g}</text>')
    return _svg([*parts, _x_axis(axis)], said)


def _shares(values: Sequence[float], count: int) -> list[float]:
    found = [0] * count
    for value in values:
        found[min(int(min(max(value, 0.0), 1.0) * count), count - 1)] += 1
    return [one / len(values) if values else 0.0 for one in found]


def curves(lines: Sequence[tuple[str, Sequence[tuple[float, float]]]], said: str, axes: tuple[str, str]) -> str:
    """Up to three lines through points in the unit square, with the diagonal."""
    parts = [_line(_x(0), _y(0), _x(1), _y(1), "guide")]
    for kind, (name, points) in zip(("a", "b", "c"), lines, strict=False):
        path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="curve {kind}" points="{path}"/>')
        row = "abc".index(kind)
        y = _y(0) - 10 - 16 * (len(lines) - 1 - row)
        start = _x(0.42)
        parts.append(_line(start, y - 4, start + 22, y - 4, f"curve {kind}"))
        parts.append(f'<text class="small" x="{start + 28:.1f}" y="{y:.1f}">{escape(name)}</text>')
    return _svg([*parts, _x_axis(axes[0]), _y_axis(axes[1])], said)


def growth(
    lines: Sequence[tuple[str, Sequence[tuple[int, float]]]],
    said: str,
    axes: tuple[str, str],
    top: float,
    target: float | None = None,
) -> str:
    """Up to three lines over sizes on a logarithmic axis; values from 0 to ``top``, and what they should stay under."""
    sizes = sorted({size for _, points in lines for size, _ in points})
    low, high = math.log(sizes[0]), math.log(sizes[-1])
    places = {size: (math.log(size) - low) / ((high - low) or 1) for size in sizes}
    parts = []
    if target is not None:
        parts.append(_line(_x(0), _y(target / top), _x(1), _y(target / top), "mark"))
        parts.append(f'<text class="small" x="{_x(0.02):.1f}" y="{_y(target / top) - 5:.1f}">target {target:g}</text>')
    for kind, (name, points) in zip(("a", "b", "c"), lines, strict=False):
        drawn = [(_x(places[size]), _y(value / top)) for size, value in points]
        parts.append(f'<polyline class="curve {kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)}"/>')
        for (size, value), (x, y) in zip(points, drawn, strict=True):
            parts.append(
                f'<circle class="{"quiet" if kind == "c" else kind}" cx="{x:.1f}" cy="{y:.1f}" r="3">'
                f"<title>{escape(name)}, {size:,}: {value:g}"
                "</title></circle>"
            )
        y = _TOP + 10 + 16 * "abc".index(kind)
        parts.append(_line(_x(0.04), y - 4, _x(0.04) + 22, y - 4, f"curve {kind}"))
        parts.append(f'<text class="small" x="{_x(0.04) + 28:.1f}" y="{y:.1f}">{escape(name)}</text>')
    x_ticks = [(places[size], f"{size:,}") for size in sizes]
    y_ticks = [(0, "0"), (0.5, f"{top / 2:g}"), (1, f"{top:g}")]
    return _svg([*parts, _x_axis(axes[0], x_ticks), _y_axis(axes[1], y_ticks)], said)


def reliability(bins: Sequence[tuple[float, float, int]], said: str, axes: tuple[str, str]) -> str:
    """(mean score, share that was true, how many) of each bin; a dot's area grows with how many."""
    most = max((count for _, _, count in bins), default=1)
    parts = [_line(_x(0), _y(0), _x(1), _y(1), "guide")]
    for score, share, count in bins:
        parts.append(
            f'<circle class="a dot" cx="{_x(score):.1f}" cy="{_y(share):.1f}" r="{3 + 9 * (count / most) ** 0.5:.1f}">'
            f"<title>{count} with a mean score of {score:.2f}: {share:.0%} true</title></circle>"
        )
    return _svg([*parts, _x_axis(axes[0]), _y_axis(axes[1])], said)


def differences(values: Sequence[float], said: str, axis: str) -> str:
    """One stroke a query, from the greatest win to the greatest loss; equal ones make the gap between."""
    ordered = sorted(values, reverse=True)
    middle, reach = (HEIGHT - _BOTTOM + _TOP) / 2, (HEIGHT - _BOTTOM - _TOP) / 2
    wide = (WIDTH - _LEFT - _RIGHT) / max(len(ordered), 1)
    points = []
    for place, value in enumerate(ordered):
        left, y = _LEFT + place * wide, middle - reach * value
        points += [f"{left:.2f},{y:.1f}", f"{left + wide:.2f},{y:.1f}"]
    area = f"{_LEFT},{middle} {' '.join(points)} {WIDTH - _RIGHT},{middle}"
    parts = [
        f'<clipPath id="above"><rect x="0" y="0" width="{WIDTH}" height="{middle}"/></clipPath>',
        f'<clipPath id="below"><rect x="0" y="{middle}" width="{WIDTH}" height="{HEIGHT}"/></clipPath>',
        f'<polygon class="a" points="{area}" clip-path="url(#above)"/>',
        f'<polygon class="b" points="{area}" clip-path="url(#below)"/>',
        _line(_LEFT, middle, WIDTH - _RIGHT, middle, "axis"),
        f'<text class="small end" x="{_LEFT - 5}" y="{middle - reach + 6}">+1</text>',
        f'<text class="small end" x="{_LEFT - 5}" y="{middle + 4}">0</text>',
        f'<text class="small end" x="{_LEFT - 5}" y="{middle + reach}">−1</text>',
        f'<text class="middle" x="{(_LEFT + WIDTH - _RIGHT) / 2}" y="{HEIGHT - 10}">{escape(axis)}</text>',
    ]
    return _svg(parts, said)


def _x(value: float) -> float:
    return _LEFT + value * (WIDTH - _LEFT - _RIGHT)


def _y(value: float) -> float:
    return HEIGHT - _BOTTOM - value * (HEIGHT - _BOTTOM - _TOP)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _end_or_middle(said: str, at: float) -> str:
    """A long number at the right edge would run out of the drawing."""
    return "end" if at == 1 and len(said) > 3 else "middle"


_UNIT = ((0, "0"), (0.5, "0.5"), (1, "1"))


def _x_axis(name: str, marks: Sequence[tuple[float, str]] = _UNIT) -> str:
    ticks = "".join(
        f'<text class="small {_end_or_middle(said, at)}" x="{_x(at):.1f}" y="{HEIGHT - _BOTTOM + 15}">{said}</text>'
        for at, said in marks
    )
    return (
        _line(_x(0), HEIGHT - _BOTTOM, _x(1), HEIGHT - _BOTTOM, "axis")
        + ticks
        + f'<text class="middle" x="{_x(0.5):.1f}" y="{HEIGHT - 8}">{escape(name)}</text>'
    )


def _y_axis(name: str, marks: Sequence[tuple[float, str]] = _UNIT) -> str:
    ticks = "".join(f'<text class="small end" x="{_LEFT - 5}" y="{_y(at) + 4:.1f}">{said}</text>' for at, said in marks)
    return (
        _line(_x(0), _y(0), _x(0), _y(1), "axis")
        + ticks
        + f'<text class="middle" transform="translate(11 {_y(0.5):.1f}) rotate(-90)">{escape(name)}</text>'
    )


def _svg(parts: Sequence[str], said: str, height: float = HEIGHT) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(said)}">{"".join(parts)}</svg>'
