"""What could not become a row: where it stands and why. No patient text gets into a problem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that fell short."""

    where: str
    """A file's name, or ``feedback`` with the id of what was said."""
    line: int
    """In the file, from 1; of a JSON list the number of its item. 0 where there are no lines."""
    reason: str
