"""One line of what ``ragmed doctor`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One line of the report. ``fault`` stops work, ``short`` takes something away, ``fine`` is fine."""

    subject: str
    state: Literal["fine", "short", "fault"]
    found: str
    remedy: str = ""
