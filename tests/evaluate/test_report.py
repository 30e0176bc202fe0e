"""Report pages: well-formed, self-contained, escaped, and true to the scores."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from ragmed.evaluate.claims import evaluate_claims
from ragmed.evaluate.questions import evaluate_questions
from ragmed.evaluate.report import Measured, plots, write_report
from ragmed.evaluate.report.page import settings_hash
from ragmed.evaluate.retrieval import evaluate_retrieval, rescore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.retrieve.search import HybridRetriever
from ragmed.settings import Settings
from tests.evaluate.test_claims import ROWS as CLAIMS
from tests.evaluate.test_questions import ROWS as QUESTIONS
from tests.evaluate.test_retrieval import folder

__all__ = ["folder"]
HOSTILE = '<script>alert(1)</script> & "gout"'


def page_of(tmp_path: Path, measured: Measured, source: Path) -> html.HtmlElement:
    path = tmp_path / "out" / "report.html"
    write_report(path, measured, Settings(), began=0.0, source=source)
    text = path.read_text("utf-8")
    # nothing is fetched: no address, no script, no import; and the page forbids it
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=|url\((?!#)|@import|https?://|<script|<link|<img", text)
    return html.fromstring(text)


def words(page: html.HtmlElement) -> str:
    return " ".join(page.text_content().split())


def test_a_report_on_search_shows_systems_comparison_and_failures(folder: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    rows[2]["text"] = HOSTILE
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    scores = evaluate_retrieval(folder, Settings(), HashEmbedder(dimensions=256), baseline="rrf")
    page = page_of(tmp_path, scores, folder)
    said = words(page)
    assert HOSTILE in said  # as text: the query without a hit is listed
    assert scores.comparison is not None
    assert f"95 % interval {scores.comparison.low:+.3f} to {scores.comparison.high:+.3f}" in said
    assert [cell.text for cell in page.xpath("//h2")][-2:] == [
        "Nothing relevant among the first ten",
        "How it was made",
    ]
    assert settings_hash(Settings()) in said
    assert scores.snapshot_id and scores.snapshot_id in said
    assert "1970-01-01 00:00 UTC" in said
    assert len(page.xpath("//svg[@role='img'][@aria-label]")) == 3


def test_a_rescored_run_is_reported_without_times(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run.trec"
    run.write_text("q1 Q0 gout 1 1 t\n")
    page = page_of(tmp_path, rescore(folder, run), folder)
    row = page.xpath("//tr[td='ms_p50']/td/text()")
    assert row[1] == "–"


def test_a_report_on_questions_shows_groups_coverage_and_faults(tmp_path: Path, retriever: HybridRetriever) -> None:
    source = tmp_path / "questions.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in QUESTIONS), "utf-8")
    scores = evaluate_questions(source, retriever, baseline="none", baseline_places=lambda question: ())
    said = words(page_of(tmp_path, scores, source))
    assert all(
        part in said
        for part in (
            "By kind",
            "By language",
            "Against none",
            "threshold 0.5",
            "no gold page among ten",
            "answered, not answerable",
        )
    )
    faults = re.search(r"(\d+) of 4 questions\.", said)
    assert faults and int(faults[1]) >= 1


def test_a_report_on_claims_shows_verdicts_curves_and_mistakes(tmp_path: Path) -> None:
    source = tmp_path / "claims.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in [*CLAIMS, {**CLAIMS[4], "claim": HOSTILE}]), "utf-8")
    scores = evaluate_claims(source, HashEmbedder())
    page = page_of(tmp_path, scores, source)
    said = words(page)
    assert f"support score, {scores.area('score'):.3f}" in said
    assert "Gout is painful at night." in said  # let through, though unsupported
    assert len(page.xpath("//polyline")) == 3


def test_one_group_alone_draws_no_curve(tmp_path: Path) -> None:
    source = tmp_path / "claims.jsonl"
    source.write_text(json.dumps(CLAIMS[0]) + "\n")
    page = page_of(tmp_path, evaluate_claims(source), source)
    assert not page.xpath("//polyline")
    assert page.xpath("//tr[td='auroc']/td/text()")[1] == "–"


def test_the_settings_hash_sees_settings_and_not_places() -> None:
    plain = Settings()
    assert settings_hash(plain) == settings_hash(plain.model_copy(update={"index": Path("elsewhere")}))
    other = plain.model_copy(update={"retrieve": plain.retrieve.model_copy(update={"depth": 50})})
    assert settings_hash(plain) != settings_hash(other)


def test_bars_are_as_long_as_their_values() -> None:
    drawn = html.fromstring(plots.bars([plots.Bar("whole", 1.0), plots.Bar("quarter", 0.25)], "x"))
    assert [float(bar.get("width")) for bar in drawn.xpath("//rect[@class='quiet']")] == [360, 90]


def test_histograms_hold_every_value_and_mark_the_threshold() -> None:
    drawn = html.fromstring(plots.two_histograms([0.0, 1.0, 1.0, 1.0], [0.5], "x", "score", threshold=0.25))
    tall = [float(bar.get("height")) for bar in drawn.xpath("//rect[@class='a']")]
    assert tall[0] == pytest.approx(tall[-1] / 3, abs=0.1)
    assert sum(height > 0 for height in tall) == 2
    assert drawn.xpath("//line[@class='mark']")[0].get("x1") == "120.0"


def test_differences_are_sorted_and_cover_the_width() -> None:
    drawn = html.fromstring(plots.differences([-1.0, 1.0, 0.0], "x", "queries"))
    points = [tuple(map(float, pair.split(","))) for pair in drawn.xpath("//polygon")[0].get("points").split()]
    heights = [y for _, y in points[1:-1]]
    assert heights == sorted(heights)
    assert (points[0][0], points[-1][0]) == (44, 348)


def test_replacing_a_report_leaves_no_part_behind(tmp_path: Path, folder: Path) -> None:
    run = tmp_path / "run.trec"
    run.write_text("q1 Q0 gout 1 1 t\n")
    scores = rescore(folder, run)
    page_of(tmp_path, scores, folder)
    page_of(tmp_path, replace(scores, collection="other"), folder)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]


def test_a_plot_over_sizes_puts_each_value_where_it_belongs() -> None:
    points = [(10_000, 10.0), (100_000, 50.0), (1_000_000, 100.0)]
    drawn = html.fromstring(plots.growth([("waiting", points)], "x", ("chunks", "ms"), top=100, target=100))
    dots = [(float(dot.get("cx", "")), float(dot.get("cy", ""))) for dot in drawn.iter("circle")]
    left, middle, right = (x for x, _ in dots)
    assert middle - left == pytest.approx(right - middle, abs=0.1), "tenfold is one step"
    assert dots[0][1] > dots[1][1] > dots[2][1]
    assert next(dot.text_content() for dot in drawn.iter("circle")) == "waiting, 10,000: 10"
    assert "target 100" in drawn.text_content()
