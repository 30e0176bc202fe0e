"""What ``ragmed eval`` runs: the program's parts as the settings choose them, asked and counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.assemble import Program, open_program
from ragmed.interfaces import no_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.evaluate.claims import ClaimScores
    from ragmed.evaluate.questions import QuestionScores
    from ragmed.evaluate.report import Measured
    from ragmed.evaluate.retrieval import RetrievalScores
    from ragmed.interfaces import Progress
    from ragmed.settings import Settings


def evaluate_retrieval(
    settings: Settings,
    folder: Path,
    *,
    runs: Path | None = None,
    run: Path | None = None,
    cache: Path | None = None,
    baseline: str | None = None,
    without: Sequence[str] = (),
    progress: Progress = no_progress,
) -> RetrievalScores:
    """Measures of search over a folder in the BEIR layout."""
    from ragmed.evaluate.retrieval import evaluate_retrieval as evaluate
    from ragmed.index.embedder import measured_embedder

    embedder = measured_embedder(settings.embedder, cache or settings.index, write=cache is not None)
    return evaluate(
        folder,
        settings,
        embedder,
        progress=progress,
        runs=runs,
        run=run,
        cache=cache,
        baseline=baseline,
        without=without,
    )


def rescore_run(folder: Path, run: Path, baseline: Path | None = None) -> RetrievalScores:
    """Measures of a saved run, nothing asked again."""
    from ragmed.evaluate.retrieval import rescore

    return rescore(folder, run, baseline)


def evaluate_questions(
    settings: Settings,
    file: Path,
    *,
    baseline: str | None = None,
    run: Path | None = None,
    without: Sequence[str] = (),
    progress: Progress = no_progress,
) -> QuestionScores:
    """Measures of the whole way over questions with gold pages, asked of the indexed library.

    ``without``: of ``retrieve.search.ALL_PARTS``, those to leave out. Raises BadInputError for others.
    """
    from ragmed.evaluate.ablation import require_parts
    from ragmed.evaluate.question_runs import baseline_of, write_places
    from ragmed.evaluate.questions import evaluate_questions as evaluate

    program = Program(settings, require_parts(without))
    places = baseline_of(baseline, program.retriever, program.snapshots, settings.retrieve.depth) if baseline else None
    scores = evaluate(
        file, program.retriever, program.assistant, baseline=baseline, baseline_places=places, progress=progress
    )
    if run:
        write_places(run, scores.asked)
    return scores


def evaluate_claims(settings: Settings, file: Path, *, progress: Progress = no_progress) -> ClaimScores:
    """Measures of the citation checker over judged claims, with the second check where the settings name a model."""
    from ragmed.evaluate.claims import evaluate_claims as evaluate

    program, multilingual = open_program(settings), settings.embedder.multilingual
    second = program.writers.second_check(settings)
    return evaluate(file, program.embedder, multilingual=multilingual, second=second, progress=progress)


def write_report(path: Path, measured: Measured, settings: Settings, *, began: float, source: Path) -> None:
    """One HTML page of what was measured; ``began`` in seconds since 1970."""
    from ragmed.evaluate.questions import QuestionScores
    from ragmed.evaluate.report import write_report as write

    asked = isinstance(measured, QuestionScores)
    snapshot_id = open_program(settings).snapshots.current().snapshot_id if asked else ""
    write(path, measured, settings, began=began, source=source, snapshot_id=snapshot_id)
