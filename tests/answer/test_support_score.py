"""The graded score: it grows with what is borne out, in either language, and changes no verdict."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ragmed.answer.support_score import Signs, SupportScorer
from ragmed.evaluate.measures import auroc
from ragmed.index.hash_embedder import HashEmbedder

EVIDENCE = (
    "Community-acquired pneumonia is treated with amoxicillin 500 mg for five days. Chest X-ray is repeated after six weeks "
    "in smokers."
)


@pytest.fixture(params=[True, False], ids=["embedder", "bare"])
def scorer(request: pytest.FixtureRequest) -> SupportScorer:
    return SupportScorer(HashEmbedder() if request.param else None)


def test_what_is_said_scores_above_what_is_half_said_and_that_above_what_is_not(scorer: SupportScorer) -> None:
    claims = (
        "Community-acquired pneumonia is treated with amoxicillin.",
        "Community-acquired pneumonia is treated with gentle breathing exercises.",
        "Migraine responds to triptans.",
    )
    scores = [scorer.support_score(claim, EVIDENCE) for claim in claims]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 3
    assert all(0 <= score <= 1 for score in scores)


def test_each_sign_moves_the_score_its_way() -> None:
    plain = {"words": 0.5, "concepts": 0.5, "nearness": 0.5, "missing": False}
    score = Signs(**plain).score()
    assert all(Signs(**{**plain, sign: 0.6}).score() > score for sign in ("words", "concepts", "nearness"))
    assert Signs(**{**plain, "missing": True}).score() < score


def test_a_number_a_drug_or_a_group_that_is_missing_is_seen(scorer: SupportScorer) -> None:
    assert scorer.signs("Amoxicillin 875 mg treats pneumonia.", EVIDENCE).missing
    assert scorer.signs("Doxycycline treats pneumonia.", EVIDENCE).missing
    assert scorer.signs("Children get amoxicillin.", EVIDENCE).missing
    assert not scorer.signs("Amoxicillin 500 mg treats pneumonia.", EVIDENCE).missing


def test_a_chinese_claim_is_scored_by_its_concepts(scorer: SupportScorer) -> None:
    near, far = scorer.signs("社区获得性肺炎用阿莫西林治疗。", EVIDENCE), scorer.signs("偏头痛用曲普坦治疗。", EVIDENCE)
    assert near.nearness is None  # the default embedder reads English only
    assert near.score() > far.score()


def test_nothing_said_is_nothing_borne_out(scorer: SupportScorer) -> None:
    assert scorer.support_score("", EVIDENCE) == 0
    assert scorer.support_score("Pneumonia.", "  ") == 0
    assert 0 <= scorer.support_score("…", "!") <= 1


def test_the_same_claim_scores_the_same_whatever_was_scored_before() -> None:
    first, second = SupportScorer(HashEmbedder()), SupportScorer(HashEmbedder())
    first.support_score("Migraine responds to triptans.", EVIDENCE)
    claim = "Pneumonia is treated with amoxicillin."
    assert first.support_score(claim, EVIDENCE) == second.support_score(claim, EVIDENCE)


@pytest.mark.data
def test_it_parts_the_physicians_labels_without_an_embedder(data: Path) -> None:
    with (data / "claims" / "kqa_entailment.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    scorer = SupportScorer()
    good, bad = [], []
    for row in rows:
        score = scorer.support_score(row["claim"], row["answer"])
        (good if row["majority_label"] == "Entailment" else bad).append(score)
    assert (len(good), len(bad)) == (149, 241)
    assert auroc(good, bad) > 0.75
