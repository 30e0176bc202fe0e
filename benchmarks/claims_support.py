"""What the support score's weights are, and what it is worth on the physicians' labels that it was fitted on.

The evidences are parted in two halves by their order in the file: the weights come from the first, "the other half"
is the second. Cross-validation: five folds of evidences, ten shuffles; mean and standard deviation over the 50 folds.
The plain signs need no fitting and are given on the same rows.

    python benchmarks/claims_support.py FILE.csv

FILE.csv: columns `answer` (the evidence), `claim`, `majority_label` (`Entailment` counts as supported).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from machine import machine, save

from ragmed.answer.support_score import SupportScorer
from ragmed.evaluate.claims import token_overlap
from ragmed.evaluate.measures import auroc
from ragmed.index.embedder import load_embedder
from ragmed.settings import Settings

FOLDS, SHUFFLES = 5, 10
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
    pairs = [(row["claim"], row["answer"]) for row in rows]
    signs = np.array([[*scorer.signs(*pair).row(), *bare.signs(*pair).row()] for pair in pairs])
    plain = {
        "plain cosine": np.array([scorer.cosine(*pair) for pair in pairs], dtype=float),
        "plain overlap": np.array([token_overlap(*pair) for pair in pairs]),
    }
    first = group < (len(names) + 1) // 2
    result: dict[str, object] = {
        "claims": len(rows),
        "evidences": len(names),
        "supported": int(supported.sum()),
        "first_half": int(first.sum()),
        "machine": machine(),
    }
    for name, columns in SETS.items():
        weights = fit(signs[first][:, columns], supported[first])
        left_out = []
        for out in folds(group):
            fitted = fit(signs[~out][:, columns], supported[~out])
            left_out.append(area(signs[out][:, columns] @ fitted[:-1], supported[out]))
        result[name] = {
            "weights": weights.round(2).tolist(),
            "auroc_first_half": round(area(signs[first][:, columns] @ weights[:-1], supported[first]), 3),
            "auroc_other_half": round(area(signs[~first][:, columns] @ weights[:-1], supported[~first]), 3),
            "cv_mean": round(float(np.mean(left_out)), 3),
            "cv_sd": round(float(np.std(left_out)), 3),
        }
    for name, scores in plain.items():
        by_fold = [area(scores[out], supported[out]) for out in folds(group)]
        result[name] = {
            "auroc_first_half": round(area(scores[first], supported[first]), 3),
            "auroc_other_half": round(area(scores[~first], supported[~first]), 3),
            "auroc_all": round(area(scores, supported), 3),
            "cv_mean": round(float(np.mean(by_fold)), 3),
            "cv_sd": round(float(np.std(by_fold)), 3),
        }
    save("claims_support", result)


if __name__ == "__main__":
    main()
