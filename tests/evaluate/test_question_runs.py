"""Runs over questions: what was found, saved, read back, compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragmed.errors import BadInputError
from ragmed.evaluate.baselines import reciprocal_ranks
from ragmed.evaluate.question_runs import baseline_of, read_places, write_places
from ragmed.evaluate.questions import evaluate_questions
from ragmed.index.folder_store import FolderStore
from ragmed.retrieve.search import HybridRetriever
from tests.evaluate.test_questions import ROWS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps({**row, "id": f"{row['id']} 1"}) + "\n" for row in ROWS), "utf-8")
    return path


def test_a_saved_run_compares_as_its_own_equal(tmp_path: Path, file: Path, retriever: HybridRetriever) -> None:
    run = tmp_path / "deep" / "run.trec"
    asked = evaluate_questions(file, retriever).asked
    write_places(run, asked)
    assert read_places(run) == {one.question.question_id: one.places for one in asked if one.places}
    again = evaluate_questions(
        file, retriever, baseline="run.trec", baseline_places=lambda question: read_places(run)[question.question_id]
    )
    assert [(one.measure, one.queries, one.difference, one.p) for one in again.comparisons] == [
        ("page_hit@1", 3, 0, 1),
        ("page_hit@5", 3, 0, 1),
        ("page_hit@10", 3, 0, 1),
    ]


def test_a_question_that_the_run_lacks_found_nothing(tmp_path: Path, file: Path, retriever: HybridRetriever) -> None:
    run = tmp_path / "run.trec"
    run.write_text("a%201 Q0 elsewhere.txt#1 1 1 t\n")
    found = baseline_of(str(run), retriever, None, 100)  # type: ignore[arg-type]
    scores = evaluate_questions(file, retriever, baseline="other", baseline_places=found)
    at_ten = scores.comparisons[2]
    assert (at_ten.mean, at_ten.baseline_mean) == (pytest.approx(2 / 3), 0)
    assert scores.report()["comparisons"]["page_hit@10"]["wins"] == 2


@pytest.mark.parametrize("name", ["bm25", "dense", "rrf", "sum"])
def test_named_baselines_find_pages(name: str, file: Path, retriever: HybridRetriever, store: FolderStore) -> None:
    places = baseline_of(name, retriever, store, 100)
    scores = evaluate_questions(file, retriever, baseline=name, baseline_places=places)
    assert [one.baseline for one in scores.comparisons] == [name] * 3
    assert any(one.baseline_hit for one in scores.asked)


def test_reciprocal_ranks_by_hand() -> None:
    import numpy as np

    # 7: 1/62 + 1/61; 3: 1/61; 5: 1/62
    assert reciprocal_ranks(np.array([3, 7]), np.array([7, 5])) == [7, 3, 5]


@pytest.mark.parametrize("line", ["q Q0 page 1 1 t", "q Q0 file#x 1 1 t", "q Q0 #3 1 1 t"])
def test_what_is_no_page_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "run.trec"
    path.write_text(line + "\n")
    with pytest.raises(BadInputError, match="is no page"):
        read_places(path)
