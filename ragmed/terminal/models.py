"""Language models: what is here, what was pulled, what a check found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.models.classifier import is_classifier
from ragmed.models.published import APACHE
from ragmed.terminal.screen import clean, clean_line, console_for, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.models.checking import Checked, Listed
    from ragmed.models.lock_file import ModelLock
    from ragmed.models.tiers import Default


def print_locked(lock: ModelLock, fetched: int | None, setting: str, *, as_json: bool) -> None:
    """A model that is whole now.

    ``fetched``: bytes that came from a hub, None for a copied folder.

    ``setting``: what ``model.name`` or ``answer.entailment_model`` becomes.
    """
    if as_json:
        print_json({**_lock_json(lock), "fetched_bytes": fetched or 0})
        return
    console = console_for()
    console.print(f"{clean_line(lock.model_id)}  {lock.commit}", style="bold")
    console.print(f"{len(lock.files)} files, {_size(lock.bytes)}, {_parameters(lock.parameters)}, every hash agrees.")
    if fetched is not None:
        console.print("Nothing was fetched: it was here already." if not fetched else f"Fetched {_size(fetched)}.")
    if lock.left_out:
        names = ", ".join(clean_line(path) for path in lock.left_out[:8])
        more = f" and {len(lock.left_out) - 8} more" if len(lock.left_out) > 8 else ""
        console.print(f"Left out: {names}{more}", style="dim")
    judges = is_classifier(lock.architecture)
    what, key = ("check sentences", "answer.entailment_model") if judges else ("answer", "model.name")
    console.print(f'To {what} with it, set {key} = "{clean_line(setting)}" in ragmed.toml.')


def _lock_json(lock: ModelLock) -> dict[str, object]:
    return {
        "model_id": lock.model_id,
        "source": lock.source,
        "commit": lock.commit,
        "architecture": lock.architecture,
        "parameters": lock.parameters,
        "bytes": lock.bytes,
        "files": list(lock.files),
        "left_out": list(lock.left_out),
    }


def print_models(models: Sequence[Listed], defaults: Sequence[Default], *, as_json: bool) -> None:
    """What is on this machine, the one that answers marked, and what is the default where."""
    if as_json:
        print_json({"models": list(models), "defaults": list(defaults)})
        return
    console = console_for()
    if not models:
        console.print("No language model is on this machine; answers quote the library word for word.")
    for one in models:
        mark, where = "*" if one.answers else " ", f"{one.source} {one.commit[:14]}" if one.source else ""
        console.print(
            f"{mark} {clean_line(one.name)}  {_size(one.bytes)}  {_parameters(one.parameters)}  {where}".rstrip()
        )
        words = f": {clean(one.words)}" if one.words else ""
        words += "; the second check" if one.checks else ""
        console.print(f"    {one.state}{words}", style="dim" if one.state == "whole" else "bold")
    console.print("\nKnown by a short name (`ragmed models pull NAME`), weights in 4 bits / 16 bits:", style="bold")
    for each in defaults:
        licence = "" if each.licence == APACHE else f"; {each.licence}"
        tier = f"  default of {'; '.join(each.tiers)}" if each.tiers else ""
        sizes = f"{each.bytes_in_4_bits / 1e9:4.1f} / {each.bytes_in_16_bits / 1e9:4.1f} GB"
        console.print(f"  {each.name:<14} {each.model_id:<28} {sizes}{tier}{licence}")


def print_checked(checked: Sequence[Checked], *, as_json: bool) -> None:
    """Every fault with its file, then the result in one sentence."""
    if as_json:
        print_json({"models": list(checked), "faults": sum(len(one.faults) for one in checked)})
        return
    console = console_for()
    for one in checked:
        for fault in one.faults:
            console.print(f"FAULT {fault.kind}: {clean_line(fault.path)}: {clean(fault.words)}")
        result = f"{len(one.faults)} faults" if one.faults else "every hash agrees, the weights are all there"
        console.print(f"{clean_line(one.name)}  {one.commit}: {one.files} files, {_size(one.bytes)}: {result}.")
        if one.remedy:
            console.print(f"  {one.remedy}", style="dim")


def _size(count: int) -> str:
    return f"{count / 1e9:,.2f} GB" if count >= 10**8 else f"{count / 1e6:,.1f} MB"


def _parameters(count: int) -> str:
    if not count:
        return ""
    return f"{count / 1e9:.2f}B parameters" if count >= 10**8 else f"{count / 1e6:.2f}M parameters"
