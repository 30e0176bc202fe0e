"""docs/quality.html is what benchmarks/report.py makes of the kept results, and docs/figures.md says the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
FIGURES = (ROOT / "docs" / "figures.md").read_text("utf-8")


def made(results: Path, page: Path) -> str:
    command = [sys.executable, str(ROOT / "benchmarks" / "report.py"), "--results", str(results), "--page", str(page)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return page.read_text("utf-8")


def kept(*keys: str) -> Any:
    found: Any = json.loads((RESULTS / f"{keys[0]}.json").read_text("utf-8"))
    for key in keys[1:]:
        found = found[key]
    return found


def test_the_page_in_docs_is_of_the_results_kept(tmp_path: Path) -> None:
    assert made(RESULTS, tmp_path / "page.html") == (ROOT / "docs" / "quality.html").read_text("utf-8")


def test_the_page_fetches_nothing() -> None:
    page = (ROOT / "docs" / "quality.html").read_text("utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=|url\((?!#)|@import|<script", page)


def test_a_figure_without_its_file_is_shown_as_missing(tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    (few / "engines.json").write_bytes((RESULTS / "engines.json").read_bytes())
    page = made(few, tmp_path / "page.html")
    for name in ("medquad", "oncall", "abstention", "claims_altered", "query", "start"):
        assert f"missing: {name}.json" in page
    assert "missing: engines.json" not in page
    assert "3.170" in page


def test_a_figure_that_falls_short_is_told_so(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    found = kept("engines")
    found["int8_times_fp32"] = 2.5
    (slow / "engines.json").write_text(json.dumps(found), "utf-8")
    page = made(slow, tmp_path / "page.html")
    assert "fall short of their aim: 8 bits, times torch." in page
    assert "<strong>no</strong>" in page


@pytest.mark.parametrize(
    ("sentence", "keys", "form"),
    [
        ("near misses (on-call) | {}", ("abstention", "as built", "other half", "auroc", "near misses"), "{:.3f}"),
        ("uncovered | {}", ("abstention", "as built", "other half", "auroc", "uncovered"), "{:.3f}"),
        ("demonstration library | {}", ("abstention", "as built", "other half", "auroc", "demonstration"), "{:.3f}"),
        ("document removed | {}", ("abstention", "as built", "other half", "auroc", "removed", "judged"), "{:.3f}"),
        (
            "document removed, demonstration | {}",
            ("abstention", "as built", "other half", "auroc", "demonstration removed", "judged"),
            "{:.3f}",
        ),
        ("held out, flagged | {} %", ("claims_altered", "paraphrases", "same", "held out", "failed"), "{:.1%}"),
        ("held out, caught | {} %", ("claims_altered", "paraphrases", "other", "held out", "failed"), "{:.1%}"),
        ("*nutrition*: numbers caught | {} %", ("claims_altered", "nutrition", "numbers", "all", "failed"), "{:.1%}"),
        ("*population*: numbers caught | {} %", ("claims_altered", "population", "numbers", "all", "failed"), "{:.1%}"),
        ("{} tokens/s in 8 bits", ("engines", "engines", "int8", "tokens_per_second"), "hundreds"),
        ("recall@10 {}", ("query", "1000000 chunks", "recall", "against exact", "none", "recall@10"), "{:.4f}"),
        ("{} MB resident at a million", ("query", "1000000 chunks", "ask", "mb", "VmRSS"), "{:,}"),
        ("ready in {} s", ("start", "figures", "app", "ready_s"), "{:.1f}"),
    ],
)
def test_the_figures_page_agrees_with_the_results(sentence: str, keys: tuple[str, ...], form: str) -> None:
    value = kept(*keys)
    told = f"{round(value, -2):,}" if form == "hundreds" else form.format(value).rstrip("%")
    assert sentence.format(told) in FIGURES
