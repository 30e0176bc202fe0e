"""How well coverage tells what the library answers from what it does not: the fit, and its error rates.

    python benchmarks/abstention.py INDEX QUESTIONS [--demonstration INDEX]

INDEX holds the library that QUESTIONS (``ragmed eval questions``' form) are about. Groups of questions:

* ``answerable`` and ``near misses``: the questions themselves; near misses are those marked unanswerable;
* ``removed, …``: the answerable ones, each with its gold documents taken out of the search (by filter). Whether the
  first eight passages that remain answer it was judged by eye, mostly on extracts
  (benchmarks/removed_document_judgements.tsv): ``answered``, ``in part`` (one of the things asked for, or for a near
  case) or ``not answered``;
* ``uncovered``: benchmarks/uncovered_questions.tsv, everyday life and specialties that the library lacks;
* ``demonstration …``: tests/retrieve/coverage_questions.tsv on the demonstration library, with --demonstration; removed
  are the documents of the covered ones' first three passages.

Every second question of a group is the development half: weights and bias are fitted there, the other half tells.
Coverage is to be high where the question is answered, in part included; ``strict`` counts in part as not answered, and
``unjudged`` takes every question with its document removed for unanswerable.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine, save
from numpy.typing import NDArray

from ragmed.assemble import open_program
from ragmed.evaluate.question_file import read_questions
from ragmed.records import Filters
from ragmed.retrieve.coverage import EVIDENCE, coverage
from ragmed.settings import load_settings

EVERYTHING = Filters()
HERE = Path(__file__).resolve().parent
JUDGEMENTS = HERE / "removed_document_judgements.tsv"
NEEDLESS = 0.03
"""Share of the answerable questions of the development half that may be abstained from at the threshold: an abstention
sends the doctor away from a page that is there, a needless answer shows pages that can be seen not to answer."""
WORDS = {"yes": "answered", "part": "in part", "no": "not answered"}
SIGNS = ("cosine", "subject", "scatter")


@dataclass(frozen=True)
class Asked:
    question_id: str
    group: str
    language: str
    signs: tuple[float, ...]
    coverage: float

    @property
    def covered(self) -> bool:
        return self.group.endswith(("answerable", "demonstration covered", ", answered", "in part"))


class Library:
    """One index, asked for its signs of coverage."""

    def __init__(self, index: Path) -> None:
        self.program = open_program(load_settings(flags={"index": index}))
        self.snapshot = self.program.snapshots.current()
        self.retriever = self.program.retriever

    def ask(self, question_id: str, group: str, question: str, filters: Filters = EVERYTHING) -> Asked:
        query = self.retriever.analyse(question, None, filters)
        signs = self.retriever.signs(self.snapshot, query, self.retriever.rank(self.snapshot, query))
        values = tuple(float(getattr(signs, name)) if signs else 0.0 for name in SIGNS)
        return Asked(question_id, group, query.language.value, values, coverage(signs))

    def first_files(self, question: str, count: int) -> set[str]:
        found = self.retriever.retrieve(self.retriever.analyse(question, None, EVERYTHING), count)
        return {passage.document.source_path for passage in found.passages}

    def without(self, files: Iterable[str]) -> Filters:
        gone = tuple(files)
        kept = [one.document_id for one in self.snapshot.documents() if not one.source_path.endswith(gone)]
        return Filters(document_ids=tuple(kept))


def gather(index: Path, questions: Path, demonstration: Path | None) -> list[Asked]:
    library = Library(index)
    judged = {row["question"]: WORDS[row["judged"]] for row in rows_of(JUDGEMENTS)}
    asked: list[Asked] = []
    for one in read_questions(questions):
        asked.append(library.ask(one.question_id, "answerable" if one.answerable else "near misses", one.text))
        if one.answerable:
            gone = {gold.file.rpartition("/")[2] for gold in one.gold}
            group = f"removed, {judged[one.question_id]}"
            asked.append(library.ask(one.question_id, group, one.text, library.without(gone)))
    for number, row in enumerate(rows_of(HERE / "uncovered_questions.tsv"), 1):
        asked.append(library.ask(f"uncovered-{number:02d}", "uncovered", row["question"]))
    if demonstration:
        house = Library(demonstration)
        for number, row in enumerate(rows_of(HERE.parent / "tests" / "retrieve" / "coverage_questions.tsv"), 1):
            name, text, yes = f"demo-{number:02d}", row["question"], row["answerable"] == "yes"
            asked.append(house.ask(name, f"demonstration {'covered' if yes else 'uncovered'}", text))
            if yes:
                without = house.without(house.first_files(text, EVIDENCE - 2))
                asked.append(house.ask(name, f"demonstration removed, {judged[name]}", text, without))
    return asked


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def halves(asked: Sequence[Asked]) -> tuple[list[Asked], list[Asked]]:
    """Development and other half: every second question of each group; a question and its removed document together."""
    seen: dict[str, int] = {}
    parts: tuple[list[Asked], list[Asked]] = ([], [])
    for one in asked:
        kind = one.group.partition(",")[0]
        seen[kind] = seen.get(kind, -1) + 1
        parts[seen[kind] % 2].append(one)
    return parts


def auroc(better: Sequence[float], worse: Sequence[float]) -> float | None:
    """Chance that one of ``better`` is above one of ``worse``, ties half."""
    if not better or not worse:
        return None
    difference = np.array(better)[:, None] - np.array(worse)[None, :]
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
    return moved(asked, chosen, weights / scale)


def moved(asked: Sequence[Asked], chosen: Sequence[int], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same weights with the bias at which ``NEEDLESS`` of the questions with their documents score under 0.5."""
    scores = linear(asked, chosen, weights)
    there = np.sort(
        [
            score
            for score, one in zip(scores, asked, strict=True)
            if one.group in ("answerable", "demonstration covered")
        ]
    )
    shut_out = int(NEEDLESS * len(there))
    lowest = there[shut_out] if shut_out == 0 else (there[shut_out - 1] + there[shut_out]) / 2
    return np.array([*weights[:-1], weights[-1] - lowest])


