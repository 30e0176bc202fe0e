"""A gate's verdict on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragmed.terminal.screen import clean, console_for, print_json


def print_gate(values: Mapping[str, Any], folder: Path, *, as_json: bool) -> None:
    """Whether the adapter passes, why not, and the figures of everyone who was asked."""
    found = values["judgement"]
    if as_json:
        print_json({**values, "folder": str(folder)})
        return
    console = console_for()
    everyone = list(found["means"])
    console.print(f"{found['counts']['questions']:,} questions; {'':<18}" + "".join(f"{who:>15}" for who in everyone))
    for name in next(iter(found["means"].values())):
        cells = (found["means"][who].get(name) for who in everyone)
        console.print(f"  {name:<34}" + "".join(f"{_cell(name, value):>15}" for value in cells))
    if values["not_asked"]:
        console.print(f"not asked: {values['not_asked']:,}, longer than the model reads")
    console.print("Passed" if found["passed"] else "Refused:", style="bold")
    for reason in found["reasons"]:
        console.print(f"  {clean(reason)}")
    console.print(f"Report: {clean(str(folder))}")
    if found["passed"]:
        console.print(f"To let it write: ragmed tune promote {values['adapter_sha256'][:12]}")


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f} ×" if name == "length" else f"{100 * value:.1f} %"
