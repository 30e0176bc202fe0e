"""What tuning the embedder to a library is worth, on questions that no model was trained on.

    python benchmarks/tuned_embedder.py QUESTIONS --index INDEX --guard COLLECTION [--minutes 15] [--seed 7]

INDEX holds a snapshot of the library that QUESTIONS (``ragmed eval questions``) are about. The model is tuned as
``ragmed tune embedder`` does it, into a temporary folder (or --keep FOLDER); then every answerable question is asked of
both models: page hits of dense search alone and fused with BM25. Adopted or not, the figures are kept.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine, save
from numpy.typing import NDArray

from ragmed.evaluate.question_file import Question, read_questions
from ragmed.evaluate.questions import first_gold, places_of
from ragmed.evaluate.resampling import compare
from ragmed.index.folder_store import FolderStore
from ragmed.index.snapshot import Snapshot
from ragmed.interfaces import Embedder
from ragmed.records import DocumentStatus, Filters
from ragmed.retrieve.fusion import fuse
from ragmed.retrieve.search import HybridRetriever, lexical_texts
from ragmed.settings import Settings, load_settings
from ragmed.terminal import progress
from ragmed.tune.embedder.training import TrainingPlan
from ragmed.tune.embedder.tuning import Tuning, tune_embedder


def asked(
    questions: Sequence[Question],
    settings: Settings,
    snapshot: Snapshot,
    embedder: Embedder,
    vectors: NDArray[np.float32],
) -> dict[str, dict[str, int]]:
    """System → question → rank of its first gold page among the distinct pages found, 0 for none in ten."""
    retriever = HybridRetriever(FolderStore(settings.index), embedder, settings.retrieve)
    depth = settings.retrieve.depth
    numbers = np.concatenate(
        [
            np.arange(item.first_row, item.first_row + item.rows)
            for item in snapshot.manifest.documents
            if item.document.status is DocumentStatus.CURRENT
        ]
    )
    assert len(numbers) == len(vectors)
    found: dict[str, dict[str, int]] = {"dense": {}, "fused": {}}
    for question in questions:
        query = retriever.analyse(question.text, None, Filters())
        cosines = vectors @ embedder.embed_queries([query.english])[0]
        best = np.argsort(-cosines, kind="stable")[:depth]
        dense = (numbers[best].astype(np.int64), cosines[best])
        fused = fuse(dense, snapshot.lexical(lexical_texts(query), depth, query.filters), depth=depth)
        for system, rows in (("dense", dense[0]), ("fused", fused.rows)):
            chunks = snapshot.chunks([int(row) for row in rows])
            places = places_of((snapshot.document(one.document_id).source_path, one.page_number) for one in chunks)
            found[system][question.question_id] = first_gold(question.gold, places)
    return found


def compared(questions: Sequence[Question], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Page hits at 1, 5 and 10 of both models, all questions and by language."""
    result: dict[str, Any] = {}
    for system in before:
        for language in ("all", "en", "zh"):
            chosen = [one.question_id for one in questions if language in ("all", one.language)]
            if not chosen:
                continue
            for depth in (1, 5, 10):
                ours, theirs = (
                    {one: float(1 <= side[system][one] <= depth) for one in chosen} for side in (after, before)
                )
                found = compare("untuned", f"page_hit@{depth}", ours, theirs).named()
                result.setdefault(system, {}).setdefault(language, {})[f"page_hit@{depth}"] = {
                    key: found[key] for key in ("baseline_mean", "mean", "difference", "ci95", "wins", "losses")
                }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--guard", type=Path)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--name", default="tuned_embedder")
    chosen = parser.parse_args()
    settings = load_settings(flags={"index": chosen.index})
    plan = TrainingPlan(minutes=chosen.minutes, steps=chosen.steps, seed=chosen.seed)
    questions = [one for one in read_questions(chosen.questions) if one.answerable]
    with tempfile.TemporaryDirectory(prefix="ragmed-") as folder, progress() as show:
        out = chosen.keep or Path(folder) / "tuned"
        load = os.getloadavg()[0]
        tuning: Tuning = tune_embedder(settings, out, plan=plan, guard_folder=chosen.guard, progress=show)
    snapshot = FolderStore(settings.index).current()
    before = asked(questions, settings, snapshot, tuning.base, tuning.task.rows.vectors)
    after = asked(questions, settings, snapshot, tuning.tuned, tuning.vectors)
    loads = {"before": round(load, 1), "after": round(os.getloadavg()[0], 1)}
    save(
        chosen.name,
        {
            "machine": machine(),
            "load_average": loads,
            "questions": len(questions),
            "on_questions": compared(questions, before, after),
            "tuning": tuning.report(),
        },
    )


if __name__ == "__main__":
    main()
