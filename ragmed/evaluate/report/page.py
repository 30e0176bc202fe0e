"""Scores → one HTML file, with all that is needed to make it again.

Laws of this room: the page shows what the scores hold and measures nothing itself; it fetches nothing; text of
questions and evidence is escaped.
"""

from __future__ import annotations

import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from ragmed import __version__
from ragmed.canonical import sha256_file, sha256_of, write_atomic
from ragmed.evaluate.claims import ClaimScores
from ragmed.evaluate.questions import QuestionScores
from ragmed.evaluate.report.markup import Section, whole_page
from ragmed.evaluate.report.of_claims import claim_sections
from ragmed.evaluate.report.of_questions import question_sections
from ragmed.evaluate.report.of_retrieval import retrieval_sections
from ragmed.evaluate.retrieval import RetrievalScores
from ragmed.settings import Settings

Measured = RetrievalScores | QuestionScores | ClaimScores


def write_report(
    path: Path, measured: Measured, settings: Settings, *, began: float, source: Path, snapshot_id: str = ""
) -> None:
    """Write the report page of ``measured``.

    ``began``: when measuring began, seconds since 1970. ``source``: what was measured on. ``snapshot_id``: of the
    library that was asked, where one was.
    """
    sections: list[Section]
    if isinstance(measured, RetrievalScores):
        title = f"Search on {measured.collection}"
        lead = f"{measured.queries:,} queries against {measured.documents:,} documents."
        sections = retrieval_sections(measured)
        snapshot_id = measured.snapshot_id
    elif isinstance(measured, QuestionScores):
        title = f"Questions of {source.name}"
        lead = f"{len(measured.asked):,} questions asked of the indexed library, answers and citations checked."
        sections = question_sections(measured, settings.retrieve.abstain_below)
    else:
        title = f"Citation checks on {source.name}"
        lead = f"{len(measured.claims):,} claims with evidence, each judged supported or not."
        sections = claim_sections(measured)
    made = _made(settings, began, source, snapshot_id)
    write_atomic(path, whole_page(title, escape(lead), sections, made).encode("utf-8"))


def settings_hash(settings: Settings) -> str:
    """The first 16 digits of the SHA-256 of all settings but where things lie."""
    return sha256_of(settings.model_dump(mode="json", exclude={"library", "index", "app"}))[:16]


def _made(settings: Settings, began: float, source: Path, snapshot_id: str) -> list[tuple[str, str]]:
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    rows = [
        ("command", command),
        ("measured on", f"{source}{_digest(source)}"),
        ("date", datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("machine", f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"),
        ("program", f"ragmed {__version__}, Python {platform.python_version()}"),
        ("embedder", settings.embedder.model),
        ("settings", settings_hash(settings)),
    ]
    return [*rows, ("snapshot", snapshot_id)] if snapshot_id else rows


def _digest(source: Path) -> str:
    return f" (SHA-256 {sha256_file(source)[:16]}…)" if source.is_file() else ""


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "processor unknown"
