"""How results look on a terminal, and as the JSON that other programs read.

Results go to stdout, progress to stderr. One module a kind of result; rich is imported when something is first printed.
"""

from __future__ import annotations

from ragmed.terminal.adapters import print_adapter, print_adapter_changes, print_adapters
from ragmed.terminal.answers import answer_json, print_answer, print_citation
from ragmed.terminal.audits import (
    print_affected,
    print_answers,
    print_checkpoint,
    print_opened,
    print_proof,
    print_pruned,
    print_replays,
)
from ragmed.terminal.builds import print_build
from ragmed.terminal.datasets import print_dataset, print_reviews
from ragmed.terminal.exports import print_export, print_needs
from ragmed.terminal.figures import print_findings, print_scores, print_tuning
from ragmed.terminal.gates import print_gate
from ragmed.terminal.hits import print_hits, search_json
from ragmed.terminal.models import print_checked, print_locked, print_models
from ragmed.terminal.published import (
    print_collection,
    print_difference,
    print_register,
    print_snapshot,
    print_snapshots,
    print_verification,
)
from ragmed.terminal.runs import print_forecast, print_run, watch
from ragmed.terminal.screen import print_json
from ragmed.terminal.waiting import progress

__all__ = [
    "answer_json",
    "print_adapter",
    "print_adapter_changes",
    "print_adapters",
    "print_affected",
    "print_answer",
    "print_answers",
    "print_build",
    "print_checked",
    "print_checkpoint",
    "print_citation",
    "print_collection",
    "print_dataset",
    "print_difference",
    "print_export",
    "print_findings",
    "print_forecast",
    "print_gate",
    "print_hits",
    "print_json",
    "print_locked",
    "print_models",
    "print_needs",
    "print_opened",
    "print_proof",
    "print_pruned",
    "print_register",
    "print_replays",
    "print_reviews",
    "print_run",
    "print_scores",
    "print_snapshot",
    "print_snapshots",
    "print_tuning",
    "print_verification",
    "progress",
    "search_json",
    "watch",
]
