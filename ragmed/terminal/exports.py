"""An exported adapter on the terminal: what it will take, what was written, and how it is put to use."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ragmed.terminal.screen import clean, console_for, print_json

if TYPE_CHECKING:
    from ragmed.tune.export.exporting import Exported
    from ragmed.tune.export.wanted import Needs


def print_needs(needs: Needs) -> None:
    """Before it begins; on stderr."""
    sys.stderr.write(f"The export takes {needs.words}.\n")
    sys.stderr.flush()


def print_export(found: Exported, *, as_json: bool) -> None:
    """What was written; of what the gate did not let through that first."""
    made, folder = found.made, str(found.folder)
    if as_json:
        told = {"folder": folder, "revision": found.revision, "bytes": found.bytes}
        print_json({**made.values(), **told, "commands": list(made.commands(folder))})
        return
    console = console_for()
    if made.obstacle is not None:
        console.print(
            f"WITHOUT THE GATE, which the log and the card keep: {made.obstacle.words}. Let it answer nobody.",
            style="bold",
        )
    console.print(f"Exported: adapter {made.adapter.sha256} of {clean(made.adapter.model)}, as {made.form.value}.")
    if made.written_sha256 != made.adapter.sha256:
        console.print(f"There its hash is {made.written_sha256}: a path was taken out of its configuration.")
    if found.revision:
        console.print(f"Records name these weights by {found.revision}.")
    console.print(f"Written: {clean(folder)}, {found.bytes:,} bytes, with a card (README.md).", style="bold")
    for line in made.commands(folder):
        console.print(f"  {clean(line)}", soft_wrap=True)
