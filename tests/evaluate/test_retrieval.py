"""`eval retrieval` over a collection small enough to score by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from ragmed.errors import BadInputError
from ragmed.evaluate.beir import read_collection
from ragmed.evaluate.library import index_collection
from ragmed.evaluate.retrieval import SYSTEMS, evaluate_retrieval, rescore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.interfaces import Progress, no_progress
from ragmed.settings import Settings

DOCUMENTS = {
    "asthma": ("Asthma", "Salbutamol opens the airways within minutes."),
    "gout": ("", "Colchicine eases an attack of gout in the big toe."),
    "empty": ("", ""),
    "long": ("", "Unrelated words about gardens. " * 80 + "Colchicine and diarrhoea.\n" + "More on gardens. " * 80),
    "croup": ("", "Dexamethasone shortens croup in children."),
}
QUERIES = {"q1": "colchicine for gout attack", "q2": "dexamethasone croup children", "q3": "salbutamol airways"}
# q3's own document is not in the corpus: it can never be found, and counts as zero
QRELS = {"q1": {"gout": 1, "long": 0}, "q2": {"croup": 1}, "q3": {"removed": 1}}


class CountingEmbedder(HashEmbedder):
    """Counts the passages that it was given."""

    def __init__(self) -> None:
        super().__init__(dimensions=256)
        self.embedded = 0

    def embed_passages(self, texts, progress: Progress = no_progress):  # type: ignore[no-untyped-def]
        self.embedded += len(texts)
        return super().embed_passages(texts, progress)

    def embed_queries(self, texts):  # type: ignore[no-untyped-def]
        return super().embed_passages(texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "tiny"
    place.mkdir()
    rows = [{"_id": name, "title": title, "text": text} for name, (title, text) in DOCUMENTS.items()]
    (place / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (place / "queries.jsonl").write_text(
        "".join(json.dumps({"_id": name, "text": text}) + "\n" for name, text in QUERIES.items())
    )
    lines = ["query-id\tcorpus-id\tscore"]
    lines += [f"{query}\t{name}\t{score}" for query, found in QRELS.items() for name, score in found.items()]
    (place / "qrels.tsv").write_text("\n".join(lines) + "\n")
    return place


def test_hand_computed_scores(folder: Path) -> None:
    scores = evaluate_retrieval(folder, Settings(), CountingEmbedder())
    assert [system.system for system in scores.systems] == list(SYSTEMS)
    for system in scores.systems:
        # q1 and q2 find their document first, q3 cannot
        assert system.measures.ndcg_10 == pytest.approx(2 / 3), system.system
        assert system.measures.mrr == pytest.approx(2 / 3)
        assert system.measures.recall_100 == pytest.approx(2 / 3)
    assert (scores.documents, scores.queries, scores.judgments_unknown) == (5, 3, 1)
    assert scores.chunks > 4  # the long one has several, the empty one none
    assert scores.seconds_index > 0
    assert 0 < scores.ms_p50 <= scores.ms_p95


def test_the_report_has_the_stable_names(folder: Path) -> None:
    report = evaluate_retrieval(folder, Settings(), CountingEmbedder()).report()
    stable = [
        "ndcg@10",
        "recall@10",
        "recall@100",
        "mrr",
        "queries",
        "documents",
        "seconds_index",
        "ms_p50",
        "ms_p95",
        "ndcg@10_condensed",
    ]
    assert set(stable) <= set(report)
    assert report["ndcg@10"] == round(2 / 3, 4)
    assert report["dense"]["ndcg@10"] == report["bm25"]["ndcg@10"] == round(2 / 3, 4)
    assert json.loads(json.dumps(report)) == report
    assert not any(isinstance(value, float) and math.isnan(value) for value in report.values())


def test_a_document_scores_as_its_best_chunk(folder: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    scores = evaluate_retrieval(folder, Settings(), CountingEmbedder(), runs=runs)
    assert len(scores.run_files) == len(SYSTEMS)
    ranking = [line.split() for line in (runs / "tiny.hybrid.trec").read_text().splitlines()]
    of_q1 = [fields[2] for fields in ranking if fields[0] == "q1"]
    assert of_q1[0] == "gout"
    assert len(of_q1) == len(set(of_q1))
    bm25 = [line.split() for line in (runs / "tiny.bm25.trec").read_text().splitlines()]
    # the word stands in one of the long document's chunks, and that is enough
    assert [fields[2] for fields in bm25 if fields[0] == "q1"] == ["gout", "long"]
    assert all(fields[1] == "Q0" and fields[5].startswith("ragmed-") for fields in ranking)


def test_a_title_helps_to_find_but_is_not_part_of_the_text(folder: Path, tmp_path: Path) -> None:
    indexed = index_collection(read_collection(folder), tmp_path / "index", Settings(), CountingEmbedder())
    snapshot = indexed.store.current()
    row = indexed.document_of_row.index("asthma")
    chunk = snapshot.chunks([row])[0]
    assert chunk.text == DOCUMENTS["asthma"][1]
    assert chunk.heading_path == ("Asthma",)
    assert snapshot.page(chunk.document_id, chunk.page_number).text[chunk.start : chunk.end] == chunk.text


def test_a_kept_index_is_not_embedded_again(folder: Path, tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    first = evaluate_retrieval(folder, Settings(), embedder, cache=tmp_path / "cache")
    embedded = embedder.embedded
    assert embedded > 0
    second = evaluate_retrieval(folder, Settings(), embedder, cache=tmp_path / "cache")
    assert embedder.embedded == embedded
    assert second.systems == first.systems


def test_other_chunks_are_embedded_anew_in_the_same_cache(folder: Path, tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    evaluate_retrieval(folder, Settings(), embedder, cache=tmp_path / "cache")
    embedded = embedder.embedded
    smaller = Settings.model_validate({"chunk": {"max_tokens": 80}})
    evaluate_retrieval(folder, smaller, embedder, cache=tmp_path / "cache")
    assert embedder.embedded > embedded


@pytest.mark.parametrize("baseline", ["bm25", "dense", "rrf", "sum"])
def test_every_named_baseline_is_compared_over_all_queries(folder: Path, baseline: str) -> None:
    report = evaluate_retrieval(folder, Settings(), CountingEmbedder(), baseline=baseline).report()
    found = report["comparison"]
    assert (found["baseline"], found["queries"], found["measure"]) == (baseline, 3, "ndcg@10")
    # q3 counts 0 on both sides
    assert found["mean"] == report["ndcg@10"]
    assert found["baseline_mean"] == report[baseline]["ndcg@10"]


def test_a_saved_run_is_a_baseline_and_can_be_scored_again(folder: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.trec"
    first = evaluate_retrieval(folder, Settings(), CountingEmbedder(), run=saved)
    again = rescore(folder, saved)
    assert again.systems[0].measures == first.systems[0].measures
    assert again.report()["seconds_index"] is None
    worse = tmp_path / "worse.trec"
    worse.write_text("q1 Q0 long 1 2 t\nq1 Q0 gout 2 1 t\n")  # q2 is missing: 0
    found = evaluate_retrieval(folder, Settings(), CountingEmbedder(), baseline=str(worse)).comparison
    assert found is not None
    assert found.baseline_mean == pytest.approx(1 / math.log2(3) / 3)
    assert (found.wins, found.losses, found.ties) == (2, 0, 1)
    other = rescore(folder, worse, saved).comparison
    assert other is not None
    assert other.difference == pytest.approx(-found.difference)


def test_without_a_part_the_search_differs_and_says_so(folder: Path) -> None:
    queries = [{"_id": "q1", "text": "pnuemonia"}]
    (folder / "queries.jsonl").write_text(json.dumps(queries[0]) + "\n")
    (folder / "corpus.jsonl").write_text(json.dumps({"_id": "lung", "text": "Pneumonia is treated at home."}) + "\n")
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tlung\t1\n")
    whole = evaluate_retrieval(folder, Settings(), CountingEmbedder()).report()
    bare = evaluate_retrieval(folder, Settings(), CountingEmbedder(), without=["spelling"]).report()
    assert (whole["bm25"]["mrr"], bare["bm25"]["mrr"]) == (1, 0)
    assert bare["without"] == ["spelling"]
    assert "without" not in whole


@pytest.mark.parametrize(("flags", "words"), [({"baseline": "nope"}, "nope"), ({"without": ["headings"]}, "headings")])
def test_unknown_names_are_refused_before_anything_is_read(
    tmp_path: Path, flags: dict[str, object], words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        evaluate_retrieval(tmp_path / "gone", Settings(), CountingEmbedder(), **flags)  # type: ignore[arg-type]
