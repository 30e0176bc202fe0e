"""`ragmed eval` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ragmed.cli import app
from ragmed.errors import BadInputError
from tests.evaluate.test_claims import ROWS
from tests.evaluate.test_retrieval import folder

__all__ = ["folder"]


def printed(*arguments: object) -> dict[str, object]:
    done = CliRunner().invoke(app, ["eval", *map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_claims_prints_the_stable_names_and_writes_a_page(tmp_path: Path) -> None:
    file, page = tmp_path / "claims.jsonl", tmp_path / "report.html"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    report = printed("claims", file, "--report", page)
    assert {"precision", "recall", "f1", "auroc", "auroc_cosine", "auroc_overlap", "verdicts"} <= set(report)
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_a_saved_run_is_scored_again_and_reported(folder: Path, tmp_path: Path) -> None:
    run, other = tmp_path / "run.trec", tmp_path / "other.trec"
    run.write_text("q1 Q0 gout 1 2 t\nq2 Q0 croup 1 2 t\n")
    other.write_text("q1 Q0 gout 1 2 t\n")
    report = printed("retrieval", folder, "--from-run", run, "--baseline", other, "--report", tmp_path / "r.html")
    assert report["ndcg@10"] == round(2 / 3, 4)
    assert report["comparison"]["difference"] == round(1 / 3, 4)  # type: ignore[index]
    assert report["ms_p50"] is None


@pytest.mark.parametrize(
    ("flags", "words"), [(["--without", "intents"], "--from-run"), (["--baseline", "rrf"], "saved run")]
)
def test_a_saved_run_goes_with_nothing_that_would_ask(
    folder: Path, tmp_path: Path, flags: list[str], words: str
) -> None:
    run = tmp_path / "run.trec"
    run.write_text("q1 Q0 gout 1 2 t\n")
    with pytest.raises(BadInputError, match=words):
        printed("retrieval", folder, "--from-run", run, *flags)
