"""Evidence bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ragmed.audit.evidence import Evidence
    from ragmed.interfaces import AuditLog


def bundle_bytes(log: AuditLog, evidence: Evidence, record_id: str, *, sources: bool = False) -> bytes:
    """The bundle of one answer, a zip. ``sources``: with the whole files of documents whose licence allows it.

    Raises NotFoundError. An erased answer has a bundle too: it proves that the answer was there and when it went.
    """
    raise NotImplementedError


def write_bundle(log: AuditLog, evidence: Evidence, record_id: str, output: Path, *, sources: bool = False) -> Path:
    """``bundle_bytes`` in a file readable by its owner alone; into a folder under ``bundle_name``. Returns the path."""
    raise NotImplementedError


def bundle_name(record_id: str) -> str:
    """``ragmed-answer-ID.zip``: the id and nothing else of the answer."""
    return f"ragmed-answer-{record_id}.zip"
