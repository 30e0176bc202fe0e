"""The adapters inside a real llama-index pipeline, without a network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragmed.corpus.chunker import SentenceChunker
from ragmed.errors import BadInputError, UnreadableFileError
from ragmed.settings import ReaderSettings
from tests.corpus.small_files import token_spans

pytest.importorskip("llama_index.core")

from llama_index.core import Settings
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.schema import Document, MetadataMode

from ragmed.corpus.llama import RagMedNodeParser, RagMedReader, offline_tokenizer

ONE = ReaderSettings(workers=1, ocr="never")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_: object) -> None:
        raise AssertionError("llama-index asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    before = Settings._tokenizer
    offline_tokenizer(lambda text: list(token_spans()(text)))
    yield
    Settings._tokenizer = before


def pipeline() -> IngestionPipeline:
    return IngestionPipeline(transformations=[RagMedNodeParser(SentenceChunker(token_spans(), 256))])


def library(folder: Path) -> Path:
    words = "Give morphine 2.5 mg slowly into a vein, and watch the breathing of the patient. "
    folder.mkdir()
    (folder / "pain.html").write_text(f"<h1>Pain in adults</h1><h2>Drugs</h2><p>{words * 30}</p>", "utf-8")
    (folder / "zh.md").write_text("# 疼痛\n\n给药吗啡2.5 mg。\n", "utf-8")
    return folder


def test_nodes_lie_exactly_where_they_say(tmp_path: Path) -> None:
    documents = RagMedReader(ONE).load_data(library(tmp_path / "library"))
    nodes = pipeline().run(documents=documents)
    by_id = {document.id_: document for document in documents}
    assert len(nodes) > 2
    for node in nodes:
        parent = by_id[str(node.ref_doc_id)]
        assert parent.text[node.start_char_idx : node.end_char_idx] == node.text
        assert node.id_ == f"{parent.id_}-{node.start_char_idx}-{node.end_char_idx}"
        assert node.metadata["title"] in ("Pain in adults", "疼痛")
        assert node.metadata["page_number"] == 1


def test_headings_travel_as_metadata_and_records_stay_hidden(tmp_path: Path) -> None:
    documents = RagMedReader(ONE).load_data(library(tmp_path / "library"))
    assert "ragmed_" not in documents[0].get_content(metadata_mode=MetadataMode.LLM)
    assert "ragmed_" not in documents[0].get_content(metadata_mode=MetadataMode.EMBED)
    node = pipeline().run(documents=documents)[0]
    assert node.metadata["heading_path"] == "Pain in adults > Drugs"
    assert not any(key.startswith("ragmed_") for key in node.metadata)


def test_documents_of_other_readers_are_chunked_too() -> None:
    nodes = pipeline().run(documents=[Document(text="Give 5 mg. " * 300), Document(text="Another.")])
    assert len(nodes) > 2
    assert all(node.text == node.text.strip() for node in nodes)


def test_a_file_that_is_refused_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.write_text("")
    with pytest.raises(UnreadableFileError, match=r"empty\.txt"):
        RagMedReader(ONE).load_data(path)
    with pytest.raises(BadInputError):
        RagMedReader(ONE).load_data()
