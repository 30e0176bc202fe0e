"""benchmarks/results/query.json as a page with plots: docs/search-at-scale.html.

python benchmarks/plot_query.py
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from machine import RESULTS

from ragmed.canonical import write_atomic
from ragmed.evaluate.report import plots
from ragmed.evaluate.report.markup import Section, drawing, drawings, table, whole_page

PAGE = RESULTS.parents[1] / "docs" / "search-at-scale.html"
SIZE = "chunks in the library"
WAITING = "Without filters. CPU is the time of all threads; the clock runs on while other programs have the cores."
HALVES = ("dense", "dense, cpu", "lexical", "lexical, cpu")


def main() -> None:
    result: dict[str, Any] = json.loads((RESULTS / "query.json").read_text("utf-8"))
    sizes = sizes_of(result)
    made = [
        ("command", "python benchmarks/query.py; python benchmarks/plot_query.py"),
        ("machine", "; ".join(sorted({_machine(found) for found in sizes.values()}))),
        ("load average", "; ".join(f"{size:,}: {_loads(found)}" for size, found in sorted(sizes.items()))),
    ]
    sections = [
        Section(title="Cost against size", body=cost_plots(result)),
        Section(title="With filters", body=_filters(sizes)),
        Section(title="Against an exact search", body=recall_table(result)),
    ]
    lead = "How long a question waits for its evidence, and what an open library weighs, as it grows."
    write_atomic(PAGE, whole_page("Search at scale", lead, sections, made).encode("utf-8"))
    print(Path("docs") / PAGE.name)


def sizes_of(result: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """What was measured at each size, in chunks."""
    return {int(name.split()[0]): found for name, found in result.items() if name.endswith(" chunks")}


def cost_plots(result: dict[str, Any]) -> str:
    """Waiting, memory, opening and publishing over the number of chunks."""
    sizes, targets = sizes_of(result), result["targets"]

    def line(name: str, value: Callable[[dict[str, Any]], float]) -> tuple[str, list[tuple[int, float]]]:
        return name, [(size, value(found)) for size, found in sorted(sizes.items())]

    def plot(title: str, lines: Sequence[Any], unit: str, target: float | None, caption: str) -> str:
        highest = max([target or 0, *(value for _, points in lines for _, value in points)])
        drawn = plots.growth(lines, title, (SIZE, unit), top=_round_up(highest * 1.25), target=target)
        return drawing(title, drawn, caption)

    whole = line("question to passages, clock", lambda found: found["ask"]["ms_retrieve"]["p95"])
    spent = line("question to passages, CPU", lambda found: found["ask"]["ms_retrieve_cpu"]["p95"])
    dense = line("dense half, CPU", lambda found: found["ask"]["ms_steps"]["none"]["dense, cpu"]["p95"])
    resident = line("resident", lambda found: found["ask"]["mb"]["VmRSS"])
    private = line("its own", lambda found: found["ask"]["mb"]["RssAnon"])
    warm = line("files in memory", lambda found: found["ask"]["seconds_open"])
    cold = line("files on disk", lambda found: found["ask"]["seconds_open_files_dropped"])
    publish = line("publish", lambda found: found["build"]["seconds_publish"])
    return drawings(
        plot("Waiting", [whole, spent, dense], "ms, 95th percentile", targets["retrieve_ms_p95"], WAITING),
        plot(
            "Memory", [resident, private], "MB", targets["resident_mb"], "After all questions, mapped files included."
        ),
        plot("Opening", [warm, cold], "seconds", targets["seconds_open"], "Every file is hashed."),
        plot("Publishing", [publish], "seconds", None, "From finished segments."),
    )


def _filters(sizes: dict[int, dict[str, Any]]) -> str:
    rows = [
        (f"{size:,}", name, *(f"{steps[half]['p50']:.1f} / {steps[half]['p95']:.1f}" for half in HALVES))
        for size, found in sorted(sizes.items())
        for name, steps in found["ask"]["ms_steps"].items()
    ]
    heads = ("chunks", "filter", *(f"{half}, ms p50 / p95" for half in HALVES))
    return table(heads, rows, right=(0, 2, 3, 4, 5))


def recall_table(result: dict[str, Any]) -> str:
    """Against an exact search over the same rows, by size and filter."""
    sizes = sizes_of(result)
    rows = [
        (f"{size:,}", name, f"{one['rows']:,}", *(f"{one[f'recall@{k}']:.3f}" for k in (1, 10, 100)))
        for size, found in sorted(sizes.items())
        for name, one in found["recall"]["against exact"].items()
    ]
    heads = ("chunks", "filter", "rows allowed", "recall@1", "recall@10", "recall@100")
    return table(heads, rows, right=(0, 2, 3, 4, 5))


def _machine(found: dict[str, Any]) -> str:
    return f"{found['machine']['cpu']}, {found['machine']['cores']} cores, {found['machine']['measured']}"


def _loads(found: dict[str, Any]) -> str:
    before, after = found["load_average"]
    return f"{before[0]:.1f} before, {after[0]:.1f} after"


def _round_up(value: float) -> float:
    """To one or two leading digits, so that the axis ends in a plain number."""
    digit = 10 ** (len(str(int(value))) - 1) if value >= 1 else 0.1
    return float(digit * (int(value / digit) + 1))


if __name__ == "__main__":
    main()
