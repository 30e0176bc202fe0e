"""What a gate said of one adapter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """What a gate said of one adapter against the one that was promoted at that time."""

    adapter_sha256: str
    model: str
    """The base model, as records name it."""
    revision: str
    current_sha256: str | None
    """The promoted adapter of that time; None: the base model."""
    passed: bool
    reasons: tuple[str, ...]
    """Why not, or what was looked at; never a patient's words, for they stay in the log."""
    questions_sha256: str
    """Of the frozen questions."""
    report_sha256: str
    prompt_revision: str
    """``ragmed.generate.prompt.REVISION`` of the prompts that were asked with."""
    at: str
    """UTC, ISO 8601, to the millisecond."""
