"""What the support score's weights are, and what it is worth on the physicians' labels that it was fitted on.

The evidences are parted in two halves by their order in the file: the weights come from the first, "the other half"
is the second. Each claim is scored on its own evidence, and on that evidence among 4 or 12 answers to other questions
of its half, in a seeded order: a cited document is longer than an answer. The scale is fitted on all three lengths.
Cross-validation: five folds of evidences, ten shuffles; mean and standard deviation over the 50 folds. The plain signs
need no fitting and are given on the same rows. Intervals resample evidences.

    python benchmarks/claims_support.py FILE.csv

FILE.csv: columns `answer` (the evidence), `claim`, `majority_label` (`Entailment` counts as supported).
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine, save

from ragmed.answer.support_score import SupportScorer
from ragmed.evaluate.claims import token_overlap
from ragmed.evaluate.measures import auroc
from ragmed.evaluate.resampling import interval
from ragmed.index.embedder import load_embedder
from ragmed.settings import Settings

FOLDS, SHUFFLES = 5, 10
LENGTHS = (0, 4, 12)
"""Answers to other questions that an evidence is put among."""
SETS = {
    "with embedder": ([0, 1, 2, 3], [1.0, 1.0, 1.0, -0.2]),
    "without embedder": ([4, 5, 7], [1.0, 1.0, -0.2]),
    "words alone": ([0], [1.0]),
    "concepts alone": ([1], [1.0]),
    "nearness alone": ([2], [1.0]),
}
"""Columns of the signs, and how much each counts in units of its spread."""


def fit(signs: np.ndarray, balance: list[float], supported: np.ndarray) -> np.ndarray:
    """Weights of the signs, bias last: the balance is given, only its scale and the bias come from the labels.

    Two numbers fitted where a weight a sign would be four: on so few evidences equal weights carry over better (Dawes
    1979). Logistic regression by Newton's method.
    """
    spread = np.maximum(signs.std(axis=0), 1e-9)
    weights = np.array(balance) / spread
    total = signs @ weights
    centre = total.mean()
    rows = np.column_stack([total - centre, np.ones(len(total))])
    found = np.zeros(2)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-rows @ found))
        slope = rows.T @ (chance - supported)
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows
        found -= np.linalg.solve(curve, slope)
    return np.append(found[0] * weights, found[1] - found[0] * centre)


def area(scores: np.ndarray, supported: np.ndarray) -> float:
    return auroc(scores[supported == 1].tolist(), scores[supported == 0].tolist())


def folds(group: np.ndarray) -> list[np.ndarray]:
    """Masks of the rows left out, whole evidences at a time."""
    found = []
    for seed in range(SHUFFLES):
        place = np.random.default_rng(seed).permutation(group.max() + 1)[group]
        found += [place % FOLDS == fold for fold in range(FOLDS)]
    return found


def among(names: list[str], own: int, others: int) -> str:
    """The evidence ``own`` among ``others`` of its half, in an order drawn for it."""
    own = int(own)
    chance = random.Random(own)
    half = (len(names) + 1) // 2
    rest = [place for place in range(len(names)) if (place < half) == (own < half) and place != own]
    drawn = chance.sample(rest, others)
    drawn.insert(chance.randrange(others + 1), own)
    return "\n".join(names[place] for place in drawn)


def areas(scores: np.ndarray, supported: np.ndarray, group: np.ndarray, first: np.ndarray) -> dict[str, Any]:
    """AUROC of a sign or score on both halves, with the interval of the second."""
    clusters = [np.flatnonzero(group == name).tolist() for name in sorted(set(group[~first].tolist()))]
    low, high = interval(clusters, lambda rows: area(scores[rows], supported[rows]))
    return {
        "first_half": round(area(scores[first], supported[first]), 3),
        "other_half": round(area(scores[~first], supported[~first]), 3),
        "other_half_ci95": [round(low, 3), round(high, 3)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    with given.file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    supported = np.array([float(row["majority_label"] == "Entailment") for row in rows])
    names = list(dict.fromkeys(row["answer"].strip() for row in rows))
    group = np.array([names.index(row["answer"].strip()) for row in rows])
    scorer, bare = SupportScorer(load_embedder(Settings().embedder)), SupportScorer()
    signs: dict[int, np.ndarray] = {}
    plain: dict[int, dict[str, np.ndarray]] = {}
    for others in LENGTHS:
        pairs = [(row["claim"], among(names, place, others)) for row, place in zip(rows, group, strict=True)]
        signs[others] = np.array([[*scorer.signs(*pair).row(), *bare.signs(*pair).row()] for pair in pairs])
        plain[others] = {
            "plain cosine": np.array([scorer.cosine(*pair) for pair in pairs], dtype=float),
            "plain overlap": np.array([token_overlap(*pair) for pair in pairs]),
        }
    first = group < (len(names) + 1) // 2
    result: dict[str, Any] = {
        "claims": len(rows),
        "evidences": len(names),
        "supported": int(supported.sum()),
        "first_half": int(first.sum()),
        "machine": machine(),
    }

    def fitted(kept: np.ndarray, columns: list[int], balance: list[float]) -> np.ndarray:
        every = np.vstack([signs[n][kept][:, columns] for n in LENGTHS])
        return fit(every, balance, np.tile(supported[kept], len(LENGTHS)))

    for name, (columns, balance) in SETS.items():
        weights = fitted(first, columns, balance)
        left_out = {n: [] for n in LENGTHS}
        for out in folds(group):
            by_fold = fitted(~out, columns, balance)[:-1]
            for n in LENGTHS:
                left_out[n].append(area(signs[n][out][:, columns] @ by_fold, supported[out]))
        result[name] = {"weights": weights.round(2).tolist()} | {
            f"among {n}": areas(signs[n][:, columns] @ weights[:-1], supported, group, first)
            | {"cv_mean": round(float(np.mean(left_out[n])), 3), "cv_sd": round(float(np.std(left_out[n])), 3)}
            for n in LENGTHS
        }
    for name in plain[0]:
        result[name] = {
            f"among {n}": areas(plain[n][name], supported, group, first)
            | {"all": round(area(plain[n][name], supported), 3)}
            for n in LENGTHS
        }
    save("claims_support", result)


if __name__ == "__main__":
    main()
