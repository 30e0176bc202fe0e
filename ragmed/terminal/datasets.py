"""Training rows and the review queue on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.canonical import plain
from ragmed.terminal.screen import clean, console_for, print_json

if TYPE_CHECKING:
    from ragmed.entries import Reviewed

_SHOWN = 20


def print_dataset(values: dict[str, Any], out: Path, *, as_json: bool) -> None:
    """What a dataset holds, what was left out and what fell short."""
    if as_json:
        print_json(values)
        return
    console = console_for()
    for split, found in values["splits"].items():
        rows = ", ".join(f"{count:,} {form}" for form, count in found["rows"].items() if count) or "no rows"
        console.print(f"{split:<12}{rows}, of {len(found['series'])} series")
    kinds: Counter[str] = Counter()
    for one in values["counts"]:
        kinds[f"{one['source']} {one['kind']}, {one['language']}"] += one["rows"]
    for name, count in sorted(kinds.items()):
        console.print(f"  {clean(name):<34}{count:>7,}")
    for one in values["left_out"]:
        console.print(f"left out    {clean(one['title'])} ({clean(one['document_id'])}): {clean(one['reason'])}")
    removed = values["identifiers"]["removed"]
    if removed:
        told = ", ".join(f"{count:,} {clean(kind)}" for kind, count in removed.items())
        console.print(f"taken out   patient identifiers: {told}")
    if values["feedback"].get("waiting"):
        console.print(f"waiting     {values['feedback']['waiting']:,} of feedback: `ragmed tune review list`")
    if values["unchecked"]:
        console.print(f"unchecked   {values['unchecked']:,} rows stand on no known page")
    problems = values["problems"]
    if problems:
        console.print(f"fell short  {len(problems):,}, all of them in problems.jsonl:", style="bold")
    for one in problems[:_SHOWN]:
        where = f"{one['where']}:{one['line']}" if one["line"] else one["where"]
        console.print(f"  {clean(where)}: {clean(one['reason'])}")
    console.print(f"Written: {clean(str(out))}", style="bold")


def print_reviews(found: Sequence[Reviewed], *, as_json: bool) -> None:
    """The review queue."""
    if as_json:
        print_json([plain(one) for one in found])
        return
    console = console_for()
    if not found:
        console.print("Nothing waits for a reviewer.")
    for one in found:
        said = one.feedback
        state = "waits" if one.review is None else f"{one.review.decision.value} by {one.review.user}"
        console.print(
            f"{said.feedback_id}  {said.at}  {said.kind.value} by {clean(said.user) or 'unnamed'}: {clean(state)}"
        )
        console.print(
            f"  answer {clean(said.record_id)}" + (f" [{clean(said.citation_key)}]" if said.citation_key else "")
        )
        if said.note:
            console.print(f"  note: {clean(said.note)}")
        if one.correction:
            console.print(f"  as it should read: {clean(one.correction)}")
