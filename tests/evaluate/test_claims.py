"""`eval claims` over lines whose verdicts are plain to see."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from ragmed.answer.second_check import SecondCheck
from ragmed.errors import BadInputError, MissingPartError
from ragmed.evaluate.claims import evaluate_claims, read_claims, token_overlap
from ragmed.generate.entailment import EntailmentModel
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.records import Verdict
from ragmed.settings import AnswerSettings
from tests.generate import tiny_entailment

DOSE = "Give 500 micrograms of adrenaline intramuscularly to adults with anaphylaxis."
ROWS: list[dict[str, Any]] = [
    {"claim": DOSE, "evidence": DOSE, "supported": True},
    {"claim": "Adults with anaphylaxis get 500 micrograms of adrenaline.", "evidence": DOSE, "supported": True},
    {"claim": DOSE.replace("500", "50"), "evidence": DOSE, "supported": False},
    {"claim": DOSE.replace("Give", "Do not give"), "evidence": DOSE, "supported": False},
    {"claim": "Chlorphenamine prevents relapse.", "evidence": DOSE, "supported": False},
    # the checker errs on both of these: a judge may know more than the words
    {"claim": "Gout is painful.", "evidence": "Gouty attacks hurt.", "supported": True},
    {"claim": "Gout is painful at night.", "evidence": "Painful gout spoils the night.", "supported": False},
]


def file_of(tmp_path: Path, rows: list[dict[str, Any]]) -> Path:
    path = tmp_path / "claims.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_figures_by_hand(tmp_path: Path) -> None:
    scores = evaluate_claims(file_of(tmp_path, ROWS), HashEmbedder())
    assert [one.verdict for one in scores.claims] == [
        Verdict.VERBATIM,
        Verdict.SUPPORTED,
        Verdict.NUMBER_MISMATCH,
        Verdict.NEGATION_MISMATCH,
        Verdict.UNSUPPORTED,
        Verdict.UNSUPPORTED,
        Verdict.SUPPORTED,
    ]
    report = scores.report()
    # flagged: 4, of them 3 rightly; unsupported: 4, of them 3 flagged
    assert (report["precision"], report["recall"], report["f1"]) == (0.75, 0.75, 0.75)
    assert (report["claims"], report["supported"], report["unsupported"]) == (7, 3, 4)
    assert report["passed_though_unsupported"] == 0.25
    assert report["flagged_though_supported"] == round(1 / 3, 4)
    assert report["verdicts"] == {
        "verbatim": 1,
        "supported": 2,
        "number_mismatch": 1,
        "negation_mismatch": 1,
        "unsupported": 2,
    }
    assert sum(report["verdicts_of_supported"].values()) == 3
    assert 0 <= report["auroc_ci95"][0] <= report["auroc"] <= report["auroc_ci95"][1] <= 1


def test_auroc_is_of_the_score_and_the_plain_ones_stand_beside_it(tmp_path: Path) -> None:
    scores = evaluate_claims(file_of(tmp_path, ROWS), HashEmbedder())
    good = [one.score for one in scores.claims if one.judged.supported]
    bad = [one.score for one in scores.claims if not one.judged.supported]
    wins = sum((one > other) + (one == other) / 2 for one in good for other in bad)
    assert scores.report()["auroc"] == round(wins / 12, 4)
    assert {"auroc_cosine", "auroc_overlap"} <= set(scores.report())
    assert scores.claims[0].overlap == 1
    assert scores.claims[0].cosine == pytest.approx(1)


def test_without_an_embedder_there_is_no_cosine(tmp_path: Path) -> None:
    report = evaluate_claims(file_of(tmp_path, ROWS)).report()
    assert report["auroc_cosine"] is None
    assert report["auroc"] is not None


def test_one_sided_files_leave_null_and_never_nan(tmp_path: Path) -> None:
    report = evaluate_claims(file_of(tmp_path, ROWS[:1])).report()
    assert (report["precision"], report["recall"], report["f1"], report["auroc"]) == (None, None, None, None)
    assert not any(isinstance(value, float) and math.isnan(value) for value in report.values())
    json.dumps(report, allow_nan=False)


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "3", '{"claim": "a", "evidence": "b"}', '{"claim": "a", "evidence": "b", "supported": "no"}',
     '{"claim": "a", "evidence": null, "supported": true}'],
)  # fmt: skip
def test_a_line_that_is_no_judged_claim_is_named(tmp_path: Path, line: str) -> None:
    path = file_of(tmp_path, ROWS[:1])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(BadInputError, match="line 2"):
        read_claims(path)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe{}"])
def test_a_file_that_holds_nothing_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "none.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInputError, match=r"none\.jsonl"):
        read_claims(path)


def test_token_overlap_by_hand() -> None:
    assert token_overlap("Gout is gout", "the gout") == 0.5
    assert token_overlap("咯血", "血") == 0.5
    assert token_overlap("…", "anything") == 0


def second_of(folder: Path) -> SecondCheck:
    return SecondCheck(EntailmentModel(AnswerSettings(entailment_model=str(folder)), folder.parent), 0.5)


def test_what_a_second_check_adds_stands_beside_the_rules_alone(tmp_path: Path) -> None:
    model = tiny_entailment.always(tmp_path / "contrary", "contradiction", positions=128)
    plain = evaluate_claims(file_of(tmp_path, ROWS)).report()
    scores = evaluate_claims(file_of(tmp_path, ROWS), second=second_of(model))
    report = scores.report()
    assert "by_rules_alone" not in plain
    # both paraphrases that the rules let through are withheld, one rightly; the quotation stays
    assert (report["precision"], report["recall"]) == (round(4 / 6, 4), 1.0)
    assert report["passed_though_unsupported"] == 0
    for name, value in report["by_rules_alone"].items():
        assert value == plain[name]
    second = report["second_check"]
    assert (second["asked"], second["too_long"], second["withheld"]) == (2, 0, 2)
    assert second["model"].startswith("contrary files-")
    assert scores.claims[0].verdict is Verdict.VERBATIM
    json.dumps(report, allow_nan=False)


def test_a_measurement_with_a_model_that_is_not_here_ends(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="absent"):
        evaluate_claims(file_of(tmp_path, ROWS), second=second_of(tmp_path / "absent"))
