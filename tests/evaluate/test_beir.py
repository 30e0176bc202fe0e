"""Reading test collections: everything is read or refused by file and line."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from ragmed.errors import BadInputError
from ragmed.evaluate.beir import read_collection

CORPUS = '{"_id": "d1", "title": "T", "text": "one"}\n\n{"_id": "d2", "text": "two"}\n'
QUERIES = '{"_id": "q1", "text": "first"}\n{"_id": "q2", "text": "second"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\tgone\t0\n"


def folder_of(tmp_path: Path, corpus: str = CORPUS, queries: str = QUERIES, qrels: str = QRELS) -> Path:
    (tmp_path / "corpus.jsonl").write_text(corpus, "utf-8")
    (tmp_path / "queries.jsonl").write_text(queries, "utf-8")
    (tmp_path / "qrels.tsv").write_text(qrels, "utf-8")
    return tmp_path


def test_a_collection_is_read_and_counted(tmp_path: Path) -> None:
    found = read_collection(folder_of(tmp_path))
    assert [(one.document_id, one.title, one.text) for one in found.documents] == [
        ("d1", "T", "one"),
        ("d2", "", "two"),
    ]
    assert [query.query_id for query in found.queries] == ["q1"]
    assert found.queries_unjudged == 1
    assert found.judgments_unknown == 1
    assert len(found.judgments) == 2


def test_a_packed_corpus_is_the_same(tmp_path: Path) -> None:
    plain = read_collection(folder_of(tmp_path))
    (tmp_path / "corpus.jsonl").unlink()
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(CORPUS.encode("utf-8")))
    assert read_collection(tmp_path) == plain


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"corpus": CORPUS + '{"_id": "d1", "text": "again"}\n'}, "corpus.jsonl, line 4: the _id 'd1' occurs twice"),
        ({"corpus": CORPUS + "not json\n"}, "corpus.jsonl, line 4: not JSON"),
        ({"corpus": "[1]\n"}, "corpus.jsonl, line 1: not a JSON object"),
        ({"corpus": '{"text": "nameless"}\n'}, "line 1: there is no _id"),
        ({"corpus": ""}, "empty"),
        ({"qrels": "q1\td1\t1\n"}, "no header line"),
        ({"qrels": QRELS + "q1\td2\n"}, "qrels.tsv, line 4"),
        ({"qrels": QRELS + "q1\td1\t0\n"}, "judged twice"),
        ({"qrels": QRELS + "q9\td1\t1\n"}, "names the query 'q9'"),
        ({"qrels": "query-id\tcorpus-id\tscore\nq1\td1\t0\n"}, "no query has a relevant document"),
    ],
)
def test_faults_are_named(tmp_path: Path, change: dict[str, str], words: str) -> None:
    with pytest.raises(BadInputError) as error:
        read_collection(folder_of(tmp_path, **change))
    assert words in str(error.value)
    assert error.value.remedy


def test_a_truncated_packed_corpus_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(CORPUS.encode("utf-8"))[:-12])
    with pytest.raises(BadInputError, match=r"corpus\.jsonl\.gz"):
        read_collection(folder)


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    folder = folder_of(tmp_path)
    (folder / missing).unlink()
    with pytest.raises(BadInputError, match=re.escape(missing)):
        read_collection(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="nowhere"):
        read_collection(tmp_path / "nowhere")


def test_the_shared_collections_are_read_whole(data: Path) -> None:
    found = read_collection(data / "retrieval" / "medquad")
    assert (len(found.documents), len(found.queries), found.queries_unjudged) == (16407, 976, 0)
