"""What the support score's weights are, and what it is worth on the physicians' labels that it was fitted on.

The evidences are parted in two halves by their order in the file: the weights come from the first, "the other half"
is the second. Each claim is scored on its own evidence, and on that evidence among 4 or 12 answers to other questions
of its half, in a seeded order: a cited document is longer than an answer. The weights are fitted on all three lengths.
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
RIDGE = 1.0
"""Strength of the pull to zero, on signs brought to unit spread."""
SETS = {
    "with embedder": [0, 1, 2, 3],
    "without embedder": [4, 5, 7],
    "words alone": [0],
    "concepts alone": [1],
    "nearness alone": [2],
}


def fit(signs: np.ndarray, supported: np.ndarray) -> np.ndarray:
    """Ridge logistic regression by Newton's method → weights of the signs, bias last."""
    centre, spread = signs.mean(axis=0), np.maximum(signs.std(axis=0), 1e-9)
    rows = np.column_stack([(signs - centre) / spread, np.ones(len(signs))])
    pull = np.diag([RIDGE] * signs.shape[1] + [0.0])
    weights = np.zeros(rows.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (chance - supported) + pull @ weights
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + pull
        weights -= np.linalg.solve(curve, slope)
    plain = weights[:-1] / spread
    return np.append(plain, weights[-1] - plain @ centre)


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

    def fitted(kept: np.ndarray, columns: list[int]) -> np.ndarray:
        return fit(np.vstack([signs[n][kept][:, columns] for n in LENGTHS]), np.tile(supported[kept], len(LENGTHS)))

    for name, columns in SETS.items():
        weights = fitted(first, columns)
        left_out = {n: [] for n in LENGTHS}
        for out in folds(group):
            by_fold = fitted(~out, columns)[:-1]
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