def linear(asked: Sequence[Asked], chosen: Sequence[int], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.array([[*(one.signs[place] for place in chosen), 1.0] for one in asked])
    return np.asarray(x @ weights, dtype=np.float64)


def chance(scores: NDArray[np.float64]) -> list[float]:
    return [float(one) for one in 1 / (1 + np.exp(-scores))]


def report(asked: Sequence[Asked], scores: Sequence[float], threshold: float) -> dict[str, Any]:
    """AUROC of each comparison, and how many of each group score under the threshold."""
    of: dict[str, list[float]] = {}
    for one, score in zip(asked, scores, strict=True):
        of.setdefault(one.group, []).append(score)

    def of_groups(*names: str) -> list[float]:
        return [score for name in names for score in of.get(name, ())]

    def removed(front: str, covered: str) -> dict[str, float | None]:
        there = of_groups(covered)
        answered, in_part, no = (of_groups(f"{front}removed, {word}") for word in WORDS.values())
        return {
            "judged": auroc([*there, *answered, *in_part], no),
            "strict": auroc([*there, *answered], [*in_part, *no]),
            "unjudged": auroc(there, [*answered, *in_part, *no]),
        }

    answerable, covered = of_groups("answerable"), of_groups("demonstration covered")
    return {
        "auroc": {
            "near misses": auroc(answerable, of_groups("near misses")),
            "uncovered": auroc(answerable, of_groups("uncovered")),
            "near misses and uncovered": auroc(answerable, of_groups("near misses", "uncovered")),
            "removed": removed("", "answerable"),
            "demonstration": auroc(covered, of_groups("demonstration uncovered")),
            "demonstration removed": removed("demonstration ", "demonstration covered"),
        },
        "abstains": {
            group: {"of": len(values), "abstained": sum(value < threshold for value in values)}
            for group, values in sorted(of.items())
        },
    }


def measured(asked: Sequence[Asked], score: Callable[[Sequence[Asked]], Sequence[float]], at: float) -> dict[str, Any]:
    development, other = halves(asked)
    parts = {"development": development, "other half": other, "all": asked}
    return {name: report(part, score(part), at) for name, part in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--demonstration", type=Path)
    parser.add_argument("--keep", type=Path, help="write every question's signs here, JSON lines")
    chosen = parser.parse_args()
    asked = gather(chosen.index, chosen.questions, chosen.demonstration)
    if chosen.keep:
        chosen.keep.write_text("\n".join(json.dumps(asdict(one)) for one in asked) + "\n", "utf-8")
    development, _ = halves(asked)
    result: dict[str, Any] = {"machine": machine(), "needless_at_most": NEEDLESS}
    threshold = open_program(load_settings()).settings.retrieve.abstain_below
    result["as built"] = measured(asked, lambda part: [one.coverage for one in part], threshold)
    for places in ((0, 1), (0, 2), (1, 2), (0, 1, 2)):
        weights = fit(development, places)
        name = ", ".join(SIGNS[place] for place in places)
        result[name] = {
            "weights": [round(float(weight), 3) for weight in weights],
            **measured(asked, lambda part, p=places, w=weights: chance(linear(part, p, w)), 0.5),  # type: ignore[misc]
        }
    save("abstention", result)


if __name__ == "__main__":
    main()
