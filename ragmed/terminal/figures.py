"""Figures of a measurement, and the doctor's findings about this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ragmed.terminal.screen import clean, console_for, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ragmed.examined import Examined


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


def print_tuning(values: dict[str, Any], out: Path, *, as_json: bool) -> None:
    """The figures of a tuned model, whether it was kept and, if so, how to use it."""
    print_scores(values, as_json=as_json)
    if as_json:
        return
    console = console_for()
    if values["adopted"]:
        console.print(f"Kept: {clean(str(out))}", style="bold")
        console.print(f'To use it, set embedder.model = "{clean(str(out))}" in ragmed.toml and run `ragmed index`.')
    else:
        console.print("Not kept, nothing was written:", style="bold")
        for reason in values["reasons"]:
            console.print(f"  {clean(reason)}")


def _score_lines(values: dict[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield f"{indent}{key}"
            yield from _score_lines(value, indent + "  ")
        else:
            yield f"{indent}{key:<28}{f'{value:.4f}' if isinstance(value, float) else value}"
