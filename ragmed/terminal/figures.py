"""Figures of a measurement, and the doctor's findings about this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ragmed.terminal.screen import console_for, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ragmed.doctor import Examined


def print_findings(findings: Sequence[Examined]) -> None:
    """The doctor's report, a line each, the remedy under what falls short."""
    console = console_for()
    for one in findings:
        sign = {"fine": "ok   ", "short": "short", "fault": "FAULT"}[one.state]
        console.print(f"{sign} {one.subject}: {one.found}")
        if one.remedy:
            console.print(f"      {one.remedy}", style="dim")


def print_scores(values: dict[str, Any], *, as_json: bool) -> None:
    """Figures, a line each; nested ones indented."""
    if as_json:
        print_json(values)
        return
    for line in _score_lines(values, ""):
        console_for().print(line)


def _score_lines(values: dict[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield f"{indent}{key}"
            yield from _score_lines(value, indent + "  ")
        else:
            yield f"{indent}{key:<28}{f'{value:.4f}' if isinstance(value, float) else value}"
