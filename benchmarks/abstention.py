"""How well coverage tells what the library answers from what it does not: the fit, and its error rates.

    python benchmarks/abstention.py INDEX QUESTIONS [--demonstration INDEX]

INDEX holds the library that QUESTIONS (``ragmed eval questions``' form) are about. Groups of questions:

* ``answerable`` and ``near misses``: the questions themselves; near misses are those marked unanswerable;
* ``removed``: the answerable ones, each with its gold documents taken out of the search (by filter). Another document
  may still answer, so some of these are rightly answered: the figure is a lower bound;
* ``uncovered``: benchmarks/uncovered_questions.tsv, everyday life and specialties that the library lacks;
* ``demonstration``: tests/retrieve/coverage_questions.tsv on the demonstration library, with --demonstration; and
  ``demonstration removed``, the covered ones without the documents of their first three passages. Its digests have a
  subject each, so that what is left seldom answers.

Every second question of a group is the development half; the logistic weights and the threshold are chosen there, and
everything is reported on the other half too. No figure of ``removed`` is used for fitting.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine, save
from numpy.typing import NDArray

from ragmed.assemble import open_program
from ragmed.evaluate.question_file import read_questions
from ragmed.records import Filters
from ragmed.retrieve.coverage import EVIDENCE, Evidence, subject_share
from ragmed.settings import load_settings

EVERYTHING = Filters()
HERE = Path(__file__).resolve().parent
FALSE_ABSTENTION_COST = 1.5
"""A needless abstention weighs half as much again as a needless answer: both can be seen, but only one sends the doctor
away from a page that is there."""


@dataclass(frozen=True)
class Asked:
    group: str
    covered: bool
    language: str
    question: str
    signs: tuple[float, ...]
    coverage: float


SIGNS = ("cosine", "nearness", "share")


class Library:
    """One index, asked for its signs of coverage."""

    def __init__(self, index: Path) -> None:
        self.program = open_program(load_settings(flags={"index": index}))
        self.snapshot = self.program.snapshots.current()
        self.retriever = self.program.retriever

    def ask(self, group: str, covered: bool, question: str, filters: Filters = EVERYTHING) -> Asked:
        query = self.retriever.analyse(question, None, filters)
        found = self.retriever.retrieve(query, EVIDENCE)
        ranking = self.retriever.rank(self.snapshot, query)
        evidence = [
            Evidence.of(0.0, one.chunk.text, (one.document.title, *one.chunk.heading_path)) for one in found.passages
        ]
        shown = {one.chunk.chunk_id for one in found.passages}
        rows = [row for row in ranking.cosines if self.snapshot.chunks([row])[0].chunk_id in shown] if shown else []
        near = dict(zip(ranking.near[0].tolist(), ranking.near[1].tolist(), strict=True))
        share = subject_share(query, evidence, self.snapshot.document_frequency, self.snapshot.chunk_count())
        signs = (
            max((ranking.cosines[row] for row in rows), default=0.0),
            max((near.get(row, 0.0) for row in rows), default=0.0),
            share,
        )
        return Asked(group, covered, query.language.value, question, signs, found.coverage)

    def first_files(self, question: str, count: int) -> set[str]:
        found = self.retriever.retrieve(self.retriever.analyse(question, None, EVERYTHING), count)
        return {passage.document.source_path for passage in found.passages}

    def without(self, files: Iterable[str]) -> Filters:
        gone = tuple(files)
        kept = [one.document_id for one in self.snapshot.documents() if not one.source_path.endswith(gone)]
        return Filters(document_ids=tuple(kept))


def gather(index: Path, questions: Path, demonstration: Path | None) -> list[Asked]:
    library = Library(index)
    asked: list[Asked] = []
    for one in read_questions(questions):
        group = "answerable" if one.answerable else "near misses"
        asked.append(library.ask(group, one.answerable, one.text))
        if one.answerable:
            gone = {gold.file.rpartition("/")[2] for gold in one.gold}
            asked.append(library.ask("removed", False, one.text, library.without(gone)))
    for row in rows_of(HERE / "uncovered_questions.tsv"):
        asked.append(library.ask("uncovered", False, row["question"]))
    if demonstration:
        house = Library(demonstration)
        for row in rows_of(HERE.parent / "tests" / "retrieve" / "coverage_questions.tsv"):
            yes = row["answerable"] == "yes"
            asked.append(house.ask(f"demonstration {'covered' if yes else 'uncovered'}", yes, row["question"]))
            if yes:
                gone = house.first_files(row["question"], 3)
                asked.append(house.ask("demonstration removed", False, row["question"], house.without(gone)))
    return asked


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def halves(asked: Sequence[Asked]) -> tuple[list[Asked], list[Asked]]:
    """Development and other half: every second question of each group."""
    seen: dict[str, int] = {}
    parts: tuple[list[Asked], list[Asked]] = ([], [])
    for one in asked:
        seen[one.group] = seen.get(one.group, -1) + 1
        parts[seen[one.group] % 2].append(one)
    return parts


def auroc(asked: Sequence[Asked], scores: NDArray[np.float64]) -> float | None:
    """Chance that a covered question scores above an uncovered one, ties half."""
    covered = np.array([one.covered for one in asked])
    if covered.all() or not covered.any():
        return None
    difference = scores[covered][:, None] - scores[~covered][None, :]
    return round(float((difference > 0).mean() + 0.5 * (difference == 0).mean()), 4)


def fit(asked: Sequence[Asked], chosen: Sequence[int], ridge: float = 0.002) -> NDArray[np.float64]:
    """Logistic regression by Newton's method on the chosen signs, bias last; ``ridge`` on the weights per question."""
    x = np.array([[*(one.signs[place] for place in chosen), 1.0] for one in asked])
    y = np.array([one.covered for one in asked], dtype=float)
    scale = np.array([*x[:, :-1].std(axis=0), 1.0])
    x = x / scale
    weights = np.zeros(x.shape[1])
    penalty = ridge * len(y) * np.diag([*np.ones(len(chosen)), 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        step = np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + penalty, x.T @ (y - p) - penalty @ weights)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    return weights / scale


def scores_of(asked: Sequence[Asked], chosen: Sequence[int], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.array([[*(one.signs[place] for place in chosen), 1.0] for one in asked])
    return 1 / (1 + np.exp(-(x @ weights + math.log(FALSE_ABSTENTION_COST))))


def report(asked: Sequence[Asked], scores: NDArray[np.float64], threshold: float) -> dict[str, Any]:
    groups = sorted({one.group for one in asked})
    rates = {
        group: round(
            float(np.mean([score < threshold for one, score in zip(asked, scores, strict=True) if one.group == group])),
            3,
        )
        for group in groups
    }

    def part(*names: str) -> float | None:
        chosen = [place for place, one in enumerate(asked) if one.group in names]
        return auroc([asked[place] for place in chosen], scores[chosen])

    return {
        "auroc": {
            "near misses": part("answerable", "near misses"),
            "uncovered": part("answerable", "uncovered"),
            "removed": part("answerable", "removed"),
            "near misses and uncovered": part("answerable", "near misses", "uncovered"),
            "demonstration": part("demonstration covered", "demonstration uncovered"),
            "demonstration removed": part("demonstration covered", "demonstration removed"),
            "all": auroc(asked, scores),
        },
        "abstains": rates,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--demonstration", type=Path)
    parser.add_argument("--keep", type=Path, help="write every question with its signs here, JSON lines")
    chosen = parser.parse_args()
    asked = gather(chosen.index, chosen.questions, chosen.demonstration)
    if chosen.keep:
        chosen.keep.write_text("\n".join(json.dumps(one.__dict__, ensure_ascii=False) for one in asked) + "\n", "utf-8")
    development, other = halves(asked)
    fitting = [one for one in development if not one.group.endswith("removed")]
    result: dict[str, Any] = {"machine": machine(), "questions": {}}
    for one in asked:
        result["questions"][one.group] = result["questions"].get(one.group, 0) + 1
    for name, signs in (("cosine, share", (0, 2)), ("nearness, share", (1, 2)), ("all three", (0, 1, 2))):
        weights = fit(fitting, signs)
        result[name] = {
            "weights": [round(float(weight), 3) for weight in weights],
            "development": report(development, scores_of(development, signs, weights), 0.5),
            "other half": report(other, scores_of(other, signs, weights), 0.5),
        }
    for name, place in (("cosine alone", 0), ("nearness alone", 1), ("share alone", 2)):
        result[name] = report(asked, np.array([one.signs[place] for one in asked]), 0.0)["auroc"]
    threshold = open_program(load_settings()).settings.retrieve.abstain_below
    for name, part in (("as built, development", development), ("as built, other half", other), ("as built", asked)):
        result[name] = report(part, np.array([one.coverage for one in part]), threshold)
    save("abstention", result)


if __name__ == "__main__":
    main()
