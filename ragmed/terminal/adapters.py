"""The register of adapters, and what happened to them, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.adapters.change import AdapterAction
from ragmed.canonical import plain
from ragmed.terminal.screen import clean, console_for, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ragmed.adapters.change import AdapterChange
    from ragmed.adapters.register import RegisteredAdapter

_PAST = {
    AdapterAction.ADD: "added",
    AdapterAction.GATE: "gated",
    AdapterAction.PROMOTE: "promoted",
    AdapterAction.RETIRE: "retired",
    AdapterAction.ROLL_BACK: "rolled back",
    AdapterAction.EXPORT: "exported",
}


def print_adapters(found: Sequence[RegisteredAdapter], *, pinned: Path | None, as_json: bool) -> None:
    """A line an adapter; under it what the gate said."""
    if as_json:
        print_json([_json(one) for one in found])
        return
    console = console_for()
    if not found:
        console.print("No adapter is in the register. `ragmed tune adapters add FOLDER` puts one in.")
    for one in found:
        who = clean(one.changed_by) or "unnamed"
        console.print(
            f"{one.sha256[:12]}  {one.state.value:<9}  {clean(one.model)} {clean(one.revision[:12])}  "
            f"{one.changed_at} by {who}"
        )
        if one.overridden:
            console.print(f"  WITHOUT THE GATE: {one.overridden.words}", style="bold")
        if one.why:
            console.print(f"  why: {clean(one.why)}")
        if one.verdict is not None:
            against = one.verdict.current_sha256[:12] if one.verdict.current_sha256 else "the base model"
            said = "let through" if one.verdict.passed else "refused"
            console.print(f"  gate: {said} against {against}, {one.verdict.at}")
            for reason in one.verdict.reasons:
                console.print(f"    {clean(reason)}", style="dim")
    _print_pinned(pinned)


def print_adapter(one: RegisteredAdapter | None, done: str, *, pinned: Path | None = None, as_json: bool) -> None:
    """What became of one; None: the base model writes."""
    if as_json:
        print_json(None if one is None else _json(one))
        return
    console = console_for()
    if one is None:
        console.print(f"{done}: the base model. It writes from the next question on.")
    else:
        writes = " It writes from the next question on." if one.state.value == "promoted" else ""
        console.print(f"{done}: adapter {one.sha256} of {clean(one.model)}, {one.state.value}.{writes}")
        if one.overridden and one.state.value == "promoted":
            console.print(f"Without the gate, which the log keeps: {one.overridden.words}.", style="bold")
    _print_pinned(pinned)


def print_adapter_changes(changes: Sequence[AdapterChange], *, as_json: bool) -> None:
    """All that the log holds of adapters, oldest first; what went past the gate stands out."""
    if as_json:
        print_json([plain(one) | {"sha256": one.sha256} for one in changes])
        return
    console = console_for()
    if not changes:
        console.print("Nothing of adapters is in the log.")
    for one in changes:
        what = _PAST[one.action]
        if one.action is AdapterAction.GATE and one.verdict is not None:
            what = "let through by the gate" if one.verdict.passed else "refused by the gate"
        if one.action is AdapterAction.ROLL_BACK:
            what = "back by a rollback" if one.back_to else "taken off by a rollback, to the base model"
        if one.exported:
            what += f" ({clean(one.exported)})"
        console.print(
            f"{one.number:>5}  {one.at}  {one.adapter_sha256[:12]} {what}, {clean(one.model)}, "
            f"by {clean(one.user) or 'unnamed'}"
        )
        if one.overridden:
            console.print(f"       WITHOUT THE GATE: {one.overridden.words}", style="bold")
        if one.why:
            console.print(f"       why: {clean(one.why)}", style="dim")
    past = [one.action for one in changes if one.overridden]
    exports = past.count(AdapterAction.EXPORT)
    told = f", {exports:,} exports without it" if exports else ""
    console.print(f"{len(changes):,} changes, {len(past) - exports:,} promotions without the gate{told}.")


def _print_pinned(pinned: Path | None) -> None:
    if pinned is not None:
        console_for().print(
            f"model.adapter names {clean(pinned.name)}: that one writes, whatever is promoted here.", style="bold"
        )


def _json(one: RegisteredAdapter) -> dict[str, object]:
    return {
        name: value if name != "folder" else str(one.folder)
        for name, value in ((each, getattr(one, each)) for each in one.__dataclass_fields__)
    }
